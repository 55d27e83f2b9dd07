"""A terminal of our own in tmux: keys go in, what a person would see comes out."""

import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from io import StringIO
from pathlib import Path

from rich.ansi import AnsiDecoder
from rich.console import Console
from rich.terminal_theme import TerminalTheme

PATIENCE = 90.0
COLUMNS, ROWS = 120, 30
_GRACE = 10.0
"""Seconds in which what runs in a terminal may end by itself once the terminal is gone."""
_THEME = TerminalTheme((20, 22, 27), (224, 226, 234), [(0, 0, 0)] * 8, [(255, 255, 255)] * 8)


class Terminal:
    """One pane with one program in it."""

    def __init__(self, socket: Path) -> None:
        self._socket = str(socket)

    def start(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        """Run a program in a new server of tmux, which nobody else uses."""
        size = ["-x", str(COLUMNS), "-y", str(ROWS)]
        session = ["new-session", "-d", *size, "-s", "main", *command]
        colours = ["set-option", "-s", "default-terminal", "tmux-256color", ";"]
        colours += ["set-option", "-s", "terminal-features", "*:RGB", ";"]
        self._tmux("-f", "/dev/null", *colours, *session, env=env)

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names: "Enter", "Escape", "C-w"; other words are typed."""
        self._tmux("send-keys", "-t", "main", *keys)

    def screen(self) -> str:
        """What is on the screen."""
        return self._tmux("capture-pane", "-p", "-t", "main")

    def wait(self, pattern: str, *, gone: bool = False, patience: float = PATIENCE) -> str:
        """Wait until the screen has, or no longer has, what the regular expression says."""
        end = time.monotonic() + patience
        while (re.search(pattern, screen := self.screen()) is None) is not gone:
            if time.monotonic() > end:
                verb = "stayed" if gone else "did not come"
                message = f"{pattern!r} {verb}:\n{screen}"
                raise AssertionError(message)
            time.sleep(0.1)  # another process draws; nothing tells when
        return screen

    def until(self, pattern: str, *keys: str, gone: bool = False) -> None:
        """Press keys until the screen shows, or no longer shows, what they bring about."""
        end = time.monotonic() + PATIENCE
        while (re.search(pattern, screen := self.screen()) is None) is not gone:
            assert time.monotonic() < end, f"{keys} did not bring {pattern!r}:\n{screen}"
            self.press(*keys)
            time.sleep(0.5)

    def colours(self) -> str:
        """What is on the screen, with the escape sequences of its colours."""
        return self._tmux("capture-pane", "-e", "-p", "-t", "main")

    def draw(self, title: str, path: Path) -> None:
        """Keep the screen as a picture (SVG) that fetches nothing."""
        console = Console(
            record=True,
            width=COLUMNS,
            file=StringIO(),
            force_terminal=True,
            color_system="truecolor",
        )
        # The colour of an underline is nothing that rich knows: it would take it for dim text.
        shown = re.sub(r"\x1b\[58[;:]2[;:][\d;:]*m|;58[;:]2([;:]\d+){3}", "", self.colours())
        for line in AnsiDecoder().decode(shown.rstrip("\n")):
            console.print(line, no_wrap=True, overflow="crop")
        drawn = console.export_svg(title=title, theme=_THEME, unique_id=path.stem)
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
        path.write_text(drawn, "utf-8")

    def end(self) -> None:
        """End the program and tmux with it, and whatever they started that does not follow them: a
        Neovim with unsaved text outlives its terminal.
        """
        with ExitStack() as stack:
            running = self._processes(stack)
            self._tmux("kill-server", check=False)
            _reap(running)

    def _processes(self, stack: ExitStack) -> list[int]:
        """Those within this terminal, as handles (which no later process takes over) that the stack
        closes. tmux names its socket in the environment of what it runs, and they pass it on.
        """
        mark = f"TMUX={self._socket},".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended
                handle = os.pidfd_open(int(folder.name))
                stack.callback(os.close, handle)
                environment = (folder / "environ").read_bytes().split(b"\0")
                if any(entry.startswith(mark) for entry in environment):
                    found.append(handle)
        return found

    def _tmux(self, *words: str, env: Mapping[str, str] | None = None, check: bool = True) -> str:
        done = subprocess.run(
            ["tmux", "-u", "-S", self._socket, *words],  # noqa: S607 — whichever tmux there is
            env=None if env is None else dict(env),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout


def _reap(processes: Iterable[int]) -> None:
    """Wait until they have ended; those that have not after a while are killed."""
    left = set(processes)
    for last in (False, True):
        for handle in left if last else ():
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        end = time.monotonic() + _GRACE
        while left and time.monotonic() < end:
            ended, _, _ = select.select(left, (), (), 0.5)
            left -= set(ended)


@contextmanager
def a_terminal() -> Iterator[Terminal]:
    """A terminal that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="mir-"))  # sockets need a short path
    terminal = Terminal(folder / "tmux")
    try:
        yield terminal
    finally:
        terminal.end()
        shutil.rmtree(folder)
