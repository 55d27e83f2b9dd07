"""Changes to a text, in code points of the text they were made for."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from mirador_lsp.core.text import LineIndex, Span

_LONGEST_COMPARED = 4000
"""Characters of a changed block that are compared one by one; longer blocks are replaced whole."""
_MOST_LINES = 2000
"""Changed lines, the equal ones between them included, that are compared; the comparison takes
quadratic time on lines that repeat."""


@dataclass(frozen=True, order=True, slots=True)
class Edit:
    """Replace `span` by `text`. An empty span inserts, an empty text deletes."""

    span: Span
    text: str


@dataclass(frozen=True)
class Fix:
    """A change that mends a finding, known with it: an analyzer's, or the line a model expected."""

    title: str
    """What it does, in one plain sentence without a full stop: "Remove unused import: `os`"."""
    edits: tuple[Edit, ...]
    safe: bool
    """It keeps the meaning of the code, so it may be applied without being looked at."""


def apply(text: str, edits: Iterable[Edit]) -> str:
    """`text` with all `edits` made; every one speaks of the original text.

    Raises ValueError when two overlap or one lies outside the text.
    """
    ordered = sorted(edits)
    parts: list[str] = []
    done = 0
    for edit in ordered:
        if edit.span.start < done or edit.span.end > len(text):
            message = f"an edit at {edit.span.start}…{edit.span.end} overlaps or lies outside"
            raise ValueError(message)
        parts += [text[done : edit.span.start], edit.text]
        done = edit.span.end
    parts.append(text[done:])
    return "".join(parts)


def smallest(old: str, new: str) -> tuple[Edit, ...]:
    """Small edits that turn `old` into `new`: lines that stay are not touched, and of a changed
    line only what differs. `apply(old, smallest(old, new)) == new`.
    """
    before, after = _lines(old), _lines(new)
    most = min(len(before), len(after))
    head = next((i for i in range(most) if before[i] != after[i]), most)
    rest = most - head
    tail = next((i for i in range(rest) if before[-1 - i] != after[-1 - i]), rest)
    start = sum(map(len, before[:head]))
    before, after = before[head : len(before) - tail], after[head : len(after) - tail]
    if max(len(before), len(after)) > _MOST_LINES:
        return tuple(_within("".join(before), "".join(after), start))
    starts = _starts(before, start)
    edits: list[Edit] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, first, last, other_first, other_last in matcher.get_opcodes():
        if tag == "equal":
            continue
        gone, came = "".join(before[first:last]), "".join(after[other_first:other_last])
        edits += _within(gone, came, starts[first])
    return tuple(edits)


def _within(gone: str, came: str, start: int) -> list[Edit]:
    """One edit for a changed block, its common beginning and end left alone."""
    if max(len(gone), len(came)) > _LONGEST_COMPARED:
        return [Edit(Span(start, start + len(gone)), came)]
    most = min(len(gone), len(came))
    head = next((i for i in range(most) if gone[i] != came[i]), most)
    rest = most - head
    tail = next((i for i in range(rest) if gone[-1 - i] != came[-1 - i]), rest)
    # A client counts `\r\n` as one line end; an edit must not begin or end inside it.
    if head and gone[head - 1 : head] == "\r":
        head -= 1
    if tail and gone[-tail] == "\n" and "\r" in (gone[-tail - 1 : -tail], came[-tail - 1 : -tail]):
        tail -= 1
    span = Span(start + head, start + len(gone) - tail)
    return [Edit(span, came[head : len(came) - tail])]


def _lines(text: str) -> list[str]:
    index = LineIndex(text)
    spans = [index.full_line_span(number) for number in range(len(index))]
    return [text[span.start : span.end] for span in spans]


def _starts(lines: list[str], at: int) -> list[int]:
    starts = []
    for line in lines:
        starts.append(at)
        at += len(line)
    return [*starts, at]
