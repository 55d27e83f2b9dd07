"""How models did, kept in SQLite: the `Measurements` that Mirador runs. Figures only."""

from collections.abc import Sequence
from typing import Any

from mirador_lsp.core.events import Notice
from mirador_lsp.core.routing import Circumstances, Measurement, Outcome, Standing
from mirador_lsp.store.database import Database

LATEST = 200
"""Replies of a model at a task that count."""
_MOST_ROWS = 20_000
_LONGEST = 200
_RECORD = f"INSERT INTO measurements VALUES ({', '.join('?' * 12)})"  # noqa: S608 — question marks
_FORGET = "DELETE FROM measurements WHERE rowid <= (SELECT max(rowid) FROM measurements) - ?"
_STANDINGS = """
SELECT task, model, digest, count(*), sum(outcome = 'held'), avg(seconds) FROM (
    SELECT *, row_number() OVER (
        PARTITION BY task, model, digest ORDER BY rowid DESC
    ) AS age FROM measurements
) WHERE age <= ? GROUP BY task, model, digest ORDER BY task, model, digest
"""
_RECENT = "SELECT * FROM measurements ORDER BY rowid DESC LIMIT ?"


class SqliteMeasurements:
    """See `core.ports.Measurements`."""

    def __init__(self, database: Database) -> None:
        """Of a store with the tables of `schema.MIGRATIONS`."""
        self._database = database

    async def record(self, measured: Sequence[Measurement]) -> None:
        """See the port. A cancelled call records what it was at all the same."""
        if measured:
            rows = [(_RECORD, _row(each)) for each in measured]
            await self._database.transact([*rows, (_FORGET, (_MOST_ROWS,))])

    async def standings(self) -> Sequence[Standing]:
        """See the port. Where nothing was measured no file is made."""
        if not await self._database.exists():
            return ()
        rows = await self._database.read(_STANDINGS, (LATEST,))
        return tuple(Standing(*row) for row in rows)

    async def recent(self, most: int) -> Sequence[Measurement]:
        """See the port. Where nothing was measured no file is made."""
        if not await self._database.exists():
            return ()
        rows = await self._database.read(_RECENT, (most,))
        return tuple(_measurement(row) for row in reversed(rows))

    def notices(self) -> tuple[Notice, ...]:
        """See the port."""
        return self._database.notices()

    async def close(self) -> None:
        """See the port."""
        await self._database.close()


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
