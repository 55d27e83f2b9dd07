"""How reviews go, step by step, for clients that show it; silence for all others."""

import asyncio
from collections.abc import Callable
from typing import Literal, assert_never

from mirador_lsp.core.clean import plain
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import (
    Event,
    EvidenceHeard,
    FindingReported,
    FindingRevised,
    FindingWithdrawn,
    ModelAsked,
    Notice,
    ReviewFinished,
    ReviewStarted,
    StageFailed,
    StageFinished,
    StageProgressed,
    StageStarted,
    StreamToken,
)
from mirador_lsp.server.extensions import (
    REVIEW,
    ReviewBegan,
    ReviewEnded,
    ReviewNews,
    ReviewNotice,
    StageAt,
    StageBegan,
    StageDone,
    StageFailedNews,
)
from mirador_lsp.server.streams import outcome_in_words

STEP_SECONDS = 0.1
"""Steps of a stage within this time are told as one: the last."""
_LONGEST = 400

Send = Callable[[str, ReviewNews], None]


class Feed:
    """Tells the client of every review."""

    def __init__(self, send: Send, congested: Callable[[], bool]) -> None:
        self._send = send
        self._congested = congested
        self._runs = 0
        self.wanted = False

    def follow(self, snapshot: Snapshot) -> "Teller":
        """A listener for one review; it is to be told of the end."""
        self._runs += 1
        return Teller(self, self._runs, snapshot)

    def tell(self, news: ReviewNews) -> None:
        """Send news. A client that does not read misses steps, and nothing else."""
        if self.wanted and not (isinstance(news, StageAt) and self._congested()):
            self._send(REVIEW, news)


class Teller:
    """Tells of one review."""

    def __init__(self, feed: Feed, run: int, snapshot: Snapshot) -> None:
        self._feed = feed
        self._run = run
        self._snapshot = snapshot
        self._began: float | None = None
        self._finished: ReviewFinished | None = None
        self._step: StageProgressed | None = None
        self._timer: asyncio.TimerHandle | None = None

    def hear(self, event: Event) -> None:
        """Follow the review."""
        match event:
            case StageProgressed():
                self._soon(event)
            case StageStarted() | StageFinished() | StageFailed():
                self._drop()
                self._feed.tell(self._stage(event))
            case ReviewStarted():
                self._begin(event)
            case Notice(message=message, stage=stage):
                self._feed.tell(ReviewNotice(self._run, stage, plain(message, _LONGEST)))
            case ReviewFinished():
                self._finished = event
            case (
                StreamToken()
                | ModelAsked()
                | FindingReported()
                | FindingRevised()
                | FindingWithdrawn()
                | EvidenceHeard()
            ):
                pass
            case _:
                assert_never(event)

    def end(self, otherwise: Literal["stopped", "failed"]) -> None:
        """It is over: as it said itself or, where it did not get to say so, `otherwise`. A review
        that never began is not spoken of.
        """
        self._drop()
        if self._began is None:
            return
        end = self._finished
        self._feed.tell(self._unfinished(otherwise) if end is None else self._ended(end))

    def _begin(self, event: ReviewStarted) -> None:
        self._began = asyncio.get_running_loop().time()
        self._feed.tell(
            ReviewBegan(
                run=self._run,
                uri=self._snapshot.uri,
                version=self._snapshot.version,
                name=plain(event.name, 200),
                stages=event.stages,
                spared=event.spared,
                reason=plain(event.reason, _LONGEST),
            )
        )

    def _stage(self, event: StageStarted | StageFinished | StageFailed) -> ReviewNews:
        match event:
            case StageStarted(stage=stage, model=model, reason=reason, units=units, leaves=leaves):
                return StageBegan(self._run, stage, model, plain(reason, _LONGEST), units, leaves)
            case StageFinished(usage=usage):
                return StageDone(
                    run=self._run,
                    stage=event.stage,
                    model=event.model,
                    seconds=round(event.seconds, 3),
                    promptTokens=usage.prompt_tokens,
                    cachedTokens=usage.cached_tokens,
                    completionTokens=usage.completion_tokens,
                    firstTokenSeconds=usage.first_token_seconds,
                    rejected=event.rejected,
                    notReviewed=event.not_reviewed,
                )
            case StageFailed():
                return StageFailedNews(
                    run=self._run,
                    stage=event.stage,
                    model=event.model,
                    seconds=round(event.seconds, 3),
                    message=plain(event.message, _LONGEST),
                    remedy=plain(event.remedy, _LONGEST),
                )
            case _:
                assert_never(event)

    def _soon(self, event: StageProgressed) -> None:
        self._step = event
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(STEP_SECONDS, self._tell_step)

    def _tell_step(self) -> None:
        step = self._step
        self._drop()
        if step is not None:
            unit, before = plain(step.unit, 200), step.before or 0
            self._feed.tell(
                StageAt(self._run, step.stage, step.done, step.total, unit, step.lens, before)
            )

    def _drop(self) -> None:
        self._step = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ended(self, end: ReviewFinished) -> ReviewEnded:
        return ReviewEnded(
            run=self._run,
            state="finished" if end.reviewed else "failed",
            message=outcome_in_words(self._snapshot.name, end),
            summary=plain(end.summary, 2000),
            seconds=round(end.seconds, 3),
            findings=len(end.findings),
            withheld=len(end.withheld),
            hushed=len(end.hushed),
            withdrawn=end.withdrawn,
        )

    def _unfinished(self, state: Literal["stopped", "failed"]) -> ReviewEnded:
        began = self._began or 0.0
        return ReviewEnded(
            run=self._run,
            state=state,
            message=f"The review of {plain(self._snapshot.name, 80)} {_HOW[state]}.",
            summary="",
            seconds=round(asyncio.get_running_loop().time() - began, 3),
            findings=0,
            withheld=0,
            hushed=0,
            withdrawn=0,
        )


_HOW = {"stopped": "was stopped", "failed": "failed"}
