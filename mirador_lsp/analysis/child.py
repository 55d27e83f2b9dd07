"""One parse worker process, as its client holds it: started, asked, ended."""

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import Process
from collections.abc import Sequence

import msgspec

from mirador_lsp.analysis.frames import LENGTHS, MAX_FRAME, Hello, Reply, Request, frame

COMMAND = (
    sys.executable,
    # Without it the current folder, which may hold anything, would be searched for modules.
    "-P",
    "-m",
    "mirador_lsp.analysis.worker_main",
)
_ROOT = os.sep if os.name == "posix" else None
"""Where the worker lives, so that it keeps no folder of the user's busy."""
_START_SECONDS = 30.0
_END_SECONDS = 1.0
_REPLY = msgspec.json.Decoder(Reply)
_HELLO = msgspec.json.Decoder(Hello)


class ChildLostError(Exception):
    """The process ended, or what it says is not a frame. `str(error)` says which, for a sentence
    that begins with the parser.
    """


class Child:
    """A running worker. One request at a time."""

    def __init__(self, process: Process, measures: Sequence[str] = ()) -> None:
        self._process = process
        self.measures = tuple(measures)

    @classmethod
    async def start(cls, command: Sequence[str] = COMMAND) -> "Child":
        """Start a worker and wait until it is ready. Raises `ChildLostError`."""
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=_ROOT,
            )
        except OSError as error:
            message = f"could not be started: {error.strerror or error}"
            raise ChildLostError(message) from error
        child = cls(process)
        try:
            async with asyncio.timeout(_START_SECONDS):
                child.measures = _HELLO.decode(await child._read()).measures
        except (TimeoutError, msgspec.MsgspecError) as error:
            await child.kill()
            message = "did not become ready"
            raise ChildLostError(message) from error
        except BaseException:
            await child.kill()
            raise
        return child

    @property
    def alive(self) -> bool:
        """Whether the process runs, as far as is known."""
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def ask(self, request: Request, body: bytes, seconds: float) -> Reply:
        """Its answer. After `ChildLostError`, and when cancelled, the child must be killed: what it
        still says would be taken for the answer to the next request.
        """
        stdin = self._process.stdin
        if stdin is None:  # cannot be: it was started with a pipe
            message = "has no input"
            raise ChildLostError(message)
        try:
            async with asyncio.timeout(seconds):
                stdin.write(frame(request, body))
                await stdin.drain()
                reply = _REPLY.decode(await self._read())
        except TimeoutError as error:
            message = f"did not answer within {seconds:g} seconds"
            raise ChildLostError(message) from error
        except OSError as error:
            message = "ended while it worked"
            raise ChildLostError(message) from error
        except msgspec.MsgspecError as error:
            message = "gave an answer that cannot be read"
            raise ChildLostError(message) from error
        if reply.id != request.id:
            message = "answered another question"
            raise ChildLostError(message)
        return reply

    async def _read(self) -> bytes:
        stdout = self._process.stdout
        if stdout is None:  # cannot be: it was started with a pipe
            message = "has no output"
            raise ChildLostError(message)
        try:
            head, body = LENGTHS.unpack(await stdout.readexactly(LENGTHS.size))
            if max(head, body) > MAX_FRAME:
                message = "gave an answer that is too large"
                raise ChildLostError(message)
            data = await stdout.readexactly(head)
            await stdout.readexactly(body)
        except asyncio.IncompleteReadError as error:
            message = "ended while it worked"
            raise ChildLostError(message) from error
        return data

    async def end(self) -> None:
        """Let it end by itself; kill it if it does not within a second."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(_END_SECONDS):
                await self._process.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it now."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()
