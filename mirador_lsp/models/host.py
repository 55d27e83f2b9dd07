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
from mirador_lsp.ipc.hosting import Hosting, Stop, first_word, tell
from mirador_lsp.ipc.line import Line
from mirador_lsp.ipc.private import peer_pid
from mirador_lsp.models import wire
from mirador_lsp.models.gate import MOST_WAITING, full
from mirador_lsp.models.residents import Residents, rss
from mirador_lsp.models.turns import Turns

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
        self._hosting = Hosting(
            wire.FROM_CLIENT, self._talk, self._supervisor, idle_seconds=idle_seconds, clock=clock
        )
        self._numbers = itertools.count()

    async def serve(self, listening: socket.socket) -> None:
        """Serve until idle or stopped; then end the workers."""
        try:
            await self._hosting.serve(listening)
        finally:
            await self._residents.close()

    def stop(self) -> None:
        """Leave now."""
        self._hosting.stop()

    async def _talk(self, line: Line[wire.FromClient]) -> None:
        def send(message: wire.FromHost) -> None:
            tell(line, message)

        message: wire.FromClient | None = await first_word(line)
        await self._obey(message, line, send)

    async def _obey(
        self, message: wire.FromClient | None, line: Line[wire.FromClient], send: Send
    ) -> None:
        match message:
            case wire.Ask():
                self._hosting.idle_seconds = message.idle_seconds
                self._residents.most = max(message.residents, 1)
                await self._while_wanted(message, line, send)
                self._hosting.active()
            case wire.Count(path, texts):
                send(wire.Counted(await self._residents.count(path, texts)))
            case wire.GetStatus():
                send(self._status())
            case Stop():
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
            if self._turns.waiting >= MOST_WAITING:
                raise full(ask.model.name, self._turns.waiting)
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

        def waiting(before: int) -> None:
            send(wire.Queued(before))

        async with self._turns.take(ask.priority, number, owner, waiting) as turn:
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
            idle_seconds=0.0 if running else self._hosting.idle,
            leaves_after=self._hosting.idle_seconds,
        )


def _expire(scope: asyncio.Timeout) -> None:
    if scope.when() is None:
        scope.reschedule(asyncio.get_running_loop().time())
