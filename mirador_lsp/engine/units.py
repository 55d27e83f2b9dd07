"""What a model is shown of a unit, and where each shown line stands in the document."""

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


def show(snapshot: Snapshot, unit: Unit) -> ShownUnit:
    """The text of `unit`, with indentation common to all its lines taken off."""
    index = snapshot.lines
    blocks: list[list[tuple[Span, str]]] = []
    for piece in unit.pieces:
        first = index.line_of(piece.start)
        last = index.line_of(max(piece.end - 1, piece.start))
        blocks.append([(index.line_span(n), index.line_text(n)) for n in range(first, last + 1)])
    shown = tuple(line for block in blocks for line in block)
    margin = _margin([text for _, text in shown])
    code = "\n…\n".join("\n".join(text[margin:] for _, text in block) for block in blocks)
    return ShownUnit(unit=unit, code=code, lines=shown)


def _margin(lines: list[str]) -> int:
    indents = [len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()]
    return min(indents, default=0)
