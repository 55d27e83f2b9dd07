"""A database brought to the schema of this version, one step at a time."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from mirador_lsp.core.errors import ServiceError

Migration = Callable[[sqlite3.Connection], None]
"""One step from a schema to the next, inside a transaction."""

_OWN = (
    # How far each process has come, so that what it writes again after a fault is written once.
    """
    CREATE TABLE IF NOT EXISTS store_writers (
        id TEXT PRIMARY KEY, number INTEGER NOT NULL, time REAL NOT NULL
    ) WITHOUT ROWID
    """,
    # When what was last looked at.
    """
    CREATE TABLE IF NOT EXISTS store_facts (name TEXT PRIMARY KEY, value REAL NOT NULL)
    WITHOUT ROWID
    """,
)


def version_of(connection: sqlite3.Connection) -> int:
    """How many steps the file has taken."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def migrate(
    connection: sqlite3.Connection,
    file: Path,
    migrations: Sequence[Migration],
    before: Callable[[], object] | None = None,
) -> None:
    """Take the steps that are missing; `before` is called first where an older schema has rows.

    Raises `ServiceError` for a file of a newer Mirador.
    """
    version = version_of(connection)
    if version > len(migrations):
        message = (
            f"{file} was written by a newer Mirador, so this one leaves it as it is and keeps "
            "nothing of this session."
        )
        raise ServiceError(message, remedy="Update Mirador.")
    if 0 < version < len(migrations) and before is not None:
        before()
    for number, migration in enumerate(migrations[version:], version + 1):
        _step(connection, migration, number)
    add_own(connection)


def add_own(connection: sqlite3.Connection) -> None:
    """Make the tables that the store itself needs, whatever the schema; none where they are."""
    for statement in _OWN:
        connection.execute(statement).close()


def _step(connection: sqlite3.Connection, migration: Migration, number: int) -> None:
    connection.execute("BEGIN IMMEDIATE").close()
    try:
        # Another process may have taken it while this one waited.
        if version_of(connection) < number:
            migration(connection)
            connection.execute(f"PRAGMA user_version = {number}").close()
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK").close()
        raise
    connection.execute("COMMIT").close()
