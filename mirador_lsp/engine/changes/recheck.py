"""Whether a model still says what it said: the same question, put again, about the changed code.

No analyzer can tell whether a model's finding is gone. So the flagged lines must have changed, and
the model that made the finding must not make it again.
"""

from mirador_lsp.core.changes import ChangeRequest, EmitChange
from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.edits import smallest
from mirador_lsp.core.errors import ModelError
from mirador_lsp.core.events import Event, Notice, StageProgressed, StreamToken
from mirador_lsp.core.findings import Finding, Lens
from mirador_lsp.core.outline import Unit
from mirador_lsp.core.policy import DEEP, QUICK, StagePolicy
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.text import Span
from mirador_lsp.engine.changes.ladder import Changed
from mirador_lsp.engine.ledger import Ledger, same_words
from mirador_lsp.engine.stages.job import Desk, Job, Tally, Tools
from mirador_lsp.engine.stages.quick import question_of
from mirador_lsp.engine.stages.sweep import LensQuestion, ask_about
from mirador_lsp.engine.units import show


async def not_said_again(
    finding: Finding, changed: Changed, request: ChangeRequest, tools: Tools, emit: EmitChange
) -> str:
    """A check: "" when the model that made the finding does not make it again, else why not."""
    if not _lines_changed(finding, changed):
        return "The code that was flagged is still as it was."
    card = next((c for c in await tools.backend.cards() if c.name == finding.origin.tool), None)
    if card is None:
        return f"Whether it mends the finding cannot be asked: {finding.origin.tool} is not there."
    unit = _unit(finding, changed)
    if unit is None:
        return "Whether it mends the finding cannot be asked: the code around it is gone."
    try:
        claims = await _claims(finding, changed, card, unit, request, tools, emit)
    except ModelError as error:
        return f"Whether it mends the finding could not be asked: {error}"
    region = _changed_span(changed)
    for claim in claims:
        if claim.lens is finding.lens and (
            claim.id == finding.id or claim.span.overlaps(region) or same_words(claim, finding)
        ):
            return f"{card.name} still says: {claim.message}"
    return ""


def _lines_changed(finding: Finding, changed: Changed) -> bool:
    lines = changed.before.lines
    first = lines.line_of(finding.span.start)
    last = lines.line_of(max(finding.span.end - 1, finding.span.start))
    flagged = Span(lines.full_line_span(first).start, lines.full_line_span(last).end)
    edits = smallest(changed.before.text, changed.snapshot.text)
    return any(edit.span.overlaps(flagged) for edit in edits)


def _changed_span(changed: Changed) -> Span:
    """The changed lines, in the new text."""
    edits = smallest(changed.before.text, changed.snapshot.text)
    grown = len(changed.snapshot.text) - len(changed.before.text)
    start = edits[0].span.start
    end = max(start, edits[-1].span.end + grown)
    lines = changed.snapshot.lines
    first, last = lines.line_of(start), lines.line_of(end)
    return Span(lines.line_span(first).start, lines.line_span(last).end)


def _unit(finding: Finding, changed: Changed) -> Unit | None:
    """The unit that is reviewed now where the finding was."""
    region = _changed_span(changed)
    units = changed.outline.units
    named = [u for u in units if u.path == finding.symbol]
    touched = [u for u in units if any(piece.overlaps(region) for piece in u.pieces)]
    both = [unit for unit in named if unit in touched]
    return next(iter(both or touched or named), None)


async def _claims(
    finding: Finding,
    changed: Changed,
    card: ModelCard,
    unit: Unit,
    request: ChangeRequest,
    tools: Tools,
    emit: EmitChange,
) -> list[Finding]:
    policy = _stage(finding, request)
    review = ReviewRequest(
        changed.snapshot, request.policy, Trigger.COMMAND, priority=request.priority
    )
    deadline = tools.clock.monotonic() + policy.seconds
    job = Job(review, changed.outline, policy, card, deadline)

    def tell(event: Event) -> None:
        if isinstance(event, StageProgressed | StreamToken | Notice):
            emit(event)

    ledger = Ledger(lambda _: None, 0.0, changed.snapshot.lines)
    question = _question(finding, policy, request)
    shown = show(changed.snapshot, unit)
    at = StageProgressed(policy.name, 0, 1, shown.title, question.label)
    await ask_about(shown, question, at, job, tools, Desk(tell, ledger), Tally())
    return ledger.findings()


def _stage(finding: Finding, request: ChangeRequest) -> StagePolicy:
    """The stage that made the finding. Synthesis judges findings of others; it makes none."""
    if finding.origin.stage in (QUICK, DEEP):
        return request.policy.stage(finding.origin.stage)
    deep = request.policy.stage(DEEP)
    may = not deep.models or finding.origin.tool in deep.models
    return deep if may else request.policy.stage(QUICK)


def _question(finding: Finding, policy: StagePolicy, request: ChangeRequest) -> LensQuestion:
    if policy.name == QUICK and finding.lens is not Lens.STYLE:
        return question_of(request.policy)
    return LensQuestion(f"ask_{finding.lens.value}", (finding.lens,))
