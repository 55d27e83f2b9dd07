"""What a test file looks like in each language: how it begins, and which tests it holds.

The beginning is decided here, from facts of the project; a model writes only the tests.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mirador_lsp.core.changes import NewTests
from mirador_lsp.core.dialogue import Constraint
from mirador_lsp.core.text import Span

MOST_TESTS = 3
_MOST_LINES = 5
_LONGEST_LINE = 120

_JS = frozenset(("javascript", "typescript", "tsx"))
_TESTS = {
    "python": re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(?P<name>test\w*)\(", re.MULTILINE),
    "javascript": re.compile(
        r"^[ \t]*(?:it|test)(?:\.\w+)?\([ \t]*(?P<q>[\"'`])(?P<name>.{1,200}?)(?P=q)", re.MULTILINE
    ),
    "go": re.compile(r"^func[ \t]+(?P<name>Test\w*)\(", re.MULTILINE),
    "java": re.compile(r"@Test\s+(?:public[ \t]+)?void[ \t]+(?P<name>\w+)\("),
    "csharp": re.compile(
        r"\[(?:Fact|Theory)[^\]\n]*\]\s*public[ \t]+(?:async[ \t]+\w+|void)[ \t]+(?P<name>\w+)\("
    ),
    "ruby": re.compile(
        r"^[ \t]*(?:def[ \t]+(?P<name>test_\w+)|it[ \t]+[\"'](?P<said>[^\"'\n]{1,200}))",
        re.MULTILINE,
    ),
    "php": re.compile(r"\bfunction[ \t]+(?P<name>test\w+)\("),
    "rust": re.compile(r"\#\[test\]\s*fn[ \t]+(?P<name>\w+)\("),
    "c": re.compile(r"^(?:static[ \t]+)?(?:void|int)[ \t]+(?P<name>test\w*)\(", re.MULTILINE),
}
_IMPORTS = {
    "python": re.compile(r"^(?:from[ \t]+\S+[ \t]+import[ \t]+[^(\n]+|import[ \t]+.+)$"),
    "javascript": re.compile(r"^(?:import\b.*|(?:const|let|var)\b[^=]+=[ \t]*require\(.*)$"),
    "go": re.compile(r"^(?:package[ \t]+\w+|import[ \t]+(?:\w+[ \t]+)?\"[^\"]+\")$"),
    "java": re.compile(r"^(?:package|import)[ \t].+;$"),
    "csharp": re.compile(r"^using[ \t]+[\w. =]+;$"),
    "ruby": re.compile(r"^require(?:_relative)?\b.+$"),
    "php": re.compile(r"^(?:<\?php|use[ \t]+[\w\\]+;|require(?:_once)?\b.+;)$"),
    "rust": re.compile(r"^use[ \t].+;$"),
    "c": re.compile(r"^[ \t]*\#[ \t]*include\b.+$"),
}
_GO_IMPORTS = re.compile(r"^import[ \t]*\(\n(?P<inner>[^)]*)^\)\n?", re.MULTILINE)
_LAST_NAME = re.compile(r"(\w+)\W*$")


@dataclass(frozen=True)
class Subject:
    """What is tested."""

    language: str
    top: str
    """The name that is imported: of the function, or of the class around it."""
    text: str
    """The source file."""


@dataclass(frozen=True)
class OwnTest:
    """A test of the new file."""

    name: str
    span: Span
    """From its first mark to its name."""


def own_tests(language: str, code: str) -> list[OwnTest]:
    """The tests of a test file, top to bottom."""
    found = []
    for match in _TESTS[_family(language)].finditer(code):
        name = next(value for key, value in match.groupdict().items() if key != "q" and value)
        found.append(OwnTest(name, Span(match.start(), match.start() + len(match[0]))))
    return found


def header_of(subject: Subject, place: NewTests) -> str | None:
    """How the file begins; None where the code cannot be reached from another file."""
    language, top, module = subject.language, subject.top, place.module
    if language == "python":
        own = f"from {module} import {top}\n"
        return own if place.framework == "pytest" else f"import unittest\n\n{own}"
    if language in _JS:
        return _script_header(subject, place)
    if language == "rust":
        return f"use {module}::{top};\n" if _is_public_rust(subject) else None
    write = {"go": _go_begin, "java": _java_begin, "csharp": _csharp_begin}.get(language)
    return write(subject.text) if write is not None else _other_header(language, place)


def _go_begin(text: str) -> str | None:
    package = re.search(r"(?m)^package[ \t]+(\w+)", text)
    return f'package {package[1]}\n\nimport "testing"\n' if package else None


def _java_begin(text: str) -> str:
    package = re.search(r"(?m)^package[ \t]+[\w.]+;", text)
    begin = f"{package[0]}\n\n" if package else ""
    junit = "org.junit.jupiter.api"
    return f"{begin}import static {junit}.Assertions.*;\n\nimport {junit}.Test;\n"


def _csharp_begin(text: str) -> str:
    space = re.search(r"(?m)^[ \t]*namespace[ \t]+([\w.]+)", text)
    return "using Xunit;\n" + (f"using {space[1]};\n" if space else "")


def _other_header(language: str, place: NewTests) -> str | None:
    if language == "ruby":
        runner = "" if place.framework == "RSpec" else 'require "minitest/autorun"\n'
        return f'{runner}require_relative "{place.module}"\n'
    if language == "php":
        required = f"require_once __DIR__ . '/{place.module}';\n"
        return f"<?php\n\nuse PHPUnit\\Framework\\TestCase;\n\n{required}"
    if language in {"c", "cpp"}:
        return f'#include <assert.h>\n\n#include "{place.module.removeprefix("./")}"\n'
    return None


def why_no_header(subject: Subject) -> str:
    """What keeps a test file from reaching the code, and what to do."""
    if subject.language in _JS:
        return f"`{subject.top}` is not exported, so no test file can import it; export it first."
    if subject.language == "rust":
        return f"`{subject.top}` is not public, so no test file can use it; make it public first."
    return f"A test file cannot reach `{subject.top}`."


def shape_of(subject: Subject, place: NewTests) -> Constraint | None:
    """Replies: a few tests and nothing else, in the frameworks whose tests have one plain shape.

    A small model left to itself writes a copy of the code first and tests that.
    """
    top = subject.top[:1].upper() + subject.top[1:]
    case = {
        "pytest": ("", '"def test_" name "():\\n"', "    ", ""),
        "unittest": (
            f"class Test{top}(unittest.TestCase):\\n",
            '"    def test_" name "(self):\\n"',
            "        ",
            "",
        ),
        "vitest": ("", '"it(\\"" said "\\", () => {\\n"', "  ", "});\\n"),
        "jest": ("", '"test(\\"" said "\\", () => {\\n"', "  ", "});\\n"),
        "mocha": ("", '"it(\\"" said "\\", () => {\\n"', "  ", "});\\n"),
        "node:test": ("", '"test(\\"" said "\\", () => {\\n"', "  ", "});\\n"),
        "go test": ("", '"func Test" name "(t *testing.T) {\\n"', "\\t", "}\\n"),
    }.get(place.framework)
    if case is None:
        return None
    start, opening, indent, closing = case
    tag = re.sub(r"[^a-z]", "", subject.language)
    return Constraint(
        gbnf=f'root ::= "```{tag}\\n{start}" test{{1,{MOST_TESTS}}} "```"\n'
        f'test ::= {opening} line{{1,{_MOST_LINES}}} "{closing}\\n"\n'
        f'line ::= "{indent}" [^`\\n/#] [^`\\n]{{2,{_LONGEST_LINE}}} "\\n"\n'
        "name ::= [a-zA-Z0-9_]{3,50}\n"
        'said ::= [^"`\\n]{3,80}\n'
    )


def form_for(subject: Subject, place: NewTests) -> str:
    """How the tests are to be written."""
    top = subject.top
    return {
        "pytest": "Write functions named test_… that use assert.",
        "unittest": f"Write one class Test{top[:1].upper()}{top[1:]}(unittest.TestCase).",
        "vitest": "Use it and expect.",
        "jest": "Use test and expect.",
        "mocha": "Use it and assert.",
        "node:test": "Use test and assert.",
        "go test": "Write functions named Test… that call t.Errorf when the result is wrong.",
        "JUnit 5": f"Write one class {top}Test with @Test methods.",
        "xUnit": f"Write one public class {top}Tests with [Fact] methods.",
        "RSpec": f"Use RSpec.describe {top} with it blocks.",
        "Minitest": f"Write one class {top.capitalize()}Test < Minitest::Test.",
        "PHPUnit": f"Write one class {top[:1].upper()}{top[1:]}Test extends TestCase.",
        "cargo test": "Write functions with #[test] that use assert_eq!.",
    }.get(
        place.framework, "Write functions named test_… that use assert, and a main that calls them."
    )


def assembled(subject: Subject, place: NewTests, header: str, code: str) -> str:
    """The whole file: the header, what else the tests import and use, and the tests."""
    body, imports = _split(subject, code)
    known = {line.strip() for line in header.splitlines()}
    kept = [line for line in imports if line not in known and _is_used(line, subject, body)]
    if place.framework == "pytest" and re.search(r"\bpytest\.", body):
        kept = [line for line in kept if line != "import pytest"]
        header = f"import pytest\n\n{header}"
    if subject.language == "go":
        header = _go_header(header, imports, body)
    elif subject.language == "python":
        header = "".join(f"{line}\n" for line in kept) + ("\n" if kept else "") + header
    else:
        header += "".join(f"{line}\n" for line in kept)
    gap = "\n\n" if subject.language == "python" else "\n"
    return f"{header}{gap}{body}\n"


def _split(subject: Subject, code: str) -> tuple[str, list[str]]:
    """The code without what it imports, and the lines that do."""
    imports: list[str] = []
    if subject.language == "go" and (block := _GO_IMPORTS.search(code)):
        imports += [
            f"import {line.strip()}" for line in block["inner"].splitlines() if line.strip()
        ]
        code = code[: block.start()] + code[block.end() :]
    pattern = _IMPORTS[_family(subject.language)]
    body = []
    for line in code.split("\n"):
        if pattern.match(line):
            imports.append(line.strip())
        else:
            body.append(line)
    return "\n".join(body).strip("\n"), imports


def _is_used(line: str, subject: Subject, body: str) -> bool:
    """Whether an import serves the tests and does not bring in what is tested once more."""
    if re.search(rf"(?<!\w){re.escape(subject.top)}(?!\w)", line):
        return False
    if subject.language in {"c", "cpp"}:
        return "<" in line
    if subject.language in {"csharp", "java", "ruby", "php"}:
        return "relative" not in line and "require_once" not in line and "package" not in line
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", body) for name in _bound(line))


def _bound(line: str) -> Iterator[str]:
    """The names that an import of Python, JavaScript or Rust brings in."""
    if line.startswith(("const", "let", "var")) or " from " in line.partition("import")[2]:
        yield from re.findall(r"\w+", re.split(r"=|\bfrom\b", line)[0])
        return
    for part in re.split(r"[,{}]", re.sub(r"^(?:from\s+\S+\s+)?(?:import|use)\b", "", line)):
        if match := _LAST_NAME.search(part):
            yield match[1]


def _go_header(header: str, imports: list[str], body: str) -> str:
    paths = {match[1] for line in imports if (match := re.search(r'"([^"]+)"', line))} | {"testing"}
    used = sorted(p for p in paths if re.search(rf"\b{re.escape(p.rpartition('/')[2])}\.", body))
    package = header.partition("\n")[0]
    listed = "".join(f'\t"{path}"\n' for path in used)
    return f"{package}\n\nimport (\n{listed})\n"


def _script_header(subject: Subject, place: NewTests) -> str | None:
    top, module = re.escape(subject.top), place.module
    text = subject.text
    named = rf"(?m)^export\s+(?:async\s+|abstract\s+|declare\s+)*[\w*]+\s*\*?\s*{top}\b"
    if re.search(
        rf"(?m)^export\s+default\s+(?:(?:async\s+)?(?:function|class)\s*\*?\s*)?{top}\b", text
    ):
        what = subject.top
    elif re.search(named, text) or re.search(rf"(?m)^export\s*\{{[^}}]*\b{top}\b", text):
        what = f"{{ {subject.top} }}"
    elif re.search(rf"\bmodule\.exports\s*=\s*{top}\b", text):
        return _required(place, subject.top)
    elif re.search(rf"\bexports\.{top}\b|\bmodule\.exports\s*=\s*\{{[^}}]*\b{top}\b", text):
        return _required(place, f"{{ {subject.top} }}")
    else:
        return None
    tools = {
        "vitest": 'import { describe, expect, it } from "vitest";\n',
        "mocha": 'import assert from "node:assert/strict";\n',
        "node:test": 'import assert from "node:assert/strict";\nimport test from "node:test";\n',
    }
    return f'{tools.get(place.framework, "")}import {what} from "{module}";\n'


def _required(place: NewTests, what: str) -> str:
    tools = {
        "mocha": 'const assert = require("node:assert/strict");\n',
        "node:test": 'const assert = require("node:assert/strict");\n'
        'const test = require("node:test");\n',
    }
    return f'{tools.get(place.framework, "")}const {what} = require("{place.module}");\n'


def _is_public_rust(subject: Subject) -> bool:
    what = r"(?:async\s+|unsafe\s+|const\s+)*(?:fn|struct|enum|trait|union)"
    return re.search(rf"\bpub\s+{what}\s+{re.escape(subject.top)}\b", subject.text) is not None


def _family(language: str) -> str:
    if language in _JS:
        return "javascript"
    return "c" if language == "cpp" else language
