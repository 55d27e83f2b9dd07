"""What can be wrong with a database, told from the errors of SQLite and of the disk."""

import errno
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path

from mirador_lsp.core.errors import ServiceError

_ROOM = "Make room there, or check who owns it."
_MOVED = 1032
"""SQLITE_READONLY_DBMOVED."""
_FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_UNWRITABLE_DISK = frozenset({errno.EROFS, errno.EACCES, errno.EPERM, errno.ELOOP})


class Trouble(Enum):
    """What to do about an error depends on which of these it is."""

    DAMAGED = auto()
    """The file is broken."""
    BUSY = auto()
    """Another process holds it."""
    FULL = auto()
    """There is no room, or writing fails; it may work later."""
    UNWRITABLE = auto()
    """It cannot be written, and waiting does not help."""
    MOVED = auto()
    """Another file lies there now."""
    WRONG = auto()
    """Something else: a statement that is wrong, or a value that does not fit."""


_CODES = {
    sqlite3.SQLITE_CORRUPT: Trouble.DAMAGED,
    sqlite3.SQLITE_NOTADB: Trouble.DAMAGED,
    sqlite3.SQLITE_BUSY: Trouble.BUSY,
    sqlite3.SQLITE_LOCKED: Trouble.BUSY,
    sqlite3.SQLITE_PROTOCOL: Trouble.BUSY,
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_IOERR: Trouble.FULL,
    sqlite3.SQLITE_CANTOPEN: Trouble.UNWRITABLE,
    sqlite3.SQLITE_READONLY: Trouble.UNWRITABLE,
    sqlite3.SQLITE_PERM: Trouble.UNWRITABLE,
}


def errors() -> tuple[type[Exception], ...]:
    """The errors that SQLite raises here, those of the encrypting one too where it is in use."""
    sealing = sys.modules.get("sqlcipher3.dbapi2")
    own: tuple[type[Exception], ...] = (sqlite3.Error,)
    return (*own, sealing.Error) if sealing is not None else own


def faults() -> tuple[type[Exception], ...]:
    """Those, and the errors of the disk."""
    return (*errors(), OSError)


def trouble_of(error: Exception) -> Trouble:
    """Which one an error of SQLite or of the disk is."""
    if isinstance(error, OSError):
        if error.errno in _UNWRITABLE_DISK:
            return Trouble.UNWRITABLE
        return Trouble.FULL if error.errno in {*_FULL_DISK, errno.EIO} else Trouble.WRONG
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return Trouble.WRONG
    return Trouble.MOVED if code == _MOVED else _CODES.get(code & 0xFF, Trouble.WRONG)


def damaged(what: str) -> sqlite3.DatabaseError:
    """The error that says so, for what a check found."""
    error = sqlite3.DatabaseError(what)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def as_service_error(file: Path, error: Exception) -> ServiceError:
    """What users are told of an error of SQLite or of the disk."""
    kind = trouble_of(error)
    reason = error.strerror if isinstance(error, OSError) else error
    if kind is Trouble.DAMAGED:
        return ServiceError(f"{file} is damaged: {reason}.", remedy="Try: mirador store check")
    if kind is Trouble.BUSY:
        message = f"Another program has held {file} for too long."
        return ServiceError(message, remedy="Close it, or try again.")
    return ServiceError(f"Nothing can be kept in {file}: {reason}.", remedy=_ROOM)


@contextmanager
def translated(file: Path) -> Iterator[None]:
    """Errors of SQLite and of the disk as `ServiceError`."""
    try:
        yield
    except faults() as error:
        raise as_service_error(file, error) from error
