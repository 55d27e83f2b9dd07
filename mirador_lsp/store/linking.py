"""One connection to a database file: which SQLite opens it, and what is said to it first."""

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.store.keys import Key

BUSY_SECONDS = 5.0
"""How long one process waits while another one writes."""
_PRAGMAS = (
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cell_size_check=ON",
    "PRAGMA mmap_size=0",
    "PRAGMA journal_size_limit=16777216",
    # What is deleted is overwritten, so that what the user wants forgotten is not in the file.
    "PRAGMA secure_delete=ON",
)
"""Said to every connection."""
_HEADER = b"SQLite format 3\0"

EXTRA = "pip install 'mirador-lsp[encryption]'"
"""What brings the encrypting SQLite."""


def link(
    file: Path, key: Key | None, *, seconds: float = BUSY_SECONDS, forgiving: bool = False
) -> sqlite3.Connection:
    """A connection to a file, with its key where it has one. No transaction begins by itself. One
    that is `forgiving` reads tables although other parts of the schema are broken.

    Raises `ServiceError` where the encrypting SQLite is not installed, else what SQLite raises.
    """
    if key is None:
        connection = sqlite3.connect(file, timeout=seconds, isolation_level=None)
    else:
        connection = sealing().connect(str(file), timeout=seconds, isolation_level=None)
        unlock(connection, key)
    try:
        if forgiving:
            connection.execute("PRAGMA writable_schema=ON").close()
        for pragma in _PRAGMAS:
            connection.execute(pragma).close()
    except BaseException:
        connection.close()
        raise
    return connection


def unlock(connection: sqlite3.Connection, key: Key) -> None:
    """Name the key of the file. It is not a password, so nothing is derived from it."""
    connection.execute("PRAGMA cipher_log_level=NONE").close()
    connection.execute(f"PRAGMA key = \"x'{key.secret.hex()}'\"").close()


def begin_journal(connection: sqlite3.Connection) -> bool:
    """Use a write-ahead log, or where the file system has none, a journal. Whether there is a log.

    A file system without shared memory (NFS) refuses the log; then whoever uses the file takes
    turns (`place.turn`), because the locks of such file systems are not to be relied on either.
    """
    (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
    if str(mode).lower() == "wal":
        return True
    connection.execute("PRAGMA journal_mode=TRUNCATE").fetchone()
    return False


def copy(source: sqlite3.Connection, target: sqlite3.Connection, seconds: float) -> None:
    """Copy a whole database as it is at this moment.

    Left to itself, it waits for ever while another program holds the source.
    """
    until = time.monotonic() + seconds

    def impatient(status: int, _left: int, _total: int) -> None:
        if status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED} and time.monotonic() > until:
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error

    # All at once: begun anew at each write of another process, it might never end.
    source.backup(target, pages=-1, progress=impatient, sleep=0.05)


def is_plain(file: Path) -> bool:
    """Whether a file is a database that is not encrypted. Only while nothing has it open here."""
    try:
        with file.open("rb") as opened:
            return opened.read(len(_HEADER)) == _HEADER
    except OSError:
        return False


def sealing() -> Any:
    """The encrypting SQLite. Raises `ServiceError` where it is not installed."""
    try:
        from sqlcipher3 import dbapi2  # noqa: PLC0415 — an extra
    except ImportError as error:
        message = "The store is to be encrypted, and what encrypts it is not installed."
        raise ServiceError(message, remedy=f"Install it: {EXTRA}") from error
    return dbapi2


def rows(connection: sqlite3.Connection, statement: str, values: Sequence[Any] = ()) -> list[Any]:
    """What a statement returns, all of it."""
    cursor = connection.execute(statement, values)
    try:
        return cursor.fetchall()
    finally:
        cursor.close()
