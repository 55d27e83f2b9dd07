"""Runs a plan: stage after stage, each behind a border so that one failure stays one."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.events import Notice, NoticeKind, StageFinished, StageStarted
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.policy import DEEP, INSTANT, QUICK, SYNTHESIS
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.core.routing import Circumstances, review_task
from mirador_lsp.engine.border import behind_border, on_first_that_can
from mirador_lsp.engine.plan import Plan
from mirador_lsp.engine.router import Choice, choose, worth
from mirador_lsp.engine.stages import deep, instant, quick, synthesis
from mirador_lsp.engine.stages.job import Desk, Job, Said, Tally, Tools
from mirador_lsp.engine.together import on_all, seat
from mirador_lsp.engine.voices import Voices, trusts

ModelStage = Callable[[Job, Tools, Desk, Tally], Awaitable[Said]]
_MODEL_STAGES: dict[str, ModelStage] = {
    QUICK: quick.run,
    DEEP: deep.run,
    SYNTHESIS: synthesis.run,
}


@dataclass(frozen=True)
class Outcome:
    """What the stages leave behind besides findings."""

    finished: tuple[str, ...]
    """Stages that looked at the file."""
    summary: str


async def run_plan(
    plan: Plan,
    request: ReviewRequest,
    cards: Sequence[ModelCard],
    tools: Tools,
    desk: Desk,
) -> Outcome:
    """Run the stages of `plan` in order. A stage that fails is told; the others go on."""
    finished: list[str] = []
    summary = ""
    outline: Outline | None = None
    for name in plan.turns:
        if name == INSTANT:
            outline, looked = await _run_instant(request, tools, desk)
            if looked:
                finished.append(name)
            continue
        if outline is None:
            outline = await tools.outliner.outline(request.snapshot)
            _tell_note(outline, request, desk)
            desk.ledger.learn(outline)
        whole = desk.ledger.cut(outline)
        if name in plan.spared:
            await _repeat(name, request, whole, cards, tools, desk)
            continue
        said = await _run_model_stage(name, request, whole, cards, tools, desk)
        await desk.ledger.reconsider(name)
        if said.looked:
            finished.append(name)
        summary = said.summary or summary
    return Outcome(tuple(finished), summary)


async def _run_instant(
    request: ReviewRequest, tools: Tools, desk: Desk
) -> tuple[Outline | None, bool]:
    """Run the instant stage: the outline that came with it, and whether an analyzer has looked."""
    started = tools.clock.monotonic()
    names = [a.name for a in instant.analyzers_for(request, tools)]
    reason = f"analyzers: {', '.join(names)}" if names else "no analyzer for this language"
    desk.emit(StageStarted(INSTANT, "", reason, units=len(names)))
    known: list[instant.Survey] = []

    async def work() -> None:
        known.append(await instant.survey(request, tools))
        _tell_note(known[0].outline, request, desk)
        desk.ledger.learn(known[0].outline)
        instant.report(known[0], request, desk)

    error = await behind_border(INSTANT, "", started, tools.clock, desk.emit, work)
    outline = known[0].outline if known else None
    if error is not None:
        return outline, False
    seconds = tools.clock.monotonic() - started
    missing = len(known[0].failures)
    desk.emit(StageFinished(INSTANT, "", seconds, Tally().usage, not_reviewed=missing))
    return outline, bool(names)


def _tell_note(outline: Outline, request: ReviewRequest, desk: Desk) -> None:
    if outline.note:
        desk.emit(Notice(NoticeKind.TRUNCATED, f"{request.snapshot.name}: {outline.note}"))


async def _repeat(
    name: str,
    request: ReviewRequest,
    outline: Outline,
    cards: Sequence[ModelCard],
    tools: Tools,
    desk: Desk,
) -> None:
    """Say again what a stage said before of code that is as it was. Asks no model."""
    policy = request.policy.stage(name)
    task = review_task(name, request.policy.lenses)
    card = choose(task, policy, cards, tools.meter.insight).cards[:1]
    deadline = tools.clock.monotonic() + policy.seconds

    async def work(card: ModelCard, tally: Tally) -> None:
        job = Job(request, outline, policy, card, deadline, from_memory=True)
        await _MODEL_STAGES[name](job, tools, desk, tally)
        if name == DEEP:
            _carry(request, tools, desk)

    choice = Choice(card, "repeats what it said of code that is as it was")
    await on_first_that_can(name, choice, 0, tools.clock, desk.emit, work)


def _carry(request: ReviewRequest, tools: Tools, desk: Desk) -> None:
    """Parts that were edited are not in the memory of questions, their other lines are here."""
    known = {finding.id for finding in desk.ledger.findings()}
    for finding in tools.recall.carried.about(request.snapshot):
        if finding.id not in known:
            desk.ledger.propose(DEEP, finding)
        desk.deep.ids.add(finding.id)


async def _run_model_stage(
    name: str,
    request: ReviewRequest,
    outline: Outline,
    cards: Sequence[ModelCard],
    tools: Tools,
    desk: Desk,
) -> Said:
    """Run one model stage, on the next model when one fails. One deadline holds for all."""
    if request.policy.panel and name != SYNTHESIS:
        return await _run_panel(name, request, outline, cards, tools, desk)
    policy = request.policy.stage(name)
    deadline = tools.clock.monotonic() + policy.seconds

    async def work(card: ModelCard, tally: Tally) -> Said:
        job = Job(request, outline, policy, card, deadline)
        said = await _MODEL_STAGES[name](job, tools, desk, tally)
        tools.recall.spoke[name] = card.name
        return said

    units = 0 if name == SYNTHESIS else len(outline.units)
    task = review_task(name, request.policy.lenses)
    if request.policy.panel:  # what several models said is judged by whichever of them does it best
        among = seat(request.policy.panel, cards).there
        choice = choose(task, replace(policy, models=()), among, tools.meter.insight)
    else:
        choice = choose(task, policy, cards, tools.meter.insight)
    within = circumstances(request)
    said = await on_first_that_can(name, choice, units, tools.clock, desk.emit, work, within)
    return said if said is not None else Said(looked=0)


async def _run_panel(
    name: str,
    request: ReviewRequest,
    outline: Outline,
    cards: Sequence[ModelCard],
    tools: Tools,
    desk: Desk,
) -> Said:
    """Put the questions of a stage to several models, and weigh what they said together. Each has
    the time of the stage, from when it begins.
    """
    policy, panel = request.policy.stage(name), seat(request.policy.panel, cards)
    task = review_task(name, request.policy.lenses)
    voices = desk.voices or Voices()
    voices.begin(trusts(worth(task, name, panel.there, tools.meter.insight)))
    tools.recall.spoke.pop(name, None)

    async def work(card: ModelCard, tally: Tally) -> Said:
        deadline = tools.clock.monotonic() + policy.seconds
        job = Job(request, outline, policy, card, deadline)
        return await _MODEL_STAGES[name](job, tools, replace(desk, voices=voices), tally)

    units, within = len(outline.units), circumstances(request)

    def settle() -> None:
        voices.settle(name, desk.ledger, desk.emit)

    said = await on_all(name, panel, units, tools.clock, desk.emit, work, within, settle)
    return max(said, key=lambda each: each.looked, default=Said(looked=0))


def circumstances(request: ReviewRequest) -> Circumstances:
    """What the models of a request are chosen in."""
    return Circumstances(stages=request.policy.stages, language=request.snapshot.language)
