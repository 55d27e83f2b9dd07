"""A server process and the bytes it speaks, for tests that look below any client library."""

import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent.parent
PATIENCE = 30.0


class Wire:
    """LSP over a pair of file descriptors, blocking, one message at a time."""

    def __init__(self, read: int, write: int) -> None:
        self._read = read
        self._write = write
        self._buffer = b""
        self.seen: list[dict[str, Any]] = []
        self._next = 0

    def put(self, *messages: dict[str, Any]) -> None:
        """Send messages in one write."""
        data = b""
        for message in messages:
            body = json.dumps({"jsonrpc": "2.0"} | message).encode()
            data += b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        self.put_raw(data)

    def put_raw(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._write, data) :]

    def ask(self, method: str, params: Any = None) -> dict[str, Any]:
        self._next += 1
        msg_id = self._next
        self.put({"id": msg_id, "method": method, "params": params})
        return self.until(lambda m: "method" not in m and m.get("id") == msg_id)

    def notify(self, method: str, params: Any = None) -> None:
        self.put({"method": method, "params": params})

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next message that `wanted` accepts. Raises EOFError at the end of the stream."""
        deadline = time.monotonic() + PATIENCE
        while True:
            message = self._next_message(deadline)
            self.seen.append(message)
            if wanted(message):
                return message

    def initialize(self, **params: Any) -> dict[str, Any]:
        answer = self.ask(
            "initialize", {"processId": None, "rootUri": None, "capabilities": {}} | params
        )
        self.notify("initialized", {})
        return answer

    def open(self, text: str, uri: str = "file:///work/cart.py", version: int = 1) -> None:
        item = {"uri": uri, "languageId": "python", "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def _next_message(self, deadline: float) -> dict[str, Any]:
        while b"\r\n\r\n" not in self._buffer:
            self._fill(deadline)
        header, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        match = re.fullmatch(rb"Content-Length: (\d+)", header)
        assert match is not None, f"something else than LSP is on the wire: {header!r}"
        length = int(match[1])
        while len(self._buffer) < length:
            self._fill(deadline)
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        message: dict[str, Any] = json.loads(body)
        return message

    def _fill(self, deadline: float) -> None:
        ready, _, _ = select.select([self._read], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            message = f"nothing came; seen: {self.seen[-5:]}"
            raise TimeoutError(message)
        data = os.read(self._read, 65536)
        if not data:
            raise EOFError
        self._buffer += data


@contextlib.contextmanager
def process(
    command: list[str], env: dict[str, str], *, errors: Path, **options: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """A child process that does not outlive the test."""
    with errors.open("wb") as stderr:
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=os.environ | env,
            **options,
        )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGKILL)
        child.wait(PATIENCE)
        for stream in (child.stdin, child.stdout):
            assert stream is not None
            with contextlib.suppress(BrokenPipeError):
                stream.close()


def served(transport: str = "stdio", where: object = 0) -> list[str]:
    """The command of a server around a fake application."""
    return [sys.executable, str(TESTS / "fakes" / "served.py"), transport, str(where)]


def private(folder: Path) -> dict[str, str]:
    """An environment in which Mirador touches nothing outside `folder` and keeps no index."""
    return {
        "PYTHONPATH": str(TESTS),
        "HOME": str(folder),
        "MIRADOR_CONFIG_DIR": str(folder / "config"),
        "MIRADOR_CACHE_DIR": str(folder / "cache"),
        "MIRADOR_STATE_DIR": str(folder / "state"),
        "MIRADOR_RUNTIME_DIR": str(folder / "run"),
        "MIRADOR_INDEX_ENABLED": "false",
    }


def over_pipes(child: subprocess.Popen[bytes]) -> Wire:
    """The wire to a child's standard streams."""
    assert child.stdin is not None
    assert child.stdout is not None
    return Wire(child.stdout.fileno(), child.stdin.fileno())


def over_socket(connection: socket.socket) -> Wire:
    """The wire of a connected socket."""
    return Wire(connection.fileno(), connection.fileno())


def announced(errors: Path) -> tuple[str, int]:
    """Where the server says that it listens."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        match = re.search(r"listening on \w+://([\d.]+):(\d+)", errors.read_text())
        if match:
            return match[1], int(match[2])
        time.sleep(0.02)
    message = f"the server did not say where it listens: {errors.read_text()}"
    raise TimeoutError(message)
