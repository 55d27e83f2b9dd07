"""The `mirador` command itself: finding commands, and ending with the right code and one line."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.folders import logging_restored, own_folders
from mirador_lsp import __version__
from mirador_lsp.cli.main import COMMANDS, main


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, folder in own_folders(tmp_path).items():
        monkeypatch.setenv(name, folder)
    with logging_restored():
        yield


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on stderr."""
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith("mirador: ")
    return line


def test_version_and_help_end_with_zero(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` names the version, `--help` every command."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"mirador {__version__}\n"
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name, _ in COMMANDS)


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """`mirador` alone cannot do anything, and says what it could."""
    assert main([]) == 2
    assert "examples:" in capsys.readouterr().out


@pytest.mark.parametrize("name", [name for name, _ in COMMANDS])
def test_every_command_has_its_module_and_its_help(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command of the table is a module of the room and explains itself."""
    assert hasattr(importlib.import_module(f"mirador_lsp.cli.{name}"), "add_parser")
    assert main([name, "--help"]) == 0
    assert f"usage: mirador {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["reviw", "x.py"], 'There is no command "reviw". Did you mean review?'),
        (["qqq"], 'There is no command "qqq". See: mirador --help'),
        (["review", "--formt", "json", "x.py"], "Did you mean --format?"),
        (["review", "--form", "json", "x.py"], "Did you mean --format?"),
        (["review", "--format", "jsn", "x.py"], "invalid choice: 'jsn'"),
        (["review", "--gate", "2", "x.py"], "2 is not a number from 0 to 1"),
        (["review", "--stages", "quik", "x.py"], 'There is no stage "quik". Choose from instant'),
        (["review", "--lens", "beauty", "x.py"], 'There is no lens "beauty". Choose from bug'),
        (["review"], "It needs to know what to review. Name files and folders"),
        (["engine"], "ACTION"),
        (["serve", "--tcp", "0.0.0.0:2087"], "listens on this machine only"),
        (["serve", "--tcp", "here"], '"here" is not an address.'),
        (["serve", "--stdio", "--tcp"], "not allowed with"),
        (["--nope"], "mirador does not know --nope."),
    ],
)
def test_what_cannot_be_understood_is_one_line_and_two(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong command, option or value ends in 2, with the reason and the nearest remedy."""
    assert main(arguments) == 2
    assert said in complaint(capsys)


def test_a_path_in_the_place_of_a_command_is_recognised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who forgets `review` is told the whole command."""
    file = tmp_path / "app.py"
    file.write_text("x = 1\n")
    assert main([str(file)]) == 2
    assert f"To review it: mirador review {file}" in complaint(capsys)


def test_hostile_arguments_are_shown_harmlessly(capsys: pytest.CaptureFixture[str]) -> None:
    """An argument with an escape sequence cannot draw in the terminal."""
    assert main(["\x1b[2Jboo"]) == 2
    assert "\x1b" not in complaint(capsys)


def test_the_help_does_not_load_the_machinery(tmp_path: Path) -> None:
    """`mirador --help` and the parser of `serve` start without rich, engines or the network."""
    code = (
        "import sys; from mirador_lsp.cli.main import main; main(['serve', '--help']);"
        "print([m for m in ('rich', 'httpx', 'xllamacpp', 'pygls', 'tree_sitter', 'asyncio')"
        " if m in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
        timeout=60,
    )
    assert ended.stdout.splitlines()[-1] == "[]"


def test_an_unforeseen_error_is_not_mistaken_for_findings(tmp_path: Path) -> None:
    """A defect ends in 2, not in Python's 1, with one line on stderr and the trace in the log."""
    code = (
        "import sys; from mirador_lsp.cli import main, doctor\n"
        "def add_parser(commands):\n"
        "    commands.add_parser('doctor').set_defaults(run=lambda _: 1 // 0)\n"
        "doctor.add_parser = add_parser\n"
        "sys.argv = ['mirador', 'doctor']\n"
        "sys.exit(main.main())"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
        timeout=60,
        env={"PATH": "/usr/bin:/bin", "MIRADOR_STATE_DIR": str(tmp_path / "state")},
    )
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert "ZeroDivisionError" in line
    log = tmp_path / "state" / "mirador.log"
    assert "ZeroDivisionError" in log.read_text("utf-8")
    assert log.stat().st_mode & 0o077 == 0
