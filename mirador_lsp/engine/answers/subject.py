"""Which code a question is about, and what a model is shown of it."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from mirador_lsp.core.clean import plain
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.outline import Outline, Symbol, Unit
from mirador_lsp.core.text import Span
from mirador_lsp.engine.units import show

_MOST_PICKED = 2000
"""Characters of a selection that are quoted in a question."""
_MOST_SKELETON = 1500


@dataclass(frozen=True)
class Subject:
    """The code a question is about."""

    snapshot: Snapshot
    name: str
    """Path of the symbol, or a description: "lines 3 to 9", "module level"; "" for the file."""
    kind: str
    """"function", "method", "class", "lines" or "file"."""
    span: Span
    """All of it, in the document."""
    unit: Unit
    """What is shown of it. Where it can be, one of the outline's units as it is, so that the
    beginning of the prompt is the one reviews use."""
    symbol: Symbol | None = None
    picked: str = ""
    """The selected code, where only a part of the unit is meant."""

    @property
    def title(self) -> str:
        """What a user calls it: "cart.py: Cart.total"."""
        return f"{self.snapshot.name}: {self.name}" if self.name else self.snapshot.name

    @cached_property
    def key(self) -> str:
        """Everything an explanation depends on besides models and settings, as hex digits: code and
        context, but not where they stand.
        """
        name = self.symbol.path if self.symbol is not None else ""
        whole = self.kind == "file"
        code = self.snapshot.content_hash if whole else show(self.snapshot, self.unit).code
        parts = (
            *(self.snapshot.language, self.kind, name),
            *(self.unit.context, code, self.picked),
        )
        return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def find_subject(snapshot: Snapshot, outline: Outline, span: Span | None) -> Subject:
    """What `span` means: None the whole file, a cursor the innermost symbol around it, a selection
    the units it touches. Costs no more than reading the outline.
    """
    if span is None or not snapshot.text.strip():
        return _file(snapshot, outline)
    span = Span(*(min(at, len(snapshot.text)) for at in (span.start, span.end)))
    selected = snapshot.text[span.start : span.end]
    if not selected.strip():
        return _at_cursor(snapshot, outline, span.start)
    lead = len(selected) - len(selected.lstrip())
    return _selection(
        snapshot, outline, Span(span.start + lead, span.start + len(selected.rstrip()))
    )


def _at_cursor(snapshot: Snapshot, outline: Outline, offset: int) -> Subject:
    symbol = _symbol_at(snapshot, outline, offset)
    if symbol is not None:
        return _symbol(snapshot, outline, symbol)
    line = snapshot.lines.full_line_span(snapshot.lines.line_of(offset))
    units = _touched(outline, line)
    return _of_units(snapshot, units) if units else _file(snapshot, outline)


def _symbol_at(snapshot: Snapshot, outline: Outline, offset: int) -> Symbol | None:
    """The innermost symbol; a cursor in front of its first or behind its last character counts."""
    line = snapshot.lines.line_span(snapshot.lines.line_of(offset))
    text = snapshot.text[line.start : line.end]
    first = line.start + len(text) - len(text.lstrip())
    inner = outline.innermost(max(offset, min(first, line.end)))
    if inner is None and offset > line.start:
        inner = outline.innermost(offset - 1)
    return inner


def _selection(snapshot: Snapshot, outline: Outline, span: Span) -> Subject:
    symbol = outline.innermost(span.start)
    if symbol is not None and _is_whole(snapshot, symbol, span):
        return _symbol(snapshot, outline, symbol)
    picked = snapshot.text[span.start : span.end]
    if symbol is not None and symbol.span.contains(span):
        subject = _symbol(snapshot, outline, symbol)
        if any(piece.contains(span) for piece in subject.unit.pieces):
            return replace(subject, picked=_shortened(picked))
    units = _touched(outline, span)
    if not units:
        index = snapshot.lines
        units = [_lines(snapshot, index.line_of(span.start), index.line_of(span.end - 1))]
    found = _of_units(snapshot, units)
    if len(units) == 1 and _squeezed(picked) != _squeezed(show(snapshot, found.unit).code):
        return replace(found, picked=_shortened(picked))
    return found


def _is_whole(snapshot: Snapshot, symbol: Symbol, span: Span) -> bool:
    """Whether a selection stands for the symbol: all of it, its signature, or just its name."""
    if span.contains(symbol.span) or span.contains(symbol.header):
        return True
    name = symbol.path.rpartition(".")[2]
    return symbol.header.contains(span) and snapshot.text[span.start : span.end] == name


def _symbol(snapshot: Snapshot, outline: Outline, symbol: Symbol) -> Subject:
    """A symbol with the units that show it; one too small for a unit of its own comes with what is
    around it.
    """
    own = [
        unit
        for unit in outline.units
        if (unit.path == symbol.path or unit.path.startswith(f"{symbol.path} ["))
        and unit.pieces[0].overlaps(symbol.span)
    ]
    around = [] if symbol.kind == "class" else _touched(outline, symbol.header)
    units = own or around
    index = snapshot.lines
    last = max(symbol.span.start, symbol.span.end - 1)
    unit = (
        _merged(units, symbol.path, symbol.kind)
        if units
        else replace(
            _lines(snapshot, index.line_of(symbol.span.start), index.line_of(last)),
            path=symbol.path,
        )
    )
    name = plain(symbol.path, limit=120)
    return Subject(snapshot, name, symbol.kind, symbol.span, unit, symbol)


def _of_units(snapshot: Snapshot, units: Sequence[Unit]) -> Subject:
    unit = _merged(units, "", "lines")
    span = Span(unit.pieces[0].start, unit.pieces[-1].end)
    index = snapshot.lines
    first, last = index.line_of(span.start) + 1, index.line_of(max(span.start, span.end - 1)) + 1
    name = f"line {first}" if first == last else f"lines {first} to {last}"
    if len(units) == 1 and len(unit.pieces) > 1:
        name = "module level"
    return Subject(snapshot, name, "lines", span, unit)


def _file(snapshot: Snapshot, outline: Outline) -> Subject:
    unit = Unit("", "file", (Span(0, len(snapshot.text)),), skeleton(snapshot, outline))
    return Subject(snapshot, "", "file", Span(0, len(snapshot.text)), unit)


def skeleton(snapshot: Snapshot, outline: Outline) -> str:
    """The signatures of a file, one a line, indented as they nest; as many as fit."""
    lines: list[str] = []
    room = _MOST_SKELETON
    open_ends: list[int] = []
    for symbol in outline.symbols:
        while open_ends and open_ends[-1] <= symbol.span.start:
            open_ends.pop()
        header = snapshot.text[symbol.header.start : symbol.header.end]
        line = "    " * len(open_ends) + plain(header, limit=100)
        open_ends.append(symbol.span.end)
        room -= len(line) + 1
        if room < 0:
            lines.append("…")
            break
        lines.append(line)
    return "\n".join(lines)


def _touched(outline: Outline, span: Span) -> list[Unit]:
    return [unit for unit in outline.units if any(piece.overlaps(span) for piece in unit.pieces)]


def _merged(units: Sequence[Unit], path: str, kind: str) -> Unit:
    """One unit that shows several. A single one stays as it is."""
    if len(units) == 1:
        return units[0]
    pieces = sorted(piece for unit in units for piece in unit.pieces)
    done = pieces[:1]
    for before, piece in pairwise(pieces):
        if before.end >= piece.start:
            done[-1] = Span(done[-1].start, max(done[-1].end, piece.end))
        else:
            done.append(piece)
    return Unit(path, kind, tuple(done), units[0].context)


def _lines(snapshot: Snapshot, first: int, last: int) -> Unit:
    index = snapshot.lines
    span = Span(index.full_line_span(first).start, index.full_line_span(last).end)
    return Unit("", "lines", (span,), "")


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_PICKED else f"{text[:_MOST_PICKED]}\n…"


def _squeezed(text: str) -> str:
    return re.sub(r"[\s…]+", "", text)
