"""A database file made ready: private, whole, and of the schema this version writes.

Everything here blocks and is meant for a thread. Facts it rests on: `BEGIN DEFERRED` fails with
"busy" when two writers upgrade at once, whatever the timeout, so writes begin IMMEDIATE; WAL with
`synchronous=FULL` loses no acknowledged commit to a kill or a power cut; a file that was replaced
while it is open is written to in vain, so its identity is compared before each write.
"""

import fcntl
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from mirador_lsp.core.errors import ServiceError

BUSY_SECONDS = 5.0
"""How long one process waits while another one writes."""
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cell_size_check=ON",
    "PRAGMA mmap_size=0",
    "PRAGMA journal_size_limit=16777216",
)
"""Said to every connection."""
_BESIDE = ("", "-wal", "-shm")
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

Migration = Callable[[sqlite3.Connection], None]
"""One step from a schema to the next, inside a transaction."""


def make_ready(
    file: Path, migrations: Sequence[Migration], settle: Migration | None = None
) -> Path | None:
    """Create or check `file` and bring it to the schema after the last of `migrations`.

    A damaged file is moved aside, and its new path returned; a fresh one takes its place. One
    process at a time does this. `settle` runs once the schema is on disk. Raises `ServiceError` for
    a file of a newer Mirador, of another user, or that cannot be opened.
    """
    with translated(file), _only_one(file):
        aside = None
        try:
            _prepare(file, migrations, settle)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            aside = _move_aside(file)
            _prepare(file, migrations, settle)
        return aside


def identity(file: Path) -> tuple[int, int] | None:
    """Which file lies there: device and inode; None for none."""
    try:
        facts = file.lstat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is broken, not merely busy or out of reach."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _DAMAGED


@contextmanager
def translated(file: Path) -> Iterator[None]:
    """Errors of SQLite and of the disk as `ServiceError`; damage goes through."""
    try:
        yield
    except sqlite3.Error as error:
        if is_damage(error):
            raise
        message = f"Nothing can be kept in {file}: {error}."
        raise ServiceError(message, remedy=_ROOM) from error
    except OSError as error:
        message = f"Nothing can be kept in {file}: {error.strerror}."
        raise ServiceError(message, remedy=_ROOM) from error


_ROOM = "Make room there, or check who owns it."


def _prepare(file: Path, migrations: Sequence[Migration], settle: Migration | None) -> None:
    _make_private(file)
    with closing(sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
        for pragma in PRAGMAS:
            connection.execute(pragma)
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            error = sqlite3.DatabaseError(verdict)
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error
        _migrate(connection, file, migrations)
        if settle is not None:
            settle(connection)


def _migrate(connection: sqlite3.Connection, file: Path, migrations: Sequence[Migration]) -> None:
    version = _version(connection)
    if version > len(migrations):
        message = f"{file} was written by a newer Mirador, so this one does not touch it."
        raise ServiceError(message, remedy="Update Mirador.")
    for number, migration in enumerate(migrations[version:], version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            migration(connection)
            connection.execute(f"PRAGMA user_version = {number}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _make_private(file: Path) -> None:
    """See that the file is there and nobody else's, and neither are those SQLite puts beside it."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(file, flags, 0o600)
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.geteuid():
            message = f"{file} is no file of yours."
            raise ServiceError(message, remedy="Move it away.")
        if stat.S_IMODE(facts.st_mode) != 0o600:
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


@contextmanager
def _only_one(file: Path) -> Iterator[None]:
    """Of two processes that find the same damage, only one may move the file."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(file.with_name(f"{file.name}.lock"), flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _move_aside(file: Path) -> Path:
    number = 1
    while (aside := file.with_name(f"{file.name}.damaged-{number}")).exists():
        number += 1
    for ending in _BESIDE:
        old = file.with_name(f"{file.name}{ending}")
        if old.exists():
            old.rename(aside.with_name(f"{aside.name}{ending}"))
    return aside
