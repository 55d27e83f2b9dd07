"""The part of a document that a review is about; all of it, unless somebody asked for places."""

from dataclasses import replace

from mirador_lsp.core.findings import Finding
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.text import LineIndex, Span


class Scope:
    """Whole lines of one text. Counts what it keeps out; belongs to one review."""

    def __init__(self, only: tuple[Span, ...] | None, lines: LineIndex) -> None:
        self._lines = lines
        self._only = None if only is None else tuple(_whole_lines(span, lines) for span in only)
        self._units = 0
        self._findings: set[str] = set()

    def admits(self, finding: Finding) -> bool:
        """Whether the finding lies in it, at least in part."""
        if self.holds(finding.span):
            return True
        self._findings.add(finding.id)
        return False

    def cut(self, outline: Outline) -> Outline:
        """The outline with the units alone that share something with it."""
        if self._only is None:
            return outline
        units = tuple(u for u in outline.units if any(self.holds(piece) for piece in u.pieces))
        self._units = len(outline.units) - len(units)
        return replace(outline, units=units)

    def size(self) -> int:
        """How many lines it has."""
        if self._only is None:
            return len(self._lines)
        numbers: set[int] = set()
        for span in self._only:
            first, last = (self._lines.line_of(offset) for offset in (span.start, span.end))
            numbers.update(range(first, last + 1))
        return len(numbers)

    @property
    def left_out(self) -> int:
        """How many units and findings it kept out."""
        return self._units + len(self._findings)

    def summary(self) -> str:
        """What it kept out: "2 findings and 3 parts"."""
        counts = ((len(self._findings), "finding"), (self._units, "part"))
        return " and ".join(f"{n} {noun}{'s' * (n > 1)}" for n, noun in counts if n)

    def holds(self, span: Span) -> bool:
        """Whether a place lies in it, at least in part."""
        return self._only is None or any(part.overlaps(span) for part in self._only)


def _whole_lines(span: Span, lines: LineIndex) -> Span:
    """The lines that `span` touches, the last line's end left out."""
    last = max(span.end - 1, span.start)
    return Span(
        lines.line_span(lines.line_of(span.start)).start, lines.line_span(lines.line_of(last)).end
    )
