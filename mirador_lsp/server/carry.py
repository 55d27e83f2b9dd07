"""One text and a later one: what was edited, and findings carried over where nothing was."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import Edit
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.stations import moved
from mirador_lsp.core.text import Span


def over(findings: Iterable[Finding], old: Snapshot, new: Snapshot) -> dict[str, Finding]:
    """The findings, by id, whose place lies before or after everything that was edited.

    What lies within the edited part is gone: it may be mended, and a review is on its way. A ready
    fix is of the text it was made for, so a finding that is carried over an edit leaves it behind.
    """
    if old.text == new.text:
        return {finding.id: finding for finding in findings}
    unedited = _unedited(old, new)
    places = ((finding, unedited.place(finding.span)) for finding in findings)
    return {
        f.id: replace(f, span=span, fix=None, stations=moved(f.stations, unedited.place))
        for f, span in places
        if span is not None
    }


def place(span: Span, old: Snapshot, new: Snapshot) -> Span | None:
    """Where the code at `span` of `old` stands in `new`; None when any of it was edited."""
    return _unedited(old, new).place(span)


def edits(made: Iterable[Edit], old: Snapshot, new: Snapshot) -> tuple[Edit, ...] | None:
    """Edits of `old` as edits of `new`; None when one touches what was edited since."""
    unedited = _unedited(old, new)
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

    head: int
    tail_start: int
    """Where the common end begins in the old text."""
    shift: int
    """By how much the common end has moved."""

    def place(self, span: Span) -> Span | None:
        if span.end <= self.head:
            return span
        if span.start >= self.tail_start:
            return Span(span.start + self.shift, span.end + self.shift)
        return None


def _unedited(old: Snapshot, new: Snapshot) -> _Unedited:
    head = _common_head(old.text, new.text)
    room = min(len(old.text), len(new.text)) - head
    tail = _common_tail(old.text, new.text, room)
    return _Unedited(head, len(old.text) - tail, len(new.text) - len(old.text))


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
