"""How models did, kept in SQLite: the `Measurements` that Mirador runs. Figures only."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.routing import Circumstances, Measurement, Outcome, Standing
from mirador_lsp.store.database import Database

LATEST = 200
"""Replies of a model at a task that count."""
_MOST_ROWS = 20_000
_MOST_AT_ONCE = 100
"""Rows of one statement: SQLite bounds its parameters."""
_COLUMNS = 12
_LONGEST = 200
_FORGET = "DELETE FROM replies WHERE rowid <= (SELECT max(rowid) FROM replies) - ?"
_STANDINGS = """
SELECT task, model, digest, count(*), sum(outcome = 'held'), avg(seconds) FROM (
    SELECT *, row_number() OVER (
        PARTITION BY task, model, digest ORDER BY rowid DESC
    ) AS age FROM replies
) WHERE age <= ? GROUP BY task, model, digest ORDER BY task, model, digest
"""
_RECENT = "SELECT * FROM replies ORDER BY rowid DESC LIMIT ?"


def _begin(connection: sqlite3.Connection) -> None:
    connection.execute(
        """
        CREATE TABLE replies (
            task TEXT NOT NULL,
            model TEXT NOT NULL,
            digest TEXT NOT NULL,
            seconds REAL NOT NULL,
            first_token_seconds REAL,
            prompt_tokens INTEGER NOT NULL,
            completion_tokens INTEGER NOT NULL,
            outcome TEXT NOT NULL,
            time REAL NOT NULL
        )
        """
    )
    connection.execute("CREATE INDEX replies_by_model ON replies (task, model, digest)")


def _add_circumstances(connection: sqlite3.Connection) -> None:
    for column in ("reason", "stages", "language"):
        connection.execute(f"ALTER TABLE replies ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")


MIGRATIONS = (_begin, _add_circumstances)
"""From an empty file to the schema in use. Append only: users' files stand at each of them."""


class SqliteMeasurements:
    """See `core.ports.Measurements`."""

    def __init__(self, file: Path, *, make_folder: Callable[[Path], object]) -> None:
        """`make_folder` makes the file's folder, private to the user."""
        self._notices: list[Notice] = []
        self._database = Database(
            file, MIGRATIONS, make_folder=make_folder, moved_aside=self._moved_aside
        )

    async def record(self, measured: Sequence[Measurement]) -> None:
        """See the port. A cancelled call records what it was at all the same."""
        for start in range(0, len(measured), _MOST_AT_ONCE):
            rows = [_row(each) for each in measured[start : start + _MOST_AT_ONCE]]
            places = ", ".join([f"({', '.join('?' * _COLUMNS)})"] * len(rows))
            statement = f"INSERT INTO replies VALUES {places}"  # noqa: S608 — question marks only
            values = [value for row in rows for value in row]
            await asyncio.shield(self._database.execute(statement, values))
        if measured:
            await self._database.execute(_FORGET, (_MOST_ROWS,))

    async def standings(self) -> Sequence[Standing]:
        """See the port. Where nothing was measured no file is made."""
        if not await self._database.exists():
            return ()
        rows = await self._database.execute(_STANDINGS, (LATEST,))
        return tuple(Standing(*row) for row in rows)

    async def recent(self, most: int) -> Sequence[Measurement]:
        """See the port. Where nothing was measured no file is made."""
        if not await self._database.exists():
            return ()
        rows = await self._database.execute(_RECENT, (most,))
        return tuple(_measurement(row) for row in reversed(rows))

    def notices(self) -> tuple[Notice, ...]:
        """See the port."""
        told, self._notices = tuple(self._notices), []
        return told

    async def close(self) -> None:
        """See the port."""
        await self._database.close()

    def _moved_aside(self, aside: Path) -> None:
        text = (
            "The file with what was measured of models was damaged; a fresh one was begun, and the "
            f"old one is kept as {aside}."
        )
        self._notices.append(Notice(NoticeKind.UNAVAILABLE, text))


def _row(measured: Measurement) -> tuple[str | float | int | None, ...]:
    within = measured.circumstances
    return (
        _text(measured.task),
        _text(measured.model),
        _text(measured.digest),
        measured.seconds,
        measured.first_token_seconds,
        measured.prompt_tokens,
        measured.completion_tokens,
        Outcome(measured.outcome).value,
        measured.time,
        _text(within.reason),
        _text(" ".join(within.stages)),
        _text(within.language),
    )


def _measurement(row: Sequence[Any]) -> Measurement:
    *figures, outcome, time, reason, stages, language = row
    within = Circumstances(reason, tuple(stages.split()), language)
    return Measurement(*(*figures, Outcome(outcome), time, within))


def _text(text: str) -> str:
    # A server names its models as it likes; a lone surrogate has no form in the file.
    return text[:_LONGEST].encode("utf-8", "backslashreplace").decode("utf-8")
