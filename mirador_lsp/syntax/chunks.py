"""A text in the pieces in which it is searched: symbols, sections of prose, runs of data.

A definition is a chunk of its own unless it is so small that it is joined with its neighbours, or
so long that it is cut between statements. Parts tell in their header what they are a part of.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.core.retrieval import CodeChunk
from mirador_lsp.core.text import Span
from mirador_lsp.syntax.borders import borders_of
from mirador_lsp.syntax.languages import LANGUAGES
from mirador_lsp.syntax.parser import Parsed
from mirador_lsp.syntax.pieces import (
    MOST,
    NO_BORDER,
    Border,
    Piece,
    cut_long,
    joined,
    size_of,
    without_blanks,
)
from mirador_lsp.syntax.prose import is_prose, prose_pieces
from mirador_lsp.syntax.structure import (
    ATTACHED,
    BLANK,
    CODE,
    COMMENT,
    Structure,
    structure_of,
)

RECIPE = "chunks-1"
"""Names the way in which texts are cut. Another one means that files have to be cut again."""

MAX_CHUNKS = 2_000
"""Chunks that one file may have."""
MAX_DATA_CHUNKS = 100
"""Chunks that a file of data may have: its beginning tells what it is."""
MAX_TEXT = 4_000
"""Code points that are kept of a chunk. Only lines of machine length have more."""

_MODULE = -1
_HEADER = 300
_SIGNATURE = 120
_MOST_SHIFTED = 50
_MOST_CLOSING = 20
_LONGEST_CLOSING = 120
_CLOSING = re.compile(r"\s*(?:[\]})]+[;,]?|end|fi|done|esac)\s*$")
_DATA = frozenset(
    (
        *(".csv", ".tsv", ".toml", ".ini", ".cfg", ".conf", ".xml", ".svg", ".lock", ".properties"),
        *(".env", ".po", ".pot", ".jsonl", ".ndjson", ".sum", ".mod", ".plist", ".srt", ".ics"),
    )
)


@dataclass(frozen=True)
class Chunking:
    """The chunks of a text, and what is not in them."""

    chunks: tuple[CodeChunk, ...]
    note: str = ""
    """What was left out and why, in one sentence; or ""."""


def chunks_of(parsed: Parsed, name: str) -> tuple[CodeChunk, ...]:
    """The chunks of a text, top to bottom. See `chunking_of`, which tells what was left out too."""
    return chunking_of(parsed, name).chunks


def chunking_of(parsed: Parsed, name: str) -> Chunking:
    """Cut a text into chunks that never overlap and together hold every line that is not blank.

    `name` is the file relative to the workspace: it stands in every header, and tells prose from
    data where there is no parser. Never raises for what the text holds; `MAX_CHUNKS` and `MAX_TEXT`
    bound what comes out, and the note counts what they left out.
    """
    language = LANGUAGES.get(parsed.language)
    most = MAX_CHUNKS
    if language is None and is_prose(name):
        pieces = prose_pieces(parsed, name)
    elif (language is not None and language.data) or (language is None and _is_data(name)):
        pieces = _by_lines(parsed, "data")
        most = MAX_DATA_CHUNKS
    else:
        pieces = _code(parsed)
    kept, left_out = _limited(pieces, most)
    chunks = (_chunk(parsed, name, piece) for piece in kept)
    # Where broken code is cut, a part can be blank. A long one may be so at its beginning only.
    told = tuple(each for each in chunks if each.text.strip() or len(each.text) == MAX_TEXT)
    return Chunking(told, _note(parsed, kept, left_out))


def _is_data(name: str) -> bool:
    dot = name.rfind(".")
    return dot >= 0 and name[dot:].lower() in _DATA


def _limited(pieces: Iterable[Piece], most: int) -> tuple[list[Piece], int]:
    kept: list[Piece] = []
    left_out = 0
    for piece in pieces:
        if len(kept) < most:
            kept.append(piece)
        else:
            left_out += piece.last - piece.first + 1
    return kept, left_out


def _note(parsed: Parsed, kept: Sequence[Piece], left_out: int) -> str:
    notes = []
    if left_out:
        notes.append(f"{left_out:,} lines after the first {len(kept):,} chunks are left out")
    cut = sum(size_of(parsed.lines, each.first, each.last) > MAX_TEXT for each in kept)
    if cut:
        lines = "1 line is" if cut == 1 else f"{cut:,} lines are"
        notes.append(f"{lines} so long that only the first {MAX_TEXT:,} characters are kept")
    return "; ".join(notes)


def _chunk(parsed: Parsed, name: str, piece: Piece) -> CodeChunk:
    start, end = parsed.lines.line_span(piece.first).start, parsed.lines.line_span(piece.last).end
    header = plain("  ".join((f"# {name}", *piece.around)), _HEADER)
    text = parsed.text[start : min(end, start + MAX_TEXT)]
    return CodeChunk(piece.symbol, piece.kind, Span(start, end), header, text)


def _code(parsed: Parsed) -> Iterator[Piece]:
    try:
        structure = structure_of(parsed)
    except AnalyzerError:  # the text makes so little sense that it cannot be searched
        structure = Structure((), bytearray(), (), complete=False)
    if not structure.definitions:
        return _by_lines(parsed, "module")
    return _Symbols(parsed, structure).pieces()


class _Symbols:
    """The pieces of a text whose definitions are known."""

    def __init__(self, parsed: Parsed, structure: Structure) -> None:
        self._parsed = parsed
        self._structure = structure
        self._inner: dict[int, list[int]] = {}
        for index, each in enumerate(structure.definitions):
            self._inner.setdefault(each.parent, []).append(index)

    def pieces(self) -> Iterator[Piece]:
        whole = self._trimmed(Piece(0, len(self._parsed.lines) - 1, "", "module"))
        return self._of(_MODULE, whole) if whole is not None else iter(())

    def _of(self, owner: int, whole: Piece) -> Iterator[Piece]:
        """The chunks of a definition, whose lines are `whole`."""
        lines = self._parsed.lines
        size = size_of(lines, whole.first, whole.last)
        if owner != _MODULE and size <= MOST:
            yield whole
            return
        own = self._signature(owner)
        if owner not in self._inner:
            yield from cut_long(lines, whole, self._border, own)
            return
        around = (*whole.around, own) if own else whole.around
        items = list(self._items(owner, whole, around))
        index_of = {piece: index for index, piece in items if index != owner}
        for piece in joined(lines, [piece for _, piece in items], replace(whole, around=around)):
            if piece in index_of:
                yield from self._of(index_of[piece], piece)
            else:
                yield from cut_long(lines, piece, self._border, "")

    def _items(
        self, owner: int, whole: Piece, around: tuple[str, ...]
    ) -> Iterator[tuple[int, Piece]]:
        """The definitions in a definition, and what is between them, top to bottom."""
        at = whole.first

        def rest(last: int) -> Iterator[tuple[int, Piece]]:
            # Where it begins, a definition shows its own signature.
            above = whole.around if at == whole.first else around
            if at <= last:
                piece = self._trimmed(replace(whole, first=at, last=last, around=above))
                if piece is not None:
                    yield owner, piece

        for index in self._inner[owner]:
            each = self._structure.definitions[index]
            first, last = max(each.first, at), min(each.last, whole.last)
            if first > last:  # it shares its lines with the one before it
                continue
            if at < first:
                yield from rest(first - 1)
            # On the line on which the outer one begins, both are shown.
            above = whole.around if first == whole.first else around
            at = self._end(last + 1, whole.last) + 1
            piece = self._trimmed(Piece(first, at - 1, each.path, each.kind, above))
            if piece is not None:
                yield index, piece
        yield from rest(whole.last)

    def _end(self, after: int, last: int) -> int:
        """The last of the lines from `after` on that only close brackets: they tell nothing by
        themselves, so they stay with what is before them.
        """
        end = after - 1
        for line in range(after, min(last, after + _MOST_CLOSING) + 1):
            kind = self._structure.kinds[line]
            if kind != BLANK:
                if kind != CODE or not _closes(self._parsed.lines.line_text(line)):
                    break
                end = line
        return end

    def _trimmed(self, piece: Piece) -> Piece | None:
        kinds = self._structure.kinds
        first, last = piece.first, piece.last
        while first <= last and kinds[first] == BLANK:
            first += 1
        while last > first and kinds[last] == BLANK:
            last -= 1
        return replace(piece, first=first, last=last) if first <= last else None

    def _signature(self, owner: int) -> str:
        if owner == _MODULE:
            return ""
        header = self._structure.definitions[owner].header
        text = self._parsed.text[header.start : min(header.end, header.start + 3 * _SIGNATURE)]
        return plain(text, _SIGNATURE)

    @cached_property
    def _ranks(self) -> dict[int, int]:
        """Borders between statements, each above the comments that belong to what follows it."""
        kinds = self._structure.kinds
        ranks: dict[int, int] = {}
        for line, rank in borders_of(self._parsed).items():
            top = line
            while top > max(0, line - _MOST_SHIFTED) and kinds[top - 1] in {COMMENT, ATTACHED}:
                top -= 1
            ranks[top] = min(rank, ranks.get(top, rank))
        return ranks

    def _border(self, line: int) -> int:
        return self._ranks.get(line, NO_BORDER)


def _by_lines(parsed: Parsed, kind: str) -> Iterator[Piece]:
    """Runs of lines, cut where the text is indented least, best after a blank line."""
    lines, text = parsed.lines, parsed.text

    def blank(line: int) -> bool:
        span = lines.line_span(line)
        return not text[span.start : span.end].strip()

    def border(line: int) -> int:
        if blank(line):
            return NO_BORDER
        span = lines.line_span(line)
        head = text[span.start : min(span.end, span.start + 80)]
        return 2 * (len(head) - len(head.lstrip())) + (not blank(line - 1))

    return _runs(parsed, Piece(0, len(lines) - 1, "", kind), border)


def _runs(parsed: Parsed, whole: Piece, border: Border) -> Iterator[Piece]:
    """`whole` cut, without the blank lines at the ends of its parts."""
    for part in cut_long(parsed.lines, whole, border, ""):
        piece = without_blanks(parsed.text, parsed.lines, part)
        if piece is not None:
            yield piece


def _closes(line: str) -> bool:
    return len(line) <= _LONGEST_CLOSING and _CLOSING.match(line) is not None
