"""The one connection through which this process reads and writes a database file.

It is opened by the first use, so that starting costs nothing. Several processes share the file.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.store import opening
from mirador_lsp.store.opening import Migration, translated

Row = tuple[Any, ...]
Statement = tuple[str, Sequence[Any]]
"""SQL, and what stands for its question marks."""
Result = TypeVar("Result")
_CLOSED = "The store is closed."


class Database:
    """A file and its connection. Use it from one event loop, and `close` it."""

    def __init__(
        self,
        file: Path,
        migrations: Sequence[Migration],
        *,
        make_folder: Callable[[Path], object],
        settle: Migration | None = None,
        sources: Sequence[str] = (),
        precious: bool = True,
    ) -> None:
        """`make_folder` makes the file's folder, private to the user; it may raise `ServiceError`.
        `settle` runs whenever the file was opened and has the schema; `sources` are names of files
        beside it whose rows the migrations take over.
        What is not `precious` can be had again: when it is damaged, it is thrown away.
        """
        self._file = file
        self._migrations = tuple(migrations)
        self._make_folder = make_folder
        self._settle = settle
        self._sources = tuple(sources)
        self._precious = precious
        self._notices: list[Notice] = []
        self._connection: aiosqlite.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._turn = asyncio.Lock()
        """Held by who uses the connection: it is opened and exchanged by one at a time."""
        self._tasks = Supervisor()
        self._closed = False

    async def exists(self) -> bool:
        """Whether anything was ever kept. Touches nothing."""
        files = (self._file, *(self._file.with_name(name) for name in self._sources))
        return await asyncio.to_thread(lambda: any(opening.identity(file) for file in files))

    async def transact(self, statements: Sequence[Statement]) -> None:
        """Run statements, each with its values, as one transaction: all of them or none.

        When it returns, what was written is on the disk. Cancelled, it runs to its end all the
        same. Raises `ServiceError`.
        """
        await self._whole(partial(self._transaction, tuple(statements)))

    async def execute(self, statement: str, values: Sequence[Any] = ()) -> Sequence[Row]:
        """Run one statement as a transaction of its own; what it returns, all of it.

        As `transact`.
        """
        return await self._whole(partial(self._run, statement, values))

    async def read(self, statement: str, values: Sequence[Any] = ()) -> Sequence[Row]:
        """What a statement that writes nothing returns, all of it. Raises `ServiceError`."""
        return await self._whole(partial(self._run, statement, values))

    def notices(self) -> tuple[Notice, ...]:
        """What went wrong with the file and was worked around; each is told once."""
        told, self._notices = tuple(self._notices), []
        return told

    async def close(self) -> None:
        """Let go of the file."""
        self._closed = True
        async with self._turn:
            await self._let_go()
        await self._tasks.close()

    async def _whole(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do it in a task of its own, which nobody cancels."""
        if self._closed:
            raise ServiceError(_CLOSED)
        task: asyncio.Task[Result | ServiceError] = self._tasks.start(self._mended(work), "store")
        done = await asyncio.shield(task)
        if isinstance(done, ServiceError):
            raise done
        return done

    async def _mended(self, work: Callable[[], Awaitable[Result]]) -> Result | ServiceError:
        async with self._turn:
            try:
                with translated(self._file):
                    try:
                        return await work()
                    except sqlite3.DatabaseError as error:
                        if not opening.is_damage(error):
                            raise
                        await self._let_go()
                    try:
                        # Opening it again finds the damage and begins a fresh file.
                        return await work()
                    except sqlite3.DatabaseError as error:
                        message = f"{self._file} is damaged: {error}."
                        raise ServiceError(message, remedy="Move it away.") from error
            except ServiceError as error:
                return error

    async def _transaction(self, statements: Sequence[Statement]) -> None:
        connection = await self._opened()
        await connection.execute_fetchall("BEGIN IMMEDIATE")
        try:
            for statement, same in groupby(statements, itemgetter(0)):
                await connection.executemany(statement, [values for _, values in same])
            await connection.execute_fetchall("COMMIT")
        except BaseException:
            if connection.in_transaction:
                await connection.execute_fetchall("ROLLBACK")
            raise

    async def _run(self, statement: str, values: Sequence[Any]) -> Sequence[Row]:
        connection = await self._opened()
        return tuple(tuple(row) for row in await connection.execute_fetchall(statement, values))

    async def _opened(self) -> aiosqlite.Connection:
        if self._closed:
            raise ServiceError(_CLOSED)
        if self._connection is not None:
            if await asyncio.to_thread(opening.identity, self._file) == self._identity:
                return self._connection
            await self._let_go()
        aside = await asyncio.to_thread(self._make_ready)
        if aside is not None:
            await asyncio.to_thread(self._tell_damage, aside)
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
        return opening.make_ready(self._file, self._migrations, self._settle)

    def _tell_damage(self, aside: Path) -> None:
        text = "The file with replies of models was damaged; they are asked again."
        if self._precious:
            text = (
                "The file with what Mirador remembers was damaged; a fresh one was begun, and the "
                f"old one is kept as {aside}."
            )
        else:
            for left in aside.parent.glob(f"{aside.name}*"):
                left.unlink(missing_ok=True)
        self._notices.append(Notice(NoticeKind.UNAVAILABLE, text))

    async def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
