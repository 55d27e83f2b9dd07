"""Damaged files: mended from a backup and from what can still be read; nothing is thrown away."""

import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from fakes.stores import store_at
from mirador_lsp.store import backups, mending, opening
from mirador_lsp.store.place import Place
from mirador_lsp.store.salvage import Damaged, salvage
from mirador_lsp.store.troubles import damaged

PAGE = 4096
OPINION = (
    "INSERT OR REPLACE INTO opinions (document, finding, rule, verdict, reason, tool, time) "
    "VALUES (?, ?, 'rules/eval', 'dismissed', ?, 'rules', 1.0)"
)


async def filled(file: Path, first: int, last: int) -> None:
    """Keep opinions of those numbers."""
    store = store_at(file)
    rows = [("file:///a.py", f"f{n}", f"because of {n} " + "x" * 180) for n in range(first, last)]
    assert await store.transact([(OPINION, row) for row in rows])
    await store.close()


async def kept(file: Path) -> tuple[dict[str, str], list[str]]:
    """The opinions there are, and what the user was told."""
    store = store_at(file)
    rows = await store.read("SELECT finding, reason FROM opinions")
    told = [notice.message for notice in (*store.notices(), *store.notices())]
    await store.close()
    return {row[0]: row[1] for row in rows}, told


def noise(seed: int) -> bytes:
    """A page of it, the same each time."""
    return random.Random(seed).randbytes(PAGE)  # noqa: S311 — nothing secret


def trash(file: Path, pages: list[int]) -> None:
    """Overwrite pages of a file with noise. The first page is number 0."""
    with file.open("r+b") as opened:
        for page in pages:
            opened.seek(page * PAGE)
            opened.write(noise(page))


def zero_header(file: Path) -> None:
    """The first hundred bytes are gone."""
    with file.open("r+b") as opened:
        opened.write(bytes(100))


def cut(file: Path) -> None:
    """The second half is gone."""
    os.truncate(file, file.stat().st_size // 2 // PAGE * PAGE)


def middle(file: Path) -> None:
    """Some pages in the middle are noise."""
    pages = file.stat().st_size // PAGE
    trash(file, [pages // 3, pages // 2, pages // 2 + 1])


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(middle, id="pages"),
        pytest.param(zero_header, id="header"),
        pytest.param(cut, id="truncated"),
        pytest.param(lambda file: file.write_text("not a database\n" * 900), id="text"),
        pytest.param(lambda file: trash(file, [0]), id="first page"),
    ],
)
async def test_what_a_backup_has_is_there_again(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    """Whatever happens to the file: every row of the backup, one sentence, the old file aside."""
    file = tmp_path / "store" / "mirador.db"
    await filled(file, 0, 500)
    assert backups.make(Place(file), None) is not None
    await filled(file, 500, 600)
    damage(file)
    broken = file.read_bytes()

    found, told = await kept(file)

    assert {f"f{n}" for n in range(500)} <= set(found)
    assert all(reason.startswith(f"because of {name[1:]} x") for name, reason in found.items())
    assert len(told) == 1
    assert "was damaged" in told[0]
    assert "backup of" in told[0]
    assert file.with_name("mirador.db.damaged-1").read_bytes() == broken
    again, nothing = await kept(file)
    assert (again, nothing) == (found, [])


async def test_what_came_after_the_backup_is_read_around_the_damage(tmp_path: Path) -> None:
    """Rows that no backup has are saved, but for those on the broken pages themselves."""
    file = tmp_path / "store" / "mirador.db"
    await filled(file, 0, 100)
    backups.make(Place(file), None)
    await filled(file, 100, 3000)
    middle(file)

    found, told = await kept(file)

    assert len(found) > 2900
    assert "entries were saved" in told[0]


@pytest.mark.parametrize("damage", [zero_header, lambda file: trash(file, [0])])
async def test_a_lost_first_page_costs_nothing_where_there_is_a_backup(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    """The backup knows what is where; the rows themselves are read in the damaged file."""
    file = tmp_path / "store" / "mirador.db"
    await filled(file, 0, 100)
    backups.make(Place(file), None)
    await filled(file, 100, 1000)
    damage(file)

    found, _ = await kept(file)

    assert len(found) == 1000


async def test_a_file_that_only_once_looks_damaged_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a disk that fails now and then: what such a disk lets be read is less than there is."""
    file = tmp_path / "store" / "mirador.db"
    await filled(file, 0, 50)
    verdicts = [damaged("a page is missing")]
    whole = opening.check

    def check(connection: sqlite3.Connection, **more: bool) -> None:
        if verdicts:
            raise verdicts.pop()
        whole(connection, **more)

    monkeypatch.setattr(opening, "check", check)

    rows, told = await kept(file)

    assert (len(rows), told, Place(file).damaged()) == (50, [], ())


def test_a_copy_that_the_disk_does_not_let_be_read_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says nothing about what is on the disk."""

    def link(*_: object) -> sqlite3.Connection:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
        raise error

    monkeypatch.setattr(mending, "link", link)

    with pytest.raises(sqlite3.OperationalError, match="disk I/O"):
        mending.is_whole(tmp_path / "copy", None)


async def test_an_empty_file_is_begun(tmp_path: Path) -> None:
    """It is what a kill in the very first moment leaves: nothing was kept, nothing is told."""
    file = tmp_path / "store" / "mirador.db"
    file.parent.mkdir(mode=0o700)
    file.touch()

    assert await kept(file) == ({}, [])


async def test_the_log_of_another_file_does_no_harm(tmp_path: Path) -> None:
    """Beside a newer file lies the log of an older state of it, as after copying files by hand."""
    file = tmp_path / "store" / "mirador.db"
    await filled(file, 0, 50)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for number in range(200):
            connection.execute(OPINION, ("file:///b.py", f"old{number}", "x" * 300))
        stale = tmp_path / "stale-wal"
        shutil.copyfile(file.with_name("mirador.db-wal"), stale)
        connection.execute("DELETE FROM opinions WHERE document = 'file:///b.py'")
    await filled(file, 50, 400)
    backups.make(Place(file), None)
    shutil.copyfile(stale, file.with_name("mirador.db-wal"))

    found, _ = await kept(file)

    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert {f"f{n}" for n in range(400)} <= set(found)


async def test_a_backup_that_is_broken_is_passed_over(tmp_path: Path) -> None:
    """The one before it is taken."""
    file = tmp_path / "store" / "mirador.db"
    await filled(file, 0, 100)
    backups.make(Place(file), None)
    await filled(file, 100, 200)
    newest = backups.make(Place(file), None)
    assert newest is not None
    trash(newest.file, [0])
    file.write_bytes(b"nonsense" * 1000)

    found, _ = await kept(file)

    assert set(found) == {f"f{n}" for n in range(100)}


async def test_tables_that_find_words_are_built_anew(tmp_path: Path) -> None:
    """After mending, what is found is what is there."""
    file = tmp_path / "store" / "mirador.db"
    store = store_at(file)
    for number in range(400):
        values = (number + 1, f"Is row{number} safe? " + "x" * 300)
        await store.transact(
            [("INSERT INTO history_messages (rowid, message) VALUES (?, ?)", values)]
        )
    await store.close()
    middle(file)
    store = store_at(file)
    ((count,),) = await store.read("SELECT count(*) FROM history_messages")
    matches = await store.read(
        "SELECT rowid, message FROM history_messages WHERE history_messages MATCH 'row7'"
    )
    await store.close()

    assert count > 350
    assert [row[0] for row in matches] == [8]


async def test_rows_are_found_though_nothing_points_to_them(tmp_path: Path) -> None:
    """The pages that say where the rows of a table are, its root included, are noise; no backup."""
    file = tmp_path / "store" / "mirador.db"
    await filled(file, 0, 4000)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE opinions SET change = ? WHERE finding = 'f77'", ("y" * 9000,))
        connection.execute("UPDATE opinions SET time = 2.5, rating = 300 WHERE finding = 'f78'")
        connection.commit()
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'opinions'"
        ).fetchone()
        wanted = "SELECT rowid, * FROM opinions ORDER BY rowid"
        before = connection.execute(wanted).fetchall()
    inner = [number for number in range(1, file.stat().st_size // PAGE) if kind(file, number) == 5]
    assert inner
    trash(file, [root - 1, *inner])

    _, told = await kept(file)

    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute(wanted).fetchall() == before
    assert "4,000 entries were saved" in told[0]


def kind(file: Path, page: int) -> int:
    """What a page says that it is: 5 for one that says where rows are."""
    with file.open("rb") as opened:
        opened.seek(page * PAGE)
        return opened.read(1)[0]


@pytest.mark.parametrize("seed", range(3))
async def test_most_is_salvaged_where_a_few_pages_are_destroyed(tmp_path: Path, seed: int) -> None:
    """0.3 % of the pages: at least 99 % of the rows are read, whichever tree they are in."""
    file = tmp_path / "damaged.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)")
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO rows (text) VALUES (?)", [(f"{n} " + "x" * 300,) for n in range(20_000)]
        )
        connection.execute("COMMIT")
        # Pages that hold rows: one that says where pages are takes what is below it with it.
        leaves = (
            [
                number
                for number, kind in connection.execute(
                    "SELECT pageno, pagetype FROM dbstat WHERE name = 'rows'"
                )
                if kind == "leaf"
            ]
            if _has_dbstat(connection)
            else list(range(10, 1500))
        )
    chosen = random.Random(seed).sample(leaves, max(1, len(leaves) * 3 // 1000))  # noqa: S311
    trash(file, [number - 1 for number in chosen])
    sound = sqlite3.connect(":memory:", isolation_level=None)
    sound.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)")

    with closing(Damaged(lambda: sqlite3.connect(file))) as damaged, closing(sound):
        found = salvage(damaged, sound)
        texts = sound.execute("SELECT id, text FROM rows").fetchall()

    assert found.rows == len(texts) >= 19_800
    assert all(text.startswith(f"{number - 1} x") for number, text in texts)


def _has_dbstat(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("SELECT 1 FROM dbstat LIMIT 1")
    except sqlite3.Error:
        return False
    return True
