"""What the definitions of a text are, which of its lines hold code, and how deep its code nests.

The query files in `outlines/` say where to look. Their captures:

- `@function` or `@class` with `@name` (or C's `@declarator`) and, where there is one, `@body`;
  `@owner` is the type a function belongs to though it stands outside of it.
- `@space` and `@impl` lend their name to what they hold; functions in an `@impl` are methods.
- `@wrapper` belongs to the definition it wraps (`@wrapped`): decorators, `export`, a declaration.
- `@attached` stands before a definition and belongs to it: attributes.
- `@import`, `@comment`, `@docstring`.
- `@nest` is a control structure; a `@chained` one continues its parent (`else if`).
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from mirador_lsp.core.clean import plain
from mirador_lsp.core.text import Span
from mirador_lsp.syntax.languages import LANGUAGES
from mirador_lsp.syntax.parser import Parsed
from mirador_lsp.syntax.queries import RawMatch, compile_query, raw_matches

if TYPE_CHECKING:
    import tree_sitter

MAX_DEFINITIONS = 3_000
"""Definitions beyond these stay part of the code around them."""

_MAX_LEVELS = 16
_MAX_HEADER = 400
_MAX_ATTACHED_LINES = 200
_LONG_LINE = 5_000
_CONTENT = re.compile(r"\S")
_SCOPES = ("function", "class", "space", "impl")
_NAMES = frozenset(
    (
        *("identifier", "field_identifier", "type_identifier", "qualified_identifier"),
        *("destructor_name", "operator_name", "operator_cast", "template_function"),
    )
)

BLANK, CODE, COMMENT, DOCSTRING, ATTACHED = range(5)
"""What a line holds; `ATTACHED` is code that belongs to the definition below it."""


@dataclass(frozen=True)
class Definition:
    """A function or a class of the text."""

    path: str
    """Dotted path from the module."""
    kind: str
    """"class", "function" or "method"."""
    span: Span
    """All of it: decorators, attributes and doc comment included."""
    header: Span
    """Its signature, up to the body."""
    first: int
    """The line on which `span` begins."""
    last: int
    """The line on which it ends."""
    parent: int
    """Index of the definition it is in, -1 at the top."""
    depth: int
    """How deep control structures nest in a function; those of inner functions not counted."""
    code: int
    """Where the definition begins without what stands above it, decorators not left out."""
    body: int | None
    """Where its body begins; None for one without."""


@dataclass(frozen=True)
class Structure:
    """The definitions and lines of a text."""

    definitions: tuple[Definition, ...]
    """In the order of the file, outer before inner."""
    kinds: bytearray
    """What each line holds."""
    imports: tuple[Span, ...]
    complete: bool
    """False when there are more definitions than are listed."""
    comments: tuple[Span, ...] = ()
    docstrings: tuple[Span, ...] = ()

    def code_lines(self, first: int, last: int) -> int:
        """How many of the lines first…last hold code."""
        return sum(kind in {CODE, ATTACHED} for kind in self.kinds[first : last + 1])


@dataclass
class _Found:
    """What the query found, by kind of capture; nodes by their id."""

    scopes: "dict[int, tuple[str, tree_sitter.Node, RawMatch]]"
    wrappers: "dict[int, tree_sitter.Node]"
    nests: "dict[int, tree_sitter.Node]"
    chained: set[int]
    spans: dict[str, list[Span]]


@dataclass
class _Open:
    """A scope or control structure that is not closed yet while the text is swept."""

    end: int
    path: str
    kind: str
    level: int
    definition: int
    depth: int


@cache
def _source(name: str) -> str:
    return files(__package__).joinpath("outlines", f"{name}.scm").read_text("utf-8")


@lru_cache(maxsize=2)  # the outline and the rules about shape ask for the same text in turn
def structure_of(parsed: Parsed) -> Structure:
    """The structure of a parsed text; no definitions where there is no tree or no query for it.

    Raises `AnalyzerError` when the text takes too long to search.
    """
    language = LANGUAGES.get(parsed.language)
    if language is None or parsed.tree is None or not language.outline:
        return Structure((), _line_kinds(parsed, {}), (), complete=True)
    query = compile_query(language.id, _source(language.outline))
    found = _sort_out(parsed, raw_matches(parsed, query))
    kinds = _line_kinds(parsed, found.spans)
    definitions, complete = _definitions(parsed, found, kinds)
    comments, docstrings = (tuple(found.spans[name]) for name in ("comment", "docstring"))
    imports = tuple(found.spans["import"])
    return Structure(definitions, kinds, imports, complete, comments, docstrings)


def _sort_out(parsed: Parsed, found: Iterable[RawMatch]) -> _Found:
    spans: dict[str, list[Span]] = {
        name: [] for name in ("import", "comment", "docstring", "attached")
    }
    result = _Found({}, {}, {}, set(), spans)
    for match in found:
        captures = match.captures
        for name in _SCOPES:
            for node in captures.get(name, ()):
                result.scopes.setdefault(node.id, (name, node, match))
        if "wrapper" in captures:
            for node in captures["wrapped"]:
                result.wrappers[node.id] = captures["wrapper"][0]
        for node in captures.get("nest", ()):
            result.nests[node.id] = node
        result.chained.update(node.id for node in captures.get("chained", ()))
        for name, places in spans.items():
            places += [
                parsed.places.span(node.start_byte, node.end_byte)
                for node in captures.get(name, ())
            ]
    for places in spans.values():
        places.sort()
    return result


def _line_kinds(parsed: Parsed, spans: Mapping[str, list[Span]]) -> bytearray:
    lines, text = parsed.lines, parsed.text
    kinds = bytearray(len(lines))
    for number in range(len(lines)):
        span = lines.line_span(number)
        kinds[number] = CODE if text[span.start : span.end].strip() else BLANK
    for name, kind in (("docstring", DOCSTRING), ("comment", COMMENT), ("attached", ATTACHED)):
        for span in spans.get(name, ()):
            end = span.end - 1 if span.end > span.start else span.end
            first, last = lines.line_of(span.start), lines.line_of(end)
            for number in range(first, last + 1):
                if kinds[number] == CODE and _alone(parsed, span, number):
                    kinds[number] = kind
    return kinds


def _alone(parsed: Parsed, span: Span, number: int) -> bool:
    """Whether nothing but `span` is on the line. Very long lines are code, whatever they hold."""
    line = parsed.lines.line_span(number)
    if line.end - line.start > _LONG_LINE:
        return False
    before = parsed.text[line.start : max(line.start, span.start)]
    after = parsed.text[min(line.end, span.end) : line.end]
    return not before.strip() and not after.strip()


def _definitions(
    parsed: Parsed, found: _Found, kinds: bytearray
) -> tuple[tuple[Definition, ...], bool]:
    """One sweep over scopes and control structures, outer before inner."""
    items = [(node, name, match) for name, node, match in found.scopes.values()]
    marks: list[tuple[int, int, int, tree_sitter.Node, str, RawMatch | None]] = [
        (node.start_byte, -node.end_byte, index, node, name, match)
        for index, (node, name, match) in enumerate(items)
    ]
    marks += [
        (node.start_byte, -node.end_byte, len(items) + index, node, "", None)
        for index, node in enumerate(found.nests.values())
    ]
    marks.sort(key=lambda mark: mark[:3])
    done: list[Definition] = []
    depths: list[int] = []
    stack = [_Open(len(parsed.text) * 4 + 1, "", "", 0, -1, 0)]
    complete = True
    for _, _, _, node, name, match in marks:
        while len(stack) > 1 and stack[-1].end <= node.start_byte:
            stack.pop()
        around = stack[-1]
        if match is None:
            depth = around.depth + (node.id not in found.chained)
            if around.definition >= 0:
                depths[around.definition] = max(depths[around.definition], depth)
            stack.append(replace(around, end=node.end_byte, depth=depth))
        elif around.level >= _MAX_LEVELS or len(done) >= MAX_DEFINITIONS:
            complete = False
        else:
            opened = _open(node, name, match, around)
            if name in {"function", "class"}:
                definition = _definition(parsed, found, kinds, (node, match), opened, around)
                opened.definition = len(done)
                done.append(definition)
                depths.append(0)
            stack.append(opened)
    deep = tuple(replace(each, depth=depth) for each, depth in zip(done, depths, strict=True))
    return deep, complete


def _open(node: "tree_sitter.Node", name: str, match: RawMatch, around: _Open) -> _Open:
    own = _name(match)
    owned = "." in own
    if owners := match.captures.get("owner"):
        owner = _label(owners[0]).lstrip("*&")
        own, owned = f"{owner}.{own}", True
    own = own or "(unnamed)"
    path = f"{around.path}.{own}" if around.path else own
    kind = name
    if name == "function" and (owned or around.kind in {"class", "impl"}):
        kind = "method"
    elif name == "space":
        kind = around.kind
    return _Open(node.end_byte, path, kind, around.level + 1, around.definition, 0)


def _name(match: RawMatch) -> str:
    if names := match.captures.get("name"):
        return _label(names[0])
    if declarators := match.captures.get("declarator"):
        return _label(_declared(declarators[0]))
    return ""


def _declared(node: "tree_sitter.Node") -> "tree_sitter.Node":
    """The name in a C declarator: `*(*name)(int)` wraps it in one node for every mark."""
    current = node
    for _ in range(64):
        if current.type in _NAMES:
            return current
        cursor = current.walk()
        if not cursor.goto_first_child():
            return current
        inner = None
        while inner is None:
            child = cursor.node
            if child is not None and (
                cursor.field_name == "declarator"
                or child.type in _NAMES
                or child.type.endswith("_declarator")
            ):
                inner = child
            elif not cursor.goto_next_sibling():
                return current
        current = inner
    return current


def _label(node: "tree_sitter.Node") -> str:
    """A node's text as part of a path: one short line without type arguments."""
    raw = (node.text or b"")[:400].decode("utf-8", "replace")
    raw = re.sub(r"\s*[<\[(].*", "", raw, flags=re.DOTALL) if raw[:1].isalpha() else raw
    return plain(raw.replace("::", "."), 120).strip("\"'")


def _definition(
    parsed: Parsed,
    found: _Found,
    kinds: bytearray,
    what: "tuple[tree_sitter.Node, RawMatch]",
    opened: _Open,
    around: _Open,
) -> Definition:
    node, match = what
    outer = node
    for _ in range(_MAX_LEVELS):
        if outer.id not in found.wrappers:
            break
        outer = found.wrappers[outer.id]
    lines = parsed.lines
    whole = parsed.places.span(outer.start_byte, outer.end_byte)
    own = parsed.places.span(node.start_byte, node.end_byte)
    first = lines.line_of(whole.start)
    last = max(first, lines.line_of(max(whole.start, whole.end - 1)))
    above = first
    limit = max(0, first - _MAX_ATTACHED_LINES)
    while above > limit and kinds[above - 1] in {COMMENT, ATTACHED}:
        above -= 1
    start = whole.start if above == first else _content_start(parsed, above)
    # A group, as Go's `type ( … )`, is not what one of the definitions in it is documented by.
    grouped = lines.line_of(own.start) != first and parsed.language == "go"
    bodies = match.captures.get("body")
    header_start = max(whole.start, _content_start(parsed, lines.line_of(own.start)))
    return Definition(
        path=opened.path,
        kind=opened.kind,
        span=Span(start, whole.end),
        header=_header(parsed, found.spans["comment"], min(header_start, own.start), own, match),
        first=above,
        last=last,
        parent=around.definition,
        depth=0,
        code=own.start if grouped else whole.start,
        body=parsed.places.offset(bodies[0].start_byte) if bodies else None,
    )


def _header(parsed: Parsed, comments: list[Span], start: int, own: Span, match: RawMatch) -> Span:
    bodies = match.captures.get("body")
    if bodies:
        end = parsed.places.offset(bodies[0].start_byte)
    else:
        end = min(own.end, parsed.lines.line_span(parsed.lines.line_of(own.start)).end)
    end = min(max(end, start), start + _MAX_HEADER)
    at = bisect_left(comments, Span(start, start))
    if at < len(comments) and comments[at].start < end:
        end = comments[at].start
    return Span(start, start + len(parsed.text[start:end].rstrip()))


def _content_start(parsed: Parsed, number: int) -> int:
    line = parsed.lines.line_span(number)
    match = _CONTENT.search(parsed.text, line.start, line.end)
    return match.start() if match is not None else line.start
