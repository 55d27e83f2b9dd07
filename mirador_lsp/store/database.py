"""A database file that several processes write to at once, and what is done when it fails.

It is opened by the first use, so that starting costs nothing. One connection writes, in a thread of
its own, so the event loop never waits for a disk; while it is held up, questions go over a second
one. What cannot be written now (the disk is full, another program holds the file) waits in memory
and is written as soon as it can be. Read `opening.py` for what happens to a file that is damaged.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.events import Notice
from mirador_lsp.core.ports import Clock
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.ipc.clock import SystemClock
from mirador_lsp.store import opening, place, upkeep
from mirador_lsp.store.connection import Link, MovedError, Row, refused
from mirador_lsp.store.keys import Keys
from mirador_lsp.store.migrating import Migration
from mirador_lsp.store.opening import Plan
from mirador_lsp.store.place import Place
from mirador_lsp.store.purging import purge
from mirador_lsp.store.telling import LATER, SESSION, Telling
from mirador_lsp.store.troubles import Trouble, as_service_error, faults, trouble_of
from mirador_lsp.store.waiting import Entry, Statement, Waiting

__all__ = ["Database", "Row", "Statement"]

Result = TypeVar("Result")
_ATTEMPTS = 4
_PASSING = frozenset({Trouble.BUSY, Trouble.FULL, Trouble.UNWRITABLE})
"""Troubles that may be over later."""
_CLOSED = "The store is closed."
_log = logging.getLogger(__name__)


class Database:
    """A file and its connections. Use it from one event loop, and `close` it."""

    def __init__(
        self,
        file: Path,
        migrations: Sequence[Migration],
        *,
        make_folder: Callable[[Path], object],
        settle: Migration | None = None,
        sources: Sequence[str] = (),
        precious: bool = True,
        keys: Keys | None = None,
        encrypt: bool = False,
        clock: Clock | None = None,
    ) -> None:
        """`make_folder` makes the file's folder, private to the user; it may raise `ServiceError`.
        `settle` runs whenever the file was opened and has the schema; `sources` are names of files
        beside it whose rows the migrations take over. What is not `precious` can be had again: when
        it is damaged, it is thrown away. `keys` are where the key of an encrypted file is found,
        and one is made where the user wants to `encrypt`.
        """
        where = Place(file)
        self._plan = Plan(
            where, tuple(migrations), make_folder, settle, precious, keys, encrypt=encrypt
        )
        self._place = where
        self._sources = tuple(sources)
        self._clock = clock if clock is not None else SystemClock()
        self._telling = Telling()
        self._link: Link | None = None
        self._beside: Link | None = None
        self._waiting = Waiting()
        self._turn = asyncio.Lock()
        """Held by who uses the connection: it is opened and exchanged by one at a time."""
        self._asking = asyncio.Lock()
        """The same, for the second connection."""
        self._why_not: ServiceError | None = None
        """Why nothing of this session reaches the file; None where it does."""
        self._passing = False
        """Whether that may be over later."""
        self._suspect = False
        self._background: set[str] = set()
        self._looking: asyncio.Task[bool] | None = None
        self._tasks = Supervisor()
        self._closed = False

    async def exists(self) -> bool:
        """Whether anything was ever kept. Touches nothing."""
        files = (self._place.file, *(self._place.file.with_name(name) for name in self._sources))
        return await asyncio.to_thread(lambda: any(file.is_file() for file in files))

    async def transact(self, statements: Sequence[Statement]) -> bool:
        """Run statements, each with its values, as one transaction: all of them or none.

        True when what was written is on the disk. False when it cannot be now: it waits in memory
        and is written later, or is of this session alone; `notices` tells which, once. Cancelled,
        it runs to its end all the same. Raises `ServiceError` for statements that cannot be run,
        and where too much waits already.
        """
        entry = self._waiting.entry(statements)
        return await self._whole(partial(self._write, entry))

    async def execute(self, statement: str, values: Sequence[Any] = ()) -> Sequence[Row]:
        """Run one statement as a transaction of its own; what it returns, all of it.

        When it returns, what was written is on the disk, unless the whole session is in memory.
        Cancelled, it runs to its end all the same. Raises `ServiceError` where it cannot be run
        now; nothing is written later.
        """
        entry = self._waiting.entry([(statement, values)])
        return await self._whole(partial(self._execute, entry))

    async def read(self, statement: str, values: Sequence[Any] = ()) -> Sequence[Row]:
        """What a statement that writes nothing returns, all of it. Raises `ServiceError`."""
        if self._turn.locked() and self._link is not None and not self._link.in_memory:
            found = await self._whole(partial(self._ask_beside, statement, values))
            if found is not None:
                return found
        return await self._whole(partial(self._ask, statement, values))

    async def purge(self) -> None:
        """See that nothing is left on the disk of what was deleted: not in the file, its log, its
        backups, or in damaged files that were kept. Raises `ServiceError` where that cannot be.
        """
        await self._whole(self._purge)

    def notices(self) -> tuple[Notice, ...]:
        """What went wrong with the file and was worked around; each is told once."""
        return self._telling.notices()

    async def close(self) -> None:
        """Write what waits, if it can be, and let go of the file."""
        if self._closed:
            return
        self._closed = True
        async with self._turn:
            if self._waiting:
                try:
                    await self._insist()
                except _any_fault() as error:
                    _log.error("%d transactions are lost: %s", len(self._waiting), error)
            await self._let_go()
        if self._looking is not None:
            # A thread cannot be cancelled, and the next one who opens the file is not to meet it.
            await asyncio.wait([self._looking])
        await self._tasks.close()

    async def _whole(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do it in a task of its own, which nobody cancels."""
        if self._closed:
            raise ServiceError(_CLOSED)
        task: asyncio.Task[Result | ServiceError] = self._tasks.start(self._told_as(work), "store")
        done = await asyncio.shield(task)
        if isinstance(done, ServiceError):
            raise done
        return done

    async def _told_as(self, work: Callable[[], Awaitable[Result]]) -> Result | ServiceError:
        """Errors as values: nobody may be left who waits for this task."""
        try:
            return await work()
        except ServiceError as error:
            return error
        except faults() as error:
            return as_service_error(self._place.file, error)

    async def _write(self, entry: Entry) -> bool:
        async with self._turn:
            if self._waiting and self._waiting.pause(self._clock.monotonic()):
                return self._postpone(entry)
            try:
                if not await self._flush():
                    return self._postpone(entry)
                await self._patiently(partial(self._commit, entry, again=False))
            except faults() as error:
                if trouble_of(error) not in _PASSING:
                    raise
                self._waiting.failed(self._clock.monotonic())
                self._tell_waiting(error)
                return self._postpone(entry)
            if self._why_not is not None:
                return self._passing and self._postpone(entry)
            self._waiting.written(entry)
            self._start_once("upkeep of the store", self._keep_up)
            return True

    def _postpone(self, entry: Entry) -> bool:
        """Have it wait; False, for it is not on the disk."""
        if not self._waiting.put(entry):
            message = f"Too much waits to be written to {self._place.file}."
            raise ServiceError(message, remedy="Make room there, or check who owns it.")
        self._start_once("writing to the store again", self._try_again)
        return False

    async def _flush(self) -> bool:
        """Write what waits; whether nothing waits any more. Raises what keeps it from being
        written.
        """
        if self._waiting and self._passing:
            # It may be that the file can be opened by now.
            await self._let_go()
        while (entry := self._waiting.first()) is not None:
            try:
                await self._patiently(partial(self._commit, entry, again=True))
            except faults() as error:
                if trouble_of(error) in _PASSING:
                    raise
                _log.error("a transaction that waited cannot be written: %s", error)
                self._waiting.drop(entry)
                continue
            if self._passing:
                self._waiting.failed(self._clock.monotonic())
                return False
            if self._why_not is not None:
                self._waiting.drop(entry)
            else:
                self._waiting.written(entry)
        return True

    async def _insist(self) -> None:
        """Write what waits, or raise why not."""
        if not await self._flush() and self._why_not is not None:
            raise refused(self._why_not)

    async def _try_again(self) -> None:
        while self._waiting and not self._closed:
            await asyncio.sleep(max(0.05, self._waiting.pause(self._clock.monotonic())))
            async with self._turn:
                try:
                    await self._flush()
                except _any_fault() as error:
                    _log.info("the store still cannot be written: %s", error)
                    self._waiting.failed(self._clock.monotonic())

    async def _execute(self, entry: Entry) -> Sequence[Row]:
        async with self._turn:
            await self._insist()
            found = await self._patiently(partial(self._run, entry))
            if self._why_not is None:
                self._waiting.written(entry)
            return found

    async def _ask(self, statement: str, values: Sequence[Any]) -> Sequence[Row]:
        async with self._turn:
            return await self._patiently(partial(self._select, statement, values))

    async def _ask_beside(self, statement: str, values: Sequence[Any]) -> Sequence[Row] | None:
        """Ask over the second connection; None where that does not work."""
        async with self._asking:
            try:
                if self._beside is None and self._link is not None:
                    connect = partial(opening.open_beside, self._plan, self._link.opened)
                    self._beside = await Link.begin(self._place, connect)
                if self._beside is not None:
                    return await self._beside.select(statement, values)
            except _any_fault() as error:
                _log.info("asked over the first connection: %s", error)
                await self._let_go_beside()
            return None

    async def _purge(self) -> None:
        async with self._turn:
            await self._insist()
            self._waiting.forget()
            link = await self._opened()
            if self._why_not is not None:
                raise refused(self._why_not)
            await purge(self._plan, link)

    async def _commit(self, entry: Entry, *, again: bool) -> None:
        link = await self._opened()
        await link.commit(entry, self._waiting.writer, self._clock.wall(), again=again)

    async def _run(self, entry: Entry) -> Sequence[Row]:
        link = await self._opened()
        return await link.execute(entry, self._waiting.writer, self._clock.wall())

    async def _select(self, statement: str, values: Sequence[Any]) -> Sequence[Row]:
        link = await self._opened()
        return await link.select(statement, values)

    async def _patiently(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do it again after a fault that opening the file anew, or a little room, may mend."""
        for attempt in range(1, _ATTEMPTS):
            try:
                return await work()
            except MovedError:
                await self._let_go()
            except faults() as error:
                kind = trouble_of(error)
                if kind in {Trouble.DAMAGED, Trouble.MOVED}:
                    # The second time, what a quick look does not find is looked for.
                    self._suspect = kind is Trouble.DAMAGED and attempt > 1
                    await self._let_go()
                elif kind is not Trouble.FULL or not await self._gave_room():
                    raise
        return await work()

    async def _gave_room(self) -> bool:
        return await asyncio.to_thread(place.give_reserve, self._place)

    async def _opened(self) -> Link:
        if self._link is not None:
            if await self._link.stands():
                return self._link
            await self._let_go()
        self._link = link = await self._begin()
        if not link.in_memory and self._waiting.has_written:
            await self._write_again(link)
        return link

    async def _begin(self) -> Link:
        connect = partial(opening.open_file, self._plan, suspect=self._suspect)
        self._suspect, self._why_not, self._passing = False, None, False
        try:
            link = await Link.begin(self._place, connect)
        except ServiceError as error:
            self._why_not = error
        except faults() as error:
            kind = trouble_of(error)
            if kind is Trouble.FULL and await self._gave_room():
                raise
            if kind not in _PASSING:
                raise
            self._why_not = as_service_error(self._place.file, error)
            self._passing = kind is not Trouble.UNWRITABLE
        else:
            for text in link.opened.told:
                self._telling.tell(text)
            return link
        self._telling.tell(f"{self._why_not.sentence()} {LATER if self._passing else SESSION}")
        return await Link.begin(self._place, partial(opening.open_in_memory, self._plan))

    async def _write_again(self, link: Link) -> None:
        """The file was exchanged: what it lacks of what this process wrote last is written."""
        entries = list(self._waiting.after(await link.reached(self._waiting.writer)))
        for entry in entries:
            try:
                await link.commit(entry, self._waiting.writer, self._clock.wall(), again=True)
            except faults() as error:
                if trouble_of(error) is not Trouble.WRONG:
                    raise
                _log.info("not written again: %s", error)
        if entries:
            self._telling.tell(
                f"The file with what Mirador remembers ({self._place.file}) was deleted or "
                "replaced while it was in use; what was kept last was written again."
            )

    async def _keep_up(self) -> None:
        while not self._closed:
            link = self._link
            if link is not None and not link.in_memory and self._plan.precious:
                look = partial(upkeep.look_after, self._plan, link.opened, self._clock.wall())
                self._looking = self._tasks.start(asyncio.to_thread(look), "look at the store")
                sound = await asyncio.shield(self._looking)
                if not sound:
                    async with self._turn:
                        self._suspect = True
                        await self._let_go()
            await asyncio.sleep(upkeep.HOUR)

    def _start_once(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        if name in self._background or self._tasks.closed:
            return
        self._background.add(name)

        async def whole() -> None:
            try:
                await work()
            finally:
                self._background.discard(name)

        self._tasks.start(whole(), name)

    def _tell_waiting(self, error: Exception) -> None:
        self._telling.tell(f"{as_service_error(self._place.file, error).sentence()} {LATER}")

    async def _let_go(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            await link.close()
        async with self._asking:
            await self._let_go_beside()

    async def _let_go_beside(self) -> None:
        beside, self._beside = self._beside, None
        if beside is not None:
            await beside.close()


def _any_fault() -> tuple[type[Exception], ...]:
    return (ServiceError, MovedError, *faults())
