"""A team that shares vectors: by file, and over a real Chroma server; real index processes."""

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from fakes.chroma_run import chroma_run
from fakes.embedder import HashEmbedder
from fakes.index_home import IndexHome, index_home, until_ready
from fakes.openai_server import OpenAIStandIn, openai_server
from mirador_lsp.core.errors import IndexUnavailable
from mirador_lsp.core.retrieval import Collection, IndexReport, Memory, Query
from mirador_lsp.core.servers import TeamServer
from mirador_lsp.index.client import IndexClient

FILES = 6
CARD = HashEmbedder(name="hash").card
NAME = f"mirador-{CARD.digest[:40]}"
ABOVE = "/api/v2/tenants/default_tenant/databases/default_database/collections"
UUID = "6aca0d08-1f6f-4100-b35c-fe72460ce9fc"


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Chroma server."""
    with chroma_run(tmp_path_factory.mktemp("chroma")) as url:
        yield url


@pytest.fixture
def homes() -> Iterator[tuple[IndexHome, IndexHome]]:
    """Two people with the same code."""
    with index_home() as one, index_home() as other:
        one.fill(FILES)
        other.fill(FILES)
        yield one, other


class Journal:
    """What was embedded here."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._path = path
        monkeypatch.setenv("MIRADOR_TEST_EMBEDDED", str(path))

    def take(self) -> int:
        """Texts since the last time."""
        count = self._path.read_text().count("\n") if self._path.exists() else 0
        self._path.unlink(missing_ok=True)
        return count


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    """Counts the texts that every index of this test gives its embedder."""
    return Journal(tmp_path / "embedded", monkeypatch)


@asynccontextmanager
async def ready(client: IndexClient) -> AsyncIterator[IndexReport]:
    """The report of an index that has done everything; the client is closed afterwards."""
    try:
        yield await until_ready(client)
    finally:
        await client.close()


def api(url: str, path: str, body: object = None) -> Any:
    """What a server answers, without Mirador's own way to it."""
    data = None if body is None else json.dumps(body).encode()
    fields = {"Content-Type": "application/json"}
    request = urllib.request.Request(url + path, data, fields)  # noqa: S310 — of this machine
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as answer:
        return json.loads(answer.read())


def held(url: str) -> Any:
    """All that the server has, everything included."""
    found = api(url, f"{ABOVE}/{NAME}")
    body = {"include": ["embeddings", "documents", "metadatas", "uris"]}
    return api(url, f"{ABOVE}/{found['id']}/get", body)


async def test_an_index_of_the_same_code_embeds_nothing_after_an_import(
    homes: tuple[IndexHome, IndexHome], journal: Journal, tmp_path: Path
) -> None:
    """What one has exported, the other takes in; both find the same; the file holds no code."""
    one, other = homes
    path = tmp_path / "team.vectors"
    client = one.client()
    async with ready(client) as report:
        assert journal.take() == report.chunks
        memory = Memory(Collection.TALK, "t1", "weighing", "what did the secretary ask?", time=1.0)
        await client.remember([memory])
        await _until_vectors(client, report.chunks + 1)
        file = await client.export_to(path)
        assert (file.embedder, file.vectors, file.missing) == ("hash", report.chunks, 0)
        assert file.bytes == path.stat().st_size
        first = await client.search(Query("weigh item number 3", most=1))
    data = path.read_bytes()
    assert b"handle" not in data
    assert b"part_" not in data
    journal.take()
    client = other.client()
    taken = await client.import_from(path)
    path.unlink()
    assert (taken.vectors, taken.fits) == (file.vectors, True)
    async with ready(client) as report:
        assert report.vectors == report.chunks == file.vectors
        assert journal.take() == 0
        found = await client.search(Query("weigh item number 3", most=1))
        assert [hit.name for hit in found.hits] == [hit.name for hit in first.hits]
        assert report.sends == ""


async def test_a_shared_folder_is_read_and_never_written(
    homes: tuple[IndexHome, IndexHome], journal: Journal, tmp_path: Path
) -> None:
    """A folder that the settings name serves as an import does; code that it lacks is embedded."""
    one, other = homes
    folder = tmp_path / "shared"
    folder.mkdir()
    client = one.client()
    async with ready(client):
        await client.export_to(folder / "ci.vectors")
    (folder / "broken.vectors").write_bytes(b"rubbish")
    folder.chmod(0o500)
    journal.take()
    other.write("pkg/new.py", "def only_here():\n    return 1\n")
    async with ready(other.client(shared=folder)) as report:
        assert report.vectors == report.chunks
        assert journal.take() == 1
        assert any("broken.vectors" in note for note in report.notes)
    folder.chmod(0o700)
    assert sorted(each.name for each in folder.iterdir()) == ["broken.vectors", "ci.vectors"]


async def test_a_hostile_import_harms_nothing(
    homes: tuple[IndexHome, IndexHome], tmp_path: Path
) -> None:
    """It is refused in one sentence, and the index goes on; one of another embedder is told."""
    one, other = homes
    path = tmp_path / "x.vectors"
    path.write_bytes(b"\x80\x04cposix\nsystem\n" * 100)
    client = one.client()
    async with ready(client):
        with pytest.raises(IndexUnavailable, match="no file of vectors") as raised:
            await client.import_from(path)
        assert raised.value.remedy
        with pytest.raises(IndexUnavailable):
            await client.export_to(tmp_path / "none" / "x.vectors")
        assert (await client.search(Query("handle_3"))).hits[0].name == "pkg/part_3.py"
        await client.export_to(path)
    client = other.client("another")
    async with ready(client):
        assert not (await client.import_from(path)).fits


async def test_two_users_share_what_was_computed(
    homes: tuple[IndexHome, IndexHome], journal: Journal, chroma: str
) -> None:
    """The second one embeds one sample and its own code only; the server has ids and vectors, and
    not one text, name or question.
    """
    one, other = homes
    server = TeamServer(url=chroma)
    client = one.client(team=server)
    async with ready(client) as report:
        assert journal.take() == report.chunks
        memory = Memory(Collection.TALK, "t1", "weighing", "what did the secretary ask?", time=1.0)
        await client.remember([memory])
        chunks = report.chunks
        await _until_vectors(client, chunks + 1)
        await _until_held(chroma, chunks)
        said = (await client.report()).sends
        assert "no code" in said
        assert chroma.removeprefix("http://") in said
    journal.take()
    other.write("pkg/new.py", "def only_here():\n    return 1\n")
    async with ready(other.client(team=server)) as report:
        assert report.vectors == report.chunks == chunks + 1
        assert journal.take() == 2  # its own, and a sample
        assert report.notes == ()
        await _until_held(chroma, chunks + 1)
    everything = held(chroma)
    assert set(map(len, everything["ids"])) == {32}
    assert not any(everything["documents"] or ())
    assert not any(everything["metadatas"] or ())
    assert not any(everything["uris"] or ())
    assert "secretary" not in json.dumps(everything)


async def test_who_only_reads_puts_nothing_there(
    homes: tuple[IndexHome, IndexHome], chroma: str
) -> None:
    """Neither a collection nor a vector; it is told that there are none yet."""
    one, _ = homes
    server = TeamServer(url=chroma, share=False, database="default_database")
    async with ready(one.client("reader", team=server)) as report:
        assert report.vectors == report.chunks
        assert any("no vectors of reader yet" in note for note in report.notes)
    names = [each["name"] for each in api(chroma, ABOVE)]
    digest = HashEmbedder(name="reader").card.digest
    assert f"mirador-{digest[:40]}" not in names


async def test_a_server_that_forgot_is_given_all_again(
    homes: tuple[IndexHome, IndexHome], chroma: str
) -> None:
    """Also what was computed before it was named at all."""
    one, _ = homes
    name = "forgetful"
    async with ready(one.client(name)) as report:
        chunks = report.chunks
    one.end()
    async with ready(one.client(name, team=TeamServer(url=chroma))):
        await _until_held(chroma, chunks, name)


async def _until_vectors(client: IndexClient, count: int) -> None:
    """Until an index has so many vectors."""
    async with aclosing(client.follow()) as reports:
        async for report in reports:
            if report.vectors >= count:
                return


async def _until_held(url: str, count: int, name: str = "hash") -> None:
    """Until the server has so many vectors of an embedder."""
    digest = HashEmbedder(name=name).card.digest
    while True:
        names = {each["name"]: each["id"] for each in await asyncio.to_thread(api, url, ABOVE)}
        found = names.get(f"mirador-{digest[:40]}")
        if found is not None:
            path = f"{ABOVE}/{found}/count"
            if await asyncio.to_thread(api, url, path) == count:
                return
        await asyncio.sleep(0.05)


def _collection(**more: Any) -> dict[str, Any]:
    described = {"id": UUID, "name": NAME, "metadata": {"digest": CARD.digest}, "dimension": 64}
    return {**described, **more}


def _row(value: float = 1.0, dimensions: int = 64) -> list[float]:
    return [value] + [0.0] * (dimensions - 1)


async def _every(rows: Any, body: Any) -> tuple[int, Any]:
    ids = body["ids"]
    return 200, {"ids": ids, "embeddings": [rows for _ in ids]}


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({f"{ABOVE}/{NAME}": _collection(metadata={"digest": "0" * 64})}, "another embedder"),
        ({f"{ABOVE}/{NAME}": _collection(metadata=None)}, "another embedder"),
        ({f"{ABOVE}/{NAME}": _collection(dimension=3)}, "another embedder"),
        ({f"{ABOVE}/{NAME}": _collection(id="../../../reset")}, "no answer of Chroma's"),
        ({f"{ABOVE}/{NAME}": ["what"]}, "no answer of Chroma's"),
        ({"get": {"ids": 7}}, "no answer of Chroma's"),
        ({"get": {"ids": ["ff" * 16], "embeddings": [_row()]}}, "no answer of Chroma's"),
        ({"get": lambda body: _every(_row(dimensions=3), body)}, "no answer of Chroma's"),
        ({"get": lambda body: _every(_row(9.0), body)}, "no answer of Chroma's"),
        ({"get": lambda body: _every(["a"] * 64, body)}, "no answer of Chroma's"),
        ({"get": lambda body: _every(_row(), body)}, "other vectors than this machine"),
    ],
)
async def test_a_server_that_answers_rubbish_is_done_without(
    homes: tuple[IndexHome, IndexHome], answers: dict[str, Any], said: str
) -> None:
    """Everything is computed here, search works, and one sentence with a remedy says why."""
    one, _ = homes
    known: dict[str, Any] = {f"{ABOVE}/{NAME}": _collection()}
    paths = {"get": f"{ABOVE}/{UUID}/get"}
    known |= {paths.get(path, path): answer for path, answer in answers.items()}
    async with openai_server(OpenAIStandIn(answers=known)) as stand_in:
        client = one.client(team=TeamServer(url=stand_in.address))
        async with ready(client) as report:
            assert report.vectors == report.chunks
            (note,) = report.notes
            assert said in note
            assert note.endswith(".")
            found = await client.search(Query("weigh item number 3", most=1))
            assert [hit.name for hit in found.hits] == ["pkg/part_3.py"]
        assert not any("reset" in path for path, _ in stand_in.asked)


async def test_a_server_that_is_away_is_done_without(
    homes: tuple[IndexHome, IndexHome],
) -> None:
    """From the beginning, and without a key as well."""
    one, other = homes
    async with openai_server(OpenAIStandIn()) as stand_in:
        url = stand_in.address
    async with ready(one.client(team=TeamServer(url=url))) as report:
        assert report.vectors == report.chunks
        assert "does not answer" in report.notes[0]
    server = TeamServer(url=url, key_env="MIRADOR_TEST_NO_SUCH_KEY")
    async with ready(other.client(team=server)) as report:
        assert report.vectors == report.chunks
        assert "MIRADOR_TEST_NO_SUCH_KEY" in report.notes[0]


async def test_what_this_machine_does_not_hold_is_dropped(
    homes: tuple[IndexHome, IndexHome], tmp_path: Path
) -> None:
    """While vectors are missing a search asks the server, and of what that finds only chunks that
    are here count: of what is others' nothing is known here at all.
    """
    one, other = homes
    one.fill(300)  # more than a batch
    other.fill(300)
    client = one.client()
    async with ready(client) as report:
        chunks = report.chunks
        await client.export_to(tmp_path / "own.vectors")
    table = _read(tmp_path / "own.vectors")
    in_the_middle, held_back = asyncio.Event(), asyncio.Event()
    got: list[list[str]] = []
    queries: list[int] = []

    async def get(body: Any) -> tuple[int, Any]:
        """One vector in the first batch, so that it is believed; then it takes its time."""
        got.append(body["ids"])
        if len(got) > 1:
            in_the_middle.set()
            await held_back.wait()
        ids = body["ids"][:1]
        return 200, {"ids": ids, "embeddings": [table[chunk] for chunk in ids]}

    async def query(body: Any) -> tuple[int, Any]:
        queries.append(len(body["query_embeddings"][0]))
        ids = ["ee" * 16, *table]
        return 200, {"ids": [ids], "embeddings": [[_row(), *table.values()]]}

    known = {
        f"{ABOVE}/{NAME}": _collection(),
        f"{ABOVE}/{UUID}/get": get,
        f"{ABOVE}/{UUID}/query": query,
        f"{ABOVE}/{UUID}/add": {},
    }
    async with openai_server(OpenAIStandIn(answers=known)) as stand_in:
        client = other.client(team=TeamServer(url=stand_in.address))
        await client.report()
        await in_the_middle.wait()
        found = await client.search(Query("weigh item number 3", most=50))
        assert queries == [64]
        names = {f"pkg/part_{number}.py" for number in range(300)}
        assert {hit.name for hit in found.hits} <= names
        held_back.set()
        report = await until_ready(client)
        assert report.vectors == report.chunks == chunks
        await client.export_to(tmp_path / "all.vectors")
        assert "ee" * 16 not in _read(tmp_path / "all.vectors")
        await client.close()


def _read(path: Path) -> dict[str, list[float]]:
    """What is in a file of vectors of 64 dimensions."""
    import numpy as np

    data = path.read_bytes()[1024:-32]
    rows = [data[at : at + 144] for at in range(0, len(data), 144)]
    return {row[:16].hex(): np.frombuffer(row[16:], "<f2").astype(float).tolist() for row in rows}
