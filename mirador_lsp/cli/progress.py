"""Where a download is: a bar in a terminal, now and then a line in a log."""

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

from mirador_lsp.cli.terminal import console_for, is_terminal
from mirador_lsp.core.clean import plain

if TYPE_CHECKING:
    from rich.progress import Progress

    from mirador_lsp.app import PullProgress

_LINE_SECONDS = 5.0
_MB = 1_000_000
_WORDS = {
    "waiting": "waiting for",
    "checking": "checking",
    "fetching": "fetching",
    "making": "making",
    "storing": "storing",
}
"""What a phase is called in a line that goes on with the model's name."""


class PullDisplay(Protocol):
    """Shows one download at a time; a context manager."""

    def __enter__(self) -> Self:
        """Show it."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take it away."""
        ...

    def update(self, progress: "PullProgress") -> None:
        """Show where the download is, and its message as a line that stays."""
        ...


def pull_display(stream: TextIO, env: Mapping[str, str]) -> PullDisplay:
    """What suits `stream`: a bar where the cursor can move, lines elsewhere."""
    return BarDisplay(stream) if is_terminal(stream, env) else LineDisplay(stream)


class BarDisplay:
    """A bar with bytes, speed and time left, redrawn in place."""

    def __init__(self, stream: TextIO) -> None:
        self._console = console_for(stream, "auto", interactive=True)
        self._bar: Progress | None = None
        self._shown: tuple[str, str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, progress: "PullProgress") -> None:
        """Move the bar. The first call draws it: what is there already shows no bar at all."""
        bar = self._bar or self._start()
        task = bar.task_ids[0]
        shown = (progress.name, progress.phase.value)
        if shown != self._shown:
            # Bytes read from the disk in one phase must not count as speed of the next one.
            self._shown = shown
            words = f"{_WORDS[progress.phase.value]} {progress.name}"
            bar.reset(task, total=progress.total, completed=progress.done, description=plain(words))
        bar.update(task, completed=progress.done)
        if progress.message:
            bar.console.print(_message(progress))

    def _start(self) -> "Progress":
        from rich.progress import (  # noqa: PLC0415 — not needed when there is nothing to fetch
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._bar.add_task("", total=None)
        self._bar.start()
        return self._bar


class LineDisplay:
    """A line every few seconds, for logs and pipes."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._shown: tuple[str, str] | None = None
        self._next = 0.0
        self._from: tuple[float, int] = (0.0, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return

    def update(self, progress: "PullProgress") -> None:
        """Write a line when the last one is old enough, and every message."""
        if progress.message:
            self._write(_message(progress))
            return
        now = self._clock()
        shown = (progress.name, progress.phase.value)
        if shown != self._shown:
            self._shown, self._from = shown, (now, progress.done)
            self._next = now + _LINE_SECONDS
        elif now >= self._next:
            self._next = now + _LINE_SECONDS
            self._write(self._line(progress, now))

    def _line(self, progress: "PullProgress", now: float) -> str:
        began, start = self._from
        share = 100 * progress.done // progress.total if progress.total else 100
        done, total = progress.done / _MB, progress.total / _MB
        rate = (progress.done - start) / _MB / (now - began) if now > began else 0.0
        words = _WORDS[progress.phase.value]
        if progress.phase.value == "making":
            return f"{words} {progress.name}: {share} %"
        line = f"{words} {progress.name}: {share} % of {total:,.0f} MB ({done:,.0f} MB"
        return f"{line}, {rate:,.1f} MB/s)"

    def _write(self, line: str) -> None:
        try:
            print(plain(line), file=self._stream, flush=True)
        except (BrokenPipeError, ValueError):
            return  # nobody reads it; the download goes on


def _message(progress: "PullProgress") -> str:
    return plain(f"{progress.name}: {progress.message}")
