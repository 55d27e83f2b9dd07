"""Doc comments, from words to text: laid out as the language expects, wrapped, and harmless.

The words come from a model, so nothing in them may end the comment, start a doctest, speak to a
tool or turn into a tag. What comes out is one edit that touches white space and comments only.
"""

import re
import textwrap
from collections.abc import Iterator

from mirador_lsp.core.edits import Edit
from mirador_lsp.core.outline import Surroundings
from mirador_lsp.core.text import LineIndex, Span
from mirador_lsp.syntax.comments import convention_of, is_directive
from mirador_lsp.syntax.doc_layouts import LAYOUTS, Documentation, Piece, python_layout

WIDEST = 100
"""Columns a line of a doc comment may have; less where the file's own lines are shorter."""

_NARROWEST = 80
_LEAST = 32
"""Columns the words have at least, however deep the code is indented."""
_TAB = 4
_GOOGLE = re.compile(r"(?m)^[ \t]*(?:Args|Arguments|Returns|Raises|Yields):[ \t]*$")
_NUMPY = re.compile(r"(?m)^[ \t]*(?:Parameters|Returns|Raises)[ \t]*\r?\n[ \t]*-{3,}[ \t]*$")
_SPHINX = re.compile(r"(?m)^[ \t]*:(?:param|returns?|raises|type|rtype)\b")


def doc_edit(
    text: str, language: str, near: Surroundings, doc: Documentation, *, kind: str = "function"
) -> Edit | None:
    """The edit that gives the symbol around a place its doc comment, in place of one it may have.

    None where the language has no doc comments or there is no symbol. Raises ValueError when the
    words cannot be made harmless.
    """
    if near.doc_place is None:
        return None
    lines = LineIndex(text)
    eol = _line_end(text, lines, near.doc_place.start)
    if convention_of(language).inside:
        return _inside(text, lines, near, doc, eol, blank_after=kind == "class")
    line = lines.line_span(lines.line_of(near.doc_place.start))
    before = text[line.start : near.doc_place.start]
    indent = before[: len(before) - len(before.lstrip())]
    written = _comment(language, text, doc, _room(text, indent))
    new = f"{eol}{indent}".join(written)
    if near.doc is not None:
        return Edit(near.doc, new)
    return Edit(near.doc_place, f"{new}{eol}{indent}")


def python_style(text: str) -> str:
    """How the docstrings of a text name parameters: "google", "numpy", "sphinx" or "plain"."""
    counts = {
        "google": len(_GOOGLE.findall(text)),
        "numpy": len(_NUMPY.findall(text)),
        "sphinx": len(_SPHINX.findall(text)),
    }
    best = max(counts, key=lambda style: counts[style])
    return best if counts[best] else "plain"


def _inside(
    text: str,
    lines: LineIndex,
    near: Surroundings,
    doc: Documentation,
    eol: str,
    *,
    blank_after: bool,
) -> Edit | None:
    place = near.doc_place
    if place is None:
        return None
    between = text[place.start : place.end]
    line = lines.line_span(lines.line_of(place.end if near.doc is None else place.start))
    before = text[line.start : place.end if near.doc is None else place.start]
    broken = near.doc is None and not re.search(r"[\r\n]", between)
    indent = before[: len(before) - len(before.lstrip())]
    if broken:  # `def f(): return 1`
        indent += "\t" if re.search(r"(?m)^\t", text) else "    "
    body = _wrapped(python_layout(doc, python_style(text)), _room(text, indent) - 3)
    quoted = _docstring(body, _room(text, indent))
    new = eol.join(
        f"{indent}{part}" if part and number else part for number, part in enumerate(quoted)
    )
    if near.doc is not None:
        return Edit(near.doc, new)
    if broken:
        return Edit(place, f"{eol}{indent}{new}{eol}{indent}")
    end = re.search(r"\r\n|\n|\r", between)
    at = place.start + (end.end() if end else 0)
    gap = eol if blank_after and not re.match(r"[ \t]*[\r\n]", text[at:]) else ""
    return Edit(Span(at, at), f"{indent}{new}{eol}{gap}")


def _docstring(body: list[str], room: int) -> list[str]:
    safe = [part.replace("\\", "\\\\").replace('"""', "'''").replace(">>>", ">") for part in body]
    if len(safe) == 1 and len(safe[0]) + 6 <= room:
        return [f'"""{_not_ending_in_a_quote(safe[0])}"""']
    return [f'"""{safe[0]}', *safe[1:], '"""']


def _not_ending_in_a_quote(part: str) -> str:
    return f"{part} " if part.endswith('"') else part


def _comment(language: str, text: str, doc: Documentation, room: int) -> list[str]:
    convention = convention_of(language)
    mark = convention.doc_line
    if language in {"c", "cpp"} and text.count("///") > text.count("/**"):
        mark = "///"
    pieces = LAYOUTS[language](doc)
    wide = max(_LEAST, room - (len(mark) + 1 if mark else 3))
    body = [_harmless(part) for part in _wrapped(pieces, wide)]
    if mark:
        written = [f"{mark} {part}".rstrip() for part in body]
    elif len(body) == 1 and len(body[0]) + 7 <= room:
        written = [f"{convention.doc_block} {body[0]} */"]
    else:
        written = [convention.doc_block, *(f" * {part}".rstrip() for part in body), " */"]
    if any(is_directive(part.strip()) for part in written):
        message = "it speaks to a tool instead of a reader"
        raise ValueError(message)
    return written


def _harmless(part: str) -> str:
    """Nothing that ends or begins a comment, continues a line, or becomes a tag at its start."""
    return part.replace("*/", "* /").replace("/*", "/ *").rstrip("\\")


def _room(text: str, indent: str) -> int:
    """Columns between the indentation and the edge at which the file's own lines end."""
    longest = max(
        (len(line) for line in text[:200_000].splitlines() if len(line) <= WIDEST), default=0
    )
    edge = min(WIDEST, max(_NARROWEST, longest))
    return max(_LEAST, edge - len(indent.expandtabs(_TAB)))


def _wrapped(pieces: Iterator[Piece], width: int) -> list[str]:
    body: list[str] = []
    for piece in pieces:
        if not piece.words:
            body.append(piece.lead.rstrip())
            continue
        body += textwrap.wrap(
            piece.words,
            width,
            initial_indent=piece.lead,
            subsequent_indent=piece.hang,
            break_long_words=False,
            break_on_hyphens=False,
        )
    while body and not body[-1]:
        body.pop()
    return body


def _line_end(text: str, lines: LineIndex, offset: int) -> str:
    r"""What ends the line of a place or the one before it; "\n" in a text of one line."""
    line = lines.line_of(offset)
    for number in (line, line - 1):
        if number >= 0:
            full, bare = lines.full_line_span(number), lines.line_span(number)
            if full.end > bare.end:
                return text[bare.end : full.end]
    return "\n"
