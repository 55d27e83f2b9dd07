"""The life of a host once it listens: who is connected, and when it may leave."""

import asyncio
import logging
import math
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import msgspec

from mirador_lsp import __version__
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.ipc import frames
from mirador_lsp.ipc.line import Line
from mirador_lsp.ipc.private import peer_uid

FIRST_WORD_SECONDS = 10.0
"""How long a client may be silent before it has said what it wants."""
_BACKLOG_BYTES = 4 * 1024 * 1024
"""A client that lets this much wait is not reading and is let go."""
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Hello(frames.Message, frozen=True, tag="hello"):
    """First word of every host: who it is."""

    version: str
    pid: int


class Stop(frames.Message, frozen=True, tag="stop"):
    """Leave now. The host ends the connection when it has left."""


class Hosting(Generic[_T]):
    """Answers on a listening unix socket until nobody has been there for long enough."""

    def __init__(
        self,
        decoder: "msgspec.json.Decoder[_T]",
        talk: Callable[[Line[_T]], Awaitable[None]],
        supervisor: Supervisor,
        *,
        idle_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        """`talk` has one conversation with one client, after the first word. What it raises as
        WireError or TimeoutError ends that conversation only. `supervisor` is closed at the end.
        """
        self._decoder = decoder
        self._talk = talk
        self._supervisor = supervisor
        self._clock = clock
        self._connections = 0
        self._stirred = asyncio.Event()
        self._stopping = False
        self.idle_seconds = idle_seconds
        """Without a client and without anything `active` tells of, it leaves after so long."""
        self._active = clock()

    @property
    def idle(self) -> float:
        """Seconds since something was last done for a client."""
        return self._clock() - self._active

    @property
    def connections(self) -> int:
        """Clients that are there now."""
        return self._connections

    def active(self) -> None:
        """Something was done for a client just now."""
        self._active = self._clock()

    def stop(self) -> None:
        """Leave now."""
        self._stopping = True
        self._stirred.set()

    async def serve(self, listening: socket.socket) -> None:
        """Serve until idle or stopped; then end every conversation."""
        server = await asyncio.get_running_loop().create_unix_server(
            lambda: Line(self._decoder, self._connected), sock=listening
        )
        try:
            while not self._stopping and (rest := self._rest()) > 0:
                self._stirred.clear()
                await self._pause(rest)
        finally:
            server.close()
            await self._supervisor.close()

    async def _pause(self, seconds: float) -> None:
        """Until a client has gone or it is time to leave. Nothing wakes the process meanwhile."""
        try:
            async with asyncio.timeout(None if math.isinf(seconds) else seconds):
                await self._stirred.wait()
        except TimeoutError:
            return

    def _rest(self) -> float:
        """Seconds until it may leave."""
        if self._connections:
            return math.inf
        return self._active + self.idle_seconds - self._clock()

    def _connected(self, line: Line[_T]) -> None:
        connection = line.transport.get_extra_info("socket")
        if self._stopping or peer_uid(connection) not in (None, os.getuid()):
            line.hang_up()
            return
        self._connections += 1
        self._supervisor.start(self._converse(line), "client")

    async def _converse(self, line: Line[_T]) -> None:
        try:
            line.send(Hello(__version__, os.getpid()))
            await self._talk(line)
        except (frames.WireError, TimeoutError) as error:
            _log.warning("a client was let go: %s", str(error) or "it said nothing")
        finally:
            self._connections -= 1
            self._stirred.set()
            line.close()


async def first_word(line: Line[_T]) -> _T | None:
    """What the client wants; None when it has gone. Raises WireError, TimeoutError."""
    async with asyncio.timeout(FIRST_WORD_SECONDS):
        return await line.next()


def tell(line: Line[_T], message: frames.Message) -> None:
    """Send a message to a client, unless it has stopped to read: then it is let go."""
    line.send(message)
    if line.unsent_bytes > _BACKLOG_BYTES:
        line.hang_up()
