"""The SQLite file of an index: opened by one process at a time, and begun anew when it is damaged.

Everything in it can be built again, so it is never mended: if anything is wrong, it is dropped. For
the same reason a power cut may take the latest writes (`synchronous=NORMAL`), which saves an fsync
for each file that is read; a kill takes nothing that was written.
"""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import Self

from mirador_lsp.core.errors import IndexUnavailable, ServiceError
from mirador_lsp.ipc.private import ensure_private

FILE = "index.sqlite3"
CHROMA = "chroma"
"""The folder of the vector stores, beside the file: of no use without it."""
_FORMAT = 1
"""Of the schema. To be raised with every change of `schema.sql`."""
_LOCK = "lock"
_DAMAGED = "damaged"
_SMALL_BYTES = 64 * 1024 * 1024
"""Files up to here are checked at every opening, which takes 1.5 ms a megabyte; larger ones only
when the last process did not close them."""
_BEFORE_TABLES = "PRAGMA auto_vacuum=INCREMENTAL"
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cell_size_check=ON",
    "PRAGMA mmap_size=0",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-32000",
    "PRAGMA journal_size_limit=16777216",
)
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_REBUILT = "The index was damaged and is built anew."
_OTHER_FORMAT = "The index was of another version of Mirador and is built anew."


class Opened:
    """The connection of one owner. For the thread that opened it."""

    def __init__(self, folder: Path, lock: int) -> None:
        """`lock` is the open lock file, which this takes over."""
        self.folder = folder
        self.notes: list[str] = []
        self._lock = lock
        self._connection: sqlite3.Connection | None = None

    @classmethod
    def take(cls, folder: Path) -> Self:
        """Become the owner of the index in `folder`. Raises `IndexUnavailable`."""
        try:
            ensure_private(folder)
            opened = cls(folder, _take_lock(folder / _LOCK))
        except ServiceError as error:
            raise IndexUnavailable(str(error), remedy=error.remedy) from error
        except OSError as error:
            message = f"The index in {folder} cannot be opened: {error.strerror}."
            raise IndexUnavailable(message, remedy=_ROOM) from error
        try:
            opened._begin()
        except BaseException:
            opened.close()
            raise
        return opened

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection, for use inside `reading` or `writing`."""
        if self._connection is None:
            message = "The index is closed."
            raise IndexUnavailable(message)
        return self._connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection; errors of SQLite as `IndexUnavailable`."""
        with self._translated():
            yield self.connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection in a transaction, which an error of any kind takes back."""
        with self._translated():
            connection = self.connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                # SQLite may have ended it by itself, for instance when the disk is full.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def leaving_nothing(self) -> Iterator[None]:
        """What is removed in the block is overwritten, in the file and in its log: only with it
        are the words of a memory really gone. It costs too much to be always so.
        """
        with self._translated():
            self.connection.execute("PRAGMA secure_delete=ON").fetchall()
            try:
                yield
                self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                self.connection.execute("PRAGMA secure_delete=OFF").fetchall()

    def bytes_on_disk(self) -> int:
        """Of the file and those that SQLite keeps beside it."""
        total = 0
        for ending in ("", "-wal", "-shm"):
            with suppress(OSError):
                total += (self.folder / f"{FILE}{ending}").stat().st_size
        return total

    def close(self) -> None:
        """Let go of the file. May be repeated."""
        connection, self._connection = self._connection, None
        lock, self._lock = self._lock, -1
        try:
            if connection is not None:
                connection.close()
                os.ftruncate(lock, 0)
        finally:
            if lock >= 0:
                os.close(lock)

    def _begin(self) -> None:
        unclean = os.fstat(self._lock).st_size > 0
        os.pwrite(self._lock, b"open", 0)
        with self._translated():
            if (self.folder / _DAMAGED).exists():
                self._drop(_REBUILT)
            try:
                self._connection = self._connected(unclean=unclean)
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                self._drop(_REBUILT)
                self._connection = self._connected(unclean=False)

    def _connected(self, *, unclean: bool) -> sqlite3.Connection:
        file = self.folder / FILE
        _make_private(file)
        connection = sqlite3.connect(file, isolation_level=None, cached_statements=256)
        try:
            connection.execute(_BEFORE_TABLES)
            for pragma in _PRAGMAS:
                connection.execute(pragma)
            (found,) = connection.execute("PRAGMA user_version").fetchone()
            if found not in (0, _FORMAT):
                connection.close()
                self._drop(_OTHER_FORMAT)
                return self._connected(unclean=False)
            if unclean or file.stat().st_size <= _SMALL_BYTES:
                _check(connection)
            if found == 0:
                schema = files("mirador_lsp.index").joinpath("schema.sql").read_text("utf-8")
                version = f"PRAGMA user_version = {_FORMAT};"
                connection.executescript(f"BEGIN IMMEDIATE;\n{schema}\n{version}\nCOMMIT;")
        except BaseException:
            connection.close()
            raise
        return connection

    def _drop(self, why: str) -> None:
        """Remove everything that this room ever put into the folder, but the lock."""
        self.notes.append(why)
        shutil.rmtree(self.folder / CHROMA, ignore_errors=True)
        for ending in ("", "-wal", "-shm", "-journal"):
            (self.folder / f"{FILE}{ending}").unlink(missing_ok=True)
        (self.folder / _DAMAGED).unlink(missing_ok=True)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if _is_damage(error):
                with suppress(OSError):
                    (self.folder / _DAMAGED).touch(mode=0o600)
                message = f"The index in {self.folder} is damaged."
                raise IndexUnavailable(message, remedy="It is built anew when opened.") from error
            message = f"The index in {self.folder} cannot be used: {error}."
            raise IndexUnavailable(message, remedy=_ROOM) from error
        except OSError as error:
            message = f"The index in {self.folder} cannot be used: {error.strerror}."
            raise IndexUnavailable(message, remedy=_ROOM) from error


_ROOM = "Make room there, or check who owns it."


def _take_lock(file: Path) -> int:
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        message = f"Another process has the index in {file.parent} open."
        raise IndexUnavailable(message, remedy="Close the editors of other versions.") from error
    return handle


def _make_private(file: Path) -> None:
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.fchmod(handle, 0o600)
    finally:
        os.close(handle)


def _check(connection: sqlite3.Connection) -> None:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        error = sqlite3.DatabaseError(verdict)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _is_damage(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _DAMAGE
