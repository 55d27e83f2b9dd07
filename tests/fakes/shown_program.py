"""A program as one line of text for each statement, for tests to compare."""

from dataclasses import fields, is_dataclass
from enum import StrEnum

from mirador_lsp.core.text import Span
from mirador_lsp.syntax.expressions import Argument, Attribute, Call, Constant, Entry, Name
from mirador_lsp.syntax.program import Program

_PLAIN: tuple[object, ...] = ("", (), None, False, frozenset())
_UNTOLD = frozenset({"value", "target", "body", "parts", "items", "left", "right", "operator"})


def shown(program: Program) -> str:
    """Every statement; what is as usual is left out."""
    return "\n".join(show(statement) for statement in program.body)


def show(node: object) -> str:
    """Any part of a program."""
    match node:
        case Constant():
            made = repr(node.value)
        case Name():
            made = node.name or "?"
        case Attribute():
            made = f"{show(node.value)}{'?' if node.optional else ''}.{node.name}"
        case Call():
            inner = ", ".join(show(each) for each in node.arguments)
            new, mark = "new " if node.new else "", "?" if node.optional else ""
            made = f"{new}{show(node.function)}{mark}({inner})"
        case Argument():
            name = f"{node.name}=" if node.name else ""
            made = f"{name}{node.spread.value}{show(node.value)}"
        case Entry():
            made = f"{show(node.key)}: {show(node.value)}" if node.key else f"**{show(node.value)}"
        case tuple():
            made = f"[{', '.join(show(each) for each in node)}]"
        case _ if is_dataclass(node):
            made = f"{type(node).__name__}({', '.join(_told(node))})"
        case _:
            made = _said(node)
    return made


def _said(node: object) -> str:
    if isinstance(node, frozenset):
        return f"{{{', '.join(sorted(map(str, node)))}}}"
    return node.value if isinstance(node, StrEnum) else str(node)


def _told(node: object) -> list[str]:
    found: list[str] = []
    for each in fields(node):  # type: ignore[arg-type] # a dataclass
        value = getattr(node, each.name)
        if isinstance(value, Span) or value in _PLAIN or (each.name, value) in _USUAL:
            continue
        text = show(value)
        found.append(text if each.name in _UNTOLD else f"{each.name}={text}")
    return found


_USUAL: tuple[tuple[str, object], ...] = (("binds_this", True), ("is_object", True))
