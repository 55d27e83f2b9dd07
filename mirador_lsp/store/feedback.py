"""What the user thinks of findings, kept in SQLite: the `FeedbackBook` that Mirador runs."""

import asyncio
import json
import sqlite3
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

from mirador_lsp.core.events import Notice
from mirador_lsp.core.feedback import (
    MOST_CHANGE,
    MOST_REASON,
    Opinion,
    Verdict,
    Which,
    document_of,
)
from mirador_lsp.core.findings import Lens, Severity
from mirador_lsp.store.database import Database

_COLUMNS = (
    *("document", "finding", "rule", "verdict", "reason", "tool", "time", "rating", "lens"),
    *("severity", "message", "quote", "symbol", "language", "cwe", "lines", "change"),
)
_FIELDS = ("uri", "finding_id", *_COLUMNS[2:])
"""The columns as an opinion calls them."""
_LISTED = ", ".join(_COLUMNS)
_PLACES = ", ".join("?" * (len(_COLUMNS) + 1))
_RECORD = f"INSERT OR REPLACE INTO opinions ({_LISTED}, id) VALUES ({_PLACES})"  # noqa: S608 — names of ours
_ABOUT = f"SELECT {_LISTED} FROM opinions WHERE document = ? ORDER BY time, rowid"  # noqa: S608 — names of ours
_LATEST = f"""
SELECT {_LISTED} FROM (
    SELECT *, rowid AS turn, row_number() OVER (
        PARTITION BY rule ORDER BY time DESC, rowid DESC
    ) AS age FROM opinions
) WHERE age <= ? ORDER BY time DESC, turn DESC LIMIT ?
"""  # noqa: S608 — names of ours
_STAMP = "SELECT count(*), total(time), max(rowid) FROM opinions INDEXED BY opinions_by_time"
_MOST_VECTORS = 4000
_AT_ONCE = 100
"""Rows of one statement: SQLite bounds its parameters."""
_VECTORS = """
SELECT key, vector FROM opinion_vectors
WHERE embedder = ? AND key IN (SELECT value FROM json_each(?))
"""
_FORGET_VECTORS = """
DELETE FROM opinion_vectors WHERE embedder <> ? OR rowid <= (
    SELECT max(rowid) FROM opinion_vectors
) - ?
"""


def add_what_was_found(connection: sqlite3.Connection) -> None:
    """Of each opinion, the finding as it was shown; and what an embedder makes of findings."""
    for column in ("id", "lens", "severity", "message", "quote", "symbol", "language", "cwe"):
        connection.execute(f"ALTER TABLE opinions ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
    connection.execute("ALTER TABLE opinions ADD COLUMN change TEXT NOT NULL DEFAULT ''")
    for column in ("rating", "lines"):
        connection.execute(f"ALTER TABLE opinions ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0")
    rows = connection.execute("SELECT rowid, document, finding FROM opinions").fetchall()
    for row, document, finding in rows:
        named = Opinion(document, finding, "", Verdict.DISMISSED, "", "", 0.0).id
        connection.execute("UPDATE opinions SET id = ? WHERE rowid = ?", (named, row))
    connection.execute("CREATE INDEX opinions_by_time ON opinions (time)")
    connection.execute("CREATE INDEX opinions_by_id ON opinions (id)")
    connection.execute(
        """
        CREATE TABLE opinion_vectors (
            embedder TEXT NOT NULL,
            key TEXT NOT NULL,
            vector BLOB NOT NULL,
            UNIQUE (embedder, key)
        )
        """
    )


class SqliteFeedbackBook:
    """See `core.ports.FeedbackBook`."""

    def __init__(self, database: Database) -> None:
        """Of a store with the tables of `schema.MIGRATIONS`."""
        self._database = database

    async def record(self, opinion: Opinion) -> None:
        """See the port. A cancelled call is recorded all the same."""
        await self._database.transact([(_RECORD, _row(opinion))])

    async def about(self, uri: str) -> tuple[Opinion, ...]:
        """See the port. Without any opinion no file is made."""
        if not await self._database.exists():
            return ()
        rows = await self._database.read(_ABOUT, (_encodable(document_of(uri)),))
        return _opinions([(uri, *row[1:]) for row in rows])

    async def latest(self, most: int, of_rule: int) -> tuple[Opinion, ...]:
        """See the port. The documents have the name under which they are kept."""
        if not await self._database.exists():
            return ()
        rows = await self._database.read(_LATEST, (of_rule, most))
        return await asyncio.to_thread(_opinions, rows)  # there may be thousands

    async def stamp(self) -> str:
        """See the port. It reads one index; whoever has nothing has no file."""
        if not await self._database.exists():
            return ""
        ((count, times, last),) = await self._database.read(_STAMP)
        return f"{count}/{times}/{last}"

    async def forget(self, which: Which) -> int:
        """See the port."""
        if not await self._database.exists():
            return 0
        where, values = _meant(which)
        statement = f"DELETE FROM opinions WHERE {where} RETURNING 1"  # noqa: S608 — question marks
        removed = await self._database.execute(statement, values)
        if removed:
            # A vector tells much of the text that it was made of, and can be made again.
            await self._database.execute("DELETE FROM opinion_vectors")
        return len(removed)

    async def vectors(self, embedder: str, keys: Sequence[str]) -> Mapping[str, Sequence[float]]:
        """See the port."""
        if not await self._database.exists():
            return {}
        rows = await self._database.read(_VECTORS, (embedder, json.dumps(list(keys))))
        return {key: array("f", vector) for key, vector in rows if len(vector) % 4 == 0}

    async def keep_vectors(self, embedder: str, made: Mapping[str, Sequence[float]]) -> None:
        """See the port."""
        rows = [(embedder, key, array("f", vector).tobytes()) for key, vector in made.items()]
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            places = ", ".join(["(?, ?, ?)"] * len(some))
            statement = f"INSERT OR REPLACE INTO opinion_vectors VALUES {places}"  # noqa: S608 — question marks only
            values = [value for row in some for value in row]
            await self._database.execute(statement, values)
        if rows:
            await self._database.execute(_FORGET_VECTORS, (embedder, _MOST_VECTORS))

    def notices(self) -> tuple[Notice, ...]:
        """See the port."""
        return self._database.notices()

    async def close(self) -> None:
        """See the port."""
        await self._database.close()


def _meant(which: Which) -> tuple[str, list[Any]]:
    """What follows WHERE, and its values."""
    parts, values = ["1"], list[Any]()
    if which.ids:
        parts.append("id IN (SELECT value FROM json_each(?))")  # any number is one parameter
        values.append(json.dumps([_encodable(each) for each in which.ids]))
    if which.rule:
        parts.append("rule = ?")
        values.append(_encodable(which.rule))
    if which.uri:
        parts.append("document = ?")
        values.append(_encodable(document_of(which.uri)))
    if which.before is not None:
        parts.append("time < ?")
        values.append(which.before)
    return " AND ".join(parts), values


def _row(opinion: Opinion) -> tuple[Any, ...]:
    values = (
        document_of(opinion.uri),
        opinion.finding_id,
        opinion.rule,
        opinion.verdict.value,
        opinion.reason[:MOST_REASON],
        opinion.tool,
        opinion.time,
        opinion.rating,
        opinion.lens.value if opinion.lens is not None else "",
        opinion.severity.value if opinion.severity is not None else "",
        opinion.message,
        opinion.quote,
        opinion.symbol,
        opinion.language,
        opinion.cwe,
        opinion.lines,
        opinion.change[:MOST_CHANGE],
        opinion.id,
    )
    # A lone surrogate has no form in the file.
    return tuple(_encodable(v) if isinstance(v, str) else v for v in values)


def _opinions(rows: Sequence[Sequence[Any]]) -> tuple[Opinion, ...]:
    """What a newer Mirador wrote and this one has no word for is left out."""
    known = set(Verdict)
    return tuple(_opinion(dict(zip(_FIELDS, row, strict=True))) for row in rows if row[3] in known)


def _opinion(said: dict[str, Any]) -> Opinion:
    said["verdict"] = Verdict(said["verdict"])
    said["lens"] = Lens(said["lens"]) if said["lens"] in set(Lens) else None
    said["severity"] = Severity(said["severity"]) if said["severity"] in set(Severity) else None
    return Opinion(**said)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
