"""A client that speaks through a WebSocket. Loaded only when one is asked for."""

import asyncio
import logging

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from mirador_lsp.core.tasks import Supervisor

_log = logging.getLogger(__name__)


class WebSocketLink:
    """A WebSocket; each of its messages is one body."""

    def __init__(self, socket: ServerConnection, supervisor: Supervisor) -> None:
        self._socket = socket
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue()
        self._unsent = 0
        supervisor.start(self._send_all(), "websocket sender")

    async def read(self) -> list[bytes]:
        """See `Link`."""
        try:
            return [await self._socket.recv(decode=False)]
        except ConnectionClosed:
            return []

    def write(self, body: bytes) -> None:
        """See `Link`."""
        self._unsent += len(body)
        self._outgoing.put_nowait(body)

    def backlog(self) -> int:
        """See `Link`."""
        return self._unsent

    async def close(self, grace: float) -> None:
        """See `Link`."""
        try:
            async with asyncio.timeout(grace):
                await self._outgoing.join()
                await self._socket.close()
        except TimeoutError:
            _log.info("the WebSocket did not close in time")

    async def _send_all(self) -> None:
        while True:
            body = await self._outgoing.get()
            try:
                await self._socket.send(body.decode())
            except ConnectionClosed:
                _log.info("the WebSocket is closed")
            finally:
                self._unsent -= len(body)
                self._outgoing.task_done()
