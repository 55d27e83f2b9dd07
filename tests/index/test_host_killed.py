"""The index killed while it is built, again and again, at another moment each time."""

import random
from collections.abc import AsyncIterator

import pytest

from fakes.index_home import IndexHome, index_home, kill, until_ready
from mirador_lsp.core.errors import IndexUnavailable
from mirador_lsp.core.retrieval import IndexReport, Query

_FILES = 40
_LONGEST = 0.5
"""Seconds of processor time that building these files takes, about."""


@pytest.fixture
async def home() -> AsyncIterator[IndexHome]:
    """A workspace with an index of its own."""
    with index_home() as made:
        yield made


async def _until_it_dies(home: IndexHome) -> IndexReport | None:
    """Build until the host is gone; the report if it was ready before."""
    client = home.client()
    try:
        return await until_ready(client)
    except IndexUnavailable:
        return None
    finally:
        await client.close()


async def _contents(home: IndexHome) -> tuple[IndexReport, list[tuple[str, int, str]]]:
    """What is in the index once it is built: figures, and for each function the piece that has it.

    Not the best hit of a search: which of several that are alike comes first depends on the order
    in which files were read.
    """
    client = home.client()
    report = await until_ready(client)
    found = []
    for number in range(_FILES):
        name = f"handle_{number}"
        hits = (await client.search(Query(name, most=_FILES))).hits
        found += [(hit.name, hit.first, hit.content) for hit in hits if hit.symbol == name]
    await client.close()
    return report, found


async def _check(home: IndexHome, rounds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    home.fill(_FILES)
    chance = random.Random(rounds)  # noqa: S311 — the same moments in every run
    died = 0
    for _ in range(rounds):
        monkeypatch.setenv("MIRADOR_TEST_DIES", f"{chance.uniform(0.001, _LONGEST):.4f}")
        died += await _until_it_dies(home) is None
        home.end()
        for number in chance.sample(range(_FILES), 4):
            path = home.workspace / f"pkg/part_{number}.py"
            path.write_text(path.read_text() + f"# weighed {chance.randrange(1000)} times\n")
    monkeypatch.delenv("MIRADOR_TEST_DIES")
    report, found = await _contents(home)
    home.end()
    with index_home() as other:
        for path in home.workspace.rglob("*.py"):
            other.write(str(path.relative_to(home.workspace)), path.read_text())
        fresh, expected = await _contents(other)
    assert died > rounds // 3
    assert found == expected
    assert (report.files, report.chunks, report.skipped) == (fresh.files, fresh.chunks, ())
    assert report.vectors == report.chunks
    # Where the vectors' folder was being opened it is begun anew, from the vectors that are cached.
    assert not any("damaged" in note for note in report.notes)


async def test_nothing_is_lost_by_five_kills(
    home: IndexHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After kills at any moment the index ends up as one that was built in one go."""
    await _check(home, 5, monkeypatch)


@pytest.mark.endurance
@pytest.mark.timeout(600)
async def test_nothing_is_lost_by_fifty_kills(
    home: IndexHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same, fifty times, with edits in between."""
    await _check(home, 50, monkeypatch)


async def test_two_clients_live_through_a_kill(home: IndexHome) -> None:
    """Whoever asks after a kill gets the same new process, and nobody is left waiting."""
    home.fill(8)
    clients = [home.client(), home.client()]
    for client in clients:
        await until_ready(client)
    killed = home.pid()
    kill(killed)
    for client in clients:
        try:
            await client.report()
        except IndexUnavailable:
            await client.report()
        assert (await client.search(Query("handle_6"))).hits[0].name == "pkg/part_6.py"
    assert home.pid() != killed
    for client in clients:
        await client.close()
