"""What pygls does by itself and what Mirador needs instead: the rows about processes.

See `test_pygls.py` for the others. Each test runs a server process and speaks bytes to it.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fakes.session import SERVE
from fakes.wire import PATIENCE, Wire, over_pipes, over_socket, private, process, served
from mirador_lsp.server import watch

URI = "file:///work/cart.py"
CANARY = "canary_8812"
MOST_LOG = 64 * 1024
"""Bytes that a session of a few messages may log."""


def ask_review(wire: Wire) -> None:
    """Ask for a review of the usual document without waiting for it."""
    params = {"command": "mirador.reviewFile", "arguments": [{"uri": URI}]}
    wire.put({"id": "review", "method": "workspace/executeCommand", "params": params})


@pytest.mark.parametrize(("farewell", "code"), [(("shutdown", "exit"), 0), (("exit",), 1), ((), 1)])
def test_p07_the_exit_code_says_how_the_session_ended(
    tmp_path: Path, farewell: tuple[str, ...], code: int
) -> None:
    """0 after `shutdown` and `exit`, 1 without the first, 1 when the stream just ends."""
    with process(served(), private(tmp_path), errors=tmp_path / "errors") as child:
        wire = over_pipes(child)
        wire.initialize()
        for method in farewell:
            if method == "shutdown":
                wire.ask(method)
            else:
                wire.notify(method)
        if not farewell:
            assert child.stdin is not None
            child.stdin.close()
        assert child.wait(PATIENCE) == code


def test_p08_an_exit_in_the_middle_of_work_is_quiet(tmp_path: Path) -> None:
    """`exit` while a command runs ends the process, with a log one can read."""
    errors = tmp_path / "errors"
    with process(served(), private(tmp_path), errors=errors) as child:
        wire = over_pipes(child)
        wire.initialize()
        wire.open("endless = 1\n", uri=URI)
        ask_review(wire)
        wire.notify("exit")
        assert child.wait(PATIENCE) == 1
    log = (tmp_path / "state" / "mirador.log").read_text()
    assert len(log) + len(errors.read_text()) < MOST_LOG
    assert "closed file" not in log


def test_p09_the_reader_needs_no_thread_of_the_pool(tmp_path: Path) -> None:
    """With every thread of the loop's pool stuck for ten minutes the server answers, and leaves."""
    with process(served(), private(tmp_path), errors=tmp_path / "errors") as child:
        wire = over_pipes(child)
        wire.initialize()
        wire.open("stuck = 1\n", uri=URI)
        wire.until(lambda m: bool((m.get("params") or {}).get("diagnostics")))
        assert wire.ask("no/such")["error"]["code"] == -32601
        assert wire.ask("shutdown")["result"] is None
        wire.notify("exit")
        assert child.wait(PATIENCE) == 0


@pytest.mark.parametrize("text", ["endless = 1\n", "stuck = 1\n"])
def test_p17_the_end_of_the_stream_ends_the_server(tmp_path: Path, text: str) -> None:
    """A closed pipe ends it, whatever it does and whatever its threads do."""
    with process(served(), private(tmp_path), errors=tmp_path / "errors") as child:
        wire = over_pipes(child)
        wire.initialize()
        wire.open(text, uri=URI)
        wire.ask("no/such")
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(PATIENCE) == 1


@pytest.mark.parametrize("named", ["initialize", "option"])
def test_p17_the_death_of_the_editor_ends_the_server(tmp_path: Path, named: str) -> None:
    """The process that `initialize` or `--clientProcessId` names is killed; the pipe stays open."""
    with sleeper() as editor:
        option = ["--clientProcessId", str(editor.pid)] if named == "option" else []
        command = [*SERVE, "--stdio", *option] if option else served()
        with process(command, private(tmp_path), errors=tmp_path / "errors") as child:
            wire = over_pipes(child)
            wire.initialize(processId=None if option else editor.pid)
            wire.open("endless = 1\n", uri=URI)
            editor.send_signal(signal.SIGKILL)
            editor.wait(PATIENCE)
            assert child.wait(PATIENCE) == 1


def test_p17_the_watchdog_acts_within_two_seconds() -> None:
    """Also where it has to look again and again, and even if nothing else works any more."""
    assert watch.POLL_SECONDS + watch.GRACE_SECONDS < 2


@pytest.mark.parametrize("level", ["info", "debug"])
def test_p20_no_payload_is_logged(tmp_path: Path, level: str) -> None:
    """Pygls logs whole messages, which hold the user's code; with us it says nothing."""
    env = private(tmp_path) | {
        "MIRADOR_SERVER_LOG_LEVEL": level,
        "MIRADOR_REVIEW_STAGES": "instant",
    }
    errors = tmp_path / "errors"
    with process([*SERVE, "--stdio"], env, errors=errors) as child:
        wire = over_pipes(child)
        wire.initialize()
        wire.open(f"def {CANARY}(x):\n    return eval(x)\n", uri=URI)
        wire.until(lambda m: bool((m.get("params") or {}).get("diagnostics")))
        wire.ask("textDocument/hover", {"textDocument": {"uri": URI, "x": CANARY}})
        wire.ask(
            "workspace/executeCommand",
            {"command": "mirador.ask", "arguments": [{"uri": URI, "question": CANARY}]},
        )
        wire.ask("shutdown")
        wire.notify("exit")
        assert child.wait(PATIENCE) == 0
    log = (tmp_path / "state" / "mirador.log").read_text()
    assert log
    assert CANARY not in log + errors.read_text()


@pytest.mark.parametrize("way", ["", "--stdio", "--pipe=", "--pipe", "--socket=", "--socket"])
def test_p22_the_options_of_language_clients_are_understood(tmp_path: Path, way: str) -> None:
    """What vscode-languageclient passes starts the server, joined with "=" or not."""
    process_id = f"--clientProcessId={os.getpid()}"
    env, errors = private(tmp_path), tmp_path / "errors"
    if way in {"", "--stdio"}:
        options = [way, process_id] if way else []
        with process([*SERVE, *options], env, errors=errors) as child:
            greet(over_pipes(child))
            assert child.wait(PATIENCE) == 0
        return
    with listener(tmp_path, way) as (listening, where):
        options = [f"{way}{where}"] if way.endswith("=") else [way, where]
        with process([*SERVE, *options, process_id], env, errors=errors) as child:
            connection, _ = listening.accept()
            with connection:
                greet(over_socket(connection))
            assert child.wait(PATIENCE) == 0


def greet(wire: Wire) -> None:
    """The shortest session there is."""
    assert "result" in wire.initialize()
    wire.ask("shutdown")
    wire.notify("exit")


@contextmanager
def listener(folder: Path, way: str) -> Iterator[tuple[socket.socket, str]]:
    """An editor that waits for its server to connect."""
    if way.startswith("--pipe"):
        listening = socket.socket(socket.AF_UNIX)
        where = str(folder / "s")
        listening.bind(where)
        listening.listen()
    else:
        listening = socket.create_server(("127.0.0.1", 0))
        where = str(listening.getsockname()[1])
    listening.settimeout(PATIENCE)
    with listening:
        yield listening, where


@contextmanager
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that stands for an editor."""
    editor = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        yield editor
    finally:
        editor.kill()
        editor.wait(PATIENCE)
