"""How the terminal shows an index: a table of what it holds, a bar while it is built."""

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from mirador_lsp.cli.terminal import console_for, say
from mirador_lsp.cli.wording import plural
from mirador_lsp.core.clean import plain
from mirador_lsp.core.retrieval import IndexReport

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress

_LINE_SECONDS = 5.0
_PHASES = {
    "off": "off",
    "starting": "starting",
    "looking": "looking at the files",
    "reading": "reading files",
    "embedding": "learning the meaning",
    "ready": "up to date",
    "paused": "stands still",
    "failed": "failed",
}
_STYLES = {"ready": "green", "paused": "yellow", "off": "yellow", "failed": "red"}
_NONE = "by words and names only; what finds by meaning is chosen with index.embedder"
_BAR_CELLS = 24


def status_table(report: IndexReport, root: Path, *, runs: bool) -> "RenderableType":
    """What the index of a workspace holds and does."""
    from rich.table import Table  # noqa: PLC0415 — starting must not pay for it
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bright_black", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("workspace", Text(plain(str(root), 300), "bold"))
    table.add_row("state", _state(report, runs=runs))
    files = plural(report.files, "file")
    if report.waiting:
        files += f", {report.waiting:,} to be read"
    table.add_row("read", f"{files}, {plural(report.chunks, 'piece')}")
    table.add_row("by meaning", _meaning(report))
    if report.skipped:
        counts = ", ".join(f"{plain(why, 60)} {count:,}" for why, count in report.skipped)
        table.add_row("left out", counts)
    if report.sends:
        table.add_row("sent", Text(plain(report.sends, 400)))
    table.add_row("on disk", f"{report.bytes / 1e6:,.1f} MB")
    for note in report.notes:
        table.add_row("note", Text(plain(note, 400), "yellow"))
    return table


def as_lines(report: IndexReport) -> str:
    """The same in one line, for logs and pipes."""
    words = [_PHASES.get(report.phase, report.phase)]
    if report.reason:
        words.append(report.reason)
    words.append(plural(report.files, "file"))
    if report.waiting:
        words.append(f"{report.waiting:,} waiting")
    words.append(plural(report.chunks, "piece"))
    if report.embedder:
        words.append(f"{report.vectors:,} by meaning ({report.embedder})")
    return plain(" · ".join(words), 1000)


def _state(report: IndexReport, *, runs: bool) -> "RenderableType":
    from rich.text import Text  # noqa: PLC0415

    words = _PHASES.get(report.phase, report.phase)
    text = Text(words, _STYLES.get(report.phase, "cyan"))
    if not runs:
        text = Text("does not run; it starts with the next search or editor", "bright_black")
    if report.reason:
        text.append(f": {plain(report.reason, 400)}", "default")
    return text


def _meaning(report: IndexReport) -> "RenderableType":
    from rich.text import Text  # noqa: PLC0415

    if not report.embedder:
        return Text(_NONE, "bright_black")
    if not report.chunks:
        return Text(f"nothing yet, {plain(report.embedder, 80)}", "bright_black")
    share = report.vectors / report.chunks
    full = round(share * _BAR_CELLS)
    text = Text("━" * full, "green").append("━" * (_BAR_CELLS - full), "bright_black")
    text.append(f" {100 * share:.0f} %  ", "default")
    count = f"{report.vectors:,} of {plural(report.chunks, 'piece')}"
    return text.append(f"{count}, {plain(report.embedder, 80)}", "bright_black")


class BuildDisplay:
    """Shows a build as it goes; a context manager."""

    def __init__(
        self, stream: TextIO, *, interactive: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._interactive = interactive
        self._clock = clock
        self._bar: Progress | None = None
        self._phase = ""
        self._next = 0.0

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

    def show(self, report: IndexReport) -> None:
        """Show how far it is."""
        if self._interactive:
            self._move(report)
        elif report.phase != self._phase or self._clock() >= self._next:
            self._phase, self._next = report.phase, self._clock() + _LINE_SECONDS
            say(as_lines(report), self._stream)

    def _move(self, report: IndexReport) -> None:
        bar = self._bar or self._start()
        words = plain(report.reason or _PHASES.get(report.phase, report.phase), 160)
        if report.phase == "embedding":
            done, total = report.vectors, report.chunks
        else:
            done, total = report.files, report.files + report.waiting
        if report.phase != self._phase:
            self._phase = report.phase
            bar.reset(bar.task_ids[0], total=total, completed=done, description=words)
        bar.update(bar.task_ids[0], total=total or None, completed=done, description=words)

    def _start(self) -> "Progress":
        from rich.progress import (  # noqa: PLC0415 — not needed when nothing is shown
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeRemainingColumn,
        )

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console_for(self._stream, "auto", interactive=True),
            transient=True,
        )
        self._bar.add_task("", total=None)
        self._bar.start()
        return self._bar
