"""A progress bar in the editor for each review and each job; none where the client shows none."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol, assert_never
from uuid import uuid4

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from mirador_lsp.core.answers import AnswerEvent, AnswerFinished, AnswerRevised, AnswerStarted
from mirador_lsp.core.changes import Attempted, ChangeEvent, ChangeFinished, ChangeStarted
from mirador_lsp.core.clean import plain, unlinked
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
from mirador_lsp.core.tasks import Supervisor

REPORT_SECONDS = 0.1
"""At most one report in this time."""
_CREATE_SECONDS = 10.0

Token = str | int

_log = logging.getLogger(__name__)


class Wire(Protocol):
    """What a bar needs of the connection."""

    async def create_progress(self, token: Token) -> None:
        """Ask the client for a bar. Raises `JsonRpcException` when it declines."""
        ...

    def send_progress(self, token: Token, value: Any) -> None:
        """Send one `$/progress`."""
        ...


class ProgressBars:
    """Opens bars and knows which work a bar's cancel button means."""

    def __init__(self, wire: Wire, supervisor: Supervisor) -> None:
        self._wire = wire
        self._supervisor = supervisor
        self._bars: dict[Token, Bar] = {}

    def bar(self, name: str, cancel: Callable[[], object], *, supported: bool) -> "Bar":
        """A bar for work on `name`; it appears with the first model stage, or when told to."""
        return Bar(self, name, cancel, supported=supported)

    def cancelled(self, token: Token) -> None:
        """The user pressed a bar's cancel button. Unknown tokens are logged and ignored."""
        bar = self._bars.get(token)
        if bar is None:
            _log.warning("cancel for an unknown progress token")
            return
        bar.cancel()

    def start(self, bar: "Bar") -> str:
        """Create the bar in the background and return its token, which is used only once."""
        token = f"mirador/{uuid4().hex}"
        self._bars[token] = bar
        self._supervisor.start(self._create(token, bar), f"progress {bar.name}")
        return token

    def adopt(self, bar: "Bar", token: Token) -> None:
        """Use a token that the client sent along with its request: it has agreed to it already."""
        self._bars[token] = bar

    def drop(self, token: Token, bar: "Bar") -> None:
        """The bar is gone."""
        if self._bars.get(token) is bar:
            del self._bars[token]

    def send(self, token: Token, value: Any) -> None:
        """Send one `$/progress`."""
        self._wire.send_progress(token, value)

    async def _create(self, token: str, bar: "Bar") -> None:
        """LSP: nothing may be sent for a token before the client has agreed to it."""
        try:
            async with asyncio.timeout(_CREATE_SECONDS):
                await self._wire.create_progress(token)
        except (TimeoutError, JsonRpcException):
            _log.info("the client declined a progress bar")
            return
        bar.created()


class Bar:
    """The progress of one review or job: begin, reports, and always an end."""

    def __init__(
        self, bars: ProgressBars, name: str, cancel: Callable[[], object], *, supported: bool
    ) -> None:
        self.name = name
        self.cancel = cancel
        self._bars = bars
        self._supported = supported
        self._token: Token | None = None
        self._begun = False
        self._closed = False
        self._stages: tuple[str, ...] = ()
        self._percentage = 0
        self._message = ""
        self._sent: tuple[int, str] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def appear(self, token: Token | None = None) -> None:
        """Show the bar now: on the client's own `token`, else on one of ours if it agrees."""
        if token is None:
            self._appear()
        elif self._token is None and not self._closed:
            self._token = token
            self._bars.adopt(self, token)
            self.created()

    def hear(self, event: Event | AnswerEvent | ChangeEvent) -> None:
        """Follow the work."""
        match event:
            case ReviewStarted(stages=stages) | AnswerStarted(stages=stages):
                self._stages = stages
            case StageStarted(stage=stage, model=model, units=units):
                if model:
                    self._appear()
                if stage not in self._stages:
                    self._stages = (*self._stages, stage)
                self._move(stage, 0.0, f"{stage}: 0/{units} {model}")
            case StageProgressed():
                self._move(event.stage, _share(event), _words(event))
            case StageFinished(stage=stage) | StageFailed(stage=stage):
                self._move(stage, 1.0, self._message)
            case ReviewFinished(findings=findings):
                self._message = f"{len(findings)} finding{'' if len(findings) == 1 else 's'}"
            case Attempted() | ChangeFinished() | AnswerFinished():
                self._say(_verdict(event))
            case (
                Notice()
                | StreamToken()
                | FindingReported()
                | FindingRevised()
                | FindingWithdrawn()
                | EvidenceHeard()
                | ModelAsked()
                | AnswerRevised()
                | ChangeStarted()
            ):
                pass
            case _:
                assert_never(event)

    def created(self) -> None:
        """The client agreed to show it. If the review is over by now, it never begins."""
        if self._closed:
            return
        self._begun = True
        self._sent = (self._percentage, self._message)
        self._send(
            types.WorkDoneProgressBegin(
                title=f"Mirador: {unlinked(plain(self.name, 80))}",
                cancellable=True,
                message=unlinked(self._message),
                percentage=self._percentage,
            ),
        )

    def close(self) -> None:
        """The review ended, in whatever way."""
        if self._closed:
            return
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._token is not None:
            self._bars.drop(self._token, self)
        if self._begun:
            self._send(types.WorkDoneProgressEnd(message=unlinked(self._message)))

    def _send(self, value: Any) -> None:
        if self._token is not None:
            self._bars.send(self._token, value)

    def _appear(self) -> None:
        if self._supported and self._token is None and not self._closed:
            self._token = self._bars.start(self)

    def _move(self, stage: str, share: float, message: str) -> None:
        if stage in self._stages:
            whole = (self._stages.index(stage) + share) / len(self._stages)
            # LSP: a percentage never decreases.
            self._percentage = max(self._percentage, min(100, int(whole * 100)))
        self._say(message)

    def _say(self, message: str) -> None:
        self._message = plain(message, 160)
        if self._begun and self._timer is None and not self._closed:
            self._timer = asyncio.get_running_loop().call_later(REPORT_SECONDS, self._report)

    def _report(self) -> None:
        self._timer = None
        state = (self._percentage, self._message)
        if self._closed or state == self._sent:
            return
        self._sent = state
        self._send(
            types.WorkDoneProgressReport(
                cancellable=True, message=unlinked(self._message), percentage=self._percentage
            ),
        )


def _verdict(event: Attempted | ChangeFinished | AnswerFinished) -> str:
    """How an attempt at a change went ("attempt 2: tests: one of them fails"), or all of them; who
    answered.
    """
    if isinstance(event, AnswerFinished):
        model = event.answer.model if event.answer is not None else ""
        return f"{model} answered" if model else "no model answered"
    if isinstance(event, ChangeFinished):
        return event.patch.title if event.patch is not None else event.why
    if event.failed is None:
        return f"attempt {event.number}: {', '.join(event.reached)}"
    return f"attempt {event.number}: {event.failed.value}: {event.why}"


def _share(event: StageProgressed) -> float:
    """How much of the stage is done; reading a prompt counts up to half of its unit."""
    if event.total <= 0:
        return 0.0
    return min(1.0, (event.done + 0.5 * (event.prefill or 0.0)) / event.total)


def _words(event: StageProgressed) -> str:
    words = f"{event.stage}: {event.done}/{event.total} {event.unit}"
    if event.lens:
        words += f" ({event.lens})"
    if event.prefill is not None and event.prefill < 1:
        words += f", reading {round(event.prefill * 100)} %"
    if event.before:
        words += f", waiting: {event.before} before you"
    return words
