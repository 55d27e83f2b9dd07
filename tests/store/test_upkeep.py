"""Backups every day and a thorough look every week, whatever the clock says."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fakes.stores import store_at
from mirador_lsp.settings.paths import private_folder
from mirador_lsp.store import MIGRATIONS, backups, opening, upkeep
from mirador_lsp.store.opening import Opened, Plan
from mirador_lsp.store.place import Place

DAY = 86_400.0
NOW = 1_700_000_000.0
KEEP = (
    "INSERT OR REPLACE INTO opinions (document, finding, rule, verdict, reason, tool, time) "
    "VALUES ('file:///a.py', ?, 'rules/eval', 'dismissed', ?, 'rules', 1.0)"
)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """A store with a row."""
    plan = Plan(Place(tmp_path / "store" / "mirador.db"), MIGRATIONS, private_folder)
    opened = opening.open_file(plan)
    with closing(opened.connection) as connection:
        connection.execute(KEEP, ("a", "b"))
    return plan


def look(plan: Plan, now: float) -> bool:
    """Look after it at that time."""
    return upkeep.look_after(plan, Opened(sqlite3.Connection(":memory:"), None, None, True), now)


def test_a_backup_is_made_every_day_and_three_are_kept(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first a day after the beginning; each can be opened and holds what was there."""
    dates: dict[str, float] = {}
    listed = backups.listed

    def dated(place: Place) -> tuple[backups.Backup, ...]:
        """Files are dated by the machine's clock; here they are by the test's."""
        return tuple(
            backups.Backup(each.file, each.number, dates.setdefault(each.file.name, now), each.size)
            for each in listed(place)
        )

    monkeypatch.setattr(backups, "listed", dated)
    counts = []
    for hours in (0, 12, 25, 30, 50, 75, 100):
        now = NOW + hours * 3600
        assert look(plan, now)
        counts.append([each.number for each in backups.listed(plan.place)])

    assert counts == [[], [], [1], [1], [1, 2], [1, 2, 3], [2, 3, 4]]
    for backup in backups.listed(plan.place):
        assert backup.file.stat().st_mode & 0o777 == 0o600
        with closing(sqlite3.connect(backup.file)) as copy:
            assert copy.execute("SELECT finding FROM opinions").fetchall() == [("a",)]


@pytest.mark.parametrize("jump", [-400 * DAY, 400 * DAY])
def test_a_clock_that_jumps_costs_no_backup(plan: Plan, jump: float) -> None:
    """Whether it jumps to the past or the future: one is made, and the newest are kept."""
    for _ in range(4):
        backups.make(plan.place, None)

    assert look(plan, NOW + jump)
    assert look(plan, NOW + jump)

    numbers = [each.number for each in backups.listed(plan.place)]
    assert len(numbers) == 3
    assert numbers[-1] >= 5
    assert numbers == sorted(numbers)


def test_one_process_at_a_time_looks_after_it(plan: Plan) -> None:
    """Another one that notices the same goes on with its own work."""
    with upkeep.if_nobody_else(plan.place, ".upkeep") as alone:
        assert alone
        assert look(plan, NOW + 30 * DAY)
    assert backups.listed(plan.place) == ()


def test_what_only_a_thorough_look_finds_is_found_and_mended(plan: Plan) -> None:
    """An index that does not fit its table: the quick look passes over it."""
    with closing(sqlite3.connect(plan.place.file, isolation_level=None)) as connection:
        for number in range(50):
            connection.execute(KEEP, (f"f{number}", "x"))
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute("DELETE FROM sqlite_master WHERE name = 'opinions_by_time'")
    with closing(sqlite3.connect(plan.place.file, isolation_level=None)) as connection:
        connection.execute("DELETE FROM opinions WHERE finding = 'f7'")
        connection.execute("CREATE INDEX opinions_by_time ON opinions (time)")
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute(
            "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master "
            "WHERE name = 'opinions_by_id') WHERE name = 'opinions_by_time'"
        )

    assert not look(plan, NOW)
    opened = opening.open_file(plan, suspect=True)
    with closing(opened.connection) as connection:
        (count,) = connection.execute("SELECT count(*) FROM opinions").fetchone()
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

    assert count == 50
    assert len(opened.told) == 1


async def test_every_connection_is_told_what_keeps_rows_safe(tmp_path: Path) -> None:
    """Written through to the disk, with a log, and overwriting what is deleted."""
    store = store_at(tmp_path / "store" / "mirador.db")
    said = {
        name: (await store.read(f"PRAGMA {name}"))[0][0]
        for name in ("synchronous", "journal_mode", "secure_delete", "foreign_keys", "mmap_size")
    }
    await store.close()

    assert said == {
        "synchronous": 2,
        "journal_mode": "wal",
        "secure_delete": 1,
        "foreign_keys": 1,
        "mmap_size": 0,
    }


async def test_a_cancelled_write_runs_to_its_end(tmp_path: Path) -> None:
    """Whoever asked may be gone; what was asked is whole, and the next write finds no lock."""
    store = store_at(tmp_path / "store" / "mirador.db")
    await store.read("SELECT 1")
    async with asyncio.TaskGroup() as group:
        writing = group.create_task(store.transact([(KEEP, (f"f{n}", "x")) for n in range(500)]))
        await asyncio.sleep(0)
        writing.cancel()
    assert writing.cancelled()
    await store.transact([(KEEP, ("last", "x"))])
    ((count,),) = await store.read("SELECT count(*) FROM opinions")
    await store.close()

    assert count == 501
