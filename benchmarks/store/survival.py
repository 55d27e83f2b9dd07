"""Kills, disks that fail, and pages that are destroyed: what is lost."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from benchmarks.store.trial import Writer, a_while, lost, statements, store_at, verdict
from mirador_lsp.store import backups
from mirador_lsp.store.place import Place

PROCESSES = 4
_PAGE = 4096
_LONGEST_LIFE = 0.25
_ROWS_WAITED = 120.0
_OF_ONE_FILE = 40
"""Kills."""


def kills(folder: Path, count: int, seed: int = 1) -> dict[str, object]:
    """Four processes write; one of them, by chance, is killed at a time that is chance, again and
    again. After each kill the file is looked over, and every acknowledged row looked for.
    """
    began = time.monotonic()
    total = {"kills": 0, "acknowledged": 0, "lost": 0, "broken": 0, "damaged files": 0}
    for first in range(0, count, _OF_ONE_FILE):
        # Looking a file over takes longer the larger it is.
        many = min(_OF_ONE_FILE, count - first)
        found = _kills(folder / str(first), many, random.Random(seed + first))  # noqa: S311
        total = {what: total[what] + found[what] for what in total}
    return {**total, "seconds": time.monotonic() - began}


def _kills(folder: Path, count: int, dice: random.Random) -> dict[str, int]:
    folder.mkdir(mode=0o700)
    file = folder / "store" / "mirador.db"
    running = {n: Writer(file, f"file:///w{n}.py", 0, 10**6) for n in range(min(count, PROCESSES))}
    total = {"kills": count, "acknowledged": 0, "lost": 0, "broken": 0}
    for number in range(count):
        a_while(dice, _LONGEST_LIFE)
        which = dice.choice(sorted(running))
        rows, missing = _killed(running.pop(which), file)
        total["acknowledged"] += rows
        total["lost"] += missing
        total["broken"] += file.exists() and verdict(file) != "ok"
        if number < count - PROCESSES:
            running[which] = Writer(file, f"file:///w{which}-{number}.py", 0, 10**6)
    return {**total, "damaged files": len(Place(file).damaged())}


def _killed(writer: Writer, file: Path) -> tuple[int, int]:
    """Kill it; how many rows it was told are kept, and how many of them are not."""
    writer.kill(signal.SIGKILL)
    rows = writer.acknowledged()
    writer.close()
    return len(rows), lost(file, writer.document, rows) if rows else 0


def four_writers(folder: Path, rows: int) -> dict[str, object]:
    """Four processes write so many rows each, and one is killed at random and another takes its
    place until every row is there.
    """
    dice = random.Random(rows)  # noqa: S311
    file = folder / "store" / "mirador.db"
    left, kept, missing, killed, lives = [rows] * PROCESSES, 0, 0, 0, 0
    running = {n: Writer(file, f"file:///four{n}.py", 0, rows) for n in range(PROCESSES)}
    until = time.monotonic() + _ROWS_WAITED
    while running and time.monotonic() < until:
        a_while(dice, 2 * _LONGEST_LIFE)
        which = dice.choice(list(running))
        writer = running.pop(which)
        done, gone = _killed(writer, file)
        killed, kept, missing = killed + 1, kept + done, missing + gone
        left[which] -= done
        if left[which] > 0:
            lives += 1
            document = f"file:///four{which}-{lives}.py"
            running[which] = Writer(file, document, 0, left[which])
    return {"rows": kept, "kills": killed, "lost": missing, "integrity": verdict(file)}


_FULL = """
import asyncio, os, resource, signal, sys
from pathlib import Path
from benchmarks.store.trial import statements, store_at

async def main(file, document, room, rows):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = store_at(file)
    await store.transact(statements(document, 0))
    size = file.stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, resource.RLIM_INFINITY))
    kept = [n for n in range(1, rows) if await store.transact(statements(document, n))]
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    await store.close()
    print(*kept)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
"""


def full(folder: Path, times: int) -> dict[str, object]:
    """The disk is full in the midst of writing, so many times; later there is room again."""
    file = folder / "store" / "mirador.db"
    rows, missing, broken, waited = 120, 0, 0, 0
    dice = random.Random(times)  # noqa: S311
    for number in range(times):
        document = f"file:///full{number}.py"
        room = str(dice.randrange(20_000, 120_000))
        words = [sys.executable, "-c", _FULL, str(file), document, room, str(rows)]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        kept = [int(word) for word in done.stdout.split()]
        waited += rows - 1 - len(kept)
        # Those that waited were written at the end.
        missing += lost(file, document, range(rows))
        broken += verdict(file) != "ok"
    return {"times": times, "waited": waited, "lost": missing, "broken": broken}


_FAILING = """
import asyncio, ctypes, os, sys
from pathlib import Path
from benchmarks.store.trial import statements, store_at

async def main(file, document, rows, share):
    store = store_at(file)
    await store.transact(statements(document, 0))
    fiu = ctypes.CDLL(sys.argv[5])
    fiu.fiu_init(0)
    for what in ("read", "write", "pread", "pwrite", "pread64", "pwrite64"):
        name = f"posix/io/rw/{what}".encode()
        fiu.fiu_enable_random(name, 1, None, 0, ctypes.c_float(share))
    for what in ("fsync", "fdatasync"):
        name = f"posix/io/sync/{what}".encode()
        fiu.fiu_enable_random(name, 1, None, 0, ctypes.c_float(share))
    kept, refused = [], 0
    for number in range(1, rows):
        try:
            if await store.transact(statements(document, number)):
                kept.append(number)
            else:
                refused += 1
                # Until it is tried again.
                await asyncio.sleep(0.55)
        except Exception:
            refused += 1
    for what in ("rw/read", "rw/write", "rw/pread", "rw/pwrite", "rw/pread64", "rw/pwrite64",
                 "sync/fsync", "sync/fdatasync"):
        fiu.fiu_disable(f"posix/io/{what}".encode())
    print(refused, *kept, flush=True)
    os._exit(0)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
"""


def failing_disk(folder: Path, times: int, share: float = 0.02) -> dict[str, object] | None:
    """Reading, writing and syncing fail by chance, a share of all calls; the process then ends
    without a word. None where libfiu (Debian's `fiu-utils`) is not installed.
    """
    run, library = shutil.which("fiu-run"), os.environ.get("FIU_LIBRARY", "libfiu.so.0")
    if run is None:
        return None
    file = folder / "store" / "mirador.db"
    rows = 40
    result: dict[str, int] = {"times": times, "rows": 0, "refused": 0, "lost": 0, "broken": 0}
    for number in range(times):
        document = f"file:///eio{number}.py"
        arguments = [str(file), document, str(rows), str(share), library]
        words = [run, "-x", sys.executable, "-c", _FAILING, *arguments]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        refused, *kept = [int(word) for word in done.stdout.split()]
        result["rows"] += len(kept)
        result["refused"] += refused
        # Opened by a sound process, whatever has to be mended is.
        _open_once(file)
        result["lost"] += lost(file, document, kept)
        result["broken"] += verdict(file) != "ok"
    return {**result, "damaged files": len(Place(file).damaged())}


def failing_disks(folder: Path, times: int, at_once: int = 20) -> dict[str, object] | None:
    """The same in folders side by side, because most of its time it waits; together `times`."""
    places = [folder / str(number) for number in range(at_once)]
    for place in places:
        place.mkdir(mode=0o700)
    with ThreadPoolExecutor(at_once) as threads:
        told = list(threads.map(failing_disk, places, [times // at_once] * at_once))
    found = [each for each in told if each is not None]
    if not found:
        return None
    return {name: sum(int(str(each[name])) for each in found) for name in found[0]}


def _open_once(file: Path) -> None:
    words = (
        "import asyncio, sys\nfrom pathlib import Path\n"
        "from benchmarks.store.trial import store_at\n"
        "async def main():\n"
        "    store = store_at(Path(sys.argv[1]))\n"
        "    await store.read('SELECT count(*) FROM opinions')\n"
        "    await store.close()\n"
        "asyncio.run(main())\n"
    )
    subprocess.run([sys.executable, "-c", words, str(file)], check=True, capture_output=True)


async def destroyed(folder: Path, rows: int, share: float, seed: int) -> dict[str, object]:
    """A share of all pages, by chance, is overwritten with noise; 100 rows are newer than the
    backup.
    """
    file = folder / f"destroyed-{seed}" / "mirador.db"
    document = "file:///destroyed.py"
    store = store_at(file)
    newest = 100
    for first in range(0, rows - newest, 1000):
        numbers = range(first, min(first + 1000, rows - newest))
        await store.transact([s for number in numbers for s in statements(document, number)])
    backups.make(Place(file), None)
    numbers = range(rows - newest, rows)
    await store.transact([s for number in numbers for s in statements(document, number)])
    await store.close()
    pages = file.stat().st_size // _PAGE
    dice = random.Random(seed)  # noqa: S311
    chosen = dice.sample(range(pages), max(1, round(pages * share)))
    with file.open("r+b") as opened:
        for page in chosen:
            opened.seek(page * _PAGE)
            opened.write(dice.randbytes(_PAGE))
    began = time.monotonic()
    store = store_at(file)
    found = await store.read("SELECT count(*) FROM opinions")
    seconds = time.monotonic() - began
    told = [notice.message for notice in store.notices()]
    await store.close()
    with_backup = int(found[0][0])
    alone = await _without_backup(file)
    return {
        "pages": pages,
        "destroyed": len(chosen),
        "rows": rows,
        "salvaged": alone,
        "with the backup": with_backup,
        "seconds": seconds,
        "told": len(told),
    }


async def _without_backup(file: Path) -> int:
    """How many rows the damaged file alone gives back."""
    aside = file.with_name(f"{file.name}.damaged-1")
    if not aside.exists():
        with closing(sqlite3.connect(file)) as connection:
            return int(connection.execute("SELECT count(*) FROM opinions").fetchone()[0])
    folder = file.parent / "alone"
    folder.mkdir(mode=0o700)
    shutil.copyfile(aside, folder / "mirador.db")
    store = store_at(folder / "mirador.db")
    found = await store.read("SELECT count(*) FROM opinions")
    await store.close()
    return int(found[0][0])
