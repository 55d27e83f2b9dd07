"""Two texts compared line by line."""

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher

from mirador_lsp.core.text import LineIndex, Span

_LINE_END = re.compile(r"\r\n|\n|\r")
_MOST_LINES = 2000
"""Changed lines, the equal ones between them included, that are compared one by one; comparing
takes quadratic time on lines that repeat."""


@dataclass(frozen=True)
class LineChanges:
    """What differs, in whole lines."""

    spans: tuple[Span, ...]
    """Places in the new text; where lines were only taken out, the empty place of the gap."""
    added: int
    removed: int


def line_changes(old: str, new: str) -> LineChanges:
    """What has to be done to make `new` of `old`. Line ends alone are no difference."""
    before, after = _lines(old), _lines(new)
    if before == after:
        return LineChanges((), 0, 0)
    index = LineIndex(new)
    most = min(len(before), len(after))
    head = next((i for i in range(most) if before[i] != after[i]), most)
    rest = most - head
    tail = next((i for i in range(rest) if before[-1 - i] != after[-1 - i]), rest)
    blocks = _blocks(before[head : len(before) - tail], after[head : len(after) - tail])
    spans: list[Span] = []
    added = removed = 0
    for gone, first, last in blocks:
        removed += gone
        added += last - first
        spans.append(_span(index, first + head, last + head))
    return LineChanges(tuple(spans), added, removed)


def likeness(one: str, other: str) -> float:
    """How much of two texts is lines that both have, 0…1."""
    mine, theirs = Counter(one.split("\n")), Counter(other.split("\n"))
    shared = sum(len(line) + 1 for line in (mine & theirs).elements())
    return shared / max(len(one), len(other), 1)


def _lines(text: str) -> list[str]:
    """The lines of a `LineIndex` without their ends; the empty one after the last end is none."""
    lines = _LINE_END.split(text)
    return lines[:-1] if not lines[-1] else lines


def _blocks(before: list[str], after: list[str]) -> list[tuple[int, int, int]]:
    """For each changed block: how many lines are gone, and the first and last new one."""
    if not before and not after:
        return []
    if max(len(before), len(after)) > _MOST_LINES:
        return [(len(before), 0, len(after))]
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return [
        (last - first, other_first, other_last)
        for tag, first, last, other_first, other_last in matcher.get_opcodes()
        if tag != "equal"
    ]


def _span(index: LineIndex, first: int, last: int) -> Span:
    if first == last:
        start = index.full_line_span(min(first, len(index) - 1)).start
        return Span(start, start)
    return Span(index.full_line_span(first).start, index.line_span(last - 1).end)
