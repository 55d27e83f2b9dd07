"""Counts one request from its events. It keeps numbers, and of the words not one."""

from dataclasses import dataclass, field, replace
from typing import assert_never

from mirador_lsp.core.answers import AnswerEvent, AnswerFinished, AnswerRevised, AnswerStarted
from mirador_lsp.core.changes import Attempted, ChangeEvent, ChangeFinished, ChangeStarted
from mirador_lsp.core.dialogue import Usage
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
from mirador_lsp.core.metrics import (
    ChangeFigures,
    Ending,
    FindingCounts,
    RequestFigures,
    StageCosts,
    StageRun,
    Surface,
)

Said = Event | AnswerEvent | ChangeEvent
_NO_COSTS = StageCosts(runs=0)


@dataclass
class _Running:
    """A stage of the request."""

    began: StageStarted
    costs: StageCosts = field(default_factory=lambda: _NO_COSTS)
    first_token_seconds: float | None = None

    def add(self, costs: StageCosts) -> None:
        self.costs += costs

    def run(self) -> StageRun:
        began = self.began
        first = self.first_token_seconds
        return StageRun(began.stage, began.model, began.digest, began.leaves, first, self.costs)


class Count:
    """Listens to one request, whatever it is, and has its figures at any moment."""

    def __init__(self, kind: str, surface: Surface, language: str) -> None:
        """`kind` is what was asked, as in `core.routing.TASKS`."""
        self._kind = kind
        self._surface = surface
        self._language = language
        self._stages: list[_Running] = []
        self._findings = FindingCounts()
        self._change: ChangeFigures | None = None
        self._worked = False
        self._finished = False

    def hear(self, event: Said) -> None:
        """Count what an event says."""
        match event:
            case StageStarted():
                self._stages.append(_Running(event))
            case StageFinished() | StageFailed():
                self._end(event)
            case ModelAsked(stage=stage, kept=kept):
                self._of(stage).add(_questions(kept=kept))
            case AnswerRevised(answer=answer) if answer.model:
                self._of(answer.stage).add(_questions(kept=answer.kept))
            case FindingReported() | FindingRevised() | FindingWithdrawn():
                self._found(event)
            case Attempted() if self._stages:
                self._stages[-1].add(_questions(kept=False))
            case ReviewFinished() | AnswerFinished() | ChangeFinished():
                self._close(event)
            case (
                Notice()
                | ReviewStarted()
                | AnswerStarted()
                | ChangeStarted()
                | StageProgressed()
                | StreamToken()
                | EvidenceHeard()
                | AnswerRevised()
                | Attempted()
            ):
                pass
            case _:
                assert_never(event)

    def figures(self, seconds: float, time: float) -> RequestFigures:
        """What was counted of a request that took so long and ended now."""
        ending = Ending.STOPPED
        if self._finished:
            ending = Ending.DONE if self._worked else Ending.FAILED
        return RequestFigures(
            kind=self._kind,
            surface=self._surface,
            language=self._language,
            ending=ending,
            seconds=seconds,
            time=time,
            stages=tuple(each.run() for each in self._stages),
            findings=self._findings,
            change=self._change,
        )

    def _found(self, event: FindingReported | FindingRevised | FindingWithdrawn) -> None:
        new, gone = isinstance(event, FindingReported), isinstance(event, FindingWithdrawn)
        self._findings += FindingCounts(reported=new, revised=not (new or gone), withdrawn=gone)
        self._of(event.stage).add(replace(_NO_COSTS, reported=int(new), withdrawn=int(gone)))

    def _of(self, stage: str) -> _Running:
        """The latest run of a stage; one that never began costs nothing and is not kept."""
        for each in reversed(self._stages):
            if each.began.stage == stage:
                return each
        return _Running(StageStarted(stage, "", "", 0))

    def _end(self, event: StageFinished | StageFailed) -> None:
        running = self._of(event.stage)
        if isinstance(event, StageFailed):
            running.add(replace(_NO_COSTS, runs=1, failures=1, seconds=event.seconds))
            return
        self._worked = True
        running.first_token_seconds = event.usage.first_token_seconds
        running.add(_costs(event, event.usage))

    def _close(self, event: ReviewFinished | AnswerFinished | ChangeFinished) -> None:
        self._finished = True
        match event:
            case ReviewFinished():
                self._findings += FindingCounts(
                    shown=len(event.findings),
                    withheld=len(event.withheld),
                    hushed=len(event.hushed),
                    over_cap=event.over_cap,
                )
            case AnswerFinished():
                self._worked = event.answer is not None
            case ChangeFinished():
                self._change = _change(event)
                self._worked = self._worked or event.patch is not None


def _questions(*, kept: bool) -> StageCosts:
    return replace(_NO_COSTS, kept=1) if kept else replace(_NO_COSTS, asked=1)


def _costs(event: StageFinished, usage: Usage) -> StageCosts:
    return StageCosts(
        runs=1,
        seconds=event.seconds,
        wait_seconds=usage.wait_seconds,
        prompt_tokens=usage.prompt_tokens,
        cached_tokens=usage.cached_tokens,
        completion_tokens=usage.completion_tokens,
        rejected=event.rejected,
        misquoted=event.misquoted,
        malformed=event.malformed,
        not_reviewed=event.not_reviewed,
    )


def _change(event: ChangeFinished) -> ChangeFigures:
    attempts = event.attempts
    if event.patch is not None:
        rungs = event.patch.rungs
        return ChangeFigures(
            offered=True, rung=rungs[-1].value if rungs else "", attempts=len(attempts)
        )
    if not attempts:
        return ChangeFigures(offered=False)
    last = attempts[-1]
    return ChangeFigures(
        offered=False,
        rung=last.reached[-1].value if last.reached else "",
        failed=last.failed.value if last.failed is not None else "",
        attempts=len(attempts),
    )
