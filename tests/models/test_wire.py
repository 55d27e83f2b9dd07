"""Frames: what one side packs the other reads, and nothing else is taken for a message."""

import asyncio
import io
import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_lsp.ipc import frames
from mirador_lsp.ipc.line import Line
from mirador_lsp.models import wire

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_PIECES = st.builds(
    wire.Piece,
    text=_TEXT,
    logprob=st.none() | st.floats(-50, 0),
    alternatives=st.lists(st.tuples(_TEXT, st.floats(-50, 0)), max_size=3).map(tuple),
)
_MESSAGES = st.lists(
    _PIECES
    | st.builds(wire.Started, st.integers(0, 10_000))
    | st.builds(wire.Failed, st.sampled_from(["bad", "timeout"]), _TEXT, _TEXT),
    max_size=5,
)


class _Transport(asyncio.Transport):
    """Below a line that is fed by hand."""

    def close(self) -> None:
        pass

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


def _line() -> Line[wire.FromHost]:
    line = Line(wire.FROM_HOST)
    line.connection_made(_Transport())
    return line


async def _all(data: bytes, step: int) -> list[wire.FromHost]:
    """Read every frame of `data`, which arrives `step` bytes at a time."""
    line = _line()
    found: list[wire.FromHost] = []
    for start in range(0, len(data), step):
        line.data_received(data[start : start + step])
    line.eof_received()
    line.connection_lost(None)
    while (message := await line.next()) is not None:
        found.append(message)
    return found


@given(_MESSAGES, st.integers(1, 50))
def test_what_is_packed_is_read(messages: list[wire.FromHost], step: int) -> None:
    """Any messages come out as they went in, however the bytes are cut."""
    data = b"".join(frames.pack(message) for message in messages)
    assert asyncio.run(_all(data, step)) == messages
    source = io.BytesIO(data)
    read = [frames.read_frame(source, wire.FROM_HOST) for _ in messages]
    assert read == messages
    assert frames.read_frame(source, wire.FROM_HOST) is None


@given(st.binary(min_size=1, max_size=200))
def test_rubbish_is_refused(data: bytes) -> None:
    """Bytes that are no frame raise `WireError`, never anything else."""
    with pytest.raises(frames.WireError):
        asyncio.run(_all(struct.pack(">I", len(data)) + data, 7))
    with pytest.raises(frames.WireError):
        frames.read_frame(io.BytesIO(data[:3]), wire.FROM_HOST)


def test_frames_have_a_limit() -> None:
    """A length that is out of all reason is refused before anything is read or sent."""
    with pytest.raises(frames.WireError, match="more than"):
        frames.read_frame(io.BytesIO(b"\xff\xff\xff\xff"), wire.FROM_HOST)
    with pytest.raises(frames.WireError, match="longer than"):
        frames.pack(wire.Piece("x" * frames.FRAME_LIMIT))


async def test_cancelled_read_keeps_its_place() -> None:
    """A read that is cancelled in the middle of a frame loses nothing of it."""
    line = _line()
    data = frames.pack(wire.Started(7))
    line.data_received(data[:6])
    reading = asyncio.get_running_loop().create_task(line.next())
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    line.data_received(data[6:])
    assert await line.next() == wire.Started(7)


async def test_reader_that_is_slow_slows_the_writer() -> None:
    """Messages that nobody reads are not collected without end."""
    line = _line()
    transport = line.transport
    assert isinstance(transport, _Transport)
    for number in range(256):
        line.data_received(frames.pack(wire.Started(number)))
    assert transport.paused
    assert await line.next() == wire.Started(0)
    assert not transport.paused


async def test_tap_takes_what_it_wants() -> None:
    """A tap sees every message as it arrives; what it takes is not queued."""
    line = _line()
    seen: list[wire.FromHost] = []

    def tap(message: wire.FromHost) -> bool:
        seen.append(message)
        return isinstance(message, wire.Piece)

    line.tap = tap
    line.data_received(frames.pack(wire.Piece("a")) + frames.pack(wire.Started(1)))
    assert seen == [wire.Piece("a"), wire.Started(1)]
    assert await line.next() == wire.Started(1)


async def test_line_expires() -> None:
    """After its time a line has nothing more to say, but what has come is still read."""
    line = _line()
    line.expire_at(asyncio.get_running_loop().time() + 0.01)
    line.data_received(frames.pack(wire.Started(1)))
    assert await line.next() == wire.Started(1)
    with pytest.raises(TimeoutError):
        await line.next()


def test_unknown_fields_are_refused() -> None:
    """A message with a field of another version is no message of this one."""
    body = msgspec.json.encode({"type": "started", "prompt_tokens": 1, "more": 2})
    with pytest.raises(frames.WireError):
        frames.read_frame(io.BytesIO(struct.pack(">I", len(body)) + body), wire.FROM_HOST)
