"""Runs of whole lines, and how a run that is too long is cut and small neighbours are joined.

The rules are local on purpose: what is changed in one place of a file leaves the pieces of other
places as they were, so that little has to be read and embedded again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from mirador_lsp.core.text import LineIndex

AIM = 750
"""Code points a piece should have at most: some 210 word pieces of an embedder that reads 256."""
MOST = 900
"""What has no more than this is left whole, for a tail of a few lines tells nothing."""
SMALL = 150
"""Neighbours with no more code points than this are joined, until they reach `AIM`."""

NO_BORDER = 1_000_000
"""The rank of a line before which nothing speaks for a cut."""

Border = Callable[[int], int]
"""Tells how good it is to cut before a line: 0 is best, `NO_BORDER` worst."""

_LEAST = AIM // 2
_FEW_LINES = 4
"""A symbol with more lines is found on its own, however short they are."""


@dataclass(frozen=True)
class Piece:
    """A run of lines that will be a chunk."""

    first: int
    last: int
    symbol: str
    kind: str
    around: tuple[str, ...] = ()
    """What is around it, outermost first, that its own lines do not say."""


def size_of(lines: LineIndex, first: int, last: int) -> int:
    """The code points from the start of `first` to the end of `last`."""
    return lines.line_span(last).end - lines.line_span(first).start


def without_blanks(text: str, lines: LineIndex, piece: Piece) -> Piece | None:
    """`piece` less the blank lines at its ends; None where nothing is left."""
    start, end = lines.line_span(piece.first).start, lines.line_span(piece.last).end
    shown = text[start:end]
    if not shown.strip():
        return None
    first = lines.line_of(start + len(shown) - len(shown.lstrip()))
    last = lines.line_of(start + len(shown.rstrip()) - 1)
    return replace(piece, first=first, last=last)


def cut_long(lines: LineIndex, piece: Piece, border: Border, own: str) -> Iterator[Piece]:
    """`piece` in parts of about `AIM`, cut where the border is best.

    Each part is decided by what stands above it alone. `own` is the signature that parts after the
    first are given besides what is around them.
    """
    start = piece.first
    while size_of(lines, start, piece.last) > MOST:
        end = _end_of_part(lines, start, piece.last, border)
        if end == piece.last:
            break
        yield _part(piece, start, end, own)
        start = end + 1
    yield _part(piece, start, piece.last, own)


def _part(piece: Piece, first: int, last: int, own: str) -> Piece:
    around = piece.around if first == piece.first or not own else (*piece.around, own)
    return replace(piece, first=first, last=last, around=around)


def _end_of_part(lines: LineIndex, start: int, last: int, border: Border) -> int:
    best: tuple[int, int] | None = None
    end = start
    for line in range(start + 1, last + 1):
        size = size_of(lines, start, line - 1)
        if size > AIM:
            break
        end = line - 1
        if size >= _LEAST:
            rank = border(line)
            if best is None or rank <= best[0]:
                best = rank, line - 1
    return best[1] if best is not None else end


def joined(lines: LineIndex, pieces: Sequence[Piece], shared: Piece) -> Iterator[Piece]:
    """Small neighbours among `pieces` joined; what holds several symbols is called as `shared`."""
    group: list[Piece] = []
    for piece in pieces:
        small = size_of(lines, piece.first, piece.last) <= SMALL and (
            piece.symbol == shared.symbol or piece.last - piece.first < _FEW_LINES
        )
        fits = not group or size_of(lines, group[0].first, piece.last) <= AIM
        if group and not (small and fits):
            yield _one(group, shared)
            group = []
        if small:
            group.append(piece)
        else:
            yield piece
    if group:
        yield _one(group, shared)


def _one(group: list[Piece], shared: Piece) -> Piece:
    if len(group) == 1:
        return group[0]
    named = [piece for piece in group if piece.symbol != shared.symbol]
    called = named[0] if len(named) == 1 else shared
    around = group[0].around
    return replace(called, first=group[0].first, last=group[-1].last, around=around)
