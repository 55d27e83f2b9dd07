"""What a doc comment must speak of: the parameters a definition names, what it gives, its errors.

Read from the text and not from the tree, so that code that is being written is understood as well.
Wrong guesses cost a line of documentation, never code.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MOST_READ = 6_000
_MOST_PARAMETERS = 24
_NAME = re.compile(r"[^\W\d]\w*")
_OPENING = {"(": ")", "[": "]", "{": "}"}
_CLOSING = frozenset(_OPENING.values())
_NAME_FIRST = frozenset(("python", "javascript", "typescript", "tsx", "go", "rust", "ruby"))
"""Languages in which a parameter's name stands before its type."""
_NO_NAMES = frozenset(("self", "cls", "this", "void", "mut", "ref", "final", "const"))
_MARKS = re.compile(
    r"(?:\b(?:public|private|protected|readonly|final|const|mut|ref|out|in|params|var|let|val)\b"
    r"|@\w+(?:\([^()]*\))?|\#?\[[^\]]*\]|[*&.\s])+"
)
_STRINGS = re.compile(
    r'"""(?:.|\n)*?"""|\'\'\'(?:.|\n)*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    r"|`(?:\\.|[^`\\])*`|/\*(?:.|\n)*?\*/|//[^\n]*"
)
_HASHES = re.compile(
    r'"""(?:.|\n)*?"""|\'\'\'(?:.|\n)*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    r"|(?<![$\w])\#[^\n]*"
)
_ERRORS = re.compile(
    r"\braise\s+([A-Z][\w.]*)|\bthrow\s+(?:new\s+)?([A-Z][\w.:\\]*)|\braise\(\s*([A-Z][\w:]*)"
)
_VALUE = re.compile(r"\breturn\b[ \t]*(?![;}\n]|$)|\byield\b")
_POSITIONAL = re.compile(r"\$\{?([1-9])\b")


@dataclass(frozen=True)
class Signature:
    """The facts that a doc comment is written around."""

    parameters: tuple[str, ...]
    """Their names in order; "$1" in Bash."""
    gives: bool
    """Whether it gives a value."""
    errors: tuple[str, ...]
    """Names of the errors its own code raises."""


def signature_of(language: str, kind: str, name: str, code: str) -> Signature:
    """Read the definition `name` ("total") in `code`, which begins at its header."""
    bare = _bare(language, code[:_MOST_READ])
    errors = tuple(dict.fromkeys(next(filter(None, m.groups())) for m in _ERRORS.finditer(bare)))
    if kind == "class":
        return Signature((), gives=False, errors=())
    if language == "bash":
        numbers = sorted(set(_POSITIONAL.findall(_without_comments(code[:_MOST_READ]))))
        return Signature(tuple(f"${number}" for number in numbers), gives=False, errors=())
    names = tuple(_names(language, name, bare))[:_MOST_PARAMETERS]
    return Signature(names, _gives(language, name, bare), errors)


def _bare(language: str, code: str) -> str:
    """The code without comments and without what strings hold."""
    pattern = _HASHES if language in {"python", "ruby", "bash"} else _STRINGS
    return pattern.sub(lambda m: '""' if m[0][0] in "\"'`" else "", code)


def _without_comments(code: str) -> str:
    return re.sub(r"(?m)(?:^|\s)#.*$", "", code)


def _gives(language: str, name: str, bare: str) -> bool:
    if language == "rust":
        return "->" in bare.partition("{")[0]
    if language in {"java", "csharp", "c", "cpp"}:
        before = bare.partition(name)[0]
        words = _NAME.findall(before)
        return bool(words) and "void" not in words and _VALUE.search(bare) is not None
    if language == "ruby":
        return name != "initialize"
    return name not in {"__init__", "constructor", "__construct"} and bool(_VALUE.search(bare))


def _names(language: str, name: str, bare: str) -> Iterator[str]:
    seen = set()
    for part in _parts(_between(language, name, bare)):
        for found in _name_of(language, part):
            if found not in seen and found not in _NO_NAMES:
                seen.add(found)
                yield found


def _between(language: str, name: str, bare: str) -> str:
    """What stands between the parentheses of the definition, "" where it has none."""
    match = re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", bare)
    rest = bare[match.end() :] if match else bare
    if match and (lone := re.match(r"\s*=\s*(?:async\s+)?([\w$]+)\s*=>", rest)):
        return lone[1]
    if language == "ruby":
        line = rest.partition("\n")[0].strip()
        if not line.startswith("("):
            return "" if "=" in line[:2] else line.partition(";")[0]
    rest = _past_type_parameters(rest)
    start = rest.find("(")
    if start < 0 or (language == "ruby" and start > rest.find("\n") >= 0):
        return ""
    depth = 0
    for at in range(start, len(rest)):
        if rest[at] in _OPENING:
            depth += 1
        elif rest[at] in _CLOSING:
            depth -= 1
            if depth == 0:
                return rest[start + 1 : at]
    return ""


def _past_type_parameters(rest: str) -> str:
    rest = re.sub(r"^\s*=\s*(?:async\b)?", "", rest)
    if not rest.lstrip().startswith("<"):
        return rest
    depth = 0
    for at, char in enumerate(rest):
        if char == "<":
            depth += 1
        elif char == ">" and rest[at - 1] not in "-=":
            depth -= 1
            if depth == 0:
                return rest[at + 1 :]
    return rest


def _parts(inner: str) -> Iterator[str]:
    """`inner` cut at the commas that stand in no brackets."""
    depth = start = 0
    for at, char in enumerate(inner):
        if char in _OPENING or char == "<":
            depth += 1
        elif char in _CLOSING or (char == ">" and inner[at - 1] not in "-="):
            depth -= 1
        elif char == "," and depth <= 0:
            yield inner[start:at]
            start = at + 1
    yield inner[start:]


def _name_of(language: str, part: str) -> list[str]:
    text = part.strip()
    if language == "php":
        return [f"${match[1]}" for match in re.finditer(r"\$(\w+)", text.partition("=")[0])][:1]
    if language not in _NAME_FIRST:
        head = re.sub(r"\[[^\]]*\]\s*$", "", text.partition("=")[0].strip())
        pointer = re.search(r"\(\s*\*\s*(\w+)\s*\)", head)
        names = _NAME.findall(head)
        return [pointer[1]] if pointer else names[-1:] if len(names) > 1 else []
    if text.startswith(("{", "[")):  # a pattern that takes an argument apart has no name
        return []
    bare = _MARKS.sub(" ", text, count=1) if _MARKS.match(text) else text
    match = _NAME.match(bare.strip())
    return [match[0]] if match else []
