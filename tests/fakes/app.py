"""An application whose reviews do what a test says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from mirador_lsp.core.dialogue import Usage
from mirador_lsp.core.events import (
    Emit,
    FindingReported,
    ReviewFinished,
    ReviewStarted,
    StageFinished,
    StageStarted,
)
from mirador_lsp.core.findings import Finding, Lens, Origin, Severity
from mirador_lsp.core.health import Check, Health
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.core.text import Span
from mirador_lsp.settings import Loaded

Script = Callable[[ReviewRequest, Emit], Awaitable[None]]


class FakeApp:
    """Records what it is asked and plays its script."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or clean
        self.requests: list[ReviewRequest] = []
        self.cancelled: list[ReviewRequest] = []
        self.opened: list[Loaded] = []
        self.closed = 0
        self.warmed = 0

    async def review(self, request: ReviewRequest, emit: Emit) -> None:
        self.requests.append(request)
        try:
            await self.script(request, emit)
        except asyncio.CancelledError:
            self.cancelled.append(request)
            raise

    async def warm_up(self) -> None:
        self.warmed += 1

    async def doctor(self) -> tuple[Check, ...]:
        return (Check("models", Health.OK, "one is installed"),)

    @asynccontextmanager
    async def open(self, loaded: Loaded) -> AsyncIterator["FakeApp"]:
        self.opened.append(loaded)
        try:
            yield self
        finally:
            self.closed += 1


async def clean(request: ReviewRequest, emit: Emit) -> None:
    """A review that looks and finds nothing."""
    emit(ReviewStarted(request.snapshot.name, ("instant",), "a test"))
    emit(StageStarted("instant", "", "always", 1))
    emit(StageFinished("instant", "", 0.0, Usage()))
    emit(finished())


async def endless(request: ReviewRequest, emit: Emit) -> None:
    """A review whose model stage never ends by itself."""
    emit(ReviewStarted(request.snapshot.name, ("instant", "deep"), "a test"))
    emit(StageStarted("deep", "big-model", "the only one", 3))
    await asyncio.Event().wait()


def finding(
    fid: str = "f1",
    *,
    start: int = 0,
    end: int = 1,
    stage: str = "instant",
    tool: str = "rules",
    confidence: float = 0.9,
    message: str = "Something is wrong.",
    rule: str = "rules/test",
    help_uri: str | None = "https://example.org/rule",
) -> Finding:
    """A finding with defaults for what a test does not speak about."""
    return Finding(
        id=fid,
        rule=rule,
        lens=Lens.BUG,
        severity=Severity.WARNING,
        message=message,
        span=Span(start, end),
        confidence=confidence,
        origin=Origin(stage, tool),
        help_uri=help_uri,
    )


def finished(*findings: Finding, reviewed: bool = True) -> ReviewFinished:
    """The end of a review."""
    return ReviewFinished(0.1, findings, (), 0, 0, reviewed)


def staged(*stages: tuple[str, tuple[Finding, ...]]) -> Script:
    """A script that reports the findings of each stage and ends with all of them."""

    async def script(request: ReviewRequest, emit: Emit) -> None:
        emit(ReviewStarted(request.snapshot.name, tuple(name for name, _ in stages), "a test"))
        everything: dict[str, Finding] = {}
        for name, findings in stages:
            model = "" if name == "instant" else "big-model"
            emit(StageStarted(name, model, "a test", 1))
            for one in findings:
                emit(FindingReported(name, one))
                everything[one.id] = one
            emit(StageFinished(name, model, 0.0, Usage()))
            await asyncio.sleep(0)
        emit(finished(*everything.values()))

    return script
