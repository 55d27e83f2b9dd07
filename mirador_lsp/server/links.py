"""The wire to one client: standard streams or a socket. `websocket.py` has the third kind.

Sending never blocks the event loop. What cannot be sent yet is counted in `backlog`, so that those
who send can hold back what a client that does not read will not miss.
"""

import asyncio
import contextlib
import logging
import os
import queue
import sys
import threading
from typing import BinaryIO, Protocol

from mirador_lsp.server.framing import Frames, framed

_CHUNK = 64 * 1024
_log = logging.getLogger(__name__)


class Link(Protocol):
    """A connection to one client."""

    async def read(self) -> list[bytes]:
        """The next message bodies, at least one; empty when the client is gone.

        Raises `FramingError` when the stream is not LSP.
        """
        ...

    def write(self, body: bytes) -> None:
        """Send a message body, in the order of the calls. Errors show as an end of `read`."""
        ...

    def backlog(self) -> int:
        """Bytes that wait to be sent."""
        ...

    async def close(self, grace: float) -> None:
        """Send what waits, for at most `grace` seconds, and let go."""
        ...


class StdioLink:
    """The process's own standard streams, taken away from everybody else.

    One stray `print` would end the session: file descriptor 1 becomes standard error, for native
    code and child processes too, and 0 becomes empty.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._in, self._out = _claim_standard_streams()
        self._frames = Frames()
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue(4)
        self._pending: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._unsent = 0
        self._counting = threading.Lock()
        self._all_sent = asyncio.Event()
        threading.Thread(target=self._write_all, name="stdout", daemon=True).start()
        threading.Thread(target=self._read_all, name="stdin", daemon=True).start()

    async def read(self) -> list[bytes]:
        """See `Link`."""
        while chunk := await self._chunks.get():
            if bodies := self._frames.feed(chunk):
                return bodies
        return []

    def write(self, body: bytes) -> None:
        """See `Link`."""
        message = framed(body)
        with self._counting:
            self._unsent += len(message)
        self._pending.put(message)

    def backlog(self) -> int:
        """See `Link`."""
        return self._unsent

    async def close(self, grace: float) -> None:
        """See `Link`."""
        self._pending.put(None)
        # Not by joining in a thread of the loop's pool: whatever is stuck there must not hold us.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._all_sent.wait()

    def _read_all(self) -> None:
        """Runs in a thread: standard input may be a file or a terminal, which no loop can watch."""
        chunk = b"-"
        try:
            while chunk:
                chunk = self._in.read(_CHUNK)
                asyncio.run_coroutine_threadsafe(self._chunks.put(chunk), self._loop).result()
        except OSError as error:
            _log.info("standard input: %s", error)
            asyncio.run_coroutine_threadsafe(self._chunks.put(b""), self._loop)
        except RuntimeError:
            return  # the loop is closed: nobody reads any more

    def _write_all(self) -> None:
        while (message := self._pending.get()) is not None:
            try:
                rest = memoryview(message)
                while rest:
                    rest = rest[self._out.write(rest) :]
            except OSError as error:
                _log.info("standard output: %s", error)
                asyncio.run_coroutine_threadsafe(self._chunks.put(b""), self._loop)
                break
            with self._counting:
                self._unsent -= len(message)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._all_sent.set)


class SocketLink:
    """A TCP connection or a Unix socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._frames = Frames()

    async def read(self) -> list[bytes]:
        """See `Link`."""
        try:
            while chunk := await self._reader.read(_CHUNK):
                if bodies := self._frames.feed(chunk):
                    return bodies
        except OSError as error:
            _log.info("connection: %s", error)
        return []

    def write(self, body: bytes) -> None:
        """See `Link`."""
        if not self._writer.is_closing():
            self._writer.write(framed(body))

    def backlog(self) -> int:
        """See `Link`."""
        return self._writer.transport.get_write_buffer_size()

    async def close(self, grace: float) -> None:
        """See `Link`."""
        self._writer.close()
        try:
            async with asyncio.timeout(grace):
                await self._writer.wait_closed()
        except (TimeoutError, OSError):
            self._writer.transport.abort()


def _claim_standard_streams() -> tuple[BinaryIO, BinaryIO]:
    incoming, outgoing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return (
        open(incoming, "rb", buffering=0, closefd=False),
        open(outgoing, "wb", buffering=0, closefd=False),
    )
