"""What the user prefers, kept in SQLite: the `PreferenceBook` that Mirador runs."""

import json
import sqlite3
from collections.abc import Sequence

from mirador_lsp.core.events import Notice
from mirador_lsp.core.preferences import NAMES, Preference, Source, SourceKind
from mirador_lsp.store.database import Database

_KEEP = "INSERT OR REPLACE INTO preferences VALUES (?, ?, ?, ?, ?, ?)"
_ALL = "SELECT * FROM preferences"
_FORGET = "DELETE FROM preferences WHERE name = ?"


def begin(connection: sqlite3.Connection) -> None:
    """The table of preferences."""
    connection.execute(
        """
        CREATE TABLE preferences (
            name TEXT NOT NULL PRIMARY KEY,
            said TEXT NOT NULL,
            source TEXT NOT NULL,
            decisions INTEGER NOT NULL,
            sureness REAL NOT NULL,
            time REAL NOT NULL
        )
        """
    )


class SqlitePreferenceBook:
    """See `core.preferences.PreferenceBook`."""

    def __init__(self, database: Database) -> None:
        """Of a store with the tables of `schema.MIGRATIONS`."""
        self._database = database

    async def all(self) -> tuple[Preference, ...]:
        """See the port. Where nothing was ever set no file is made."""
        if not await self._database.exists():
            return ()
        kept = [_preference(*row) for row in await self._database.read(_ALL)]
        known = {each.name: each for each in kept if each is not None}
        return tuple(known[name] for name in NAMES if name in known)

    async def keep(self, preferences: Sequence[Preference]) -> None:
        """See the port."""
        await self._database.transact([(_KEEP, _row(each)) for each in preferences])

    async def forget(self, names: Sequence[str]) -> None:
        """See the port."""
        if await self._database.exists():
            await self._database.transact([(_FORGET, (name,)) for name in names])

    def notices(self) -> tuple[Notice, ...]:
        """See the port."""
        return self._database.notices()

    async def close(self) -> None:
        """See the port."""
        await self._database.close()


def _row(each: Preference) -> tuple[str | float | int, ...]:
    source = each.source
    said = json.dumps(each.values)
    kind = source.kind.value
    return each.name, said, kind, source.decisions, source.sureness, source.time


def _preference(
    name: str, said: str, kind: str, decisions: int, sureness: float, time: float
) -> Preference | None:
    """None for a row of a newer Mirador, and for one that somebody else wrote."""
    try:
        values = json.loads(said)
        source = Source(SourceKind(kind), decisions, sureness, time)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, list):
        return None
    return Preference(name, tuple(str(value) for value in values), source)
