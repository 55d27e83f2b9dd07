"""What it costs: milliseconds a commit, and how late the event loop is meanwhile."""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

from benchmarks.figures import percentile
from benchmarks.store.trial import statements, store_at
from benchmarks.ticker import idle_loop, tick
from mirador_lsp.store import Database, backups, sealing
from mirador_lsp.store.keys import Keys
from mirador_lsp.store.place import Place, only_one

_ROWS = 300
_FILLED = 60_000


async def commits(folder: Path, keys: Keys | None = None) -> dict[str, object]:
    """One transaction after the other, and what a plain connection takes for the same beside it."""
    file = folder / "mirador.db"
    store = store_at(file) if keys is None else _sealed(file, keys)
    await store.transact(statements("file:///warm.py", 0))
    ours, late = await _while_ticking(lambda: _timed(store, _ROWS))
    await store.close()
    plain = _plain(folder / "plain.db") if keys is None else []
    found: dict[str, object] = {
        "p50 ms": percentile(ours, 0.5),
        "p99 ms": percentile(ours, 0.99),
        **late,
    }
    if plain:
        found["plain p50 ms"] = percentile(plain, 0.5)
    return found


async def bulk(folder: Path) -> dict[str, object]:
    """A thousand rows in one transaction."""
    store = store_at(folder / "mirador.db")
    await store.transact(statements("file:///warm.py", 0))
    took = []
    for turn in range(5):
        rows = sorted(s for n in range(500) for s in statements(f"file:///bulk{turn}.py", n))
        began = time.perf_counter()
        await store.transact(rows)
        took.append((time.perf_counter() - began) * 1000)
    await store.close()
    return {"p50 ms": percentile(took, 0.5)}


async def backup(folder: Path) -> dict[str, object]:
    """A backup of a large store while rows are written: how long they wait."""
    file = folder / "mirador.db"
    store = store_at(file)
    for first in range(0, _FILLED, 5000):
        rows = [s for n in range(first, first + 5000) for s in statements("file:///many.py", n)]
        await store.transact(rows)
    seconds = []

    async def work() -> list[float]:
        async with asyncio.TaskGroup() as group:
            copying = group.create_task(asyncio.to_thread(_backed_up, file))
            took = []
            while not copying.done():
                took += await _timed(store, 1)
        seconds.append(copying.result())
        return took

    took, late = await _while_ticking(work)
    await store.close()
    return {
        "MB": file.stat().st_size / 1e6,
        "seconds": seconds[0],
        "commit p99 ms": percentile(took, 0.99),
        **late,
    }


async def locked(folder: Path) -> dict[str, object]:
    """Another program holds the file: how long reading takes, and how late the loop is."""
    file = folder / "mirador.db"
    store = store_at(file)
    await store.transact(statements("file:///a.py", 0))
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        async def work() -> list[float]:
            async with asyncio.TaskGroup() as group:
                writing = group.create_task(store.transact(statements("file:///a.py", 1)))
                await asyncio.sleep(0.05)
                took = []
                while not writing.done():
                    began = time.perf_counter()
                    await store.read("SELECT count(*) FROM opinions")
                    took.append((time.perf_counter() - began) * 1000)
                    await asyncio.sleep(0.02)
            return took

        took, late = await _while_ticking(work)
        other.execute("COMMIT")
    await store.close()
    return {"read p99 ms": percentile(took, 0.99), **late}


async def opened(folder: Path) -> dict[str, object]:
    """From nothing to the first row read, of a store of some megabytes."""
    file = folder / "mirador.db"
    store = store_at(file)
    for first in range(0, 10_000, 5000):
        rows = [s for n in range(first, first + 5000) for s in statements("file:///many.py", n)]
        await store.transact(rows)
    await store.close()
    took = []
    for _ in range(15):
        began = time.perf_counter()
        store = store_at(file)
        await store.read("SELECT 1 FROM opinions LIMIT 1")
        took.append((time.perf_counter() - began) * 1000)
        await store.close()
    return {"MB": file.stat().st_size / 1e6, "p50 ms": percentile(took, 0.5)}


def sealed(folder: Path) -> dict[str, object]:
    """An existing store encrypted, and plain again."""
    where, keys = Place(folder / "mirador.db"), Keys(folder / "keys", use_keyring=False)
    began = time.monotonic()
    with only_one(where):
        key = sealing.encrypt(where, keys)
    between = time.monotonic()
    with only_one(where):
        sealing.decrypt(where, key, keys)
    return {
        "MB": where.file.stat().st_size / 1e6,
        "encrypt s": between - began,
        "decrypt s": time.monotonic() - between,
    }


def _sealed(file: Path, keys: Keys) -> Database:
    from mirador_lsp.settings.paths import private_folder  # noqa: PLC0415
    from mirador_lsp.store import MIGRATIONS  # noqa: PLC0415

    return Database(file, MIGRATIONS, make_folder=private_folder, keys=keys, encrypt=True)


def _backed_up(file: Path) -> float:
    began = time.monotonic()
    backups.make(Place(file), None)
    return time.monotonic() - began


async def _timed(store: Database, count: int) -> list[float]:
    took = []
    for number in range(count):
        began = time.perf_counter()
        await store.transact(statements("file:///timed.py", number))
        took.append((time.perf_counter() - began) * 1000)
    return took


async def _while_ticking(
    work: Callable[[], Awaitable[list[float]]],
) -> tuple[list[float], dict[str, object]]:
    """What the work says, and how late the loop was meanwhile, and an idle one beside it."""
    stop = asyncio.Event()
    async with idle_loop() as idle, asyncio.TaskGroup() as group:
        ticking = group.create_task(tick(stop))
        took = await work()
        stop.set()
        lags = await ticking
    late = {"loop p99 ms": percentile(lags, 0.99), "idle loop p99 ms": percentile(idle, 0.99)}
    return took, dict(late)


def _plain(file: Path) -> list[float]:
    took = []
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(
            "CREATE TABLE rows (document, finding, text, UNIQUE (document, finding))"
        )
        for number in range(_ROWS):
            began = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            row = ("file:///plain.py", f"f{number}", "x" * 200)
            connection.execute("INSERT OR REPLACE INTO rows VALUES (?, ?, ?)", row)
            connection.execute("COMMIT")
            took.append((time.perf_counter() - began) * 1000)
    return took
