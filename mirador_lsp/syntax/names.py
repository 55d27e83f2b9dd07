"""The names in a text, and what each does where it stands.

The query files in `names/` say where to look. Their captures, the strongest first, for a name that
several patterns capture:

- `@import` is brought in, from `@module` if that is said apart, and known here as `@alias`;
- `@call` is called; `@set` is a member given a value; both with `@on`, what stands before them;
- `@define` is defined where an outline does not tell (constants, fields, types without a body);
- `@update` is read and given a value, `@bind` given one, `@touch` changed but not replaced;
- `@type` is a type, a base, a decorator;
- `@skip` is nobody's use of anything: labels, names of arguments, of what is being defined;
- `@member` is read from `@on`; `@read` is any name.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

from mirador_lsp.core.text import utf8
from mirador_lsp.syntax.parser import Parsed
from mirador_lsp.syntax.queries import compile_query, raw_matches

if TYPE_CHECKING:
    import tree_sitter

MAX_NAMES = 100_000
"""Names that are looked at in one text."""
UNCLEAR = "…"
"""What stands for a qualifier that is no plain chain of names: of `f(x).g()` for `g`."""

_SOURCES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "python": ("python",),
        "javascript": ("ecma", "jsx", "javascript"),
        "typescript": ("ecma", "typescript"),
        "tsx": ("ecma", "jsx", "typescript"),
        "go": ("go",),
        "rust": ("rust",),
        "java": ("java",),
        "c": ("c",),
        "cpp": ("c", "cpp"),
        "csharp": ("csharp",),
        "ruby": ("ruby",),
        "php": ("php",),
        "bash": ("bash",),
    }
)
_ROLES = (
    *("import", "alias", "call", "set", "define", "update", "bind", "touch"),
    *("type", "skip", "member", "read"),
)
_RANK = MappingProxyType({role: rank for rank, role in enumerate(_ROLES)})
_BUDGET = 3.0
_LONGEST = 120
_PLAIN = re.compile(r"[\w.$@]+")
_JOINTS = re.compile(r"::|->|\?\.|!\.|\\|\s+")
_QUOTES = "\"'`<>"


@dataclass(frozen=True, slots=True)
class Name:
    """A name at a place."""

    start: int
    """Bytes from the start of the text, as everywhere in this value."""
    end: int
    role: str
    """The name of a capture, see the module."""
    text: str
    on: str = ""
    """What stands before it, a chain of names joined by dots, or `UNCLEAR`."""
    module: str = ""
    """Of an import: where from, or all of what is brought in; as written, without quotes."""
    alias: str = ""
    """Of an import: what it is called here, where that differs."""


@dataclass(frozen=True)
class Names:
    """The names of a text or a part of it."""

    names: tuple[Name, ...]
    """In the order of the text."""
    complete: bool = True
    """False where there are more than were asked for."""


def knows_names(language: str) -> bool:
    """Whether names of a language are told apart."""
    return language in _SOURCES


def names_in(
    parsed: Parsed, within: tuple[int, int] | None = None, *, most: int = MAX_NAMES
) -> Names:
    """The names of a text, `most` at most; of the bytes `within` alone, if that is said.

    Empty where there is no tree, or no query for the language. Raises `AnalyzerError` when the text
    takes too long to search.
    """
    if parsed.tree is None or parsed.language not in _SOURCES:
        return Names(())
    query = compile_query(parsed.language, _source(parsed.language))
    data = utf8(parsed.text)
    best: dict[tuple[int, int], Name] = {}
    for match in raw_matches(parsed, query, budget_seconds=_BUDGET, within=within):
        for name in _of_match(parsed.language, data, match.captures):
            place = (name.start, name.end)
            known = best.get(place)
            if known is None:
                if len(best) >= most:
                    return Names(_sorted(best, within), complete=False)
                best[place] = name
            elif _stronger(name, known):
                best[place] = name
    return Names(_sorted(best, within))


def _stronger(name: Name, known: Name) -> bool:
    if name.role == known.role:
        return len(name.on) + len(name.alias) > len(known.on) + len(known.alias)
    return _RANK[name.role] < _RANK[known.role]


def _sorted(
    best: Mapping[tuple[int, int], Name], within: tuple[int, int] | None
) -> tuple[Name, ...]:
    first, last = within if within is not None else (0, 1 << 62)
    inside = (name for name in best.values() if first <= name.start and name.end <= last)
    return tuple(sorted(inside, key=lambda name: name.start))


@cache
def _source(language: str) -> str:
    folder = files(__package__).joinpath("names")
    return "\n".join(
        folder.joinpath(f"{name}.scm").read_text("utf-8") for name in _SOURCES[language]
    )


def _of_match(
    language: str, data: bytes, captures: "Mapping[str, list[tree_sitter.Node]]"
) -> Iterator[Name]:
    on = _chain(data, captures["on"][0]) if "on" in captures else ""
    module = _bare(_text(data, captures["module"][0])) if "module" in captures else ""
    alias = _text(data, captures["alias"][0]) if "alias" in captures else ""
    for role, nodes in captures.items():
        if role not in _RANK:
            continue
        for node in nodes:
            text = _text(data, node)
            if not text:
                continue
            if role == "import":
                place = node.start_byte, node.end_byte
                yield Name(*place, role, _last(language, text), "", module or _bare(text), alias)
            else:
                yield Name(node.start_byte, node.end_byte, role, text, on)


def _text(data: bytes, node: "tree_sitter.Node") -> str:
    """What is written there; "" for what is too long to be a name."""
    start, end = node.start_byte, node.end_byte
    if end - start > 4 * _LONGEST:
        return ""
    text = data[start:end].decode("utf-8", "replace")
    return text if len(text) <= _LONGEST else ""


def _bare(text: str) -> str:
    return "".join(text.split()).strip(_QUOTES)


def _last(language: str, text: str) -> str:
    """What is brought in, without what it is in: `a.b`, `a::b`, "lib/b.h"."""
    bare = _bare(text)
    by_file = text[0] in _QUOTES or language == "bash"
    joints = r"/" if by_file else r"\.|::|/|\\"
    return next((part for part in reversed(re.split(joints, bare)) if part), bare)


def _chain(data: bytes, node: "tree_sitter.Node") -> str:
    text = _JOINTS.sub(lambda joint: "" if joint[0].isspace() else ".", _text(data, node))
    return text if _PLAIN.fullmatch(text) else UNCLEAR
