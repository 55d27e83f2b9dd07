"""A terminal of our own in tmux: keys go in, what a person would see comes out."""

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

from rich.ansi import AnsiDecoder
from rich.console import Console
from rich.terminal_theme import TerminalTheme

PATIENCE = 90.0
COLUMNS, ROWS = 120, 30
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
        """End the program and tmux with it."""
        self._tmux("kill-server", check=False)

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
