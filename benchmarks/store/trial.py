"""A store that is tried out: rows with names, and what must hold of it afterwards."""

import asyncio
import os
import random
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from mirador_lsp.settings.paths import private_folder
from mirador_lsp.store import MIGRATIONS, Database

KEEP = (
    "INSERT OR REPLACE INTO opinions (document, finding, rule, verdict, reason, tool, time) "
    "VALUES (?, ?, 'rules/eval', 'dismissed', ?, 'rules', 1.0)"
)
FIGURE = "INSERT INTO measurements VALUES ('t', ?, 'd', 1, 1, 1, 1, 'held', 1, '', '', '')"
FINDINGS = "SELECT finding FROM opinions WHERE document = ?"


def store_at(file: Path) -> Database:
    """The store in that file, as Mirador opens it."""
    return Database(file, MIGRATIONS, make_folder=private_folder)


def statements(document: str, number: int) -> list[tuple[str, tuple[str, ...]]]:
    """A transaction: an opinion with a reason of some length, and a figure without a key."""
    name = f"f{number}"
    return [(KEEP, (document, name, f"{number} " + "x" * 200)), (FIGURE, (f"{document}:{name}",))]


async def write(file: Path, document: str, first: int, last: int, told: int) -> None:
    """Write rows, and tell the number of each that is acknowledged over the descriptor `told`."""
    store = store_at(file)
    for number in range(first, last):
        if await store.transact(statements(document, number)):
            os.write(told, number.to_bytes(4, "big"))
    await store.close()


class Writer:
    """A process that writes rows, until it is killed or done."""

    def __init__(self, file: Path, document: str, first: int, last: int) -> None:
        """Starts it. It must be called while this process has no other thread."""
        self._told, telling = os.pipe()
        self.document = document
        self.process = os.fork()
        if self.process == 0:
            os.close(self._told)
            code = 1
            try:
                asyncio.run(write(file, document, first, last, telling))
                code = 0
            finally:
                os._exit(code)
        os.close(telling)
        os.set_blocking(self._told, False)

    def acknowledged(self) -> list[int]:
        """What it was told is kept, since this was asked last."""
        found = b""
        while True:
            try:
                more = os.read(self._told, 1 << 16)
            except BlockingIOError:
                break
            if not more:
                break
            found += more
        return [int.from_bytes(found[at : at + 4], "big") for at in range(0, len(found), 4)]

    def kill(self, number: int) -> None:
        """End it with that signal, and wait for its end."""
        os.kill(self.process, number)
        self.wait()

    def wait(self) -> int:
        """Wait for its end; its exit code."""
        _, status = os.waitpid(self.process, 0)
        return int(os.waitstatus_to_exitcode(status))

    def close(self) -> None:
        """Hear nothing more of it."""
        os.close(self._told)


def verdict(file: Path) -> str:
    """What `PRAGMA integrity_check` says: "ok"."""
    with closing(sqlite3.connect(file, timeout=30)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


def lost(file: Path, document: str, numbers: Iterable[int]) -> int:
    """How many of the acknowledged rows are not there, or there twice."""
    with closing(sqlite3.connect(file, timeout=30)) as connection:
        there = {name for (name,) in connection.execute(FINDINGS, (document,))}
        figures = "SELECT model, count(*) FROM measurements WHERE model LIKE ? GROUP BY model"
        counts: dict[str, int] = dict(connection.execute(figures, (f"{document}:%",)).fetchall())
    wanted = {f"f{number}" for number in numbers}
    return len(wanted - there) + sum(counts.get(f"{document}:{name}", 0) != 1 for name in wanted)


def a_while(dice: random.Random, most: float) -> None:
    """Let the others work for some time."""
    time.sleep(dice.uniform(0.0, most))
