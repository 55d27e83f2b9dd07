"""How models did on the same questions, kept in SQLite: the `ComparisonBook` that Mirador runs.

Earlier versions kept a file of one JSON object a line. Its rows are taken over, then it is removed.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec

from mirador_lsp.core.events import Notice
from mirador_lsp.core.routing import Comparison, Outcome
from mirador_lsp.store.database import Database, Statement

_COLUMNS = 12
_KEEP = f"INSERT OR IGNORE INTO comparisons VALUES ({', '.join('?' * _COLUMNS)})"  # noqa: S608 — question marks
_MOST_ROWS = 20_000
_FORGET = "DELETE FROM comparisons WHERE rowid <= (SELECT max(rowid) FROM comparisons) - ?"
_LATEST = "SELECT * FROM comparisons ORDER BY rowid DESC LIMIT ?"
_LONGEST = 200
_MOST_BYTES = 8 * 1024 * 1024
"""Of an earlier file; it was put aside at half of that."""
_log = logging.getLogger(__name__)


def begin(connection: sqlite3.Connection) -> None:
    """The table of comparisons."""
    connection.execute(
        """
        CREATE TABLE comparisons (
            run TEXT NOT NULL,
            task TEXT NOT NULL,
            model TEXT NOT NULL,
            digest TEXT NOT NULL,
            seconds REAL NOT NULL,
            first_token_seconds REAL,
            prompt_tokens INTEGER NOT NULL,
            completion_tokens INTEGER NOT NULL,
            outcome TEXT NOT NULL,
            claims INTEGER NOT NULL,
            shared INTEGER NOT NULL,
            time REAL NOT NULL,
            UNIQUE (run, model)
        )
        """
    )


class SqliteComparisonBook:
    """See `core.behaviour.ComparisonBook`."""

    def __init__(self, database: Database, earlier: Path | None = None) -> None:
        """Of a store with the tables of `schema.MIGRATIONS`; `earlier` is the file of earlier
        versions.
        """
        self._database = database
        self._earlier = earlier

    async def keep(self, rows: Sequence[Comparison]) -> None:
        """See the port."""
        await self._take_over()
        await self._database.transact([*_statements(rows), (_FORGET, (_MOST_ROWS,))])

    async def latest(self, most: int) -> Sequence[Comparison]:
        """See the port. Where nothing was compared no file is made."""
        await self._take_over()
        if not await self._database.exists():
            return ()
        rows = await self._database.read(_LATEST, (most,))
        found = [_comparison(row) for row in reversed(rows)]
        return tuple(each for each in found if each is not None)

    def notices(self) -> tuple[Notice, ...]:
        """See the port."""
        return self._database.notices()

    async def close(self) -> None:
        """See the port."""
        await self._database.close()

    async def _take_over(self) -> None:
        """Bring the rows of the earlier file in. A kill in between brings none of them in twice."""
        earlier, self._earlier = self._earlier, None
        if earlier is None:
            return
        files = [earlier.with_name(f"{earlier.name}.1"), earlier]
        for file in files:
            rows = await asyncio.to_thread(_read, file)
            if rows is None:
                continue
            await self._database.transact(_statements(rows))
            await asyncio.to_thread(file.unlink, missing_ok=True)


def _statements(rows: Sequence[Comparison]) -> list[Statement]:
    return [(_KEEP, _row(row)) for row in rows]


def _row(row: Comparison) -> tuple[Any, ...]:
    return (
        *(_text(row.run), _text(row.task), _text(row.model), _text(row.digest)),
        *(row.seconds, row.first_token_seconds, row.prompt_tokens, row.completion_tokens),
        *(Outcome(row.outcome).value, row.claims, row.shared, row.time),
    )


def _comparison(row: Sequence[Any]) -> Comparison | None:
    names = [field.name for field in fields(Comparison)]
    known = dict(zip(names, row, strict=True))
    try:
        return Comparison(**known | {"outcome": Outcome(known["outcome"])})
    except ValueError:  # of a newer Mirador
        return None


def _read(file: Path) -> list[Comparison] | None:
    """The rows of an earlier file; None where there is none, or none that can be read at all."""
    try:
        if file.is_symlink() or not file.is_file() or file.stat().st_size > _MOST_BYTES:
            return None
        lines = file.read_bytes().split(b"\n")
    except OSError as error:
        _log.warning("%s is left as it is: %s", file, error.strerror)
        return None
    rows: list[Comparison] = []
    for line in filter(None, lines):
        try:
            rows.append(msgspec.json.decode(line, type=Comparison))
        except (msgspec.MsgspecError, RecursionError):
            _log.warning("a line of %s cannot be read and is left out", file)
    return rows


def _text(text: str) -> str:
    # A server names its models as it likes; a lone surrogate has no form in the file.
    return text[:_LONGEST].encode("utf-8", "backslashreplace").decode("utf-8")
