"""What was asked and answered, and the lives of findings, kept in SQLite: the `HistoryBook` that
Mirador runs.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from mirador_lsp.core.answers import Turn
from mirador_lsp.core.events import Notice
from mirador_lsp.core.history import (
    Exchange,
    Extent,
    Forgotten,
    Kept,
    Life,
    Page,
    Retention,
    Selection,
    Session,
    Step,
    Visit,
)
from mirador_lsp.store import history_rows as rows
from mirador_lsp.store.database import Database
from mirador_lsp.store.history_picks import Pick, exchanges_that, lives_that, memories_that
from mirador_lsp.store.history_rows import EXCHANGE, KEPT, LIFE, MOMENT, SESSION, Statement

_DAY = 86_400.0
_OPEN = ", ".join(f"'{step.value}'" for step in Step if step.leaves_open)
_HERE = "workspace = ? AND surface = ? AND client = ?"
_ATTEND = f"""
INSERT INTO history_sessions ({SESSION}) SELECT ?, ?, ?, ?, ?, ?
WHERE NOT EXISTS (SELECT 1 FROM history_sessions WHERE {_HERE} AND last >= ?)
"""  # noqa: S608 — our own columns
_LATEST_HERE = f"SELECT id FROM history_sessions WHERE {_HERE} ORDER BY last DESC, id LIMIT 1"  # noqa: S608
_AGAIN = f"UPDATE history_sessions SET last = max(last, ?) WHERE id = ({_LATEST_HERE})"  # noqa: S608
_COUNTED = f"""
SELECT {SESSION}, (SELECT count(*) FROM history_exchanges AS e WHERE e.session = s.id)
FROM history_sessions AS s
"""  # noqa: S608 — our own columns
_TURNS = """
SELECT question, response FROM history_exchanges
WHERE conversation = ? AND session = ? AND kind = 'ask' AND response <> ''
ORDER BY time DESC, number DESC LIMIT ?
"""
_ABOUT = """
SELECT f.finding FROM history_about AS a JOIN history_findings AS f ON f.number = a.finding
WHERE a.exchange = ? ORDER BY f.number
"""
_MOMENTS = f"SELECT {MOMENT} FROM history_moments WHERE finding = ? ORDER BY time, rowid"  # noqa: S608
_FIND_EXCHANGES = f"""
SELECT e.number, {", ".join(f"e.{name}" for name in EXCHANGE.split(", "))} FROM history_words AS w
JOIN history_exchanges AS e ON e.number = w.rowid
WHERE history_words MATCH ? ORDER BY rank LIMIT ?
"""  # noqa: S608 — our own columns
_FIND_LIVES = f"""
SELECT {", ".join(f"f.{name}" for name in LIFE.split(", "))} FROM history_messages AS w
JOIN history_findings AS f ON f.number = w.rowid
WHERE history_messages MATCH ? ORDER BY rank LIMIT ?
"""  # noqa: S608 — our own columns
_ONLY_ABOUT = """
SELECT DISTINCT finding FROM history_about WHERE exchange IN (SELECT value FROM json_each(?))
AND finding NOT IN (
    SELECT finding FROM history_about WHERE exchange NOT IN (SELECT value FROM json_each(?))
)
"""
_TOO_MUCH = """
SELECT number FROM (
    SELECT number, sum(bytes) OVER (ORDER BY time DESC, number DESC) AS total
    FROM history_exchanges
) WHERE total > ?
"""
_THESE = "IN (SELECT value FROM json_each(?))"
_COUNT_MOMENTS = f"SELECT count(*) FROM history_moments WHERE finding {_THESE}"  # noqa: S608
_NAMED = f"SELECT id, session FROM history_exchanges WHERE number {_THESE}"  # noqa: S608
_CAME = f"SELECT {KEPT} FROM history_memories WHERE exchange {_THESE}"  # noqa: S608
_LOSE_EXCHANGES = f"""
INSERT INTO history_words (history_words, rowid, question, response)
SELECT 'delete', number, question, response FROM history_exchanges WHERE number {_THESE}
"""  # noqa: S608 — our own names
_LOSE_FINDINGS = f"DELETE FROM history_messages WHERE rowid {_THESE}"  # noqa: S608
_DROP_EXCHANGES = f"DELETE FROM history_exchanges WHERE number {_THESE}"  # noqa: S608
_DROP_FINDINGS = f"DELETE FROM history_findings WHERE number {_THESE}"  # noqa: S608
_DROP_MEMORIES = f"DELETE FROM history_memories WHERE id {_THESE}"  # noqa: S608
_COUNT_EMPTY = f"""
SELECT count(*) FROM history_sessions AS s WHERE id {_THESE} AND NOT EXISTS (
    SELECT 1 FROM history_exchanges AS e WHERE e.session = s.id AND e.number NOT {_THESE}
)
"""  # noqa: S608 — our own names
_DROP_SESSIONS = f"""
DELETE FROM history_sessions WHERE id {_THESE}
AND NOT EXISTS (SELECT 1 FROM history_exchanges AS e WHERE e.session = history_sessions.id)
"""  # noqa: S608 — our own names
_EXTENT = """
SELECT (SELECT count(*) FROM history_sessions), count(*),
    (SELECT count(*) FROM history_findings), coalesce(sum(bytes), 0) FROM history_exchanges
"""
_UPKEEP = """
INSERT INTO history_upkeep (id, time, removed) VALUES (1, ?, ?)
ON CONFLICT (id) DO UPDATE SET time = excluded.time, removed = excluded.removed
"""


class SqliteHistoryBook:
    """See `core.history.HistoryBook`."""

    def __init__(self, database: Database) -> None:
        """`database` is shared with other books, and closed by whoever made it."""
        self._database = database

    async def attend(self, visit: Visit, now: float, hours: float) -> Session:
        """See the port."""
        fresh = rows.session_values(Session(uuid4().hex[:12], visit, now, now))
        here = fresh[1:4]
        since = now - hours * 3600
        await self._write([(_ATTEND, (*fresh, *here, since)), (_AGAIN, (now, *here))])
        wanted = f"{_COUNTED} WHERE s.id = ({_LATEST_HERE})"
        (row,) = await self._database.read(wanted, here)
        return rows.session_of(row)

    async def keep(self, page: Page) -> None:
        """See the port. A cancelled call keeps what it was at all the same."""
        await self._write(rows.writes(page))

    async def sessions(self, which: Selection, most: int) -> Sequence[Session]:
        """See the port."""
        pick = Pick()
        pick.times("s.last", which)
        pick.beginning("s.id", which.session or which.id)
        wanted = f"{_COUNTED} {pick.where} ORDER BY s.last DESC, s.rowid DESC LIMIT ?"
        return [rows.session_of(row) for row in await self._read(wanted, (*pick.values, most))]

    async def exchanges(self, which: Selection, most: int) -> Sequence[Exchange]:
        """See the port."""
        pick = exchanges_that(which)
        wanted = (
            f"SELECT number, {EXCHANGE} FROM history_exchanges AS e {pick.where} "  # noqa: S608 — ours
            "ORDER BY time DESC, number DESC LIMIT ?"
        )
        return await self._exchanges(await self._read(wanted, (*pick.values, most)))

    async def lives(self, which: Selection, most: int) -> Sequence[Life]:
        """See the port."""
        pick = lives_that(which)
        wanted = (
            f"SELECT number, {LIFE} FROM history_findings AS f {pick.where} "  # noqa: S608 — ours
            "ORDER BY last DESC, number DESC LIMIT ?"
        )
        return await self._lives(await self._read(wanted, (*pick.values, most)))

    async def lives_of(self, document: str, ids: Sequence[str]) -> Sequence[Life]:
        """See the port."""
        wanted = (
            f"SELECT number, {LIFE} FROM history_findings WHERE document = ? "  # noqa: S608 — our own columns
            "AND finding IN (SELECT value FROM json_each(?)) ORDER BY number"
        )
        named = json.dumps([rows.line(each) for each in ids])
        return await self._lives(await self._read(wanted, (rows.document(document), named)))

    async def open_lives(self, document: str) -> Sequence[Life]:
        """See the port."""
        wanted = (
            f"SELECT {LIFE} FROM history_findings WHERE document = ? AND state IN ({_OPEN}) "  # noqa: S608 — ours
            "ORDER BY number"
        )
        found = await self._read(wanted, (rows.document(document),))
        return [rows.life_of(row) for row in found]

    async def turns(self, conversation: str, session: str, most: int) -> Sequence[Turn]:
        """See the port."""
        if not conversation:
            return ()
        found = await self._read(_TURNS, (rows.line(conversation), session, most))
        return [Turn(question, answer) for question, answer in reversed(found)]

    async def search(self, words: str, most: int) -> tuple[Sequence[Exchange], Sequence[Life]]:
        """See the port."""
        quoted = [word.replace('"', '""') for word in rows.storable(words, 1000).split()]
        if not quoted:
            return (), ()
        # Quoted words are no operators; the last one may be the beginning of a word.
        match = " ".join(f'"{word}"' for word in quoted) + "*"
        exchanges = await self._read(_FIND_EXCHANGES, (match, most))
        lives = await self._read(_FIND_LIVES, (match, most))
        return await self._exchanges(exchanges), [rows.life_of(row) for row in lives]

    async def meant(self, which: Selection) -> Forgotten:
        """See the port."""
        return (await self._meant(which)).counted

    async def forget(self, which: Selection) -> Forgotten:
        """See the port."""
        return await self._remove(await self._meant(which))

    async def tend(self, keep: Retention, now: float) -> Forgotten | None:
        """See the port."""
        if not await self._database.exists():
            return None
        last = await self._read("SELECT time FROM history_upkeep", ())
        if last and abs(now - last[0][0]) < _DAY:
            return None
        old = Selection(before=now - keep.days * _DAY)
        gone = [await self.forget(old)]
        too_much = await self._numbers(_TOO_MUCH, (keep.most_bytes,))
        gone.append(await self._remove(await self._with_all_of(too_much)))
        both = _together(gone)
        await self._write([(_UPKEEP, (now, both.exchanges + both.findings))])
        return both

    async def extent(self) -> Extent:
        """See the port."""
        counts = await self._read(_EXTENT, ())
        tended = await self._read("SELECT time, removed FROM history_upkeep", ())
        return Extent(*(counts[0] if counts else ()), *(tended[0] if tended else ()))

    def notices(self) -> tuple[Notice, ...]:
        """See the port."""
        return self._database.notices()

    async def close(self) -> None:
        """See the port."""

    async def _meant(self, which: Selection) -> "_Meant":
        pick = exchanges_that(which)
        wanted = f"SELECT number FROM history_exchanges AS e {pick.where}"  # noqa: S608 — ours
        exchanges = await self._numbers(wanted, pick.values)
        if which.kinds:
            return await self._with_all_of(exchanges)
        findings: Sequence[int] = ()
        if not which.session:
            pick = lives_that(which)
            wanted = f"SELECT number FROM history_findings AS f {pick.where}"  # noqa: S608 — ours
            findings = await self._numbers(wanted, pick.values)
        if which.id:
            return await self._with_all_of(exchanges, findings)
        pick = memories_that(which)
        wanted = f"SELECT {KEPT} FROM history_memories AS m {pick.where}"  # noqa: S608 — ours
        memories = [rows.kept_of(row) for row in await self._read(wanted, pick.values)]
        sessions = [] if which.file else [each.id for each in await self.sessions(which, -1)]
        return await self._with_all_of(exchanges, findings, memories, sessions)

    async def _with_all_of(
        self,
        exchanges: Sequence[int],
        findings: Sequence[int] = (),
        memories: Sequence[Kept] = (),
        sessions: Sequence[str] = (),
    ) -> "_Meant":
        """Exchanges with what is only about them, and sessions in which nothing is left."""
        these = json.dumps(list(exchanges))
        lost = {*findings, *await self._numbers(_ONLY_ABOUT, (these, these))}
        named = await self._read(_NAMED, (these,))
        came = await self._read(_CAME, (json.dumps([row[0] for row in named]),))
        owners = json.dumps(sorted({*sessions, *(row[1] for row in named)}))
        those = json.dumps(sorted(lost))
        every = {each.id: each for each in (*memories, *map(rows.kept_of, came))}
        counted = Forgotten(
            sum(await self._numbers(_COUNT_EMPTY, (owners, these))),
            len(named),
            len(lost),
            sum(await self._numbers(_COUNT_MOMENTS, (those,))),
            tuple(every.values()),
        )
        return _Meant(these, those, owners, counted)

    async def _remove(self, meant: "_Meant") -> Forgotten:
        """All or nothing."""
        if not meant.counted.rows:
            return meant.counted
        memories = json.dumps([each.id for each in meant.counted.memories])
        await self._write(
            [
                (_LOSE_EXCHANGES, (meant.exchanges,)),
                (_LOSE_FINDINGS, (meant.findings,)),
                (_DROP_EXCHANGES, (meant.exchanges,)),
                (_DROP_FINDINGS, (meant.findings,)),
                (_DROP_MEMORIES, (memories,)),
                (_DROP_SESSIONS, (meant.sessions,)),
                # Until its segments are merged, the index of words has the old ones still.
                ("INSERT INTO history_words (history_words) VALUES ('optimize')", ()),
                ("INSERT INTO history_messages (history_messages) VALUES ('optimize')", ()),
            ]
        )
        return meant.counted

    async def _exchanges(self, found: Sequence[Sequence[Any]]) -> list[Exchange]:
        return [
            rows.exchange_of(row, [each for (each,) in await self._read(_ABOUT, (number,))])
            for number, *row in found
        ]

    async def _lives(self, found: Sequence[Sequence[Any]]) -> list[Life]:
        return [rows.life_of(row, await self._read(_MOMENTS, (n,))) for n, *row in found]

    async def _numbers(self, statement: str, values: Sequence[Any]) -> list[int]:
        return [number for (number,) in await self._read(statement, values)]

    async def _read(self, statement: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """What is there; where nothing was ever kept no file is made."""
        if not await self._database.exists():
            return ()
        return await self._database.read(statement, values)

    async def _write(self, statements: Iterable[Statement]) -> None:
        await self._database.transact(tuple(statements))


@dataclass(frozen=True)
class _Meant:
    """Rows that are to go, as JSON lists of their numbers or ids."""

    exchanges: str
    findings: str
    sessions: str
    """They go where nothing else is left in them."""
    counted: Forgotten


def _together(gone: Iterable[Forgotten]) -> Forgotten:
    every = list(gone)
    return Forgotten(
        sum(each.sessions for each in every),
        sum(each.exchanges for each in every),
        sum(each.findings for each in every),
        sum(each.moments for each in every),
        tuple({kept.id: kept for each in every for kept in each.memories}.values()),
    )
