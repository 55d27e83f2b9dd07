"""A progress bar in the editor for each review; nothing where the client shows none."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol, assert_never
from uuid import uuid4

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from mirador_lsp.core.clean import plain
from mirador_lsp.core.events import (
    Event,
    FindingReported,
    FindingRevised,
    FindingWithdrawn,
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

_log = logging.getLogger(__name__)


class Wire(Protocol):
    """What a bar needs of the connection."""

    async def create_progress(self, token: str) -> None:
        """Ask the client for a bar. Raises `JsonRpcException` when it declines."""
        ...

    def send_progress(self, token: str, value: Any) -> None:
        """Send one `$/progress`."""
        ...


class ProgressBars:
    """Opens bars and knows which review a bar's cancel button means."""

    def __init__(self, wire: Wire, supervisor: Supervisor) -> None:
        self._wire = wire
        self._supervisor = supervisor
        self._cancels: dict[str, Callable[[], object]] = {}

    def bar(self, name: str, cancel: Callable[[], object], *, supported: bool) -> "Bar":
        """A bar for the review of `name`; it appears with the first model stage."""
        return Bar(self, name, cancel, supported=supported)

    def cancelled(self, token: str | int) -> None:
        """The user pressed a bar's cancel button. Unknown tokens are logged and ignored."""
        cancel = self._cancels.get(str(token))
        if cancel is None:
            _log.warning("cancel for an unknown progress token")
            return
        cancel()

    def start(self, bar: "Bar") -> str:
        """Create the bar in the background and return its token, which is used only once."""
        token = f"mirador/{uuid4().hex}"
        self._cancels[token] = bar.cancel
        self._supervisor.start(self._create(token, bar), f"progress {bar.name}")
        return token

    def drop(self, token: str) -> None:
        """The bar is gone."""
        self._cancels.pop(token, None)

    def send(self, token: str, value: Any) -> None:
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
    """The progress of one review: begin, reports, and always an end."""

    def __init__(
        self, bars: ProgressBars, name: str, cancel: Callable[[], object], *, supported: bool
    ) -> None:
        self.name = name
        self.cancel = cancel
        self._bars = bars
        self._supported = supported
        self._token = ""
        self._begun = False
        self._closed = False
        self._stages: tuple[str, ...] = ()
        self._percentage = 0
        self._message = ""
        self._sent: tuple[int, str] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def hear(self, event: Event) -> None:
        """Follow the review."""
        match event:
            case ReviewStarted(stages=stages):
                self._stages = stages
            case StageStarted(stage=stage, model=model, units=units):
                if model:
                    self._appear()
                self._move(stage, 0.0, f"{stage}: 0/{units} {model}")
            case StageProgressed():
                self._move(event.stage, _share(event), _words(event))
            case StageFinished(stage=stage) | StageFailed(stage=stage):
                self._move(stage, 1.0, self._message)
            case ReviewFinished(findings=findings):
                self._message = f"{len(findings)} finding{'' if len(findings) == 1 else 's'}"
            case Notice() | StreamToken() | FindingReported():
                pass
            case FindingRevised() | FindingWithdrawn():
                pass
            case _:
                assert_never(event)

    def created(self) -> None:
        """The client agreed to show it. If the review is over by now, it never begins."""
        if self._closed:
            return
        self._begun = True
        self._sent = (self._percentage, self._message)
        self._bars.send(
            self._token,
            types.WorkDoneProgressBegin(
                title=f"Mirador: {plain(self.name, 80)}",
                cancellable=True,
                message=self._message,
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
        if self._token:
            self._bars.drop(self._token)
        if self._begun:
            self._bars.send(self._token, types.WorkDoneProgressEnd(message=self._message))

    def _appear(self) -> None:
        if self._supported and not self._token and not self._closed:
            self._token = self._bars.start(self)

    def _move(self, stage: str, share: float, message: str) -> None:
        self._message = plain(message, 160)
        if stage in self._stages:
            whole = (self._stages.index(stage) + share) / len(self._stages)
            # LSP: a percentage never decreases.
            self._percentage = max(self._percentage, min(100, int(whole * 100)))
        if self._begun and self._timer is None and not self._closed:
            self._timer = asyncio.get_running_loop().call_later(REPORT_SECONDS, self._report)

    def _report(self) -> None:
        self._timer = None
        state = (self._percentage, self._message)
        if self._closed or state == self._sent:
            return
        self._sent = state
        self._bars.send(
            self._token,
            types.WorkDoneProgressReport(
                cancellable=True, message=self._message, percentage=self._percentage
            ),
        )


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
    return words
