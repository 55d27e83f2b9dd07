"""The one connection through which this process reads and writes a database file.

It is opened by the first use, so that starting costs nothing. Several processes share the file.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import aiosqlite

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.store import opening
from mirador_lsp.store.opening import Migration, translated

Row = tuple[Any, ...]


class Database:
    """A file and its connection. Use it from one event loop, and `close` it."""

    def __init__(
        self,
        file: Path,
        migrations: Sequence[Migration],
        *,
        make_folder: Callable[[Path], object],
        moved_aside: Callable[[Path], None],
    ) -> None:
        """`make_folder` makes the file's folder, private to the user; it may raise `ServiceError`.
        `moved_aside` is told where a damaged file went.
        """
        self._file = file
        self._migrations = tuple(migrations)
        self._make_folder = make_folder
        self._moved_aside = moved_aside
        self._connection: aiosqlite.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._turn = asyncio.Lock()
        """Held by who uses the connection: it is opened and exchanged by one at a time."""
        self._closed = False

    async def exists(self) -> bool:
        """Whether anything was ever kept. Touches nothing."""
        return await asyncio.to_thread(opening.identity, self._file) is not None

    async def execute(self, statement: str, values: Sequence[Any] = ()) -> Sequence[Row]:
        """Run one statement as a transaction of its own; what it returns, all of it.

        When it returns, what was written is on the disk. Cancelled, the statement runs to its end
        all the same. Raises `ServiceError`.
        """
        async with self._turn:
            with translated(self._file):
                try:
                    return await self._run(statement, values)
                except sqlite3.DatabaseError as error:
                    if not opening.is_damage(error):
                        raise
                    await self._let_go()
                try:
                    # Opening it again finds the damage and begins a fresh file.
                    return await self._run(statement, values)
                except sqlite3.DatabaseError as error:
                    message = f"{self._file} is damaged: {error}."
                    raise ServiceError(message, remedy="Move it away.") from error

    async def close(self) -> None:
        """Let go of the file."""
        self._closed = True
        async with self._turn:
            await self._let_go()

    async def _run(self, statement: str, values: Sequence[Any]) -> Sequence[Row]:
        connection = await self._opened()
        return tuple(tuple(row) for row in await connection.execute_fetchall(statement, values))

    async def _opened(self) -> aiosqlite.Connection:
        if self._closed:
            message = "The store is closed."
            raise ServiceError(message)
        if self._connection is not None:
            if await asyncio.to_thread(opening.identity, self._file) == self._identity:
                return self._connection
            await self._let_go()
        aside = await asyncio.to_thread(self._make_ready)
        if aside is not None:
            self._moved_aside(aside)
        connection = await aiosqlite.connect(
            self._file, timeout=opening.BUSY_SECONDS, isolation_level=None
        )
        self._connection = connection
        for pragma in opening.PRAGMAS:
            await connection.execute_fetchall(pragma)
        self._identity = await asyncio.to_thread(opening.identity, self._file)
        return connection

    def _make_ready(self) -> Path | None:
        self._make_folder(self._file.parent)
        return opening.make_ready(self._file, self._migrations)

    async def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
