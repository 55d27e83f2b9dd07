"""The least an editor does: start `mirador serve`, speak to it, listen."""

import asyncio
import json
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from benchmarks.bench import BenchmarkError
from benchmarks.home import Home, mirador_command
from benchmarks.processes import end

_PATIENCE = 120.0


class Editor:
    """A client of one server process over stdio. It answers every question of the server with
    null, and remembers no message that it did not wait for.
    """

    def __init__(self, process: Process) -> None:
        self._process = process
        self._last_id = 0

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    async def initialize(self, more: Mapping[str, Any] | None = None) -> float:
        """Send `initialize`, with `more` capabilities than the least; the moment
        (`time.perf_counter`) at which its answer came.
        """
        capabilities: dict[str, Any] = {
            "textDocument": {"publishDiagnostics": {"versionSupport": True}},
            **(more or {}),
        }
        params = {"processId": None, "rootUri": None, "capabilities": capabilities}
        await self.request("initialize", params)
        return time.perf_counter()

    async def request(self, method: str, params: Any) -> Any:
        """Ask and wait for the answer. Raises BenchmarkError when it is an error."""
        message = await self.answer(self.ask(method, params))
        if "error" in message:
            text = f"{method}: {message['error'].get('message')}"
            raise BenchmarkError(text)
        return message.get("result")

    def ask(self, method: str, params: Any) -> int:
        """Send a request; the id under which its answer will come."""
        self._last_id += 1
        self._send({"id": self._last_id, "method": method, "params": params})
        return self._last_id

    async def answer(self, number: int) -> dict[str, Any]:
        """Wait for the answer to a request, be it an error."""
        return await self.until(lambda m: m.get("id") == number and "method" not in m)

    async def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next message that `wanted` accepts. Raises BenchmarkError when the server leaves."""
        async for message in self._messages():
            if wanted(message):
                return message
        text = "the server left while it was waited for"
        raise BenchmarkError(text)

    def notify(self, method: str, params: Any) -> None:
        """Tell the server something."""
        self._send({"method": method, "params": params})

    async def diagnostics(self, version: int) -> list[Any]:
        """Wait for the diagnostics of a version of the document."""
        async for message in self._messages():
            if message.get("method") == "textDocument/publishDiagnostics":
                params = message["params"]
                if params.get("version") == version:
                    return list(params["diagnostics"])
        text = "the server left before it published"
        raise BenchmarkError(text)

    async def leave(self) -> None:
        """Shut the server down and wait until it is gone."""
        if self._process.returncode is None:
            await self.request("shutdown", None)
            self.notify("exit", None)
            await end(self._process)

    def _send(self, message: Mapping[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        if self._process.stdin is not None:
            self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    async def _messages(self) -> AsyncIterator[dict[str, Any]]:
        """Messages until the server leaves; questions are answered on the way."""
        stdout = self._process.stdout
        while stdout is not None:
            async with asyncio.timeout(_PATIENCE):
                try:
                    head = await stdout.readuntil(b"\r\n\r\n")
                except asyncio.IncompleteReadError:
                    return
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                message = json.loads(await stdout.readexactly(length))
            if "method" in message and "id" in message:
                self._send({"id": message["id"], "result": None})
            yield message


@asynccontextmanager
async def serving(home: Home, **settings: str) -> AsyncIterator[Editor]:
    """A fresh `mirador serve`, with `settings` as environment variables; ended with the block."""
    process = await asyncio.create_subprocess_exec(
        *(mirador_command(), "serve"),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        env=home.environment | settings,
        cwd=home.folder,
    )
    editor = Editor(process)
    try:
        yield editor
        await editor.leave()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
