"""The process: its transports, its standard streams, and its end."""

import asyncio
import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from fakes.wire import announced, over_pipes, over_socket, private, process, served
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.server import watch
from mirador_lsp.server.run import ServeOptions, serve_one


def diagnostics(message: dict[str, Any]) -> bool:
    """Whether the message is a set of diagnostics that is not empty."""
    params = message.get("params") or {}
    return bool(params.get("diagnostics"))


def test_standard_output_carries_nothing_but_lsp(tmp_path: Path) -> None:
    """Prints of careless code go to standard error; after shutdown and exit the code is 0."""
    errors = tmp_path / "errors"
    with process(served(), private(tmp_path), errors=errors) as child:
        wire = over_pipes(child)
        wire.initialize(processId=os.getpid())
        wire.open("x = 1\n")
        wire.until(diagnostics)
        assert wire.ask("shutdown")["result"] is None
        wire.notify("exit")
        assert child.wait(10) == 0
        assert "print\n" in errors.read_text()
        assert "native code\n" in errors.read_text()


def test_logs_hold_no_code_and_are_private(tmp_path: Path) -> None:
    """Neither well-formed nor malformed messages leave the user's code in a log."""
    errors = tmp_path / "errors"
    with process(served(), private(tmp_path), errors=errors) as child:
        wire = over_pipes(child)
        wire.initialize()
        wire.open("canary_7431 = 1\n")
        wire.until(diagnostics)
        wire.notify("textDocument/didChange", {"textDocument": "canary_7431"})
        wire.notify("textDocument/didOpen", {"textDocument": {"text": "canary_7431"}})
        wire.ask("workspace/executeCommand", {"command": ["canary_7431"], "arguments": 1})
        wire.ask("no/such", {"text": "canary_7431"})
        wire.put_raw(b'Content-Length: 13\r\n\r\n{"canary_7431')
        wire.until(lambda m: "error" in m and m.get("id") is None)
        wire.ask("shutdown")
        wire.notify("exit")
        child.wait(10)
    log = tmp_path / "state" / "mirador.log"
    assert log.stat().st_mode & 0o777 == 0o600
    assert log.read_text()
    assert "canary_7431" not in log.read_text() + errors.read_text()


@pytest.mark.parametrize("how", ["exit", "eof", "garbage", "terminate"])
def test_a_client_that_leaves_without_shutdown_is_not_a_success(tmp_path: Path, how: str) -> None:
    """`exit` alone, a closed pipe and a broken stream are code 1, a signal its own; none hangs,
    though a review runs.
    """
    with process(served(), private(tmp_path), errors=tmp_path / "errors") as child:
        wire = over_pipes(child)
        wire.initialize()
        wire.open("endless = 1\n")
        if how == "exit":
            wire.notify("exit")
        elif how == "eof":
            assert child.stdin is not None
            child.stdin.close()
        elif how == "garbage":
            wire.put_raw(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
        else:
            child.terminate()
        assert child.wait(10) == (128 + signal.SIGTERM if how == "terminate" else 1)


def test_a_killed_editor_takes_the_server_with_it(tmp_path: Path) -> None:
    """The process named in `initialize` is killed while the pipe stays open: the server ends."""
    editor = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        with process(served(), private(tmp_path), errors=tmp_path / "errors") as child:
            wire = over_pipes(child)
            wire.initialize(processId=editor.pid)
            wire.open("endless = 1\n")
            editor.kill()
            editor.wait(10)
            assert child.wait(10) == 1
    finally:
        editor.kill()
        editor.wait(10)


def test_a_client_that_never_reads_cannot_hold_the_server(tmp_path: Path) -> None:
    """With the pipe full the server still reads, and still ends when told."""
    with process(served(), private(tmp_path), errors=tmp_path / "errors") as child:
        wire = over_pipes(child)
        wire.initialize()
        for number in range(3000):
            wire.put({"id": f"ask {number}", "method": "no/such" + "x" * 100})
        wire.notify("exit")
        assert child.wait(10) == 1


def test_tcp_serves_one_client(tmp_path: Path) -> None:
    """The server says where it listens; six changes in one segment arrive in order."""
    errors = tmp_path / "errors"
    with process(served("tcp"), private(tmp_path), errors=errors) as child:
        address = announced(errors)
        with socket.create_connection(address, 10) as connection:
            wire = over_socket(connection)
            wire.initialize()
            wire.open("")
            place = {"line": 0, "character": 0}
            change = {"range": {"start": place, "end": place}, "text": "x"}
            uri = "file:///work/cart.py"
            wire.put(
                *(
                    {
                        "method": "textDocument/didChange",
                        "params": {
                            "textDocument": {"uri": uri, "version": version},
                            "contentChanges": [change],
                        },
                    }
                    for version in range(2, 8)
                ),
                {"method": "textDocument/didSave", "params": {"textDocument": {"uri": uri}}},
            )
            shown = wire.until(
                lambda m: (m.get("params") or {}).get("version") == 7 and diagnostics(m)
            )
            assert shown["params"]["diagnostics"][0]["data"]["hash"] == (
                hashlib.sha256(b"xxxxxx").hexdigest()
            )
            with pytest.raises(OSError, match=r"refused|reset"):
                socket.create_connection(address, 10)
            wire.ask("shutdown")
            wire.notify("exit")
        assert child.wait(10) == 0


def test_a_browser_cannot_speak_over_tcp(tmp_path: Path) -> None:
    """An HTTP request with a message in its body is refused, not obeyed."""
    errors = tmp_path / "errors"
    with process(served("tcp"), private(tmp_path), errors=errors) as child:
        with socket.create_connection(announced(errors), 10) as connection:
            body = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}'
            connection.sendall(
                b"POST / HTTP/1.1\r\nOrigin: https://example.org\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
            )
            assert connection.recv(100) == b""
        assert child.wait(10) == 1


@pytest.mark.parametrize("kind", ["socket", "pipe"])
def test_the_server_connects_to_a_client_that_listens(tmp_path: Path, kind: str) -> None:
    """VS Code passes --socket and --pipe to a server that is to connect."""
    if kind == "pipe":
        listener = socket.socket(socket.AF_UNIX)
        where: object = tmp_path / "s"
        listener.bind(str(where))
        listener.listen()
    else:
        listener = socket.create_server(("127.0.0.1", 0))
        where = listener.getsockname()[1]
    listener.settimeout(30)
    with (
        listener,
        process(served(kind, where), private(tmp_path), errors=tmp_path / "errors") as child,
    ):
        connection, _ = listener.accept()
        with connection:
            wire = over_socket(connection)
            wire.initialize()
            wire.open("x = 1\n")
            wire.until(diagnostics)
            wire.ask("shutdown")
            wire.notify("exit")
            assert child.wait(10) == 0


async def test_websocket_serves_editors_and_refuses_web_pages(tmp_path: Path) -> None:
    """A connection with an Origin, as every browser sends it, is refused; one without is served."""
    errors = tmp_path / "errors"
    with process(served("ws"), private(tmp_path), errors=errors) as child:
        host, port = await asyncio.to_thread(announced, errors)
        address = f"ws://{host}:{port}"
        with pytest.raises(InvalidStatus):
            await connect(address, origin="https://example.org")
        async with connect(address, proxy=None) as web:
            await web.send(
                '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}'
            )
            assert '"name": "mirador"' in str(await web.recv())
            await web.send('{"jsonrpc":"2.0","id":2,"method":"shutdown"}')
            await web.recv()
            await web.send('{"jsonrpc":"2.0","method":"exit"}')
            assert await asyncio.to_thread(child.wait, 10) == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org"])  # noqa: S104 — refused
async def test_only_this_machine_is_served(host: str) -> None:
    """Any address that others could reach is refused with a reason."""
    options = ServeOptions("tcp", host=host, log_file=False)
    with pytest.raises(ServiceError, match="does not serve"):
        await serve_one(options, lambda _: pytest.fail("opened"))


def test_a_process_that_is_not_there_is_not_watched() -> None:
    """An id from another container means nothing here: the server must not end for it."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(30)
    assert not watch.watch(ended.pid, lambda: None, lambda: None)
    assert not watch.watch(0, lambda: None, lambda: None)
    assert not watch.watch(-5, lambda: None, lambda: None)
    assert not watch.watch(2**40, lambda: None, lambda: None)


@pytest.mark.parametrize("with_pidfd", [True, False])
def test_the_watchdog_speaks_first_and_then_acts(
    monkeypatch: pytest.MonkeyPatch, with_pidfd: bool
) -> None:
    """At the end of the process it says so, and later ends what did not leave; with or without
    pidfd.
    """
    if not with_pidfd:
        monkeypatch.delattr(os, "pidfd_open", raising=False)
    monkeypatch.setattr(watch, "GRACE_SECONDS", 0.01)
    monkeypatch.setattr(watch, "POLL_SECONDS", 0.01)
    said: list[str] = []
    over = threading.Event()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

    def end() -> None:
        said.append("end")
        over.set()

    assert watch.watch(child.pid, lambda: said.append("gone"), end)
    assert said == []
    child.communicate(b"\n", 30)
    assert over.wait(10)
    assert said == ["gone", "end"]
