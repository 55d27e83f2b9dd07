"""History in a file: hostile values, kills, several processes, and nothing left of what goes."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from fakes.history import NOW, URI, VISIT, exchange, life
from fakes.stores import store_at
from mirador_lsp.core.history import EVERYTHING, Moment, Page, Selection, Step
from mirador_lsp.store import SqliteHistoryBook
from mirador_lsp.store.history_rows import LONGEST_QUESTION, LONGEST_RESPONSE

PATIENCE = 60.0
NASTY = "'; DROP TABLE history_exchanges; --\0\ud800\n\x1b[31m\u202e\U0001f600"
KEPT = NASTY.replace("\0", "\ufffd").replace("\ud800", "\\ud800")
WRITER = """
import asyncio, sys
from pathlib import Path
from fakes.history import VISIT, exchange, life
from fakes.stores import store_at
from mirador_lsp.core.history import Page, Step
from mirador_lsp.store import SqliteHistoryBook

async def main(file, name, count):
    store = store_at(Path(file))
    book = SqliteHistoryBook(store)
    session = await book.attend(VISIT, 1_700_000_000.0, 8)
    for number in range(count):
        one = exchange(f"{name}-{number}", session=session.id, findings=("f1",))
        await book.keep(Page(session, (one,), (life("f1", Step.REPORTED),)))
        print(number, flush=True)
    await store.close()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the store is."""
    return tmp_path / "store" / "mirador.db"


@pytest.fixture
async def book(file: Path) -> AsyncIterator[SqliteHistoryBook]:
    """The book in that file."""
    store = store_at(file)
    yield SqliteHistoryBook(store)
    await store.close()


async def writer(file: Path, name: str, count: int) -> asyncio.subprocess.Process:
    """A process of its own that keeps exchanges and prints the number of each that is kept."""
    tests = Path(__file__).parents[1]
    env = os.environ | {"PYTHONPATH": f"{tests}{os.pathsep}{tests.parent}"}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WRITER, str(file), name, str(count)),
        stdout=asyncio.subprocess.PIPE,
        env=env,
    )


async def test_hostile_values_are_only_values(book: SqliteHistoryBook) -> None:
    """In every text there is; what has no form in the file is written out, and found again."""
    nasty = exchange(
        "e1", question=NASTY, response=NASTY, name=NASTY, model=NASTY, conversation=NASTY
    )
    moment = Moment(Step.REPORTED, NOW, NASTY, NASTY, NASTY)
    lived = life(NASTY, message=NASTY, name=NASTY, rule=NASTY, quote=NASTY, moments=(moment,))
    await book.keep(Page(None, (nasty, exchange("e2", document=NASTY)), (lived,)))

    kept = {each.id: each for each in await book.exchanges(EVERYTHING, 9)}
    assert (kept["e1"].question, kept["e1"].name, kept["e1"].model) == (KEPT, KEPT, KEPT)
    (again,) = await book.lives_of(URI, [NASTY])
    assert (again.message, again.moments[0].reason) == (KEPT, KEPT)
    assert len(await book.turns(NASTY, "s1", 9)) == 1
    for words in (NASTY, '"', "NEAR(", "a*b", "question:DROP", "-DROP"):
        await book.search(words, 9)
    assert len((await book.search("history_exchanges", 9))[0]) == 1
    assert len(await book.exchanges(Selection(file=NASTY, session="s1"), 9)) == 1


async def test_what_is_too_long_is_cut_and_counted(book: SqliteHistoryBook) -> None:
    """An answer of five million characters is kept by its beginning."""
    long = exchange("e1", question="q" * 10_000, response="r" * 5_000_000)
    await book.keep(Page(exchanges=(long,)))

    (kept,) = await book.exchanges(EVERYTHING, 9)
    assert len(kept.question) == LONGEST_QUESTION
    assert len(kept.response) == LONGEST_RESPONSE
    assert kept.cut == 10_000 - LONGEST_QUESTION + 5_000_000 - LONGEST_RESPONSE


async def test_a_finding_that_is_worded_anew_each_time_has_an_end(
    book: SqliteHistoryBook,
) -> None:
    """A model that is never of one mind does not fill the disk."""
    for number in range(60):
        moment = Moment(Step.REVISED, NOW + number, "deep", "said again", f"wording {number}")
        await book.keep(Page(lives=(life("f1", moments=(moment,)),)))

    (kept,) = await book.lives_of(URI, ["f1"])
    assert len(kept.moments) == 40
    assert kept.last == NOW + 59


async def test_what_was_acknowledged_outlives_a_kill(file: Path) -> None:
    """A process killed amid its work loses nothing that it was told is kept."""
    process = await writer(file, "w", 100_000)
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        for _ in range(20):
            last = int(await process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    rest = await process.stdout.read()
    await process.wait()
    last = max([last, *(int(line) for line in rest.split(b"\n")[:-1])])

    store = store_at(file)
    kept = {each.id for each in await SqliteHistoryBook(store).exchanges(EVERYTHING, 1_000_000)}
    await store.close()
    assert {f"w-{number}" for number in range(last + 1)} <= kept


async def test_several_processes_share_a_session_and_a_finding(file: Path) -> None:
    """Two windows of one editor in one workspace: nothing is lost, nothing is there twice."""
    writers = [await writer(file, name, 25) for name in "abc"]
    async with asyncio.timeout(PATIENCE):
        for process in writers:
            await process.communicate()

    assert [process.returncode for process in writers] == [0, 0, 0]
    store = store_at(file)
    book = SqliteHistoryBook(store)
    (session,) = await book.sessions(EVERYTHING, 9)
    (lived,) = await book.lives(EVERYTHING, 9)
    await store.close()
    assert session.exchanges == 75
    assert len(lived.moments) == 1


async def test_nothing_is_left_on_the_disk_of_what_was_forgotten(file: Path) -> None:
    """Neither in the file nor beside it: not the question, the answer, the code or its words."""
    store = store_at(file)
    book = SqliteHistoryBook(store)
    session = await book.attend(VISIT, NOW, 8)
    words = ("xylophone", "quixotic", "zymurgy")
    secret = exchange("e1", session=session.id, question=words[0], response=words[1])
    other = exchange("e2", session=session.id, question="harmless", response="kept")
    lived = life("f1", Step.REPORTED, message=words[2], quote=words[2])
    await book.keep(Page(session, (secret, other), (lived,)))
    await book.forget(Selection(id="e1"))
    await book.forget(Selection(id="f1"))
    await store.purge()

    for each in file.parent.rglob("*"):
        content = each.read_bytes() if each.is_file() else b""
        assert not [word for word in words if word.encode() in content], each
    assert [each.id for each in (await book.search("harmless", 9))[0]] == ["e2"]
    await store.close()


async def test_reading_makes_no_file(file: Path) -> None:
    """Looking at the history of somebody who has none leaves nothing behind."""
    store = store_at(file)
    book = SqliteHistoryBook(store)
    await book.extent()
    await book.search("x", 9)
    await book.forget(EVERYTHING)
    await store.close()

    assert not file.parent.exists()


async def test_the_same_review_a_hundred_times_keeps_its_size(
    book: SqliteHistoryBook, file: Path
) -> None:
    """Unchanged code may be saved as often as one likes."""
    lives = tuple(life(f"f{n}", Step.REPORTED, Step.SHOWN) for n in range(10))
    one = exchange("e1", findings=tuple(each.finding for each in lives))
    for _ in range(3):
        await book.keep(Page(None, (one,), lives))
    rows = counts(file)
    for _ in range(100):
        await book.keep(Page(None, (one,), lives))

    assert counts(file) == rows


def counts(file: Path) -> dict[str, int]:
    """How many rows each table of history has."""
    with closing(sqlite3.connect(file)) as store:
        names = store.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        tables = [name for (name,) in names if name.startswith("history_")]
        return {
            name: store.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608
            for name in tables
        }
