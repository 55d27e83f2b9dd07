"""The border around a stage: one that fails is told and stays one, and the next model stands in.

Reviews, answers and changes all run their stages behind it.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from mirador_lsp.core.dialogue import ModelCard, Usage
from mirador_lsp.core.errors import BadReply, MiradorError, ModelError, ModelTimeout
from mirador_lsp.core.events import (
    Notice,
    NoticeKind,
    StageFailed,
    StageFinished,
    StageStarted,
)
from mirador_lsp.core.ports import Clock
from mirador_lsp.core.routing import Circumstances
from mirador_lsp.engine.elsewhere import leaving
from mirador_lsp.engine.reading import Reject
from mirador_lsp.engine.router import Choice
from mirador_lsp.engine.stages.job import Tally

_log = logging.getLogger(__name__)

T = TypeVar("T")

TellStage = Callable[[Notice | StageStarted | StageFinished | StageFailed], None]
"""Hears what becomes of a stage; every kind of listener of the engine does."""


async def on_first_that_can(
    stage: str,
    choice: Choice,
    units: int,
    clock: Clock,
    tell: TellStage,
    work: Callable[[ModelCard, Tally], Awaitable[T]],
    within: Circumstances | None = None,
) -> T | None:
    """Run a model stage, on the next model when one fails; None when none could do it.

    Each attempt is told: `StageStarted`, then `StageFinished` or `StageFailed`. A deadline that is
    to hold for all of them is the business of `work`; no other model is tried once time ran out.
    The circumstances `within` which it was chosen go, with the reason, to what is measured of it.
    """
    reason = choice.reason
    for number, card in enumerate(choice.cards):
        started = clock.monotonic()
        tell(StageStarted(stage, card.name, reason, units, card.digest, bool(card.leaves)))
        asked = [card] if units else []  # a stage that repeats itself asks nobody
        for notice in leaving(asked, stage):
            tell(notice)
        tally = Tally(circumstances=replace(within or Circumstances(), reason=reason))
        done: list[T] = []

        async def attempt(
            card: ModelCard = card, tally: Tally = tally, done: list[T] = done
        ) -> None:
            done.append(await work(card, tally))

        error = await behind_border(stage, card.name, started, clock, tell, attempt)
        if error is None:
            seconds = clock.monotonic() - started
            tell(finished(stage, card.name, seconds, [tally]))
            return done[0]
        if not _another_may_do(error) or number + 1 == len(choice.cards):
            return None
        following = choice.cards[number + 1].name
        useless = isinstance(error, BadReply)
        reason = f"{card.name} {'gave no usable reply' if useless else 'cannot run'}"
        # Why was said with the failure; here it would be read twice.
        text = f"{following} stands in for {card.name}."
        tell(Notice(NoticeKind.FALLBACK, text, stage=stage))
    return None


async def behind_border(
    stage: str,
    model: str,
    started: float,
    clock: Clock,
    tell: TellStage,
    work: Callable[[], Awaitable[None]],
) -> Exception | None:
    """Do the work of a stage that began at `started`; an error is told as `StageFailed`, and given
    back. Cancelling goes through.
    """
    try:
        await work()
    except MiradorError as error:
        _log.log(error.level, "stage %s failed", stage, exc_info=error)
        seconds = clock.monotonic() - started
        tell(StageFailed(stage, model, seconds, str(error), error.remedy))
        return error
    except Exception as error:  # noqa: BLE001 — border: one stage fails, the others go on
        _log.exception("stage %s failed", stage)
        seconds = clock.monotonic() - started
        text = f"The {stage} stage met an internal error ({type(error).__name__})."
        tell(StageFailed(stage, model, seconds, text, "The log has the details."))
        return error
    return None


def finished(stage: str, model: str, seconds: float, tallies: Sequence[Tally]) -> StageFinished:
    """The good end of a stage, one for all who worked on it; a unit was reviewed where one of them
    has looked at it.
    """
    usages = [tally.usage for tally in tallies]
    firsts = [usage.first_token_seconds for usage in usages]
    usage = Usage(
        prompt_tokens=sum(each.prompt_tokens for each in usages),
        cached_tokens=sum(each.cached_tokens for each in usages),
        completion_tokens=sum(each.completion_tokens for each in usages),
        wait_seconds=sum(each.wait_seconds for each in usages),
        first_token_seconds=min((first for first in firsts if first is not None), default=None),
        seconds=sum(each.seconds for each in usages),
        truncated=any(each.truncated for each in usages),
    )
    return StageFinished(
        stage,
        model,
        seconds,
        usage,
        rejected=sum(tally.rejected for tally in tallies),
        not_reviewed=min(tally.not_reviewed for tally in tallies),
        misquoted=sum(tally.rejects.get(Reject.QUOTE, 0) for tally in tallies),
        malformed=sum(tally.rejects.get(Reject.FORMAT, 0) for tally in tallies),
    )


def _another_may_do(error: Exception) -> bool:
    """Whether the next model is worth a try: the model failed, not the time or we ourselves."""
    return isinstance(error, ModelError) and not isinstance(error, ModelTimeout)
