"""One open database as the event loop sees it: whole transactions, and questions."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import groupby
from operator import itemgetter
from typing import Any

import aiosqlite

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.store import place
from mirador_lsp.store.linking import BUSY_SECONDS
from mirador_lsp.store.opening import Opened
from mirador_lsp.store.place import Place
from mirador_lsp.store.troubles import errors
from mirador_lsp.store.waiting import Entry, Statement

Row = tuple[Any, ...]

_MARK = """
INSERT INTO store_writers VALUES (?, ?, ?)
ON CONFLICT (id) DO UPDATE SET number = excluded.number, time = excluded.time
"""
_MARKED = "SELECT number FROM store_writers WHERE id = ?"


class MovedError(Exception):
    """Another file lies there now, or none."""


class Link:
    """A connection in a thread of its own. Used by one task at a time."""

    def __init__(self, where: Place, connection: aiosqlite.Connection, opened: Opened) -> None:
        self._place = where
        self._connection = connection
        self.opened = opened

    @classmethod
    async def begin(cls, where: Place, connect: Callable[[], Opened]) -> "Link":
        """Open one; `connect` runs in its thread. Raises what it raises."""
        made: list[Opened] = []

        def connector() -> Any:
            made.append(connect())
            return made[0].connection

        return cls(where, await aiosqlite.Connection(connector, 64), made[0])

    @property
    def in_memory(self) -> bool:
        """Whether nothing of it is on a disk."""
        return self.opened.identity is None

    async def stands(self) -> bool:
        """Whether the file that is open is still the one that lies there."""
        if self.in_memory:
            return True
        return await asyncio.to_thread(place.identity, self._place) == self.opened.identity

    async def select(self, statement: str, values: Sequence[Any]) -> tuple[Row, ...]:
        """What a statement that writes nothing returns. Raises `MovedError`."""
        async with self._alone():
            await self._insist()
            return await self.rows(statement, values)

    async def commit(self, entry: Entry, writer: str, time: float, *, again: bool) -> None:
        """Write a transaction, unless it was written before. Raises `MovedError`."""
        async with self._transaction():
            if again and await self.reached(writer) >= entry.number:
                return
            await self._run(entry.statements)
            await self.rows(_MARK, (writer, entry.number, time))

    async def execute(self, entry: Entry, writer: str, time: float) -> tuple[Row, ...]:
        """Write a transaction of one statement; what that returns. Raises `MovedError`."""
        ((statement, values),) = entry.statements
        async with self._transaction():
            found = await self.rows(statement, values)
            await self.rows(_MARK, (writer, entry.number, time))
            return found

    async def reached(self, writer: str) -> int:
        """The number of the last transaction that a process wrote; 0 for none."""
        found = await self.rows(_MARKED, (writer,))
        return int(found[0][0]) if found else 0

    async def rows(self, statement: str, values: Sequence[Any] = ()) -> tuple[Row, ...]:
        """What a statement returns, as it is."""
        found = await self._connection.execute_fetchall(statement, values)
        return tuple(tuple(row) for row in found)

    async def close(self) -> None:
        """Let go of the file."""
        # An error of the disk changes nothing: what was committed is there.
        with suppress(*errors()):
            await self._connection.close()

    async def _insist(self) -> None:
        if not await self.stands():
            raise MovedError

    async def _run(self, statements: Sequence[Statement]) -> None:
        for statement, same in groupby(statements, itemgetter(0)):
            await self._connection.executemany(statement, [values for _, values in same])

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[None]:
        async with self._alone():
            await self.rows("BEGIN IMMEDIATE")
            try:
                # Inside the transaction: whoever exchanges the file holds it while he does.
                await self._insist()
                yield
                await self.rows("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    with suppress(*errors()):
                        await self.rows("ROLLBACK")
                raise

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Take turns with other processes where the file has no log."""
        if self.opened.has_log:
            yield
            return
        turn = await asyncio.to_thread(place.take_turn, self._place, BUSY_SECONDS)
        try:
            yield
        finally:
            place.end_turn(turn)


def refused(why: ServiceError) -> ServiceError:
    """The error for what needs the file, where this session has none."""
    return ServiceError(f"Nothing that was kept can be changed now: {why}", remedy=why.remedy)
