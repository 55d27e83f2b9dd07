"""Rows of the files that earlier versions kept apart: taken over once, then the files are removed.

Everything here blocks and is meant for a thread.
"""

import contextlib
import logging
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mirador_lsp.store.place import wipe

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Earlier:
    """A file, its table, and where its rows go."""

    file: str
    table: str
    columns: tuple[str, ...]
    """Those that every version of the file has."""
    later: tuple[str, ...]
    """Those that only its last version has."""
    into: str


_FILES = (
    _Earlier(
        "feedback.db",
        "opinions",
        ("document", "finding", "rule", "verdict", "reason", "tool", "time"),
        (),
        "opinions",
    ),
    _Earlier(
        "models.db",
        "replies",
        (
            *("task", "model", "digest", "seconds", "first_token_seconds"),
            *("prompt_tokens", "completion_tokens", "outcome", "time"),
        ),
        ("reason", "stages", "language"),
        "measurements",
    ),
)
FILES = tuple(earlier.file for earlier in _FILES)
"""Their names, in the folder of the store."""
_BESIDE = ("", "-wal", "-shm", ".lock")


def take_over(connection: sqlite3.Connection) -> None:
    """Copy the rows of the files beside the database into it. A file that cannot be read stays."""
    connection.execute("CREATE TABLE taken_over (file TEXT PRIMARY KEY) WITHOUT ROWID")
    folder = _folder(connection)
    if folder is None:
        return
    for earlier in _FILES:
        file = folder / earlier.file
        if file.is_symlink() or not file.is_file():
            continue
        try:
            rows, columns = _read(earlier, file)
        except sqlite3.Error as error:
            _log.warning("%s is left as it is: %s", file, error)
            continue
        names, places = ", ".join(columns), ", ".join("?" * len(columns))
        # The names are those above.
        insert = f"INSERT OR IGNORE INTO {earlier.into} ({names}) VALUES ({places})"  # noqa: S608
        connection.executemany(insert, rows)
        connection.execute("INSERT INTO taken_over VALUES (?)", (earlier.file,))


def remove_taken_over(connection: sqlite3.Connection) -> None:
    """Remove the files whose rows are in the database, which is on disk by now."""
    folder = _folder(connection)
    if folder is None or not any((folder / earlier.file).is_file() for earlier in _FILES):
        return
    for (name,) in connection.execute("SELECT file FROM taken_over").fetchall():
        for ending in _BESIDE:
            with contextlib.suppress(OSError):
                # Overwritten: the store that has the rows now may be encrypted.
                wipe(folder / f"{name}{ending}")
        connection.execute("DELETE FROM taken_over WHERE file = ?", (name,))


def _folder(connection: sqlite3.Connection) -> Path | None:
    (_, _, file), *_ = connection.execute("PRAGMA database_list").fetchall()
    return Path(file).parent if file else None


def _read(earlier: _Earlier, file: Path) -> tuple[list[tuple[object, ...]], tuple[str, ...]]:
    with closing(sqlite3.connect(file, timeout=5.0)) as old:
        there = {row[1] for row in old.execute(f"PRAGMA table_info({earlier.table})")}
        columns = (*earlier.columns, *(name for name in earlier.later if name in there))
        if not there:
            return [], columns
        wanted = f"SELECT {', '.join(columns)} FROM {earlier.table} ORDER BY rowid"  # noqa: S608
        return old.execute(wanted).fetchall(), columns
