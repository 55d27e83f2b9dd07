"""Names that a language brings along: who looks for a definition in a workspace finds none."""

import builtins
from collections.abc import Mapping
from types import MappingProxyType

_ECMA = frozenset(
    (
        *("Array", "Boolean", "Date", "Error", "JSON", "Map", "Math", "Number", "Object"),
        *("Promise", "RegExp", "Set", "String", "Symbol", "TypeError", "RangeError", "WeakMap"),
        *("console", "document", "window", "globalThis", "process", "module", "exports", "require"),
        *("undefined", "NaN", "Infinity", "parseInt", "parseFloat", "isNaN", "setTimeout"),
        *("clearTimeout", "setInterval", "clearInterval", "Partial", "Record", "Readonly", "Pick"),
        *("Omit", "ReadonlyArray", "Required", "Exclude", "Extract", "ReturnType", "Iterable"),
    )
)
_C = frozenset(
    (
        *("NULL", "size_t", "ssize_t", "int8_t", "int16_t", "int32_t", "int64_t", "uint8_t"),
        *("uint16_t", "uint32_t", "uint64_t", "uintptr_t", "intptr_t", "ptrdiff_t", "FILE"),
        *("bool", "std", "string", "wchar_t", "va_list", "nullptr_t"),
    )
)
_NAMES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "python": frozenset(dir(builtins))
        | {"Any", "Optional", "Union", "Dict", "List", "Set", "Tuple", "Self", "__name__"},
        "javascript": _ECMA,
        "typescript": _ECMA,
        "tsx": _ECMA,
        "go": frozenset(
            (
                *("string", "int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16"),
                *("uint32", "uint64", "uintptr", "float32", "float64", "complex64", "complex128"),
                *("byte", "rune", "bool", "error", "any", "comparable", "len", "cap", "make"),
                *("new", "append", "copy", "delete", "panic", "recover", "print", "println"),
                *("close", "min", "max", "clear", "_"),
            )
        ),
        "rust": frozenset(
            (
                *("Some", "None", "Ok", "Err", "Option", "Result", "String", "Vec", "Box", "Self"),
                *("std", "core", "alloc", "crate", "println", "format", "vec", "panic", "assert"),
                *("assert_eq", "write", "writeln", "Into", "From", "Iterator", "Clone", "Copy"),
                *("Debug", "Default", "Eq", "PartialEq", "Hash", "Ord", "PartialOrd", "Send"),
                *("Sync", "Sized", "Drop", "Fn", "FnMut", "FnOnce", "derive", "inline", "cfg"),
            )
        ),
        "java": frozenset(
            (
                *("String", "Object", "Integer", "Long", "Double", "Float", "Boolean", "Byte"),
                *("Short", "Character", "Number", "System", "Math", "Override", "Deprecated"),
                *("Exception", "RuntimeException", "Throwable", "Iterable", "Class", "Void"),
                *("SuppressWarnings", "FunctionalInterface", "StringBuilder", "Thread"),
            )
        ),
        "c": _C,
        "cpp": _C,
        "csharp": frozenset(
            ("String", "Object", "Console", "Math", "Exception", "Task", "nameof", "var", "Type")
        ),
        "ruby": frozenset(
            (
                *("String", "Integer", "Float", "Array", "Hash", "Symbol", "NilClass", "Object"),
                *("Class", "Module", "Kernel", "StandardError", "File", "puts", "raise"),
                *("require", "require_relative", "attr_reader", "attr_accessor", "attr_writer"),
                *("private", "public", "protected", "lambda", "proc", "loop", "include", "extend"),
            )
        ),
        "php": frozenset(
            (
                *("count", "isset", "empty", "strlen", "array_map", "in_array", "sprintf"),
                *("Exception", "null", "true", "false", "PHP_EOL", "array_merge", "implode"),
            )
        ),
        "bash": frozenset(
            (
                *("echo", "printf", "cd", "exit", "return", "local", "export", "set", "shift"),
                *("test", "[", "true", "false", "read", "source", ".", ":", "eval", "exec"),
                *("rm", "cp", "mv", "mkdir", "grep", "sed", "awk", "cat", "ls", "find", "sort"),
                *("kill", "trap", "wait", "sleep", "unset", "declare", "command", "type"),
            )
        ),
    }
)


def built_in(language: str) -> frozenset[str]:
    """The best known of them; () for a language without a list."""
    return _NAMES.get(language, frozenset())
