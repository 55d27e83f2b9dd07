"""The code that a model is shown when it writes something about it, as much as fits."""

from itertools import accumulate

from mirador_lsp.core.changes import EmitChange
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.outline import Unit
from mirador_lsp.core.text import Span
from mirador_lsp.engine.answers.wording import tokens_of
from mirador_lsp.engine.changes.attempts import Pen
from mirador_lsp.engine.prompts.render import Rendered
from mirador_lsp.engine.stages.material import material
from mirador_lsp.engine.units import ShownUnit, show

_SHARE = 0.5
"""Of a model's context; the rest is for the question, what is asked for and the reply."""


def shown_to(pen: Pen, snapshot: Snapshot, unit: Unit, emit: EmitChange) -> Rendered:
    """The unit for `pen`'s model; what does not fit is left out from its end on, and it is said."""
    shown = pen.recall(snapshot, show(snapshot, unit))
    room = int(pen.card.context_tokens * _SHARE)
    if tokens_of(material(snapshot.language, shown).text) > room:
        whole = len(shown.lines)
        shown = _beginning(snapshot, shown, room)
        count = f"{len(shown.lines)} of {whole} lines"
        text = f"{shown.title}: {pen.card.name} was shown {count}, for lack of room."
        emit(Notice(NoticeKind.TRUNCATED, text, stage=pen.policy.name))
    return material(snapshot.language, shown)


def _beginning(snapshot: Snapshot, shown: ShownUnit, room: int) -> ShownUnit:
    room -= tokens_of(shown.unit.context) + 8
    costs = accumulate(tokens_of(text) for _, text in shown.lines)
    fitting = max(1, sum(cost <= room for cost in costs))
    end = shown.lines[fitting - 1][0].end
    pieces = tuple(
        Span(piece.start, min(piece.end, end)) for piece in shown.unit.pieces if piece.start < end
    )
    unit = Unit(
        shown.unit.path, shown.unit.kind, pieces or shown.unit.pieces[:1], shown.unit.context
    )
    return show(snapshot, unit)


def beginning(snapshot: Snapshot, span: Span) -> int:
    """The first place of `span` that holds anything, inside the text."""
    end = len(snapshot.text)
    start = min(span.start, end)
    selected = snapshot.text[start : min(span.end, end)]
    return start + len(selected) - len(selected.lstrip()) if selected.strip() else start
