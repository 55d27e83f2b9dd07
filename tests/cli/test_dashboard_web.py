"""The dashboard's page is there for the user who started it, and for nobody else."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fakes.dashboard import record, source_over
from fakes.exposition import read
from fakes.metrics import NOON, request, stage_run
from mirador_lsp.cli.dashboard_web import serving
from mirador_lsp.core.errors import ServiceError


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    """Of a page with two requests on it."""
    await record(tmp_path, [request(), request("fix", NOON + 1)])
    async with source_over(tmp_path) as source, serving(source) as found:
        yield found


async def say(address: str, head: str) -> tuple[int, dict[str, str], bytes]:
    """Send exactly this; the status, the headers and the body that come back."""
    port = int(address.split(":")[2].partition("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head.encode("latin-1"))
    await writer.drain()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    above, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = above.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split(" ")[1]), headers, body


async def get(
    address: str, path: str = "", *, method: str = "GET", host: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Ask for a document below the address, as a browser does."""
    place = address.removeprefix("http://")
    name, _, token = place.partition("/")
    return await say(address, f"{method} /{token}{path} HTTP/1.1\r\nHost: {host or name}\r\n\r\n")


async def test_the_page_its_data_and_the_metrics_are_there(address: str) -> None:
    """Each in its own form."""
    status, headers, body = await get(address)
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"<title>Mirador: figures</title>" in body

    status, headers, body = await get(address, "data.json")
    facts = json.loads(body)
    assert (status, facts["requests"], facts["live"]) == (200, 2, True)
    assert facts["now"]["queues"][0]["waiting"] == 2

    status, headers, body = await get(address, "metrics")
    families = read(body.decode())
    assert (status, headers["content-type"].startswith("text/plain; version=0.0.4")) == (200, True)
    assert families["mirador_engine_running"].samples


async def test_new_figures_are_on_it_without_a_restart(tmp_path: Path, address: str) -> None:
    """Another process has counted something."""
    await record(tmp_path, [request("ask", NOON + 2)])

    _, _, body = await get(address, "data.json")
    assert json.loads(body)["requests"] == 3


@pytest.mark.parametrize("path", ["/", "/guess/", "/guess/data.json", "//", "/%2e%2e/"])
async def test_without_the_token_there_is_nothing(address: str, path: str) -> None:
    """Not even that it would be there with one."""
    host = address.removeprefix("http://").partition("/")[0]
    status, _, body = await say(address, f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n")

    assert (status, body) == (404, b"Not Found\n")


async def test_tokens_cannot_be_guessed_and_are_new_each_time(tmp_path: Path) -> None:
    """Long ones, of which none comes twice."""
    found = set()
    for _ in range(5):
        async with source_over(tmp_path) as source, serving(source) as address:
            found.add(address.rstrip("/").rpartition("/")[2])

    assert len(found) == 5
    assert min(map(len, found)) >= 32


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", "[::1]"]
)
async def test_a_name_that_was_made_to_point_here_is_turned_away(address: str, host: str) -> None:
    """Rebinding: the browser would let that page read the answer."""
    status, _, body = await get(address, "data.json", host=host)

    assert status == 421
    assert b"requests" not in body


@pytest.mark.parametrize("hosts", ["", "Host: a\r\nHost: b\r\n"])
async def test_a_request_has_one_host(address: str, hosts: str) -> None:
    """Neither none nor two."""
    place = address.removeprefix("http://").partition("/")[2]
    status, _, _ = await say(address, f"GET /{place} HTTP/1.1\r\n{hosts}\r\n")

    assert status == 421


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_nothing_can_be_written(address: str, method: str) -> None:
    """And no other origin is let in."""
    status, headers, _ = await get(address, method=method)

    assert (status, headers["allow"]) == (405, "get, head")
    assert "access-control-allow-origin" not in headers


async def test_every_answer_keeps_the_browser_in_its_bounds(address: str) -> None:
    """Nothing from elsewhere, no frames, no sniffing, no copies, no address in a referrer."""
    for path in ("", "data.json", "metrics", "nothing"):
        _, headers, _ = await get(address, path)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers


async def test_a_head_has_no_body(address: str) -> None:
    """But says how long it would be."""
    status, headers, body = await get(address, method="HEAD")

    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) > 1000


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("nonsense\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nX: " + "y" * 20_000 + "\r\n\r\n", 431),
        ("GET /\xff\xfe HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n", 421),
    ],
)
async def test_what_is_no_request_is_refused(address: str, head: str, status: int) -> None:
    """And the next guest is served as ever."""
    assert (await say(address, head))[0] == status
    assert (await get(address))[0] == 200


async def test_a_guest_who_says_nothing_does_not_keep_the_page_from_ending(tmp_path: Path) -> None:
    """Nor one who hangs up in the middle."""
    async with source_over(tmp_path) as source:
        async with serving(source) as address:
            port = int(address.split(":")[2].partition("/")[0])
            _, silent = await asyncio.open_connection("127.0.0.1", port)
            _, gone = await asyncio.open_connection("127.0.0.1", port)
            gone.write(b"GET /")
            gone.close()
            assert (await get(address))[0] == 200
        silent.close()
        await gone.wait_closed()


async def test_a_port_that_is_taken_is_told(address: str, tmp_path: Path) -> None:
    """With what to do."""
    port = int(address.split(":")[2].partition("/")[0])
    async with source_over(tmp_path) as source:
        with pytest.raises(ServiceError, match="cannot be had"):
            async with serving(source, port):
                pass


async def test_a_store_that_cannot_be_read_is_told_on_the_page(tmp_path: Path) -> None:
    """As a sentence; the page itself goes on."""
    async with source_over(tmp_path) as source:
        await record(tmp_path, [request(stages=(stage_run(),))])
        async with serving(source) as address:
            assert (await get(address, "data.json"))[0] == 200
            reader = source._reader
            await reader._books.database.close()
            status, _, body = await get(address, "data.json")

    assert status == 503
    assert body.startswith(b"The store is closed.")
