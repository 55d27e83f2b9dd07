"""A team behind the proxy of the documentation: real HAProxy, real Chroma, real index processes."""

import asyncio
import http.client
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from fakes.chroma_run import chroma_run
from fakes.embedder import HashEmbedder
from fakes.haproxy import HAProxy, haproxy
from fakes.index_home import index_home, until_ready
from fakes.openai_server import OpenAIStandIn, openai_server
from mirador_lsp.core.dialogue import Priority
from mirador_lsp.core.health import Health
from mirador_lsp.core.servers import TeamServer
from mirador_lsp.models.team import team_checks
from mirador_lsp.models.transport import Refusal, Transport

ANN, BOB = "token-of-ann", "token-of-bob"
USERS = {ANN: "ann:write", BOB: "bob:read"}
ABOVE = "/api/v2/tenants/default_tenant/databases/default_database/collections"
UUID = "6aca0d08-1f6f-4100-b35c-fe72460ce9fc"
_MADE = {
    "name": f"mirador-{'a' * 40}",
    "metadata": {"embedder": "e", "digest": "a" * 64, "dimensions": 3},
    "configuration": {"hnsw": {"space": "cosine"}},
    "get_or_create": True,
}


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Chroma server, which asks nobody for anything."""
    with chroma_run(tmp_path_factory.mktemp("chroma")) as url:
        yield url


@pytest.fixture(scope="module")
def proxy(chroma: str) -> Iterator[HAProxy]:
    """The proxy in front of it."""
    with (
        tempfile.TemporaryDirectory(prefix="mir-") as folder,
        haproxy(Path(folder), USERS, chroma, "http://127.0.0.1:1") as made,
    ):
        yield made


def ask(url: str, token: str, method: str, path: str, body: object = None) -> int:
    """The status that a request gets; `path` goes as it is."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    try:
        data = None if body is None else json.dumps(body, separators=(",", ":"))
        connection.request(method, path, data, {"Authorization": f"Bearer {token}"})
        return connection.getresponse().status
    finally:
        connection.close()


async def test_two_users_share_through_the_proxy(
    proxy: HAProxy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each with a token of their own: what the one computed, the other who may only read does not;
    neither tokens nor vectors are in the proxy's log.
    """
    journal = tmp_path / "embedded"
    monkeypatch.setenv("TOKEN_OF_ANN", ANN)
    key = tmp_path / "bob.key"
    key.write_text(BOB, encoding="utf-8")
    key.chmod(0o600)
    with index_home() as one, index_home() as other:
        one.fill(30)
        other.fill(30)
        client = one.client("behind", team=TeamServer(url=proxy.url, key_env="TOKEN_OF_ANN"))
        report = await until_ready(client)
        assert report.notes == ()
        count = report.chunks
        await _until_put(proxy, "behind")
        await client.close()
        monkeypatch.setenv("MIRADOR_TEST_EMBEDDED", str(journal))
        server = TeamServer(url=proxy.url, key_file=str(key), share=False)
        client = other.client("behind", team=server)
        report = await until_ready(client)
        await client.close()
        assert report.notes == ()
        assert report.vectors == report.chunks == count
        assert journal.read_text().count("\n") == 1  # a sample
    said = proxy.log.read_text()
    assert "ann:write POST" in said
    assert "bob:read POST" in said
    assert ANN not in said
    assert BOB not in said


async def _until_put(proxy: HAProxy, name: str) -> None:
    """Until somebody has put vectors there, by the proxy's log."""
    digest = HashEmbedder(name=name).card.digest

    def put() -> bool:
        said = proxy.log.read_text()
        return f"mirador-{digest[:40]}" in said and "/add 201" in said

    await _until(put)


async def _until(holds: Callable[[], bool]) -> None:
    """Until something of another process holds."""
    while not await asyncio.to_thread(holds):  # noqa: ASYNC110 — another process tells nobody
        await asyncio.sleep(0.02)


async def test_a_wrong_token_is_refused_and_search_goes_on(
    proxy: HAProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence says so; everything is computed here."""
    monkeypatch.setenv("TOKEN_OF_NOBODY", "token-of-nobody")
    with index_home() as home:
        home.fill(3)
        client = home.client(team=TeamServer(url=proxy.url, key_env="TOKEN_OF_NOBODY"))
        report = await until_ready(client)
        await client.close()
    assert report.vectors == report.chunks
    (note,) = report.notes
    assert note.startswith("The team's server does not take the key. Correct index.team.key_env")


async def test_doctor_finds_the_proxy_shut_and_chroma_open(proxy: HAProxy, chroma: str) -> None:
    """Which is why there is a proxy."""
    env = {"KEY": ANN}
    well, _ = await team_checks(TeamServer(url=proxy.url, key_env="KEY"), env)
    assert (well.health, well.detail) == (Health.OK, "answers, and only with a key")
    bare, _ = await team_checks(TeamServer(url=chroma, key_env="KEY"), env)
    assert bare.health is Health.WARNING


@pytest.mark.parametrize(
    ("token", "method", "path", "body", "status"),
    [
        ("", "GET", "/api/v2/heartbeat", None, 401),
        ("token", "GET", "/api/v2/heartbeat", None, 401),
        (ANN, "GET", "/api/v2/heartbeat", None, 200),
        (BOB, "GET", "/api/v2/heartbeat", None, 200),
        (ANN, "POST", ABOVE, _MADE, 200),
        (BOB, "POST", ABOVE, _MADE, 403),
        (BOB, "POST", f"{ABOVE}/{UUID}/add", {}, 403),
        (ANN, "POST", ABOVE, {**_MADE, "schema": {}}, 403),
        (ANN, "POST", ABOVE, {**_MADE, "configuration": {"embedding_function": {}}}, 403),
        (ANN, "GET", ABOVE, None, 403),
        (ANN, "DELETE", f"{ABOVE}/mirador-{'a' * 40}", None, 403),
        (ANN, "POST", f"{ABOVE}/{UUID}/delete", {"ids": []}, 403),
        (ANN, "POST", f"{ABOVE}/{UUID}/upsert", {}, 403),
        (ANN, "POST", "/api/v2/reset", {}, 403),
        (ANN, "POST", "/api/v2/tenants", {"name": "another"}, 403),
        (ANN, "GET", "/api/v2/tenants/other/databases/other/collections/x", None, 403),
        (ANN, "POST", f"{ABOVE}/{UUID}/get/../delete", {"ids": []}, 403),
        (ANN, "POST", f"{ABOVE}/{UUID}/get%2f..%2fdelete", {"ids": []}, 403),
        (ANN, "GET", "/api/v2/heartbeat?x=1", None, 403),
        (ANN, "POST", "/api/pull", {"model": "m"}, 403),
        (ANN, "DELETE", "/api/delete", {"model": "m"}, 403),
        (ANN, "GET", "/", None, 403),
    ],
)
def test_nothing_passes_but_what_mirador_asks(
    proxy: HAProxy, token: str, method: str, path: str, body: object, status: int
) -> None:
    """With a right token, too: Chroma trusts whoever reaches it."""
    assert ask(proxy.url, token, method, path, body) == status


async def test_the_urgent_pass_the_others_at_a_model_server(chroma: str) -> None:
    """With one slot and a queue in front of it, who waits in an editor is served next."""
    hold = asyncio.Event()
    stand_in = OpenAIStandIn(events=('{"choices":[]}',), hold=hold)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(openai_server(stand_in))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mir-"))
        proxy = await asyncio.to_thread(
            stack.enter_context, haproxy(Path(folder), USERS, chroma, stand_in.address)
        )
        transport = Transport("models", proxy.url, key=BOB)
        stack.push_async_callback(transport.close)

        async def chat(who: str, priority: Priority) -> None:
            path, body = "/v1/chat/completions", {"who": who}
            async with transport.lines(path, body, priority) as lines:
                async for _ in lines:
                    pass

        async def in_the_queue(count: int) -> None:
            await _until(lambda: proxy.waiting() >= count)

        async with asyncio.TaskGroup() as group:
            group.create_task(chat("first", Priority.BACKGROUND))
            await _until(lambda: bool(stand_in.asked))
            for number in range(3):
                group.create_task(chat(f"folder {number}", Priority.BACKGROUND))
                await in_the_queue(number + 1)
            group.create_task(chat("editor", Priority.INTERACTIVE))
            await in_the_queue(4)
            hold.set()
        order = [body["who"] for _, body in stand_in.asked]
        assert order == ["first", "editor", "folder 0", "folder 1", "folder 2"]
        wrong = Transport("models", proxy.url, key="wrong")
        stack.push_async_callback(wrong.close)
        with pytest.raises(Refusal, match="401"):
            await wrong.get("/v1/models")
