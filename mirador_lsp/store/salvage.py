"""Rows of a damaged database, read around the damage and written into a sound one.

A page that is broken makes every query fail that touches it. Rows of a table lie in the order of
their row ids, so whatever can still be found by its row id is found by leaping over the gaps: from
the last good row in growing steps to the next one that can be read, then back to where the damage
ends. A table without row ids is read from both of its ends. Everything here blocks and is meant for
a thread.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mirador_lsp.store.linking import rows
from mirador_lsp.store.troubles import errors

_AT_ONCE = 500
"""Rows of one query."""
_MOST_PROBES = 20_000
"""Queries of one table that may fail."""
_HIGHEST = 2**62
_INTERNAL = "store_"


@dataclass(frozen=True)
class Salvaged:
    """What came of it."""

    rows: int
    """Read, and now in the sound database."""
    gaps: int
    """Row ids in places that cannot be read: at most so many rows are lost."""
    places: tuple["Gap", ...] = ()
    """Those places."""


@dataclass(frozen=True)
class Gap:
    """Row ids of a table that cannot be found from its root."""

    table: str
    first: int
    last: int


@dataclass(frozen=True)
class _Table:
    name: str
    """Where rows go."""
    source: str
    """Where they come from."""
    columns: tuple[str, ...]
    stored: tuple[str, ...]
    """The same columns as the source calls them."""
    key: tuple[str, ...]
    """Of a table without row ids its primary key, else ()."""


class Damaged:
    """A damaged database, opened anew after each page that cannot be read: the encrypting SQLite
    reads nothing more over a connection that has met one.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        """`connect` opens it."""
        self._connect = connect
        self._connection: sqlite3.Connection | None = None

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """What a statement returns, all of it."""
        return list(self.each(statement, values))

    def each(self, statement: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        """The same, one by one, as far as it can be read."""
        if self._connection is None:
            self._connection = self._connect()
            self._connection.text_factory = _text
        try:
            yield from self._connection.execute(statement, values)
        except errors():
            self.close()
            raise

    def close(self) -> None:
        """Let go of it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def salvage(damaged: Damaged, sound: sqlite3.Connection) -> Salvaged:
    """Write every row that can be read into the sound database, in place of older ones.

    `sound` has the schema of this version, and whatever a backup knew.
    """
    triggers = rows(sound, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    sound.execute("PRAGMA foreign_keys=OFF").close()
    sound.execute("BEGIN IMMEDIATE").close()
    total = gaps = 0
    places: list[Gap] = []
    for name, _ in triggers:
        sound.execute(f'DROP TRIGGER "{name}"').close()
    for table in _tables(damaged, sound):
        reading = _Reading(damaged, table)
        written = 0
        for row in reading.all():
            written += _write(sound, table, row)
        if table.source == table.name:
            places += reading.places
        if not table.name.startswith(_INTERNAL):
            total, gaps = total + written, gaps + reading.gaps
    for _, statement in triggers:
        sound.execute(statement).close()
    _tidy(sound)
    sound.execute("COMMIT").close()
    return Salvaged(total, gaps, tuple(places))


def find_words_anew(database: sqlite3.Connection) -> None:
    """Build every table that finds words from the rows it is about."""
    for (name,) in rows(database, WORD_TABLES):
        database.execute(f'INSERT INTO "{name}" ("{name}") VALUES (\'rebuild\')').close()  # noqa: S608


WORD_TABLES = "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%fts5%'"
"""The names of the tables that find words."""


def _tidy(sound: sqlite3.Connection) -> None:
    find_words_anew(sound)
    # Rows whose other half is lost tell nothing.
    for table, row, *_ in rows(sound, "PRAGMA foreign_key_check"):
        if row is not None:
            sound.execute(f'DELETE FROM "{table}" WHERE rowid = ?', (row,)).close()  # noqa: S608


def _text(data: bytes) -> Any:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return _BROKEN


_BROKEN = object()
"""Stands for text that the damage has reached."""


def _tables(damaged: Damaged, sound: sqlite3.Connection) -> Iterator[_Table]:
    words = {name for (name,) in rows(sound, WORD_TABLES)}
    listing = rows(sound, "PRAGMA table_list")
    for _, name, kind, _, without_rowid, _ in listing:
        if name.startswith("sqlite_"):
            continue
        if kind == "table":
            facts = rows(sound, f'PRAGMA table_info("{name}")')
            there = _columns(damaged, name)
            names = tuple(fact[1] for fact in facts if fact[1] in there)
            keyed = sorted((fact[5], fact[1]) for fact in facts if fact[5])
            key = tuple(column for _, column in keyed) if without_rowid else ()
            if names:
                yield _Table(name, name, names, names, key)
        elif kind == "virtual" and name in words and _columns(damaged, f"{name}_content"):
            # It keeps its texts in a table of its own, under names of its own.
            names = tuple(fact[1] for fact in rows(sound, f'PRAGMA table_info("{name}")'))
            stored = tuple(f"c{number}" for number in range(len(names)))
            if set(stored) <= _columns(damaged, f"{name}_content"):
                yield _Table(name, f"{name}_content", names, stored, ())


def _columns(database: Damaged, table: str) -> set[str]:
    try:
        return {fact[1] for fact in database.rows(f'PRAGMA table_info("{table}")')}
    except errors():
        return set()


def _write(sound: sqlite3.Connection, table: _Table, row: tuple[Any, ...]) -> int:
    if any(value is _BROKEN for value in row):
        return 0
    names = ", ".join(f'"{name}"' for name in (*(() if table.key else ("rowid",)), *table.columns))
    places = ", ".join("?" * len(row))
    # What was in the file is newer than what a backup has under the same key.
    insert = f'INSERT OR REPLACE INTO "{table.name}" ({names}) VALUES ({places})'  # noqa: S608
    try:
        sound.execute(insert, row).close()
    except errors():
        # A value that the table cannot have: the damage made it.
        return 0
    return 1


class _Reading:
    """Reads one table of a damaged database."""

    def __init__(self, database: Damaged, table: _Table) -> None:
        self._database = database
        self._table = table
        self._failures = 0
        self.gaps = 0
        self.places: list[Gap] = []

    def all(self) -> Iterator[tuple[Any, ...]]:
        """Every row that can be read, each with its row id first where it has one."""
        return self._from_both_ends() if self._table.key else self._by_row_id()

    def _by_row_id(self) -> Iterator[tuple[Any, ...]]:
        last = -_HIGHEST if self._reads(-_HIGHEST, 0) else 0
        end = self._highest()
        while last < end and self._failures < _MOST_PROBES:
            try:
                for row in self._after(last):
                    yield row
                    last = row[0]
                if not self._any_after(last):
                    return
                continue
            except errors():
                self._failures += 1
            # Here, or a few rows further on, begins a place that cannot be read.
            for row in self._one_by_one(last):
                yield row
                last = row[0]
            beyond = self._next_readable(last, end)
            found = _HIGHEST if beyond is None else beyond - 1
            self.places.append(Gap(self._table.name, last + 1, found))
            if beyond is None:
                return
            self.gaps += max(0, min(beyond, end) - last - 1)
            last = beyond - 1

    def _after(self, last: int) -> list[tuple[Any, ...]]:
        # Never "rowid > last": SQLite would look for `last`, which may be in the broken page.
        return self._select("rowid >= ? ORDER BY rowid LIMIT ?", (last + 1, _AT_ONCE))

    def _any_after(self, last: int) -> bool:
        return bool(self._select("rowid >= ? ORDER BY rowid LIMIT 1", (last + 1,)))

    def _one_by_one(self, last: int) -> Iterator[tuple[Any, ...]]:
        while True:
            try:
                found = self._select("rowid >= ? ORDER BY rowid LIMIT 1", (last + 1,))
            except errors():
                self._failures += 1
                return
            if not found:
                return
            yield found[0]
            last = found[0][0]

    def _next_readable(self, last: int, end: int) -> int | None:
        """The lowest row id above `last` from which on can be read, as near as leaps find it."""
        step, low, high = 1, last, None
        while self._failures < _MOST_PROBES:
            probe = last + step
            if self._reads(probe, probe):
                high = probe
                break
            if probe > end:
                return None
            low, step = probe, step * 2
        if high is None:
            return None
        while high - low > 1:
            middle = (low + high) // 2
            if self._reads(middle, middle):
                high = middle
            else:
                low = middle
        return high

    def _reads(self, first: int, last: int) -> bool:
        """Whether the place where rows from `first` on lie can be read."""
        try:
            self._select("rowid >= ? AND rowid <= ? LIMIT 1", (first, last))
        except errors():
            self._failures += 1
            return False
        return True

    def _highest(self) -> int:
        """The last row id; where its page is broken, more than there can be."""
        try:
            found = self._select("1 ORDER BY rowid DESC LIMIT 1", ())
        except errors():
            self._failures += 1
            pages = self._database.rows("PRAGMA page_count")[0][0]
            # A row takes 6 bytes at least; row ids that were used up are no more than twice that.
            return int(pages) * 4096 // 3
        return found[0][0] if found else 0

    def _from_both_ends(self) -> Iterator[tuple[Any, ...]]:
        key = [f'"{name}"' for name in self._table.key]
        seen: set[tuple[Any, ...]] = set()
        places = [self._table.columns.index(name) for name in self._table.key]
        for order in (", ".join(key), ", ".join(f"{name} DESC" for name in key)):
            try:
                for row in self._database.each(self._statement(f"1 ORDER BY {order}")):
                    found = tuple(row[place] for place in places)
                    if found in seen:
                        return
                    seen.add(found)
                    yield row
            except errors():
                self._failures += 1
            else:
                return
        self.gaps += 1

    def _select(self, where: str, values: tuple[int, ...]) -> list[tuple[Any, ...]]:
        return self._database.rows(self._statement(where), values)

    def _statement(self, where: str) -> str:
        names = ", ".join(f'"{name}"' for name in self._table.stored)
        if self._table.key:
            return f'SELECT {names} FROM "{self._table.source}" WHERE {where}'  # noqa: S608
        return f'SELECT rowid, {names} FROM "{self._table.source}" NOT INDEXED WHERE {where}'  # noqa: S608
