"""The way to a model server: no proxy, no redirect, no other machine than the one named."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mirador_lsp.core.errors import BadReply, ModelUnavailable, UserError
from mirador_lsp.models.transport import Refusal, Transport


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that gives everybody the same answer; its address and what it was sent."""
    heard: list[bytes] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(x.split(b":")[1]) for x in head.lower().split(b"\r\n") if b"content-length" in x),
            0,
        )
        heard.append(head + await reader.readexactly(length))
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard


def reply(body: bytes, kind: str = "application/json", status: int = 200, extra: str = "") -> bytes:
    """A whole HTTP answer."""
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{extra}"
    return f"{head}Connection: close\r\n\r\n".encode() + body


async def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even one that is set for everything, and no `NO_PROXY`."""
    async with answering(reply(b'{"proxy": 1}')) as (proxy, heard):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy)
        async with answering(reply(b'{"server": 1}')) as (address, _):
            transport = Transport("it", address)
            assert await transport.post("/api/chat", {"code": "secret"}) == {"server": 1}
            await transport.close()
        assert heard == []


async def test_a_redirect_is_a_refusal() -> None:
    """The body goes nowhere else."""
    async with answering(reply(b"{}")) as (elsewhere, heard):
        moved = reply(b"", status=307, extra=f"Location: {elsewhere}/api/chat\r\n")
        async with answering(moved) as (address, _):
            transport = Transport("it", address)
            with pytest.raises(Refusal, match="not followed"):
                await transport.post("/api/chat", {"code": "secret"})
            await transport.close()
        assert heard == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(b"<html>log in</html>", "text/html"), Refusal),
        (reply(b"not json"), BadReply),
        (reply(b'{"error": "no"}', status=500), Refusal),
        (b"SSH-2.0-OpenSSH\r\n", ModelUnavailable),
        (b"", ModelUnavailable),
        (reply(b"{}")[:-10], ModelUnavailable),
        (reply(b"[" + b"1," * 5_000_000 + b"1]"), BadReply),
    ],
)
async def test_answers_of_other_servers_are_errors(answer: bytes, error: type[Exception]) -> None:
    """A login page, another protocol, a flood: each is told apart from a model's words."""
    async with answering(answer) as (address, _):
        transport = Transport("it", address)
        with pytest.raises(error):
            await transport.get("/api/tags")
        await transport.close()


async def test_the_message_inside_an_error_is_found() -> None:
    """However deep servers nest it."""
    nested = b'{"error": "{\\"error\\": {\\"code\\": 400, \\"message\\": \\"too long\\"}}"}'
    async with answering(reply(nested, status=400)) as (address, _):
        transport = Transport("it", address)
        with pytest.raises(Refusal) as caught:
            await transport.get("/x")
        await transport.close()
    assert (caught.value.status, caught.value.message) == (400, "too long")


@pytest.mark.parametrize(
    "url",
    [
        "localhost:11434",
        "ftp://host",
        "file:///etc",
        "http://",
        "http://u:p@host",
        "",
        "http://h?x=1",
        "http://[::1",
        "http://h:abc",
        "http://h:99999",
        "http://h:0",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    """A password in an address would end up in logs; keys have a place of their own."""
    with pytest.raises(UserError):
        Transport("it", url)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:11434", True),
        ("http://127.8.8.8:1", True),
        ("http://[::1]:1", True),
        ("http://model.localhost", True),
        ("http://10.0.0.1:1", False),
        ("http://localhost.example:1", False),
        ("http://127.0.0.1.example:1", False),
    ],
)
def test_what_runs_on_this_machine_is_known_by_its_address(url: str, local: bool) -> None:
    """A name that only looks like this machine is another machine."""
    assert Transport("it", url).local is local


async def test_localhost_is_not_looked_up() -> None:
    """A resolver that is told lies about `localhost` is not asked."""
    async with answering(reply(b'{"here": 1}')) as (address, _):
        port = address.rpartition(":")[2]
        transport = Transport("it", f"http://localhost:{port}")
        assert "127.0.0.1" in repr(transport)
        assert await transport.get("/x") == {"here": 1}
        await transport.close()


def test_the_key_is_not_shown() -> None:
    """What logs and errors print of a transport has no key."""
    assert "sk-1" not in repr(Transport("it", "http://127.0.0.1:1", key="sk-1"))
