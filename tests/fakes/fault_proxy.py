"""A proxy in front of a model server that spoils the answers to questions, each in one way.

Only answers to chat requests are spoiled; the list of models comes through as the server gives it.
An answer is cut into lines, so that a fault can begin behind a number of them and, of the next one,
behind a number of letters. It listens on the loopback interface.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

_CHATS = (b"/api/chat", b"/v1/chat/completions", b":streamGenerateContent?alt=sse")
_STREAM = b"application/x-ndjson"


class End(Enum):
    """How an answer ends that does not end as the server ended it."""

    SERVERS = "as the server ends it"
    WELL_FORMED = "in good form, but too early"
    CUT_CHUNK = "in a chunk that is shorter than it says"
    RESET = "by a reset of the connection"
    STALL = "never, and nothing comes any more"


@dataclass(frozen=True)
class Fault:
    """What goes wrong with an answer."""

    name: str
    lines: int = 0
    """Whole lines that come through before it."""
    letters: int = 0
    """Bytes of the next line that come through, too."""
    insert: bytes = b""
    """What comes then, out of the server's order."""
    end: End = End.SERVERS
    status: int = 0
    """Answered instead of anything the server says, with `insert` as the body."""
    kind: bytes = b"application/json"
    """Content type of that body."""
    drip: bool = False
    """Everything comes byte by byte."""


@dataclass
class FaultProxy:
    """The proxy, and what it has done."""

    server: str
    """Address of the server behind it."""
    faults: Sequence[Fault]
    """Of the first chat requests, in order; later ones are not spoiled."""
    chats: int = 0
    address: str = ""


@asynccontextmanager
async def fault_proxy(server: str, *faults: Fault) -> AsyncIterator[FaultProxy]:
    """Serve until the block ends."""
    proxy = FaultProxy(server, faults)
    open_now: dict[asyncio.StreamWriter, asyncio.Event] = {}

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_now[writer] = asyncio.Event()
        try:
            await _serve(proxy, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            open_now[writer].set()

    listening = await asyncio.start_server(connected, "127.0.0.1", 0)
    proxy.address = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening:
        yield proxy
        for writer, ended in tuple(open_now.items()):
            writer.transport.abort()
            await ended.wait()


async def _serve(
    proxy: FaultProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    asked = head + await reader.readexactly(int(_field(head, b"content-length") or 0))
    fault = None
    if head.split(b" ")[1].endswith(_CHATS):
        fault = proxy.faults[proxy.chats] if proxy.chats < len(proxy.faults) else Fault("none")
        proxy.chats += 1
    if fault is not None and fault.status:
        _head(writer, fault.status, fault.kind, fault.insert)
        await writer.drain()
        return
    place = urlsplit(proxy.server)
    theirs, ours = await asyncio.open_connection(place.hostname, place.port)
    gone = asyncio.get_running_loop().create_task(reader.read(1))
    answering = asyncio.get_running_loop().create_task(_pass_on(asked, theirs, ours, writer, fault))
    try:
        await asyncio.wait({gone, answering}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        answering.cancel()
        await asyncio.wait({gone, answering})
        ours.close()
    if not answering.cancelled() and (error := answering.exception()) is not None:
        raise error


async def _pass_on(
    asked: bytes,
    theirs: asyncio.StreamReader,
    ours: asyncio.StreamWriter,
    writer: asyncio.StreamWriter,
    fault: Fault | None,
) -> None:
    ours.write(asked)
    head = await theirs.readuntil(b"\r\n\r\n")
    status = int(head.split(b" ")[1])
    kind = _field(head, b"content-type") or _STREAM
    if fault is None or status != 200:
        _head(writer, status, kind, b"".join([line async for line in _lines(theirs, head)]))
        await writer.drain()
        return
    _head(writer, status, kind)
    await _spoil(fault, _lines(theirs, head), writer)


async def _spoil(fault: Fault, lines: AsyncIterator[bytes], writer: asyncio.StreamWriter) -> None:
    count = 0
    at_fault = fault.insert or fault.end is not End.SERVERS
    async for line in lines:
        if at_fault and count == fault.lines:
            await _send(writer, line[: fault.letters] + fault.insert, drip=fault.drip)
            if fault.end is not End.SERVERS:
                await _end(fault.end, writer)
                return
        begin = fault.letters if at_fault and count == fault.lines else 0
        await _send(writer, line[begin:], drip=fault.drip)
        count += 1
    assert not at_fault or count > fault.lines, "the answer was over before the fault"
    await _end(End.WELL_FORMED, writer)


async def _end(how: End, writer: asyncio.StreamWriter) -> None:
    match how:
        case End.STALL:
            await asyncio.get_running_loop().create_future()
        case End.RESET:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        case End.CUT_CHUNK:
            writer.write(b"ffff\r\n{")
            await writer.drain()
        case _:
            writer.write(b"0\r\n\r\n")
            await writer.drain()


async def _send(writer: asyncio.StreamWriter, data: bytes, *, drip: bool) -> None:
    pieces = [data[at : at + 1] for at in range(len(data))] if drip else [data] if data else []
    for piece in pieces:
        writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        await writer.drain()


def _head(
    writer: asyncio.StreamWriter, status: int, kind: bytes, body: bytes | None = None
) -> None:
    size = b"Transfer-Encoding: chunked" if body is None else b"Content-Length: %d" % len(body)
    # The place is only for answers that send elsewhere; with others it means nothing.
    extra = b"Location: http://192.0.2.1/\r\n" if 300 <= status < 400 else b""
    writer.write(b"HTTP/1.1 %d X\r\nConnection: close\r\n" % status)
    writer.write(b"Content-Type: %b\r\n%b%b\r\n\r\n%b" % (kind, extra, size, body or b""))


def _field(head: bytes, name: bytes) -> bytes:
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip()
    return b""


async def _lines(reader: asyncio.StreamReader, head: bytes) -> AsyncIterator[bytes]:
    """The lines of a server's body, with what ends them."""
    rest = b""
    async for piece in _pieces(reader, head):
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line + b"\n"
    if rest:
        yield rest


async def _pieces(reader: asyncio.StreamReader, head: bytes) -> AsyncIterator[bytes]:
    if _field(head, b"transfer-encoding").lower() == b"chunked":
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            yield (await reader.readexactly(size + 2))[:-2]
    elif length := _field(head, b"content-length"):
        yield await reader.readexactly(int(length))
    else:
        while piece := await reader.read(65536):
            yield piece
