"""`mirador dashboard` as users run it: in a terminal, in a pipe, on a page."""

import asyncio
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fakes.dashboard import record
from fakes.folders import own_folders
from fakes.metrics import request
from mirador_lsp.cli.main import main
from mirador_lsp.ipc.clock import SystemClock

_SECONDS = 60
_TELLS = """
import sys

def hear(event, arguments):
    if event in ("socket.connect", "socket.bind", "socket.sendto"):
        print("SOCKET", arguments[-1], file=sys.stderr, flush=True)
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        print("LOOKED UP", arguments[0], file=sys.stderr, flush=True)

sys.addaudithook(hear)
from mirador_lsp.cli.main import main
sys.exit(main())
"""
"""Mirador, telling whom it speaks to."""


def environment(folder: Path) -> dict[str, str]:
    """Own folders, and no models at all."""
    script = folder / "script.toml"
    script.write_text("")
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        **own_folders(folder / "own"),
        "MIRADOR_ENGINE_BACKEND": "scripted",
        "MIRADOR_ENGINE_SCRIPT": str(script),
    }


def count_one(folder: Path) -> None:
    """One request, that ended just now."""
    asyncio.run(record(folder / "own", [request(time=SystemClock().wall())]))


@contextmanager
def running(folder: Path, *words: str, **how: int) -> Iterator["subprocess.Popen[str]"]:
    """The command, and what it says of its sockets on stderr."""
    with subprocess.Popen(
        [sys.executable, "-c", _TELLS, "dashboard", *words],
        stdin=how.get("stdin", subprocess.DEVNULL),
        stdout=how.get("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        text=True,
        env={**environment(folder), "TERM": "xterm-256color"},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_into_a_pipe_it_is_written_once(tmp_path: Path) -> None:
    """Without escape sequences, and with what runs now at the top."""
    count_one(tmp_path)
    with running(tmp_path) as process:
        out, _ = process.communicate(timeout=_SECONDS)

    assert process.returncode == 0
    assert "What runs now" in out
    assert "qwen2.5-coder-1.5b" in out
    assert "\x1b" not in out


def test_where_nothing_was_measured_it_says_what_to_do(tmp_path: Path) -> None:
    """Not an empty screen."""
    with running(tmp_path) as process:
        out, _ = process.communicate(timeout=_SECONDS)

    assert "Nothing was measured yet" in out


def _screen(descriptor: int, until: str) -> str:
    """What the terminal was told, up to that text."""
    shown = b""
    deadline = time.monotonic() + _SECONDS
    while until.encode() not in shown and time.monotonic() < deadline:
        ready, _, _ = select.select([descriptor], [], [], 1)
        if ready:
            try:
                shown += os.read(descriptor, 65_536)
            except OSError:  # the other side has hung up
                break
    return shown.decode("utf-8", "replace")


@pytest.mark.parametrize("key", ["q", "Q", "\x1b", "\x03"])
def test_a_key_ends_it_and_leaves_the_terminal_as_it_was(tmp_path: Path, key: str) -> None:
    """Q, Escape or Ctrl-C: the screen from before, its cursor, and echo come back."""
    count_one(tmp_path)
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    with subprocess.Popen(
        [sys.executable, "-m", "mirador_lsp", "dashboard"],
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        env={**environment(tmp_path), "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"},
        start_new_session=True,
        preexec_fn=lambda: os.close(ours),  # noqa: PLW1509 — the child has one thread
    ) as process:
        try:
            first = _screen(ours, "Latest requests")
            if key == "\x03":
                process.send_signal(signal.SIGINT)
            else:
                os.write(ours, key.encode())
            last = _screen(ours, "\x1b[?1049l")
            code = process.wait(_SECONDS)
        finally:
            process.kill()
    after = termios.tcgetattr(theirs)
    os.close(ours)
    os.close(theirs)

    assert "What runs now" in first
    assert "\x1b[?1049h" in first
    assert "\x1b[?1049l" in last
    assert code == 0
    assert after == before


def test_the_page_is_served_until_ctrl_c_and_nothing_leaves_the_machine(
    tmp_path: Path,
) -> None:
    """Every socket of the process is a local one, and no name is looked up."""
    count_one(tmp_path)
    with running(tmp_path, "--web") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = line.split()[-1]
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32,}/", address)
        fetch = f"import urllib.request as u; print(len(u.urlopen('{address}data.json').read()))"
        got = subprocess.run(
            [sys.executable, "-c", fetch], capture_output=True, text=True, check=True
        )
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=_SECONDS)

    assert int(got.stdout) > 500
    assert process.returncode == 0
    assert "LOOKED UP" not in said
    sockets = re.findall(r"SOCKET (.*)", said)
    assert any("127.0.0.1" in each for each in sockets)
    for each in sockets:
        assert "'127.0.0.1'" in each or each.startswith(("/", "b'/", "'/")), each


def test_an_export_is_written(tmp_path: Path) -> None:
    """From the command line, and told where."""
    count_one(tmp_path)
    with running(tmp_path, "--since", "all", "--export", str(tmp_path / "f.html")) as process:
        out, _ = process.communicate(timeout=_SECONDS)

    assert out.splitlines() == [
        f"Written: {tmp_path / 'f.html'}",
        f"Written: {tmp_path / 'f.jsonl'}",
    ]
    assert (tmp_path / "f.jsonl").read_text().count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--port", "8000"), "Add --web"),
        (("--web", "--port", "70000"), "There is no port 70000"),
        (("--web", "--export", "a.html"), "not allowed with"),
        (("--since", "soon"), "no span of time"),
    ],
)
def test_what_cannot_be_is_refused(
    words: tuple[str, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With what can."""
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)

    assert main(["dashboard", *words]) == 2
    assert said in capsys.readouterr().err
