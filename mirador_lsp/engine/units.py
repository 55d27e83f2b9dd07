"""What a model is shown of a unit, and where each shown line stands in the document."""

from collections.abc import Sequence
from dataclasses import dataclass

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.outline import Unit
from mirador_lsp.core.retrieval import Compiled
from mirador_lsp.core.text import Span


@dataclass(frozen=True)
class ShownUnit:
    """A unit as it goes into a prompt."""

    unit: Unit
    code: str
    """The unit's lines; a line `…` stands where something is left out."""
    lines: tuple[tuple[Span, str], ...]
    """Every line shown: its place in the document, line end left out, and its text."""
    background: Compiled | None = None
    """What is shown besides; None where nobody has compiled any."""

    @property
    def title(self) -> str:
        """What a user calls the unit."""
        return self.unit.path or "module"


def show(snapshot: Snapshot, unit: Unit, without: Sequence[Span] = ()) -> ShownUnit:
    """The text of `unit`, with indentation common to all its lines taken off, and `without` what is
    to be left out: lines that hold nothing else are not shown.
    """
    index = snapshot.lines
    blocks: list[list[tuple[Span, str]]] = []
    for piece in unit.pieces:
        first = index.line_of(piece.start)
        last = index.line_of(max(piece.end - 1, piece.start))
        lines = [(index.line_span(n), index.line_text(n)) for n in range(first, last + 1)]
        blocks.append(_cleared(lines, without) if without else lines)
    shown = tuple(line for block in blocks for line in block)
    margin = _margin([text for _, text in shown])
    code = "\n…\n".join("\n".join(text[margin:] for _, text in block) for block in blocks)
    return ShownUnit(unit=unit, code=code, lines=shown)


def _cleared(lines: list[tuple[Span, str]], without: Sequence[Span]) -> list[tuple[Span, str]]:
    kept = []
    for span, text in lines:
        left = blanked(text, span.start, without).rstrip()
        if left or not text.strip():
            kept.append((span, left))
    return kept


def blanked(text: str, start: int, spans: Sequence[Span]) -> str:
    """A piece of a document that begins at `start`, with blanks for what lies in `spans`; line ends
    stay, and so does every offset.
    """
    parts, at, end = [], start, start + len(text)
    for span in spans:
        first, last = max(span.start, at), min(span.end, end)
        if first < last:
            said = text[first - start : last - start]
            parts += [text[at - start : first - start]]
            parts += ["".join(c if c in "\r\n" else " " for c in said)]
            at = last
    return "".join((*parts, text[at - start :]))


def _margin(lines: list[str]) -> int:
    indents = [len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()]
    return min(indents, default=0)
