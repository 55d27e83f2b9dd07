"""Prose in pieces: sections of Markdown and its relatives, and paragraphs of long ones."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from mirador_lsp.core.clean import plain
from mirador_lsp.core.text import LineIndex
from mirador_lsp.syntax.parser import Parsed
from mirador_lsp.syntax.pieces import AIM, SMALL, Piece, cut_long, size_of, without_blanks

_Titles = tuple[str, ...]

_MARKDOWN = frozenset((".md", ".markdown", ".mdx", ".qmd", ".rmd"))
_MARKED = {".adoc": "=", ".asciidoc": "=", ".org": "*", ".typ": "="}
_UNDERLINED = frozenset((".rst", ".rest"))
_PLAIN = frozenset((".txt", ".text", ".tex", ".texi", ".pod", ".log", ".1", ".5", ".8"))
_NAMES = frozenset(
    ("readme", "license", "licence", "copying", "changelog", "authors", "contributing", "notice")
)
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_RULE = re.compile(r"([=\-~^\"'`#*+.:_])\1{2,}\s*$")
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,4}[.)])\s")
_LOOKED_AT = 400
_FRONT_MATTER = 200
_DEEPEST = 6


@dataclass(frozen=True)
class Sections:
    """What the lines of a text say about its shape."""

    headings: tuple[tuple[int, _Titles], ...]
    """Line on which a section begins, and the titles from the outermost to its own."""
    fenced: frozenset[int] = field(repr=False)
    """Lines of code between fences."""


def is_prose(name: str) -> bool:
    """Whether a file that no parser knows is written for people, told by its name."""
    stem, extension = _split(name)
    return (
        extension in _MARKDOWN | _UNDERLINED | _PLAIN
        or extension in _MARKED
        or (not extension and stem in _NAMES)
    )


def sections_of(lines: LineIndex, name: str) -> Sections:
    """The headings of a text in the way of writing that its name tells."""
    extension = _split(name)[1]
    fenced: set[int] = set()
    if extension in _MARKDOWN:
        found = _markdown(lines, fenced)
    elif extension in _MARKED:
        found = _marked(lines, _MARKED[extension])
    elif extension in _UNDERLINED:
        found = _underlined(lines)
    else:
        found = iter(())
    return Sections(tuple(_nested(found)), frozenset(fenced))


def prose_pieces(parsed: Parsed, name: str) -> Iterator[Piece]:
    """Sections, small neighbours joined, and long ones cut between paragraphs."""
    lines = parsed.lines
    sections = sections_of(lines, name)

    def border(line: int) -> int:
        return _border(lines, sections, line)

    for titles, piece in _joined(lines, _filled(parsed, sections)):
        for part in cut_long(lines, piece, border, titles[-1] if titles else ""):
            whole = without_blanks(parsed.text, lines, part)
            if whole is not None:
                yield whole


def _filled(parsed: Parsed, sections: Sections) -> Iterator[tuple[_Titles, Piece]]:
    """The sections with more than a heading; a lone heading goes with what follows it."""
    starts: list[tuple[int, _Titles]] = [(0, ()), *sections.headings]
    ends = [line - 1 for line, _ in sections.headings]
    carried: int | None = None
    for (first, titles), last in zip(starts, [*ends, len(parsed.lines) - 1], strict=True):
        if last < first:
            continue
        section = Piece(first, last, " > ".join(titles), "prose", titles[:-1])
        piece = without_blanks(parsed.text, parsed.lines, section)
        if piece is None:
            continue
        if carried is not None:
            piece, carried = replace(piece, first=carried), None
        if titles and last < len(parsed.lines) - 1 and _only_heading(parsed.lines, first, piece):
            carried = piece.first
        else:
            yield titles, piece


def _only_heading(lines: LineIndex, first: int, piece: Piece) -> bool:
    if piece.last == first:
        return True
    return piece.last == first + 1 and _RULE.match(_text(lines, piece.last)) is not None


def _joined(
    lines: LineIndex, found: Iterator[tuple[_Titles, Piece]]
) -> Iterator[tuple[_Titles, Piece]]:
    group: list[tuple[_Titles, Piece]] = []
    for titles, piece in found:
        small = size_of(lines, piece.first, piece.last) <= SMALL
        if group and not (small and size_of(lines, group[0][1].first, piece.last) <= AIM):
            yield _one(group)
            group = []
        if small:
            group.append((titles, piece))
        else:
            yield titles, piece
    if group:
        yield _one(group)


def _one(group: list[tuple[_Titles, Piece]]) -> tuple[_Titles, Piece]:
    if len(group) == 1:
        return group[0]
    shared = group[0][0]
    for titles, _ in group[1:]:
        same = [one for one, other in zip(shared, titles, strict=False) if one == other]
        shared = shared[: len(same)] if shared[: len(same)] == titles[: len(same)] else ()
    around = shared[:-1] if shared == group[0][0] else shared
    first, last = group[0][1], group[-1][1].last
    return shared, replace(first, last=last, symbol=" > ".join(shared), around=around)


def _border(lines: LineIndex, sections: Sections, line: int) -> int:
    """How good it is to cut before a line: best after a blank line, worst within code."""
    if line in sections.fenced:
        return 3
    if not _text(lines, line - 1).strip():
        return 0
    return 1 if _ITEM.match(_text(lines, line)) else 2


def _split(name: str) -> tuple[str, str]:
    base = re.split(r"[/\\]", name)[-1].lower()
    stem, dot, extension = base.rpartition(".")
    return (stem, f".{extension}") if dot and stem else (base, "")


def _text(lines: LineIndex, line: int) -> str:
    """The beginning of a line: no heading is long."""
    return lines.line_text(line)[:_LOOKED_AT] if line >= 0 else ""


def _markdown(lines: LineIndex, fenced: set[int]) -> Iterator[tuple[int, int, str]]:
    fence = ""
    start = _past_front_matter(lines)
    for number in range(start, len(lines)):
        text = _text(lines, number)
        mark = _FENCE.match(text)
        if fence:
            fenced.add(number)
            if mark and mark[1].startswith(fence) and not text.strip().strip(fence[0]):
                fence = ""
        elif mark:
            fence = mark[1]
        elif heading := _HEADING.match(text):
            yield number, len(heading[1]), heading[2] or ""
        elif _underlines(lines, number, start) and text[0] in "=-":
            yield number - 1, 1 if text[0] == "=" else 2, _text(lines, number - 1)


def _past_front_matter(lines: LineIndex) -> int:
    if _text(lines, 0).rstrip() != "---":
        return 0
    for number in range(1, min(len(lines), _FRONT_MATTER)):
        if _text(lines, number).rstrip() in {"---", "..."}:
            return number + 1
    return 0


def _underlines(lines: LineIndex, number: int, start: int = 0) -> bool:
    """Whether a line is drawn under a title of one line, with an empty one above that."""
    if number <= start or not _RULE.match(_text(lines, number)):
        return False
    title = _text(lines, number - 1)
    if not title.strip() or title[0].isspace() or _RULE.match(title) or _ITEM.match(title):
        return False
    above = _text(lines, number - 2) if number - 2 >= start else ""
    return not above.strip() or _RULE.match(above) is not None


def _underlined(lines: LineIndex) -> Iterator[tuple[int, int, str]]:
    levels: dict[str, int] = {}
    for number in range(1, len(lines)):
        if _underlines(lines, number):
            title, rule = _text(lines, number - 1).rstrip(), _text(lines, number).rstrip()
            if len(rule) + 2 >= min(len(title), _LOOKED_AT // 2):
                level = levels.setdefault(rule[0], len(levels) + 1)
                yield number - 1, level, title


def _marked(lines: LineIndex, mark: str) -> Iterator[tuple[int, int, str]]:
    pattern = re.compile(rf"({re.escape(mark)}{{1,6}})\s+(\S.*)$")
    for number in range(len(lines)):
        if match := pattern.match(_text(lines, number)):
            yield number, len(match[1]), match[2]


def _nested(found: Iterator[tuple[int, int, str]]) -> Iterator[tuple[int, tuple[str, ...]]]:
    above: list[tuple[int, str]] = []
    for line, level, title in found:
        while above and above[-1][0] >= min(level, _DEEPEST):
            above.pop()
        above.append((min(level, _DEEPEST), plain(title, 80)))
        yield line, tuple(each for _, each in above if each)
