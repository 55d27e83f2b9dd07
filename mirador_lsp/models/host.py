"""The engine host: one process per user that owns the models and answers every Mirador process.

One connection carries one request; closing it takes the request back. So nothing a client does, its
death included, leaves work behind.
"""

import asyncio
import itertools
import logging
import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from mirador_lsp import __version__
from mirador_lsp.core.dialogue import Priority
from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.ipc import frames
from mirador_lsp.ipc.line import Line
from mirador_lsp.ipc.private import peer_pid, peer_uid
from mirador_lsp.models import wire
from mirador_lsp.models.residents import Residents, rss
from mirador_lsp.models.turns import Turns

_FIRST_WORD_SECONDS = 10.0
_BACKLOG_BYTES = 4 * 1024 * 1024
"""A client that lets this much wait is not reading and is let go."""
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.05, 5.0
"""Seconds between two looks at whether the last client has gone."""
_log = logging.getLogger(__name__)
Send = Callable[[wire.FromHost], None]


class EngineHost:
    """Answers on a listening unix socket until it has been idle for long enough."""

    def __init__(
        self,
        runtime: Path,
        command: Sequence[str],
        *,
        idle_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self._supervisor = Supervisor()
        self._residents = Residents(runtime, command, self._supervisor, clock)
        self._turns = Turns()
        self._clock = clock
        self._idle_seconds = idle_seconds
        self._active = clock()
        self._connections = 0
        self._numbers = itertools.count()
        self._stopping = asyncio.Event()

    async def serve(self, listening: socket.socket) -> None:
        """Serve until idle or stopped; then end the workers."""
        server = await asyncio.get_running_loop().create_unix_server(
            lambda: Line(wire.FROM_CLIENT, self._connected), sock=listening
        )
        try:
            while not self._stopping.is_set() and (rest := self._rest()) > 0:
                await self._pause(rest)
        finally:
            server.close()
            await self._supervisor.close()
            await self._residents.close()

    def stop(self) -> None:
        """Leave now."""
        self._stopping.set()

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    def _rest(self) -> float:
        """Seconds until it may leave."""
        if self._connections:
            return min(max(self._idle_seconds, _SHORTEST_PAUSE), _LONGEST_PAUSE)
        return self._active + self._idle_seconds - self._clock()

    def _connected(self, line: Line[wire.FromClient]) -> None:
        connection = line.transport.get_extra_info("socket")
        if self._stopping.is_set() or peer_uid(connection) not in (None, os.getuid()):
            line.hang_up()
            return
        self._connections += 1
        self._supervisor.start(self._converse(line), "client")

    async def _converse(self, line: Line[wire.FromClient]) -> None:
        def send(message: wire.FromHost) -> None:
            line.send(message)
            if line.unsent_bytes > _BACKLOG_BYTES:
                line.hang_up()

        try:
            send(wire.Hello(__version__, os.getpid()))
            async with asyncio.timeout(_FIRST_WORD_SECONDS):
                message = await line.next()
            await self._obey(message, line, send)
        except (frames.WireError, TimeoutError) as error:
            _log.warning("a client was let go: %s", str(error) or "it said nothing")
        finally:
            self._connections -= 1
            line.close()

    async def _obey(
        self, message: wire.FromClient | None, line: Line[wire.FromClient], send: Send
    ) -> None:
        match message:
            case wire.Ask():
                self._idle_seconds = message.idle_seconds
                self._residents.most = max(message.residents, 1)
                await self._while_wanted(message, line, send)
                self._active = self._clock()
            case wire.GetStatus():
                send(self._status())
            case wire.Stop():
                send(self._status())
                self.stop()
            case None:
                return

    async def _while_wanted(self, ask: wire.Ask, line: Line[wire.FromClient], send: Send) -> None:
        """Answer, unless the client goes away or says another word: both mean it wants no more."""

        async def watch() -> None:
            try:
                await line.next()
            except frames.WireError as error:
                _log.warning("a client was let go: %s", error)
            answer.cancel()

        owner = peer_pid(line.transport.get_extra_info("socket"))
        async with asyncio.TaskGroup() as group:
            answer = group.create_task(self._answer(ask, owner, send))
            watching = group.create_task(watch())
            await asyncio.wait([answer])
            watching.cancel()

    async def _answer(self, ask: wire.Ask, owner: int, send: Send) -> None:
        number = next(self._numbers)
        try:
            async with asyncio.timeout(ask.seconds):
                while not (end := await self._attempt(ask, number, owner, send)):
                    _log.info("request %d gave way and waits again", number)
        except ModelUnavailable as error:
            send(wire.Failed("unavailable", str(error), error.remedy))
        except TimeoutError:
            message = f"{ask.model.name} did not finish within {ask.seconds:.0f} seconds."
            send(wire.Failed("timeout", message))
        else:
            send(end)

    async def _attempt(
        self, ask: wire.Ask, number: int, owner: int, send: Send
    ) -> wire.Done | wire.Failed | None:
        """One try. None when a background request had to give way and must try again.

        A background reply is held back until it is whole: what was sent cannot be taken back.
        """
        background = ask.priority >= Priority.BACKGROUND
        held: list[wire.FromHost] = []
        emit = held.append if background else send
        async with self._turns.take(ask.priority, number, owner) as turn:
            try:
                async with asyncio.timeout(None) as scope:
                    if background:
                        self._turns.interruptible(turn, lambda: _expire(scope))
                    end = await self._residents.run(ask.model, ask.question, emit)
            except TimeoutError:
                if not scope.expired():
                    raise
                return None
        for message in held:
            send(message)
        return end

    def _status(self) -> wire.Status:
        running = self._turns.running
        return wire.Status(
            version=__version__,
            pid=os.getpid(),
            rss_bytes=rss(os.getpid()),
            residents=self._residents.report(),
            running=running,
            waiting=self._turns.waiting,
            idle_seconds=0.0 if running else self._clock() - self._active,
            leaves_after=self._idle_seconds,
        )


def _expire(scope: asyncio.Timeout) -> None:
    if scope.when() is None:
        scope.reschedule(asyncio.get_running_loop().time())
