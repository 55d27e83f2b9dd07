"""The dashboard's page on loopback, for the browser of the user who started it and nobody else.

It is a server of three documents, so it is written on asyncio's streams and needs no framework.
Other users of the machine and other pages in the browser can reach its port; they do not know the
token in its address. A page whose name was made to point here is turned away by its `Host`.
"""

import asyncio
import hmac
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

from mirador_lsp.cli import prometheus
from mirador_lsp.cli.dashboard_page import page, policy
from mirador_lsp.cli.dashboard_source import Source, view_facts
from mirador_lsp.core.errors import ServiceError

_LOOPBACK = "127.0.0.1"
_LONGEST_HEAD = 16 * 1024
_SECONDS = 10.0
"""For a request and its answer: whoever is slower is hung up on."""
_MOST_AT_ONCE = 32


@dataclass(frozen=True)
class _Reply:
    status: HTTPStatus
    kind: str = "text/plain; charset=utf-8"
    body: bytes = b""


@asynccontextmanager
async def serving(source: Source, port: int = 0) -> AsyncIterator[str]:
    """Serve inside the block; gives the address to open. Port 0 takes one that is free.

    Raises `ServiceError` for a port that cannot be had.
    """
    site = _Site(source, secrets.token_urlsafe(24))
    try:
        server = await asyncio.start_server(site.meet, _LOOPBACK, port, limit=_LONGEST_HEAD)
    except OSError as error:
        message = f"Port {port} cannot be had: {error.strerror}."
        raise ServiceError(message, remedy="Name another one with --port, or none.") from error
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site.address
    finally:
        server.close()
        await site.hang_up()


class _Site:
    def __init__(self, source: Source, token: str) -> None:
        self._source = source
        self._token = token
        self._guests: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def address(self) -> str:
        return f"http://{_LOOPBACK}:{self.port}/{self._token}/"

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._guests) >= _MOST_AT_ONCE:
            writer.close()
            return
        self._guests.add(task)
        try:
            async with asyncio.timeout(_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(await self._answer(head))
                await writer.drain()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
            return
        except asyncio.LimitOverrunError:
            writer.write(_wire(_Reply(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)))
        finally:
            self._guests.discard(task)
            writer.close()

    async def hang_up(self) -> None:
        """End what is open."""
        guests = list(self._guests)
        for guest in guests:
            guest.cancel()
        if guests:
            await asyncio.wait(guests, timeout=2)

    async def _answer(self, head: bytes) -> bytes:
        lines = head.decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            return _wire(_Reply(HTTPStatus.BAD_REQUEST))
        method, path, _ = words
        hosts = [line[5:].strip().lower() for line in lines if line[:5].lower() == "host:"]
        if hosts not in ([f"{_LOOPBACK}:{self.port}"], [f"localhost:{self.port}"]):
            return _wire(_Reply(HTTPStatus.MISDIRECTED_REQUEST))
        if method not in ("GET", "HEAD"):
            return _wire(_Reply(HTTPStatus.METHOD_NOT_ALLOWED), "Allow: GET, HEAD\r\n")
        reply = await self._document(path.partition("?")[0])
        return _wire(reply, without_body=method == "HEAD")

    async def _document(self, path: str) -> _Reply:
        _, token, name = [*path.split("/", 2), "/", "/"][:3]
        # Compared in constant time: how long a refusal takes says nothing of the token.
        if not hmac.compare_digest(token.encode(), self._token.encode()):
            return _Reply(HTTPStatus.NOT_FOUND)
        try:
            match name:
                case "":
                    facts = view_facts(await self._source.look())
                    body = await asyncio.to_thread(page, facts)
                    return _Reply(HTTPStatus.OK, "text/html; charset=utf-8", body)
                case "data.json":
                    facts = view_facts(await self._source.look())
                    body = json.dumps(facts).encode()
                    return _Reply(HTTPStatus.OK, "application/json", body)
                case "metrics":
                    return _Reply(HTTPStatus.OK, prometheus.CONTENT_TYPE, await self._metrics())
                case _:
                    return _Reply(HTTPStatus.NOT_FOUND)
        except ServiceError as error:
            return _Reply(HTTPStatus.SERVICE_UNAVAILABLE, body=error.sentence().encode())

    async def _metrics(self) -> bytes:
        measured = await self._source.everything()
        queues = (await self._source.look()).workings.queues
        return prometheus.render(measured.summary, measured.sums, queues).encode()


def _wire(reply: _Reply, more: str = "", *, without_body: bool = False) -> bytes:
    body = reply.body or (f"{reply.status.phrase}\n".encode() if reply.status >= 400 else b"")
    head = (
        f"HTTP/1.1 {reply.status.value} {reply.status.phrase}\r\n"
        f"Content-Type: {reply.kind}\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"Content-Security-Policy: {policy(live=True)}; frame-ancestors 'none'\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "X-Frame-Options: DENY\r\n"
        "Referrer-Policy: no-referrer\r\n"
        "Cross-Origin-Resource-Policy: same-origin\r\n"
        "Cross-Origin-Opener-Policy: same-origin\r\n"
        "Cache-Control: no-store\r\n"
        f"{more}"
        "Connection: close\r\n\r\n"
    )
    return head.encode("latin-1") + (b"" if without_body else body)


async def serve(source: Source, port: int, stop: asyncio.Event, say: Callable[[str], None]) -> None:
    """Serve until `stop`; `say` hears the address once. Raises `ServiceError`."""
    async with serving(source, port) as address:
        say(address)
        await stop.wait()
