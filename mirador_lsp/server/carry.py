"""One text and a later one: what was edited, and findings carried over where nothing was."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import Edit, smallest
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.stations import moved
from mirador_lsp.core.text import LineIndex, Span

_ENDS = ("\n", "\r")


def over(findings: Iterable[Finding], old: Snapshot, new: Snapshot) -> dict[str, Finding]:
    """The findings, by id, whose place lies before or after everything that was edited.

    What lies within the edited part is gone: it may be mended, and a review is on its way. A ready
    fix is of the text it was made for, so a finding that is carried over an edit leaves it behind.
    """
    return _over(findings, old, new, _Unedited)


def closely(findings: Iterable[Finding], old: Snapshot, new: Snapshot) -> dict[str, Finding]:
    """The findings, by id, of whose lines none was edited, also those between two edits. That takes
    a comparison of lines, where `over` only looks at how the two texts begin and end.
    """
    return _over(findings, old, new, _Closely)


def _over(
    findings: Iterable[Finding], old: Snapshot, new: Snapshot, how: "type[_Unedited]"
) -> dict[str, Finding]:
    if old.text == new.text:
        return {finding.id: finding for finding in findings}
    unedited = how.between(old, new)
    places = ((finding, unedited.place(finding.span)) for finding in findings)
    return {
        f.id: replace(f, span=span, fix=None, stations=moved(f.stations, unedited.place))
        for f, span in places
        if span is not None
    }


def place(span: Span, old: Snapshot, new: Snapshot) -> Span | None:
    """Where the code at `span` of `old` stands in `new`; None when any of its lines was edited.

    There may be edits on both sides of it. An empty place is one between two characters, and still
    known where its line was edited before or behind it.
    """
    unedited = _Closely.between(old, new)
    placed = unedited.place(span)
    if placed is None and span.start == span.end:
        return unedited.point(span.start)
    return placed


def edits(made: Iterable[Edit], old: Snapshot, new: Snapshot) -> tuple[Edit, ...] | None:
    """Edits of `old` as edits of `new`; None when one touches a line that was edited since."""
    unedited = _Closely.between(old, new)
    moved = []
    for edit in made:
        span = unedited.place(edit.span)
        if span is None:
            return None
        moved.append(Edit(span, edit.text))
    return tuple(moved)


@dataclass(frozen=True)
class _Unedited:
    """How much of a text's beginning and end is the same in a later one."""

    old: str
    new: str
    head: int
    tail_start: int
    """Where the common end begins in the old text."""
    shift: int
    """By how much the common end has moved."""

    @classmethod
    def between(cls, old: Snapshot, new: Snapshot) -> Self:
        head = _common_head(old.text, new.text)
        room = min(len(old.text), len(new.text)) - head
        tail = _common_tail(old.text, new.text, room)
        shift = len(new.text) - len(old.text)
        return cls(old.text, new.text, head, len(old.text) - tail, shift)

    def place(self, span: Span) -> Span | None:
        if span.end <= self.head:
            return span
        if span.start >= self.tail_start:
            return Span(span.start + self.shift, span.end + self.shift)
        return None


class _Closely(_Unedited):
    """What is the same on both sides of edits, too. A line of which any part was edited is another
    line: who types at its end has changed what it does.
    """

    def place(self, span: Span) -> Span | None:
        lines = self._lines
        first, last = lines.line_of(span.start), lines.line_of(max(span.end - 1, span.start))
        start, end = lines.line_span(first).start, lines.line_span(last).end
        shift = 0
        for edit in self._edits:
            if self._is_above(edit, start):
                shift += len(edit.text) - (edit.span.end - edit.span.start)
            elif self._is_below(edit, end):
                break
            else:
                return None
        return Span(span.start + shift, span.end + shift)

    def point(self, offset: int) -> Span | None:
        """The place between two characters; one at an end of an edit stays there."""
        shift = 0
        for edit in self._edits:
            if offset <= edit.span.start:
                break
            if offset < edit.span.end:
                return None
            shift += len(edit.text) - (edit.span.end - edit.span.start)
        return Span(offset + shift, offset + shift)

    def _is_above(self, edit: Edit, start: int) -> bool:
        """Whether the line that begins at `start` still begins where it did."""
        if edit.span.end != start:
            return edit.span.end < start
        kept = self.old[: edit.span.start]
        return (edit.text or kept or "\n").endswith(_ENDS)

    def _is_below(self, edit: Edit, end: int) -> bool:
        """Whether the line that ends at `end` still ends where it did."""
        if edit.span.start != end:
            return edit.span.start > end
        kept = self.old[edit.span.end : edit.span.end + 1]
        return (edit.text or kept or "\n").startswith(_ENDS)

    @cached_property
    def _lines(self) -> LineIndex:
        return LineIndex(self.old)

    @cached_property
    def _edits(self) -> tuple[Edit, ...]:
        return smallest(self.old, self.new)


def edited(old: Snapshot, new: Snapshot) -> Span | None:
    """The lines of `new`, from the first to the last, that differ from `old`; None when none does.

    Where lines were only taken out it is the lines before and after the gap.
    """
    if old.text == new.text:
        return None
    lines = new.lines
    # Whole lines are compared: an inserted function often begins as the one after it does.
    first = lines.line_of(_common_head(old.text, new.text))
    start = lines.full_line_span(first).start
    room = min(len(old.text), len(new.text)) - start
    end = len(new.text) - _common_tail(old.text, new.text, room)
    if end <= start:
        before = lines.full_line_span(max(first - 1, 0))
        return Span(before.start, lines.full_line_span(first).end)
    return Span(start, lines.full_line_span(lines.line_of(end - 1)).end)


def _common_head(a: str, b: str) -> int:
    """Length of the longest common beginning. Halving keeps the comparison in C."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_tail(a: str, b: str, limit: int) -> int:
    """Length of the longest common end, at most `limit`."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if a[len(a) - middle : len(a) - low] == b[len(b) - middle : len(b) - low]:
            low = middle
        else:
            high = middle - 1
    return low
