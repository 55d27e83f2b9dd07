"""A full disk, a locked file, a disk that is read only, other versions, and a purge."""

import asyncio
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import pytest

from fakes.stores import store_at
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.feedback import Which
from mirador_lsp.store import MIGRATIONS, Database, SqliteFeedbackBook, backups, linking
from mirador_lsp.store.place import Place

PATIENCE = 60.0
KEEP = (
    "INSERT OR REPLACE INTO opinions (document, finding, rule, verdict, reason, tool, time) "
    "VALUES ('file:///a.py', ?, 'rules/eval', 'dismissed', ?, 'rules', 1.0)"
)
COUNT = "SELECT count(*) FROM opinions"


@asynccontextmanager
async def opened(file: Path) -> AsyncIterator[Database]:
    """The store in a file."""
    store = store_at(file)
    try:
        yield store
    finally:
        await store.close()


async def keep(store: Database, name: str, size: int = 100) -> bool:
    """Keep an opinion; whether it is on the disk."""
    return await store.transact([(KEEP, (name, "x" * size))])


async def names(file: Path) -> set[str]:
    """What is kept there."""
    async with opened(file) as store:
        return {row[0] for row in await store.read("SELECT finding FROM opinions")}


async def until_kept(store: Database, name: str) -> None:
    """Wait until it is on the disk."""
    async with asyncio.timeout(PATIENCE):
        while not await store.read("SELECT 1 FROM opinions WHERE finding = ?", (name,)):  # noqa: ASYNC110 — no event tells of a row
            await asyncio.sleep(0.05)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A disk of that size at `folder`. Skips the test for who may not mount one."""
    folder.mkdir(mode=0o700)
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    what = [mount, "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(folder)]
    if subprocess.run(what, check=False, capture_output=True).returncode != 0:
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S607


def fill(file: Path) -> None:
    """Write until the disk is full."""
    with file.open("wb", buffering=0) as filling:
        while True:
            filling.write(b"x" * 65536)


def remount(folder: Path, how: str) -> None:
    """Change a small disk."""
    what = ["mount", "-o", f"remount,{how}", str(folder)]
    subprocess.run(what, check=True, capture_output=True)


async def test_what_does_not_fit_waits_and_is_written_when_there_is_room(tmp_path: Path) -> None:
    """Nothing that was acknowledged is lost, reading goes on, and the user is told once."""
    folder = tmp_path / "store"
    file = folder / "mirador.db"
    with small_disk(folder, "2m"):
        async with opened(file) as store:
            acknowledged, waiting = set(), set()
            for number in range(400):
                name = f"f{number}"
                (acknowledged if await keep(store, name, 20_000) else waiting).add(name)
            ((seen,),) = await store.read(COUNT)
            told = [notice.message for notice in store.notices()]
            remount(folder, "size=64m")
            await until_kept(store, "f399")

        assert 5 < len(acknowledged) < 200
        assert waiting
        assert seen == len(acknowledged)
        assert len(told) == 1
        assert "waits in memory" in told[0]
        assert await names(file) == acknowledged | waiting
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_room_that_was_set_aside_lets_things_be_deleted(tmp_path: Path) -> None:
    """On a full disk SQLite cannot even delete; giving the reserve back mends that."""
    folder = tmp_path / "store"
    file = folder / "mirador.db"
    with small_disk(folder, "300m"):
        async with opened(file) as store:
            for number in range(30):
                await keep(store, f"f{number}", 20_000)
            assert Place(file).reserve.stat().st_size > 0
            filler = folder / "filler"
            with pytest.raises(OSError, match="No space"):
                fill(filler)

            removed = await SqliteFeedbackBook(store).forget(Which())

            assert removed == 30
            assert not Place(file).reserve.exists()
        filler.unlink()
        assert await names(file) == set()


WRITER = """
import asyncio, resource, signal, sys
from pathlib import Path
from fakes.stores import store_at

KEEP = sys.argv[2]
async def main(file):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = store_at(file)
    await store.transact([(KEEP, ("first", "x"))])
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
    kept = [await store.transact([(KEEP, (f"f{n}", "x" * 20_000))]) for n in range(60)]
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await store.close()
    print(sum(kept), kept.count(False), len(store.notices()))

asyncio.run(main(Path(sys.argv[1])))
"""


async def test_a_limit_on_files_is_like_a_full_disk(tmp_path: Path) -> None:
    """Without being root: writing fails at a size, waits, and everything is there in the end."""
    file = tmp_path / "store" / "mirador.db"
    tests = Path(__file__).parents[1]
    env = os.environ | {"PYTHONPATH": f"{tests}{os.pathsep}{tests.parent}"}
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", WRITER, str(file), KEEP],
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    kept, waited, told = (int(word) for word in done.stdout.split())
    assert kept > 0
    assert waited > 0
    assert told == 1
    assert len(await names(file)) == 61
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY


async def test_a_read_only_disk_makes_a_session_in_memory(tmp_path: Path) -> None:
    """What was kept is seen, what is kept now is of this session, and that is told once."""
    folder = tmp_path / "store"
    file = folder / "mirador.db"
    with small_disk(folder, "16m"):
        async with opened(file) as store:
            await keep(store, "before")
        remount(folder, "ro")
        async with opened(file) as store:
            assert not await keep(store, "now")
            ((seen,),) = await store.read(COUNT)
            told = [notice.message for notice in (*store.notices(), *store.notices())]
            with pytest.raises(ServiceError, match="changed now"):
                await store.purge()
        remount(folder, "rw")

        assert seen == 2
        assert len(told) == 1
        assert "gone when it ends" in told[0]
        assert await names(file) == {"before"}


async def test_a_locked_file_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program holds it: reading goes on at once, what is written waits and is not lost."""
    monkeypatch.setattr(linking, "BUSY_SECONDS", 0.2)
    monkeypatch.setattr(linking.link, "__kwdefaults__", {"seconds": 0.2, "forgiving": False})
    file = tmp_path / "store" / "mirador.db"
    async with opened(file) as store:
        await keep(store, "before")
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            async with asyncio.TaskGroup() as group:
                writing = group.create_task(keep(store, "during"))
                await asyncio.sleep(0)
                ((seen,),) = await store.read(COUNT)
            acknowledged = writing.result()
            told = [notice.message for notice in store.notices()]
            other.execute("COMMIT")
        await until_kept(store, "during")

    assert (seen, acknowledged) == (1, False)
    assert len(told) == 1
    assert "held" in told[0]


async def test_a_file_that_is_held_from_the_beginning_is_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot even be opened: the session begins in memory, and what it keeps gets there."""
    monkeypatch.setattr(linking.link, "__kwdefaults__", {"seconds": 0.1, "forgiving": False})
    file = tmp_path / "store" / "mirador.db"
    async with opened(file) as store:
        await keep(store, "before")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        async with opened(file) as store:
            acknowledged = [await keep(store, "one"), await keep(store, "two")]
            told = [notice.message for notice in store.notices()]
            other.close()
            await until_kept(store, "two")

    assert acknowledged == [False, False]
    assert len(told) == 1
    assert "waits in memory" in told[0]
    assert await names(file) == {"before", "one", "two"}


async def test_nothing_is_written_twice(tmp_path: Path) -> None:
    """A file put back from a copy gets what it lacks, and nothing else, though rows have no key."""
    file = tmp_path / "store" / "mirador.db"
    row = "INSERT INTO measurements VALUES ('t', ?, 'd', 1, 1, 1, 1, 'held', 1, '', '', '')"
    async with opened(file) as store:
        for number in range(5):
            await store.transact([(row, (f"m{number}",))])
        with (
            closing(sqlite3.connect(file)) as source,
            closing(sqlite3.connect(tmp_path / "copy.db")) as copy,
        ):
            source.backup(copy)
        for number in range(5, 8):
            await store.transact([(row, (f"m{number}",))])
        (tmp_path / "copy.db").replace(file)
        await store.transact([(row, ("last",))])
        found = await store.read("SELECT model FROM measurements ORDER BY rowid")

    assert [row[0] for row in found] == [*(f"m{number}" for number in range(8)), "last"]


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
async def test_every_earlier_schema_goes_on(tmp_path: Path, version: int) -> None:
    """Rows survive every migration, and a backup is made before it."""
    file = tmp_path / "store" / "mirador.db"
    old = Database(file, MIGRATIONS[:version], make_folder=lambda each: each.mkdir(exist_ok=True))
    assert await old.transact([(KEEP, ("old", "before the migration"))])

    async with opened(file) as new:
        await keep(new, "new")
        # An older version still runs: it has the file open.
        assert await old.transact([(KEEP, ("late", "by the older one"))])
        found = {row[0] for row in await new.read("SELECT finding FROM opinions")}
    await old.close()

    assert found == {"old", "new", "late"}
    (backup,) = backups.listed(Place(file))
    with closing(sqlite3.connect(backup.file)) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (version,)
        assert copy.execute(COUNT).fetchone() == (1,)


async def test_what_was_forgotten_is_nowhere(tmp_path: Path) -> None:
    """Not in the file, its log, a backup or a damaged file, though another process has it open."""
    file = tmp_path / "store" / "mirador.db"
    secret = "Zephyrine"
    other = store_at(file)
    async with opened(file) as store:
        for number in range(200):
            await store.transact([(KEEP, (f"f{number}", f"{secret} {number}"))])
            await store.transact(
                [("INSERT INTO history_messages (message) VALUES (?)", (f"{secret} {number}",))]
            )
        await other.read(COUNT)
        backups.make(Place(file), None)
        file.with_name("mirador.db.damaged-1").write_text(secret)
        assert holding(tmp_path, secret)

        await store.transact([("DELETE FROM opinions", ()), ("DELETE FROM history_messages", ())])
        await store.purge()

        assert holding(tmp_path, secret) == []
        assert len(backups.listed(Place(file))) == 1
        assert await keep(other, "after")
        assert {row[0] for row in await store.read("SELECT finding FROM opinions")} == {"after"}
    await other.close()
    assert holding(tmp_path, secret) == []


def holding(folder: Path, word: str) -> list[str]:
    """The files that hold a word, in whatever case."""
    return [
        str(file)
        for file in folder.rglob("*")
        if file.is_file() and word.lower().encode() in file.read_bytes().lower()
    ]


async def test_a_file_system_without_shared_memory_is_used_in_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on NFS, where there is no log: two writers lose nothing."""
    from mirador_lsp.store import opening  # noqa: PLC0415 — patched for this test alone

    def no_log(connection: sqlite3.Connection) -> bool:
        connection.execute("PRAGMA journal_mode=TRUNCATE").fetchone()
        return False

    monkeypatch.setattr(opening, "begin_journal", no_log)
    file = tmp_path / "store" / "mirador.db"
    async with opened(file) as one, opened(file) as two, asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(keep(one, f"one{number}"))
            group.create_task(keep(two, f"two{number}"))

    assert len(await names(file)) == 40
    assert not file.with_name("mirador.db-shm").exists()
    assert file.with_name("mirador.db.turn").exists()
