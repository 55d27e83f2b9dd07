"""The way to a team's server: nowhere else, and never in the clear."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mirador_lsp.core.errors import IndexUnavailable, UserError
from mirador_lsp.core.health import Health
from mirador_lsp.core.servers import TeamServer
from mirador_lsp.models.team import connect, sent_to, team_checks

KEY = "s3cr3t-of-the-team"


class Stand:
    """A server that answers every request alike, and keeps what it was sent."""

    def __init__(self, status: str = "200 OK", body: str = "{}", head: str = "") -> None:
        self.status, self.body, self.head = status, body, head
        self.heard: list[str] = []
        self.url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            said = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = [
                int(line.partition(":")[2])
                for line in said.splitlines()
                if line.lower().startswith("content-length:")
            ]
            self.heard.append(said + (await reader.readexactly(sum(length))).decode())
            refused = bool(self.head == "key" and f"Bearer {KEY}" not in said)
            status, body = ("401 Unauthorized", "{}") if refused else (self.status, self.body)
            more = "" if self.head == "key" else self.head
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{more}"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
            )
            await writer.drain()
        writer.close()


@asynccontextmanager
async def serving(stand: Stand) -> AsyncIterator[Stand]:
    """Serve until the block ends."""
    server = await asyncio.start_server(stand.answer, "127.0.0.1", 0)
    stand.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield stand


def _server(url: str, **more: Any) -> TeamServer:
    return TeamServer(url=url, key_env="TEAM_KEY", **more)


async def _asked(url: str) -> Any:
    connection = connect(_server(url), {"TEAM_KEY": KEY})
    try:
        return await connection.ask("/api/v2/x", {"ids": ["00"]})
    finally:
        await connection.close()


async def test_a_proxy_variable_leads_nobody_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """With each of them set, what is sent arrives at the server and nothing at the proxy."""
    async with serving(Stand()) as proxy, serving(Stand(body='{"ids":[]}')) as server:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert await _asked(server.url) == {"ids": []}
        assert len(server.heard) == 1
        assert f"Authorization: Bearer {KEY}".lower() in server.heard[0].lower()
        assert proxy.heard == []


@pytest.mark.parametrize("status", ["301", "302", "303", "307", "308"])
async def test_a_redirect_is_not_followed(status: str) -> None:
    """Neither what was sent nor the key reaches the place that it names."""
    async with serving(Stand()) as other:
        head = f"Location: {other.url}/api/v2/x\r\n"
        async with serving(Stand(f"{status} Elsewhere", head=head)) as server:
            with pytest.raises(IndexUnavailable) as raised:
                await _asked(server.url)
            assert "index.team.url" in raised.value.remedy
        assert other.heard == []


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("401 Unauthorized", "does not take the key"),
        ("403 Forbidden", "does not take the key"),
        ("429 Too Many", "busy"),
        ("503 Unavailable", "busy"),
        ("500 Oops", "refuses \\(500\\)"),
        ("418 Teapot", "refuses \\(418\\)"),
    ],
)
async def test_what_it_refuses_is_one_sentence_with_a_remedy(status: str, said: str) -> None:
    """And the key is not in it, even where the server repeats it."""
    body = f'{{"error":"no {KEY} here"}}'
    async with serving(Stand(status, body)) as server:
        with pytest.raises(IndexUnavailable, match=said) as raised:
            await _asked(server.url)
    assert raised.value.remedy
    assert KEY not in raised.value.sentence()


@pytest.mark.parametrize("body", ["", "<html>", "[" * 100_000, "9" * 9_000_000])
async def test_rubbish_is_an_error_of_ours(body: str) -> None:
    """What is no JSON, is too deep or has no end."""
    async with serving(Stand(body=body)) as server:
        with pytest.raises(IndexUnavailable):
            await _asked(server.url)


async def test_nothing_there_is_none() -> None:
    """A path that the server does not have is an answer."""
    async with serving(Stand("404 Not Found")) as server:
        assert await _asked(server.url) is None


async def test_a_server_that_is_away_is_told() -> None:
    """With the remedy."""
    async with serving(Stand()) as server:
        url = server.url
    with pytest.raises(IndexUnavailable, match="does not answer") as raised:
        await _asked(url)
    assert "mirador doctor" in raised.value.remedy


@pytest.mark.parametrize(
    "url",
    [
        "http://vectors.example.org",
        "http://10.0.0.2:8000",
        "http://127.0.0.1.example.org",
        "http://0x7f.1",
        "http://0.0.0.0:8000",
        "ftp://127.0.0.1",
        "https://user:pass@vectors.example.org",
        "https://",
    ],
)
async def test_what_would_go_in_the_clear_is_refused(url: str) -> None:
    """Only this machine may be spoken to without encryption, whatever a name looks like."""
    with pytest.raises(UserError) as raised:
        connect(_server(url), {"TEAM_KEY": KEY})
    assert raised.value.remedy
    (check,) = await team_checks(_server(url), {"TEAM_KEY": KEY})
    assert check.health is Health.WARNING


def test_a_key_comes_from_a_variable_or_a_file_of_ones_own(tmp_path: Path) -> None:
    """A file that others may read is refused, and so is a variable that is not set."""
    url = "https://vectors.example.org"
    with pytest.raises(UserError, match="TEAM_KEY"):
        connect(_server(url), {})
    file = tmp_path / "team.key"
    file.write_text(KEY, encoding="utf-8")
    file.chmod(0o644)
    with pytest.raises(UserError, match="read by others"):
        connect(TeamServer(url=url, key_file=str(file)), {})
    file.chmod(0o600)
    connect(TeamServer(url=url, key_file=str(file)), {})


def test_what_is_sent_is_one_sentence() -> None:
    """It names the place, and says whether vectors are put there."""
    said = sent_to(_server("https://vectors.example.org:8443"))
    assert said == (
        "Of the index, hashes of pieces of code, their vectors and the vectors of searches go to "
        "the team's server (vectors.example.org:8443); no code, no questions and no names of files."
    )
    assert "their vectors" not in sent_to(_server("https://x.example.org", share=False))


async def test_doctor_says_whether_it_asks_for_the_key() -> None:
    """One that answers anybody is a warning; what is sent is always said."""
    alive = '{"nanosecond heartbeat": 1}'
    env = {"TEAM_KEY": KEY}
    async with serving(Stand(body=alive, head="key")) as guarded:
        well, sent = await team_checks(_server(guarded.url), env)
        assert (well.health, well.detail) == (Health.OK, "answers, and only with a key")
        assert "no code" in sent.detail
    async with serving(Stand(body=alive)) as bare:
        found, _ = await team_checks(_server(bare.url), env)
        assert found.health is Health.WARNING
        assert "without a key" in found.detail
        assert "docs/team.md" in found.remedy
    async with serving(Stand(body='{"hello": 1}')) as other:
        found, _ = await team_checks(_server(other.url), env)
        assert "no Chroma server" in found.detail
    found, _ = await team_checks(_server(other.url), env)
    assert "does not answer" in found.detail
