"""Runs a plan: stage after stage, each behind a border so that one failure stays one."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.errors import MiradorError, ModelError, ModelTimeout
from mirador_lsp.core.events import (
    Notice,
    NoticeKind,
    StageFailed,
    StageFinished,
    StageStarted,
)
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.policy import DEEP, INSTANT, QUICK, SYNTHESIS
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.engine.plan import Plan
from mirador_lsp.engine.router import choose
from mirador_lsp.engine.stages import deep, instant, quick, synthesis
from mirador_lsp.engine.stages.job import Desk, Job, Said, Tally, Tools

_log = logging.getLogger(__name__)

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
    for name in plan.stages:
        if name == INSTANT:
            outline, looked = await _run_instant(request, tools, desk)
            if looked:
                finished.append(name)
            continue
        if outline is None:
            outline = await tools.outliner.outline(request.snapshot)
            _tell_note(outline, request, desk)
        said = await _run_model_stage(name, request, outline, cards, tools, desk)
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
        instant.report(known[0], request, desk)

    error = await _behind_border(INSTANT, "", started, tools, desk, work)
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


async def _run_model_stage(
    name: str,
    request: ReviewRequest,
    outline: Outline,
    cards: Sequence[ModelCard],
    tools: Tools,
    desk: Desk,
) -> Said:
    """Run one model stage, on the next model when one fails. One deadline holds for all."""
    policy = request.policy.stage(name)
    choice = choose(policy, cards)
    reason = choice.reason
    deadline = tools.clock.monotonic() + policy.seconds
    for number, card in enumerate(choice.cards):
        started = tools.clock.monotonic()
        units = 0 if name == SYNTHESIS else len(outline.units)
        desk.emit(StageStarted(name, card.name, reason, units))
        job = Job(request, outline, policy, card, deadline)
        tally = Tally()
        said: list[Said] = []

        async def work(job: Job = job, tally: Tally = tally, said: list[Said] = said) -> None:
            said.append(await _MODEL_STAGES[name](job, tools, desk, tally))

        error = await _behind_border(name, card.name, started, tools, desk, work)
        if error is None:
            desk.emit(
                StageFinished(
                    name,
                    card.name,
                    tools.clock.monotonic() - started,
                    tally.usage,
                    tally.rejected,
                    tally.not_reviewed,
                )
            )
            return said[0]
        if not _another_may_do(error) or number + 1 == len(choice.cards):
            return Said(looked=0)
        following = choice.cards[number + 1].name
        reason = f"{card.name} cannot run"
        why = str(error).rstrip(".")
        text = f"{card.name} cannot run ({why}); {following} stands in."
        desk.emit(Notice(NoticeKind.FALLBACK, text, stage=name))
    return Said(looked=0)


def _another_may_do(error: Exception) -> bool:
    """Whether the next model is worth a try: the model failed, not the time or we ourselves."""
    return isinstance(error, ModelError) and not isinstance(error, ModelTimeout)


async def _behind_border(
    stage: str,
    model: str,
    started: float,
    tools: Tools,
    desk: Desk,
    work: Callable[[], Awaitable[None]],
) -> Exception | None:
    try:
        await work()
    except MiradorError as error:
        _log.log(error.level, "stage %s failed", stage, exc_info=error)
        seconds = tools.clock.monotonic() - started
        desk.emit(StageFailed(stage, model, seconds, str(error), error.remedy))
        return error
    except Exception as error:  # noqa: BLE001 — border: one stage fails, the others go on
        _log.exception("stage %s failed", stage)
        seconds = tools.clock.monotonic() - started
        text = f"The {stage} stage met an internal error ({type(error).__name__})."
        desk.emit(StageFailed(stage, model, seconds, text, "The log has the details."))
        return error
    return None
