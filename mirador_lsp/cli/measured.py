"""A bar for work on models that takes minutes; in a pipe a line for each model."""

import sys
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from mirador_lsp.cli.terminal import console_for, is_terminal, say
from mirador_lsp.core.clean import plain

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

    from mirador_lsp.app import Progress


class MeasuringDisplay:
    """Shows where the measuring is; a context manager."""

    def __init__(self, env: Mapping[str, str], stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._bars: Bars | None = None
        self._interactive = is_terminal(self._stream, env)
        self._told = ""

    def __enter__(self) -> Self:
        if self._interactive:
            self._bars = self._make()
            self._bars.add_task("", total=None)
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def update(self, progress: "Progress") -> None:
        """Move the bar; in a pipe tell of a model once."""
        if self._bars is None:
            if progress.model != self._told:
                self._told = progress.model
                say(f"asking {progress.model}", self._stream)
            return
        task = self._bars.task_ids[0]
        words = plain(f"{progress.model}: {progress.at}", 70)
        self._bars.update(task, completed=progress.done, total=progress.total, description=words)

    def _make(self) -> "Bars":
        from rich.progress import (  # noqa: PLC0415 — pipes need no bars
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        return Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console_for(self._stream, "auto", interactive=True),
            transient=True,
        )
