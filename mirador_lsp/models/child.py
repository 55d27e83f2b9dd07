"""A worker process as the host sees it: start it, ask it, call it off, end it."""

import asyncio
import contextlib
import itertools
import logging
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Sequence
from pathlib import Path

from mirador_lsp import __version__
from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.ipc import frames
from mirador_lsp.ipc.line import Line
from mirador_lsp.models import wire

WORKER_COMMAND = (sys.executable, "-P", "-m", "mirador_lsp.models.worker_main")
"""-P, because the working folder may hold modules of strangers."""
ABORT_SECONDS = 0.8
"""How long a worker may take to stop; then it is killed, so that a cancel always ends the work."""
LOAD_SECONDS = 300.0
COUNT_SECONDS = 1.0
"""An estimate is better than waiting any longer."""
_REAP_SECONDS = 5.0
"""How long a killed process is waited for. One that the kernel holds longer is left to it."""
SPIN = {"GOMP_SPINCOUNT": "1000"}
"""Threads of the engine wait for one another at every layer. Left to itself OpenMP waits by
spinning, which collapses to a hundredth of the speed as soon as another program wants a core; with
a bounded spin the idle speed stays and the collapse does not come. It is read when the library is
loaded, so it must be in the environment of a fresh process."""

_log = logging.getLogger(__name__)
Emit = Callable[[wire.Started | wire.Reading | wire.Piece], None]


class WorkerDied(Exception):
    """The worker process ended by itself or broke the protocol. `str` says how."""


class Child:
    """One worker process. It works on one request at a time."""

    def __init__(
        self,
        process: Process,
        line: Line[wire.FromWorker],
        engine_socket: Path,
    ) -> None:
        self._process = process
        self._line = line
        self._engine_socket = engine_socket
        self._numbers = itertools.count()
        self._counting: dict[int, asyncio.Future[tuple[int, ...] | None]] = {}
        self._emit: Emit = _ignore
        line.tap = self._tap
        self.was_stuck = False
        """It did not stop when told to."""

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.returncode is None and not self._line.ended

    async def load(self, spec: wire.ModelSpec) -> wire.Loaded | wire.Failed:
        """Load the model. Raises WorkerDied; a worker that takes too long counts as dead."""
        self._send(wire.Load(spec, str(self._engine_socket), __version__))
        try:
            async with asyncio.timeout(LOAD_SECONDS):
                message = await self._next()
        except TimeoutError as error:
            late = f"did not load the model within {LOAD_SECONDS:.0f} seconds"
            raise WorkerDied(late) from error
        if isinstance(message, wire.Loaded | wire.Failed):
            return message
        confused = "answered out of turn"
        raise WorkerDied(confused)

    async def run(self, question: wire.Question, emit: Emit) -> wire.Done | wire.Failed:
        """Answer a question. Cancelling stops the worker before this returns, by force if need be.

        Raises WorkerDied.
        """
        number = next(self._numbers)
        self._send(wire.Generate(number, question))
        try:
            return await self._until_end(emit)
        except asyncio.CancelledError:
            await self._call_off(number)
            raise

    async def count(self, texts: tuple[str, ...]) -> tuple[int, ...] | None:
        """The number of tokens of each text, also while it answers; None where it cannot say so
        soon.
        """
        number = next(self._numbers)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[tuple[int, ...] | None] = loop.create_future()
        self._counting[number] = answer
        try:
            self._send(wire.Tokenize(number, texts))
            async with asyncio.timeout(COUNT_SECONDS):
                return await answer
        except (TimeoutError, WorkerDied, frames.WireError):
            return None
        finally:
            del self._counting[number]

    async def end(self) -> None:
        """End the process. It has nothing to save, so it is not asked."""
        self.kill()
        try:
            async with asyncio.timeout(_REAP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            _log.error("worker %d does not end although it was killed", self.pid)
        self._engine_socket.unlink(missing_ok=True)

    def kill(self) -> None:
        """Kill the process without waiting for its end. From now on it is not alive."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._line.hang_up()
        self._line.ended = True

    async def _call_off(self, number: int) -> None:
        ended = False
        try:
            self._send(wire.Abort(number))
            async with asyncio.timeout(ABORT_SECONDS):
                await self._until_end(_ignore)
            ended = True
        except (TimeoutError, WorkerDied):
            self.was_stuck = True
        finally:
            if not ended:
                self.kill()

    async def _until_end(self, emit: Emit) -> wire.Done | wire.Failed:
        self._emit = emit
        try:
            message = await self._next()
        finally:
            self._emit = _ignore
        if isinstance(message, wire.Done | wire.Failed):
            return message
        confused = "answered out of turn"
        raise WorkerDied(confused)

    def _tap(self, message: wire.FromWorker) -> bool:
        """Pass on what needs no task to be woken for it."""
        if isinstance(message, wire.Tokenized):
            answer = self._counting.get(message.number)
            if answer is not None and not answer.done():
                answer.set_result(message.tokens)
            return True
        if isinstance(message, wire.Piece | wire.Reading | wire.Started):
            self._emit(message)
            return True
        return False

    async def _next(self) -> wire.FromWorker:
        try:
            message = await self._line.next()
        except frames.WireError as error:
            raise WorkerDied(str(error)) from error
        if message is None:
            raise WorkerDied(await self._epitaph())
        return message

    def _send(self, message: wire.ToWorker) -> None:
        if self._line.ended:
            gone = "is gone"
            raise WorkerDied(gone)
        self._line.send(message)

    async def _epitaph(self) -> str:
        """How the process ended."""
        try:
            async with asyncio.timeout(2):
                code = await self._process.wait()
        except TimeoutError:
            return "closed its line"
        if code >= 0:
            return f"ended with status {code}"
        with contextlib.suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name}"
        return f"was ended by signal {-code}"


async def start_child(command: Sequence[str], engine_socket: Path) -> Child:
    """Start a worker process. Raises ModelUnavailable when the system cannot."""
    ours, theirs = socket.socketpair()
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            f"--fd={theirs.fileno()}",
            f"--parent={os.getpid()}",
            stdin=DEVNULL,
            stdout=DEVNULL,
            pass_fds=(theirs.fileno(),),
            env=os.environ | SPIN,
            cwd="/",
        )
    except OSError as error:
        ours.close()
        message = f"A worker process cannot be started: {error.strerror}."
        raise ModelUnavailable(message) from error
    except asyncio.CancelledError:
        ours.close()
        raise
    finally:
        theirs.close()
    loop = asyncio.get_running_loop()
    try:
        _, line = await loop.create_unix_connection(lambda: Line(wire.FROM_WORKER), sock=ours)
    except BaseException:
        process.kill()
        ours.close()
        raise
    return Child(process, line, engine_socket)


def _ignore(_: object) -> None:
    """What an aborted request still says is of no use."""
