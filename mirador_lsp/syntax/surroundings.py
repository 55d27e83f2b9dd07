"""What stands around a place of a text: its statement, its doc comment, the digest of its code."""

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.core.outline import Surroundings
from mirador_lsp.core.text import LineIndex, Span, utf8
from mirador_lsp.syntax.comments import (
    Convention,
    convention_of,
    is_directive,
    is_doc,
    is_of_the_file,
)
from mirador_lsp.syntax.digest import code_digest
from mirador_lsp.syntax.parser import Parsed
from mirador_lsp.syntax.statements import holds_statements, stands_alone
from mirador_lsp.syntax.structure import ATTACHED, COMMENT, Definition, Structure, structure_of

if TYPE_CHECKING:
    import tree_sitter

_PLAIN = re.compile(r"[rRuU]?[\"']")
_MOST_ABOVE = 200
_MOST_TOUCHED = 10_000


def surroundings_of(parsed: Parsed, span: Span) -> Surroundings:
    """What stands around `span`, which is moved into the text where it lies outside.

    Where there is no tree, or no statement at the place, the statement is the lines of the place.
    """
    end = len(parsed.text)
    place = _content(parsed.text, Span(min(span.start, end), min(span.end, end)), parsed.lines)
    statement, kind = _statement(parsed, place) or (_lines(parsed.lines, place), "")
    doc, doc_place = _doc(parsed, span.start)
    return Surroundings(statement, kind, doc, code_digest(parsed), doc_place)


def _content(text: str, span: Span, lines: LineIndex) -> Span:
    """`span` without white space at its ends; an empty one moved to the code on its line."""
    inner = text[span.start : span.end]
    start = span.start + len(inner) - len(inner.lstrip())
    if inner.strip():
        return Span(start, start + len(inner.strip()))
    line = lines.line_span(lines.line_of(span.start))
    before = text[line.start : span.start]
    after = text[span.start : line.end]
    if after.strip():
        at = span.start + len(after) - len(after.lstrip())
    else:
        at = line.start + max(0, len(before.rstrip()) - 1)
    return Span(at, at)


def _lines(lines: LineIndex, span: Span) -> Span:
    first = lines.line_span(lines.line_of(span.start))
    last = lines.line_span(lines.line_of(max(span.start, span.end - 1)))
    return Span(first.start, last.end)


def _statement(parsed: Parsed, place: Span) -> tuple[Span, str] | None:
    """The smallest run of statements that holds `place`, and the kind where it is only one."""
    if parsed.tree is None or not parsed.text[place.start : place.end + 1].strip():
        return None
    start, end = len(utf8(parsed.text[: place.start])), len(utf8(parsed.text[: place.end]))
    cursor = parsed.tree.walk()
    found: tuple[int, int, str] | None = None
    while True:
        around = cursor.node
        if around is None or cursor.goto_first_child_for_byte(start) is None:
            break
        child = cursor.node
        if child is None:
            break
        if child.end_byte < max(end, start + 1):
            found = _run(parsed.language, around, cursor, (start, end)) or found
            break
        if child.start_byte <= start and stands_alone(parsed.language, around, cursor):
            found = child.start_byte, child.end_byte, child.type
        elif child.start_byte > start:
            break
    if found is None:
        return None
    return parsed.places.span(found[0], found[1]), found[2]


def _run(
    language: str,
    around: "tree_sitter.Node",
    cursor: "tree_sitter.TreeCursor",
    place: tuple[int, int],
) -> tuple[int, int, str] | None:
    """The children of `around` from the cursor's on that `place` touches, if all of them are
    statements.
    """
    first = cursor.node
    if first is None or not holds_statements(language, around.type):
        return None
    last = first
    for _ in range(_MOST_TOUCHED):
        node = cursor.node
        if node is None or node.start_byte >= place[1]:
            break
        if not stands_alone(language, around, cursor) and node.type != ";":
            return None
        last = node
        if not cursor.goto_next_sibling():
            break
    if first.start_byte > place[0] or last.end_byte < place[1]:
        return None
    return first.start_byte, last.end_byte, "" if last != first else first.type


def _doc(parsed: Parsed, offset: int) -> tuple[Span | None, Span | None]:
    """The doc comment of the innermost symbol around `offset`, and where one belongs."""
    convention = convention_of(parsed.language)
    if parsed.tree is None or not convention.documents:
        return None, None
    try:
        structure = structure_of(parsed)
    except AnalyzerError:  # the outline says so: no symbols were found
        return None, None
    around = [d for d in structure.definitions if d.span.start <= offset < d.span.end]
    if not around:
        return None, None
    inner = max(around, key=lambda each: each.span.start)
    if convention.inside:
        return _doc_inside(parsed, structure, inner)
    return _doc_above(parsed, structure, inner, convention)


def _doc_inside(
    parsed: Parsed, structure: Structure, inner: Definition
) -> tuple[Span | None, Span | None]:
    if inner.body is None:
        return None, None
    at = bisect_left(structure.docstrings, Span(inner.body, inner.body))
    doc = structure.docstrings[at] if at < len(structure.docstrings) else None
    # A string with a prefix that lets it hold code is a statement like any other.
    if doc is not None and doc.start == inner.body and _PLAIN.match(parsed.text, doc.start):
        return doc, doc
    header = inner.body
    while True:
        header = len(parsed.text[:header].rstrip())
        at = bisect_right(structure.comments, header, key=lambda each: each.start) - 1
        if at < 0 or structure.comments[at].end != header:
            return None, Span(header, inner.body)
        header = structure.comments[at].start


def _doc_above(
    parsed: Parsed, structure: Structure, inner: Definition, convention: Convention
) -> tuple[Span | None, Span | None]:
    lines, text, kinds = parsed.lines, parsed.text, structure.kinds
    number = lines.line_of(inner.code)
    line = lines.line_span(number)
    if text[line.start : inner.code].strip():
        return None, Span(inner.code, inner.code)
    top = number
    while top > max(0, number - _MOST_ABOVE) and kinds[top - 1] in {COMMENT, ATTACHED}:
        top -= 1
    first = bisect_left(structure.comments, lines.line_span(top).start, key=lambda c: c.start)
    last = bisect_left(structure.comments, inner.code, key=lambda c: c.start)
    doc = _last_doc(parsed, structure.comments[first:last], convention)
    if doc is not None:
        return doc, doc
    place = number
    while place > top and (
        kinds[place - 1] == ATTACHED or _moves_along(lines.line_text(place - 1).strip())
    ):
        place -= 1
    span = lines.line_span(place)
    start = span.end - len(text[span.start : span.end].lstrip())
    return None, Span(start, start)


def _moves_along(comment: str) -> bool:
    """Whether a line must stay next to the definition: a doc comment goes above it."""
    return is_directive(comment) and not is_of_the_file(comment)


def _last_doc(parsed: Parsed, comments: tuple[Span, ...], convention: Convention) -> Span | None:
    """The last doc comment among comments: one in block form, or a run of lines."""
    lines, text = parsed.lines, parsed.text
    found: Span | None = None
    for comment in reversed(comments):
        shown = text[comment.start : comment.end].rstrip()  # in Rust its line end belongs to it
        span = Span(comment.start, comment.start + len(shown))
        if not is_doc(shown, convention):
            if found is not None:
                break
            continue
        if shown.startswith("/*"):
            return found or span
        if found is not None and lines.line_of(found.start) != lines.line_of(span.start) + 1:
            break
        found = Span(span.start, found.end if found is not None else span.end)
    return found
