"""Whole requests: where they may go, what ends them, and whose certificates are believed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mirador_lsp.core.errors import UserError
from mirador_lsp.egress.asking import Caller, NoAnswer
from mirador_lsp.egress.client import certificates


@asynccontextmanager
async def answering(answer: bytes, *, hold: bool = False) -> AsyncIterator[str]:
    """A server that gives everybody the same answer; with `hold`, it never ends it."""
    over = asyncio.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        if hold:
            await over.wait()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        over.set()


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://0x7f.1",
        "http://2130706433",
        "http://0.0.0.0",
        "http://[::ffff:8.8.8.8]",
        "http://example.org",
        "https://user:secret@example.org",
        "https://127.0.0.1@evil.example",
        "ftp://example.org",
        "example.org",
        "",
    ],
)
def test_the_network_is_only_spoken_to_in_secret(url: str) -> None:
    """Names and numbers that only look like this machine are the network, too."""
    with pytest.raises(UserError) as caught:
        Caller("it", url, {})
    assert "secret" not in caught.value.sentence()


@pytest.mark.parametrize("url", ["http://localhost:1", "http://127.8.8.8:1", "http://[::1]:1"])
def test_this_machine_may_be_spoken_to_in_the_clear(url: str) -> None:
    """And `localhost` is not looked up."""
    caller = Caller("it", url, {"Authorization": "sk-1"})
    assert caller.local
    assert "localhost" not in repr(caller)
    assert "sk-1" not in repr(caller)


async def test_an_answer_is_given_whatever_its_status() -> None:
    """What it means is for others to say."""
    head = b"HTTP/1.1 418 Teapot\r\nContent-Type: Application/JSON; x=y\r\nX-One: 1\r\n"
    async with answering(head + b"Content-Length: 2\r\n\r\n[]") as url:
        caller = Caller("it", url, {})
        answer = await caller.ask("GET", "/a%2Fb", seconds=30, most=99)
        assert (answer.status, answer.kind, answer.json()) == (418, "application/json", [])
        assert answer.headers["x-one"] == "1"
        await caller.close()


@pytest.mark.parametrize(
    ("answer", "hold", "heard"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + b" " * 200, False, True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", False, True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", True, True),
        (b"SSH-2.0-OpenSSH\r\n", False, True),
        (b"", False, True),
    ],
)
async def test_what_is_no_whole_answer_says_whether_it_was_heard(
    answer: bytes, hold: bool, heard: bool
) -> None:
    """Too long, broken off, too late, or of another kind: it may have been acted on."""
    async with answering(answer, hold=hold) as url:
        caller = Caller("it", url, {})
        with pytest.raises(NoAnswer) as caught:
            await caller.ask("POST", "/", body={}, seconds=2 if hold else 60, most=100)
        assert caught.value.heard is heard
        await caller.close()


async def test_nobody_there_has_heard_nothing() -> None:
    """So it can be tried again."""
    async with answering(b"") as url:
        pass
    caller = Caller("it", url, {})
    with pytest.raises(NoAnswer) as caught:
        await caller.ask("POST", "/", body={}, seconds=30, most=9)
    assert not caught.value.heard
    await caller.close()


def test_session_keys_are_not_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment asks for."""
    log = tmp_path / "keys"
    monkeypatch.setenv("SSLKEYLOGFILE", str(log))
    context = certificates()
    assert context.keylog_filename is None
    assert context.check_hostname
    assert context.cert_store_stats()["x509_ca"] > 50
