"""The one place that writes to the terminal, and what it may assume about it."""

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal, TextIO

from mirador_lsp.core import clean

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

ColorChoice = Literal["auto", "always", "never"]
_PIPE_WIDTH = 240


def say(message: str, stream: TextIO | None = None) -> None:
    """One plain line for the user, on stderr: `mirador: …`."""
    target = stream if stream is not None else sys.stderr
    try:
        print(f"mirador: {clean.plain(message, 2000)}", file=target, flush=True)
    except (BrokenPipeError, ValueError):
        # Nobody reads it, or the stream is closed; the exit code still tells.
        return


def is_terminal(stream: TextIO, env: Mapping[str, str]) -> bool:
    """Whether `stream` is a terminal that can move its cursor."""
    return stream.isatty() and env.get("TERM") not in {"dumb", "unknown"}


def console_for(stream: TextIO, color: ColorChoice, *, interactive: bool) -> "Console":
    """A console on `stream`. It never reads markup, emoji codes or links out of text."""
    from rich.console import Console  # noqa: PLC0415 — starting the server must not pay for it

    class Ours(Console):
        def on_broken_pipe(self) -> None:
            """Rich would end the program with exit code 1, which says something else here."""
            raise BrokenPipeError

    wants_color = color == "always" or (
        color == "auto" and stream.isatty() and not os.environ.get("NO_COLOR")
    )
    return Ours(
        file=stream,
        markup=False,
        emoji=False,
        highlight=False,
        no_color=not wants_color,
        force_terminal=interactive or color == "always",
        color_system="auto" if interactive else ("standard" if color == "always" else None),
        legacy_windows=False,
        soft_wrap=False,
    )


def console_for_rows(stream: TextIO, env: Mapping[str, str]) -> "Console":
    """A console for tables. Whoever reads lines from a pipe wants each row on one."""
    shown = is_terminal(stream, env)
    console = console_for(stream, "auto", interactive=shown)
    if not shown and "COLUMNS" not in env:
        console.width = _PIPE_WIDTH
    return console


class Screen:
    """Lines that stay and, below them, a region that changes.

    Writing never raises: when it fails, because the reader of a pipe has gone or a disk is full,
    `on_closed` is told once and nothing more is written.
    """

    def __init__(
        self,
        console: "Console",
        *,
        region: "Callable[[], RenderableType] | None" = None,
        on_closed: Callable[[OSError], None] = lambda _: None,
        recorder: "Console | None" = None,
    ) -> None:
        self.console = console
        self._region = region
        self._on_closed = on_closed
        self._recorder = recorder
        self._live: Live | None = None
        self.closed = False

    @property
    def live(self) -> bool:
        """Whether there is a region that changes."""
        return self._region is not None

    def start(self) -> None:
        """Show the region."""
        if self._region is None:
            return
        from rich.live import Live

        self._live = Live(
            console=self.console,
            get_renderable=self._region,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        self._guarded(self._live.start)

    def line(self, content: "RenderableType" = "") -> None:
        """Write something that stays."""
        self._guarded(lambda: self.console.print(content))
        if self._recorder is not None:
            self._recorder.print(content)

    def refresh(self) -> None:
        """Draw the region anew."""
        if self._live is not None:
            self._guarded(self._live.refresh)

    def stop(self) -> None:
        """Take the region away; what was written as lines stays."""
        if self._live is not None:
            live, self._live = self._live, None
            self._guarded(live.stop)

    def _guarded(self, write: Callable[[], None]) -> None:
        if self.closed:
            return
        try:
            write()
        except OSError as error:
            self._close(error)

    def _close(self, error: OSError) -> None:
        self.closed = True
        self._on_closed(error)


def show_cursor(stream: TextIO) -> None:
    """Undo the one thing that outlives the process: a hidden cursor. Never raises."""
    try:
        if stream.isatty():
            os.write(stream.fileno(), b"\x1b[?25h")
    except (OSError, ValueError):
        return


def silence(stream: TextIO) -> None:
    """Point a stream whose reader has gone at nothing, so that the interpreter's exit is quiet."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
