"""Opinions in a file: kept through kills, damage, and several processes at once."""

import asyncio
import os
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from fakes.feedback import opinion
from fakes.stores import store_at
from mirador_lsp.core.feedback import Verdict
from mirador_lsp.settings.paths import private_folder
from mirador_lsp.store import SqliteFeedbackBook

URI = "file:///work/cart.py"
PATIENCE = 60.0
WRITER = """
import asyncio, sys
from pathlib import Path
from fakes.feedback import opinion
from fakes.stores import store_at
from mirador_lsp.store import SqliteFeedbackBook

async def main(file, name, count):
    book = SqliteFeedbackBook(store_at(Path(file)))
    for number in range(count):
        await book.record(opinion(f"{name}-{number}"))
        print(number, flush=True)
    await book.close()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


def book_at(file: Path) -> SqliteFeedbackBook:
    """The book of that file."""
    return SqliteFeedbackBook(store_at(file))


async def kept_in(file: Path) -> list[str]:
    """The findings that the file has opinions about."""
    book = book_at(file)
    try:
        return [o.finding_id for o in await book.about(URI)]
    finally:
        await book.close()


async def writer(file: Path, name: str, count: int) -> asyncio.subprocess.Process:
    """A process of its own that records opinions and prints the number of each once it is kept."""
    tests = Path(__file__).parents[1]
    env = os.environ | {"PYTHONPATH": f"{tests}{os.pathsep}{tests.parent}"}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WRITER, str(file), name, str(count)),
        stdout=asyncio.subprocess.PIPE,
        env=env,
    )


async def test_opinions_outlive_their_process(tmp_path: Path) -> None:
    """A second book of the same file has them."""
    file = tmp_path / "store" / "mirador.db"
    book = book_at(file)
    await book.record(opinion())
    await book.close()

    assert await kept_in(file) == ["f1"]


async def test_what_was_acknowledged_outlives_a_kill(tmp_path: Path) -> None:
    """A process killed amid its work loses nothing that it was told is kept."""
    file = tmp_path / "store" / "mirador.db"
    process = await writer(file, "w", 100_000)
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        for _ in range(20):
            last = int(await process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    rest = await process.stdout.read()
    await process.wait()
    last = max([last, *(int(line) for line in rest.split(b"\n")[:-1])])

    kept = set(await kept_in(file))
    assert {f"w-{number}" for number in range(last + 1)} <= kept


async def test_several_processes_share_the_file(tmp_path: Path) -> None:
    """Not one of their opinions is lost, whoever begins the file."""
    file = tmp_path / "store" / "mirador.db"
    writers = [await writer(file, name, 25) for name in "abc"]
    async with asyncio.timeout(PATIENCE):
        for process in writers:
            await process.communicate()

    assert [process.returncode for process in writers] == [0, 0, 0]
    assert len(await kept_in(file)) == 75


@pytest.mark.parametrize("damage", [b"not a database" * 400, b"SQLite format 3\0" + b"\xff" * 8000])
async def test_a_damaged_file_is_moved_aside_and_told(tmp_path: Path, damage: bytes) -> None:
    """A fresh file is begun, the old one is kept, and there is one notice."""
    file = private_folder(tmp_path / "store") / "mirador.db"
    file.write_bytes(damage)
    book = book_at(file)

    assert await book.about(URI) == ()
    await book.record(opinion())

    assert [o.finding_id for o in await book.about(URI)] == ["f1"]
    assert file.with_name("mirador.db.damaged-1").read_bytes() == damage
    assert ["damaged-1" in notice.message for notice in book.notices()] == [True]
    assert book.notices() == ()
    await book.close()


async def test_damage_met_while_it_is_open_is_mended(tmp_path: Path) -> None:
    """A file whose pages are overwritten under us is moved aside, and the opinion is kept."""
    file = tmp_path / "store" / "mirador.db"
    book = book_at(file)
    for number in range(50):
        await book.record(opinion(f"f{number}", reason="x" * 400))
    await book.close()
    book = book_at(file)
    await book.about(URI)
    with file.open("r+b") as raw:
        raw.seek(4096)
        raw.write(b"\xff" * (file.stat().st_size - 4096))

    await book.record(opinion("after"))

    assert "after" in {o.finding_id for o in await book.about(URI)}
    await book.close()


async def test_a_file_that_was_deleted_is_begun_anew(tmp_path: Path) -> None:
    """SQLite would go on writing to the file that is gone; what was kept last is written again."""
    file = tmp_path / "store" / "mirador.db"
    book = book_at(file)
    await book.record(opinion())
    for each in file.parent.glob("mirador.db*"):
        each.unlink()

    await book.record(opinion("f2"))
    told = [notice.message for notice in book.notices()]
    await book.close()

    assert set(await kept_in(file)) == {"f1", "f2"}
    assert len(told) == 1
    assert "deleted or replaced" in told[0]


async def test_a_newer_schema_is_read_and_left_alone(tmp_path: Path) -> None:
    """What it holds is seen, what is said is of this session alone, and that is told once."""
    file = tmp_path / "store" / "mirador.db"
    book = book_at(file)
    await book.record(opinion())
    await book.close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = file.read_bytes()
    book = book_at(file)

    await book.record(opinion("f2"))
    seen = {o.finding_id for o in await book.about(URI)}
    told = [notice.message for notice in (*book.notices(), *book.notices())]
    await book.close()

    assert seen == {"f1", "f2"}
    assert [("newer Mirador" in text, "Update Mirador." in text) for text in told] == [(True, True)]
    assert file.read_bytes() == before


async def test_the_file_is_the_users_alone(tmp_path: Path) -> None:
    """Owner-only, whatever the mask, and so is its folder; a link is not followed."""
    file = tmp_path / "store" / "mirador.db"
    before = os.umask(0)
    try:
        book = book_at(file)
        await book.record(opinion())
        modes = {each.stat().st_mode & 0o777 for each in file.parent.iterdir()}
        await book.close()
    finally:
        os.umask(before)

    assert modes == {0o600}
    assert file.parent.stat().st_mode & 0o777 == 0o700
    elsewhere = tmp_path / "elsewhere.db"
    link = file.with_name("link.db")
    link.symlink_to(elsewhere)
    linked = book_at(link)
    await linked.record(opinion())
    told = [notice.message for notice in linked.notices()]
    await linked.close()
    assert len(told) == 1
    assert not elsewhere.exists()


async def test_asking_makes_no_file(tmp_path: Path) -> None:
    """A review in a home that cannot be written to needs no opinions."""
    assert await kept_in(tmp_path / "store" / "mirador.db") == []
    assert not (tmp_path / "store").exists()


async def test_one_document_has_one_name(tmp_path: Path) -> None:
    """Clients differ in what they escape; the opinions are the same."""
    book = book_at(tmp_path / "store" / "mirador.db")
    await book.record(opinion(uri="file:///work/a%20%28b%29.py"))

    (kept,) = await book.about("file:///work/a%20(b).py")

    assert kept.verdict is Verdict.DISMISSED
    assert kept.uri == "file:///work/a%20(b).py"
    await book.close()
