"""Findings about one text carried over to a later one, where their code did not change."""

from collections.abc import Iterable
from dataclasses import replace

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.text import Span


def over(findings: Iterable[Finding], old: Snapshot, new: Snapshot) -> dict[str, Finding]:
    """The findings, by id, whose place lies before or after everything that was edited.

    What lies within the edited part is gone: it may be mended, and a review is on its way.
    """
    head = _common_head(old.text, new.text)
    room = min(len(old.text), len(new.text)) - head
    tail = _common_tail(old.text, new.text, room)
    shift = len(new.text) - len(old.text)
    carried = {}
    for finding in findings:
        span = finding.span
        if span.end <= head:
            carried[finding.id] = finding
        elif span.start >= len(old.text) - tail:
            moved = Span(span.start + shift, span.end + shift)
            carried[finding.id] = replace(finding, span=moved)
    return carried


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
