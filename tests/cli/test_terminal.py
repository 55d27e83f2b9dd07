"""What the command line assumes about terminals."""

import io
import os

import pytest
from rich.text import Text

from fakes.hostile import FORBIDDEN, HOSTILE
from mirador_lsp.cli.terminal import Screen, console_for, is_terminal, say, silence


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("color", "no_color", "colored"),
    [
        ("auto", "", True),
        ("auto", "1", False),
        ("always", "1", True),
        ("never", "", False),
    ],
)
def test_color_follows_the_option_then_no_color(
    color: str, no_color: str, colored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NO_COLOR holds unless the option says otherwise."""
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal()
    console = console_for(stream, color, interactive=True)  # type: ignore[arg-type]
    console.print(Text("x", "red"))
    assert ("\x1b[31m" in stream.getvalue()) is colored


def test_a_pipe_is_not_drawn_on() -> None:
    """Without a terminal there are no sequences at all."""
    stream = io.StringIO()
    console_for(stream, "auto", interactive=False).print(Text("x", "red"))
    assert stream.getvalue() == "x\n"
    assert not is_terminal(stream, {"TERM": "xterm"})


def test_a_dumb_terminal_cannot_move_its_cursor() -> None:
    """TERM=dumb gets lines only."""
    assert is_terminal(Terminal(), {"TERM": "xterm"})
    assert not is_terminal(Terminal(), {"TERM": "dumb"})


def test_a_line_for_the_user_is_one_harmless_line() -> None:
    """Whatever a message holds, `say` writes one line without sequences."""
    stream = io.StringIO()
    say(HOSTILE * 5, stream)
    (line,) = stream.getvalue().splitlines()
    assert line.startswith("mirador: ")
    assert not [char for char in FORBIDDEN if char in line]


def test_a_screen_survives_a_reader_that_leaves() -> None:
    """A broken pipe is told once; later lines go nowhere."""

    class Closed(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

        def fileno(self) -> int:
            raise OSError

    told: list[str] = []
    console = console_for(Closed(), "never", interactive=False)
    screen = Screen(console, on_closed=lambda _: told.append("closed"))
    screen.line("one")
    screen.line("two")
    assert told == ["closed"]


def test_a_console_leaves_the_end_of_the_program_to_its_caller() -> None:
    """Rich would leave with 1 when a reader goes, which for a search says that nothing fits."""

    class Closed(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        console_for(Closed(), "never", interactive=False).print("one")


def test_silenced_streams_take_anything() -> None:
    """After `silence`, writing to the descriptor of a broken pipe is harmless."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        silence(stream)
        stream.write("x" * 100_000)
