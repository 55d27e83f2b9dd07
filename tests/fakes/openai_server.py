"""A stand-in for servers of OpenAI's dialect: says what it is told to, line by line."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class OpenAIStandIn:
    """What the server says, and what it was asked."""

    answers: dict[str, Any] = field(default_factory=dict)
    """Path to JSON, or to what makes status and JSON of a request's body; what is not there is 404.
    """
    events: tuple[str, ...] = ()
    """Lines of a chat completion, after "data: " where they are JSON."""
    status: int = 200
    """Of a chat completion."""
    error: Any = None
    cut: bool = False
    """The connection is cut after the events."""
    hold: asyncio.Event | None = None
    """Waited for after the events."""
    asked: list[tuple[str, Any]] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client hung up in the middle."""
    address: str = ""


@asynccontextmanager
async def openai_server(stand_in: OpenAIStandIn) -> AsyncIterator[OpenAIStandIn]:
    """Serve until the block ends. One request a connection."""
    open_now: dict[asyncio.StreamWriter, asyncio.Event] = {}

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_now[writer] = asyncio.Event()
        try:
            await _serve(stand_in, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            stand_in.left.set()
        finally:
            writer.close()
            open_now[writer].set()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    stand_in.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield stand_in
        for writer, ended in tuple(open_now.items()):
            writer.transport.abort()
            await ended.wait()


async def _serve(
    stand_in: OpenAIStandIn, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    path = head.split(b" ")[1].decode()
    fields = (line.split(b":", 1) for line in head.lower().split(b"\r\n")[1:] if b":" in line)
    length = next((int(value) for name, value in fields if name == b"content-length"), 0)
    raw = await reader.readexactly(length)
    stand_in.asked.append((path, json.loads(raw) if raw else None))
    if path != "/v1/chat/completions":
        known = path in stand_in.answers
        answer = stand_in.answers.get(path, {"error": "not found"})
        status = 200 if known else 404
        if callable(answer):
            status, answer = await answer(stand_in.asked[-1][1])
        _whole(writer, status, answer)
    elif stand_in.status != 200:
        _whole(writer, stand_in.status, stand_in.error)
    else:
        await _stream(stand_in, reader, writer)
    await writer.drain()


async def _stream(
    stand_in: OpenAIStandIn, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
    for event in stand_in.events:
        framed = f"data: {event}\n\n" if event[:1] in "{[" else f"{event}\n"
        writer.write(framed.encode())
        await writer.drain()
    if stand_in.hold is not None:
        gone = asyncio.get_running_loop().create_task(reader.read(1))
        held = asyncio.get_running_loop().create_task(stand_in.hold.wait())
        await asyncio.wait({gone, held}, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            stand_in.left.set()
        for task in (gone, held):
            task.cancel()
        await asyncio.wait({gone, held})
    if stand_in.cut:
        writer.transport.abort()


def _whole(writer: asyncio.StreamWriter, status: int, body: Any) -> None:
    data = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode() + data)
