"""One end of a conversation on the event loop.

Every token passes two of these while the engine wants all cores for itself, and each time a Python
process wakes up the engine stands still. So messages are cut out of the bytes where they arrive,
and `tap` lets the host pass them on without waking a task.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar, cast

import msgspec

from mirador_lsp.ipc import frames

_T = TypeVar("_T")
_QUEUED = 256
"""Messages that may wait to be read before the other side has to wait, too."""


class Line(asyncio.Protocol, Generic[_T]):
    """Sends any message, receives those of one union. `opened` is told when the line stands."""

    def __init__(
        self,
        decoder: "msgspec.json.Decoder[_T]",
        opened: "Callable[[Line[_T]], None] | None" = None,
    ) -> None:
        self._decoder = decoder
        self._opened = opened
        self._buffer = bytearray()
        self._messages: deque[_T] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._error: frames.WireError | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._expired = False
        self.ended = False
        """The other side is gone, or has said something that is no message."""
        self.tap: Callable[[_T], bool] | None = None
        """Gets each message as it arrives; those for which it returns True are not queued."""
        self.lost: Callable[[], None] | None = None
        """Told once when the line has ended, in whatever way."""

    @property
    def transport(self) -> asyncio.Transport:
        """The stream below. Only once the line stands."""
        if self._transport is None:
            message = "this line was never opened"
            raise RuntimeError(message)
        return self._transport

    @property
    def unsent_bytes(self) -> int:
        """What the other side has not taken yet."""
        return self.transport.get_write_buffer_size()

    def send(self, message: frames.Message) -> None:
        """Send a message; to a side that is gone, nothing happens. Raises WireError (too long)."""
        frame = frames.pack(message)
        if not self.transport.is_closing():
            self.transport.write(frame)

    async def next(self) -> _T | None:
        """The next message; None when the other side has ended the conversation.

        May be cancelled at any moment without losing a message. Raises WireError for what is no
        message, TimeoutError when the line has expired.
        """
        while not self._messages:
            if self._expired:
                raise TimeoutError
            if self._error is not None:
                raise self._error
            if self.ended:
                return None
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        message = self._messages.popleft()
        if len(self._messages) == _QUEUED - 1 and not self.ended:
            self.transport.resume_reading()
        return message

    def expire_at(self, when: float) -> None:
        """From this time of the loop's clock on, `next` raises TimeoutError once it has nothing.

        One timer for the whole conversation, not one for each message.
        """
        self._timer = asyncio.get_running_loop().call_at(when, self._expire)

    def close(self) -> None:
        """Say what is still to be said, then hang up."""
        self._stop_timer()
        self.transport.close()

    def hang_up(self) -> None:
        """End the conversation at once. May be repeated."""
        self._stop_timer()
        self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        self._transport = cast("asyncio.Transport", transport)
        if self._opened is not None:
            self._opened(self)

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        self._buffer += data
        try:
            self._cut()
        except frames.WireError as error:
            self._fail(error)

    def eof_received(self) -> None:
        """Called by the event loop, which then closes the transport."""
        if self._buffer and self._error is None:
            self._fail(frames.cut_off())

    def connection_lost(self, _: Exception | None) -> None:
        """Called by the event loop."""
        self.ended = True
        self._stop_timer()
        self._wake()
        if self.lost is not None:
            self.lost()

    def _cut(self) -> None:
        """Take the whole frames out of the buffer."""
        start = 0
        while (end := frames.frame_end(self._buffer, start)) and len(self._buffer) >= end:
            body = bytes(self._buffer[start + frames.HEAD_BYTES : end])
            start = end
            self._accept(frames.decode(self._decoder, body))
        del self._buffer[:start]

    def _accept(self, message: _T) -> None:
        if self.tap is not None and self.tap(message):
            return
        self._messages.append(message)
        if len(self._messages) == _QUEUED:
            self.transport.pause_reading()
        self._wake()

    def _fail(self, error: frames.WireError) -> None:
        self._buffer.clear()
        self._error = error
        self.ended = True
        self.transport.close()
        self._wake()

    def _expire(self) -> None:
        self._expired = True
        self._wake()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
