"""Rows of leaves that nothing points to any more, given back to the table they are of.

A leaf does not say whose it is. A row is taken for one of a table where its row id lies in a gap of
that table, and it has as many values as the table has columns, each of a kind that its column has;
where that is true of more than one table, it is nobody's.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mirador_lsp.store.leaves import Value, rows_in
from mirador_lsp.store.linking import rows
from mirador_lsp.store.salvage import Gap, find_words_anew
from mirador_lsp.store.troubles import errors


@dataclass(frozen=True)
class _Column:
    name: str
    kinds: tuple[type, ...]
    may_be_null: bool
    is_row_id: bool


@dataclass(frozen=True)
class _Table:
    name: str
    columns: tuple[_Column, ...]
    gaps: tuple[Gap, ...]

    def fits(self, row: int, values: Sequence[Value]) -> bool:
        """Whether that may be a row of it that is missing."""
        if len(values) != len(self.columns):
            return False
        if not any(gap.first <= row <= gap.last for gap in self.gaps):
            return False
        return all(
            column.is_row_id or column.may_be_null
            if value is None
            else type(value) in column.kinds and not column.is_row_id
            for column, value in zip(self.columns, values, strict=True)
        )


_KINDS: dict[str, tuple[type, ...]] = {
    "TEXT": (str,),
    "INTEGER": (int,),
    # What is whole is kept as an integer, which takes less room.
    "REAL": (float, int),
    "BLOB": (bytes,),
}


def adopt(damaged: Path, sound: sqlite3.Connection, gaps: Sequence[Gap]) -> int:
    """Write the rows of the gaps that the file still holds into the sound database; how many.

    What is there under the same key stays. The file is not encrypted, and nobody has it open.
    Raises `OSError` and what SQLite raises.
    """
    tables = [_table(sound, name, gaps) for name in dict.fromkeys(gap.table for gap in gaps)]
    adopted = 0
    sound.execute("BEGIN IMMEDIATE").close()
    for row, values in rows_in(damaged):
        whose = [table for table in tables if table.fits(row, values)]
        if len(whose) == 1:
            adopted += _insert(sound, whose[0], row, values)
    find_words_anew(sound)
    sound.execute("COMMIT").close()
    return adopted


def _table(sound: sqlite3.Connection, name: str, gaps: Sequence[Gap]) -> _Table:
    facts = rows(sound, f'PRAGMA table_info("{name}")')
    keys = [fact for fact in facts if fact[5]]
    columns = tuple(
        _Column(
            column,
            _KINDS.get(kind.upper(), (str, int, float, bytes)),
            not must,
            len(keys) == 1 and bool(key) and kind.upper() == "INTEGER",
        )
        for _, column, kind, must, _, key in facts
    )
    return _Table(name, columns, tuple(gap for gap in gaps if gap.table == name))


def _insert(sound: sqlite3.Connection, table: _Table, row: int, values: Sequence[Value]) -> int:
    pairs = [
        (column.name, value)
        for column, value in zip(table.columns, values, strict=True)
        if not column.is_row_id
    ]
    names = ", ".join(["rowid", *(f'"{name}"' for name, _ in pairs)])
    places = ", ".join("?" * (len(pairs) + 1))
    insert = f'INSERT OR IGNORE INTO "{table.name}" ({names}) VALUES ({places})'  # noqa: S608
    try:
        cursor = sound.execute(insert, (row, *(value for _, value in pairs)))
    except errors():
        return 0
    count = cursor.rowcount
    cursor.close()
    return max(0, count)
