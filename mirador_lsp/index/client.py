"""The index of a workspace as the rest of Mirador asks it: `core.ports.CodeIndex` over a line."""

import asyncio
import functools
import hashlib
import itertools
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from mirador_lsp.core.errors import IndexUnavailable, ServiceError
from mirador_lsp.core.retrieval import (
    Found,
    IndexReport,
    Memory,
    Neighbourhood,
    Query,
    VectorFile,
)
from mirador_lsp.index import wire
from mirador_lsp.index.kept import drop, kept_report
from mirador_lsp.index.wire import utf8
from mirador_lsp.ipc import reaching
from mirador_lsp.ipc.frames import WireError
from mirador_lsp.ipc.hosting import Hello
from mirador_lsp.ipc.line import Line
from mirador_lsp.ipc.places import Places

COMMAND = (sys.executable, "-P", "-m", "mirador_lsp.index_main")
IDLE_SECONDS = 60.0
"""How long the index stays when nobody is connected."""
_ANSWER_SECONDS = 60.0
_FILE_SECONDS = 900.0
"""For a file of vectors, which may be large."""
_SLICE_BYTES = 1_000_000
"""Text that one message carries; a frame holds eight times as much."""
_MOST_NAMES = 2_000
_FALLS, _FALL_SECONDS = 3, 60.0
"""After so many losses in so many seconds it is left alone for as long: something kills it."""
_STOP = "mirador index stop"
_A = TypeVar("_A")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Home:
    """Where the index of a workspace is found."""

    workspace: Path
    """Its real path."""
    places: Places
    """The files of its host."""
    folder: Path
    """What it keeps."""


def home_of(workspace: Path, runtime: Path, above: Path) -> Home:
    """The home of a workspace's index, its folder one of those in `above`. Reads the disk."""
    real = Path(os.path.realpath(workspace))
    key = hashlib.sha256(os.fsencode(real)).hexdigest()
    return Home(real, Places(runtime, name=f"index-{key[:8]}"), above / key[:24])


class IndexClient:
    """Implements `core.ports.CodeIndex`. Connects with the first question and keeps the line.

    The index is started when it does not run, and started again when it was lost; questions that
    were open then raise `IndexUnavailable`.
    """

    def __init__(
        self,
        home: Callable[[], Home],
        wishes: wire.Wishes,
        *,
        command: tuple[str, ...] = COMMAND,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """`home` may read the disk: it is called in a thread, once."""
        self._find_home = home
        self._home: Home | None = None
        self._wishes = wishes
        self._idle_seconds = idle_seconds
        self._kind = reaching.Kind(
            noun="index",
            command=command,
            decoder=wire.FROM_HOST,
            unavailable=IndexUnavailable,
            stop=_STOP,
        )
        self._connecting = asyncio.Lock()
        self._line: Line[wire.FromHost] | None = None
        self._open: dict[int, asyncio.Future[wire.Answer]] = {}
        self._numbers = itertools.count(1)
        self._waiting = False
        self._followers: set[asyncio.Queue[IndexReport | None]] = set()
        self._falls: list[float] = []
        self._closed = False

    async def search(self, query: Query) -> Found:
        """See `CodeIndex`."""
        query = _sendable(query)
        return (await self._ask(lambda n: wire.Ask(n, query), wire.Searched)).found

    async def neighbourhood(
        self, name: str, symbol: str, names: Sequence[str], most: int
    ) -> Neighbourhood:
        """See `CodeIndex`."""
        clean = tuple(utf8(each) for each in names[:_MOST_NAMES])
        ask = functools.partial(
            wire.AskAround, name=utf8(name), symbol=utf8(symbol), names=clean, most=most
        )
        return (await self._ask(ask, wire.Around)).neighbourhood

    async def central(self) -> Mapping[str, int]:
        """See `CodeIndex`."""
        return (await self._ask(wire.AskCentral, wire.Central)).users

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """See `CodeIndex`."""
        vectors: list[Sequence[float]] = []
        for some in _slices([utf8(text) for text in texts]):
            answer = await self._ask(functools.partial(wire.Embed, texts=some), wire.Vectors)
            vectors += answer.vectors
        return vectors

    async def changed(self, names: Sequence[str]) -> None:
        """See `CodeIndex`."""
        await self._changed(names, opened=False)

    async def opened(self, names: Sequence[str]) -> None:
        """The user looks at these files: they come before others."""
        await self._changed(names, opened=True)

    async def remember(self, memories: Sequence[Memory]) -> None:
        """See `CodeIndex`."""
        for memory in memories:
            clean = (_sendable_memory(memory),)
            await self._ask(functools.partial(wire.Remember, memories=clean), wire.Done)

    async def forget(self, ids: Sequence[str]) -> None:
        """See `CodeIndex`."""
        clean = tuple(utf8(each) for each in ids)
        await self._ask(functools.partial(wire.Forget, ids=clean), wire.Done)

    async def busy(self, *, waiting: bool) -> None:
        """See `CodeIndex`. An index that does not run is not started for this."""
        self._waiting = waiting
        if self._line is not None:
            await self._ask(functools.partial(wire.Busy, waiting=waiting), wire.Done)

    async def report(self) -> IndexReport:
        """See `CodeIndex`."""
        return (await self._ask(wire.Report, wire.Reported)).report

    async def follow(self) -> AsyncIterator[IndexReport]:
        """The report, and each later one when it has changed. Raises `IndexUnavailable`."""
        queue: asyncio.Queue[IndexReport | None] = asyncio.Queue()
        self._followers.add(queue)
        try:
            ask = functools.partial(wire.Report, follow=True)
            yield (await self._ask(ask, wire.Reported)).report
            while (report := await queue.get()) is not None:
                yield report
            raise _lost()
        finally:
            self._followers.discard(queue)

    async def build(self, *, asked: bool) -> None:
        """Have every file looked at again; `asked` by the user, so also on battery, after a
        `pause`, and however many files there are.
        """
        await self._ask(functools.partial(wire.Build, asked=asked), wire.Done)

    async def export_to(self, path: Path) -> VectorFile:
        """Write the vectors of the workspace's files to a file; an absolute path."""
        ask = functools.partial(wire.Export, path=_sendable_path(path))
        return (await self._ask(ask, wire.Moved, seconds=_FILE_SECONDS)).file

    async def import_from(self, path: Path) -> VectorFile:
        """Take in a file of vectors, so that they are not computed here; an absolute path."""
        ask = functools.partial(wire.Import, path=_sendable_path(path))
        return (await self._ask(ask, wire.Moved, seconds=_FILE_SECONDS)).file

    async def pause(self) -> None:
        """Build no more, for all clients, until the user asks for it."""
        await self._ask(wire.Pause, wire.Done)

    async def running(self) -> bool:
        """Whether the index runs. Starts nothing. Raises `IndexUnavailable`."""
        if self._line is not None:
            return True
        try:
            line = await reaching.find((await self.home()).places, self._kind)
        except ServiceError as error:
            raise IndexUnavailable(str(error), remedy=error.remedy) from error
        if line is not None:
            line.abort()
        return line is not None

    async def stop(self) -> bool:
        """End it for every process of the user. False when it did not run."""
        try:
            return await reaching.stop((await self.home()).places, self._kind)
        except ServiceError as error:
            raise IndexUnavailable(str(error), remedy=error.remedy) from error

    async def kept(self) -> IndexReport | None:
        """What there was when the index last had nothing to do; None where there is none. Starts
        nothing.
        """
        return await asyncio.to_thread(kept_report, (await self.home()).folder)

    async def drop(self) -> int:
        """End the index and delete it; the bytes that are free again."""
        await self.stop()
        return await asyncio.to_thread(drop, (await self.home()).folder)

    async def home(self) -> Home:
        """Where it is found."""
        if self._home is None:
            self._home = await asyncio.to_thread(self._find_home)
        return self._home

    async def close(self) -> None:
        """See `CodeIndex`."""
        self._closed = True
        if self._line is not None:
            self._line.hang_up()

    async def _changed(self, names: Sequence[str], *, opened: bool) -> None:
        clean = [name for name in names if utf8(name) == name]
        for first in range(0, len(clean), _MOST_NAMES):
            some = tuple(clean[first : first + _MOST_NAMES])
            await self._ask(functools.partial(wire.Changed, names=some, opened=opened), wire.Done)

    async def _ask(
        self,
        make: "Callable[[int], wire.Request]",
        kind: type[_A],
        *,
        seconds: float = _ANSWER_SECONDS,
    ) -> _A:
        """The answer to a request. Raises `IndexUnavailable`."""
        line = await self._reach()
        number = next(self._numbers)
        answer: asyncio.Future[wire.Answer] = asyncio.get_running_loop().create_future()
        self._open[number] = answer
        try:
            line.send(make(number))
            async with asyncio.timeout(seconds):
                said = await answer
        except WireError as error:
            message = f"The index was asked too much at once: {error}."
            raise IndexUnavailable(message) from error
        except TimeoutError as error:
            message = f"The index did not answer within {seconds:.0f} seconds."
            raise IndexUnavailable(message, remedy=f"End it: {_STOP}.") from error
        finally:
            self._open.pop(number, None)
        if isinstance(said, wire.Refused):
            raise IndexUnavailable(said.message, remedy=said.remedy)
        if not isinstance(said, kind):
            message = "The index answered out of turn."
            raise IndexUnavailable(message, remedy=f"If it stays so: {_STOP}.")
        return said

    async def _reach(self) -> Line[wire.FromHost]:
        """The line, opened if need be. Raises `IndexUnavailable`."""
        async with self._connecting:
            if self._closed:
                message = "The index is closed."
                raise IndexUnavailable(message)
            if self._line is not None and not self._line.ended:
                return self._line
            home = await self.home()
            self._spare(home)
            own = (
                f"--name={home.places.name}",
                f"--folder={home.folder}",
                f"--workspace={home.workspace}",
            )
            try:
                connection = await reaching.reach(home.places, self._kind, self._idle_seconds, own)
            except ServiceError as error:
                raise IndexUnavailable(str(error), remedy=error.remedy) from error
            try:
                line = await self._attach(connection, home)
            except BaseException:
                connection.abort()
                raise
            line.tap = self._hear
            line.lost = self._lose
            self._line = line
            if self._waiting:
                line.send(wire.Busy(0, waiting=True))
            return line

    async def _attach(
        self, connection: "reaching.Connection[wire.FromHost]", home: Home
    ) -> "Line[wire.FromHost]":
        connection.send(wire.Attach(utf8(str(home.workspace)), self._wishes))
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                said = await connection.next()
        except TimeoutError as error:
            message = "The index does not become ready."
            raise IndexUnavailable(message, remedy=f"See {home.places.log}.") from error
        if isinstance(said, wire.Refused):
            raise IndexUnavailable(said.message, remedy=said.remedy)
        if not isinstance(said, wire.Attached) or connection.line.ended or self._closed:
            raise _lost()
        return connection.line

    def _hear(self, message: wire.FromHost) -> bool:
        if isinstance(message, wire.Reported) and message.number == 0:
            for queue in self._followers:
                queue.put_nowait(message.report)
        elif not isinstance(message, Hello | wire.Attached):
            waiting = self._open.get(message.number)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
        return True

    def _lose(self) -> None:
        """The line has ended: whoever waits is told, the next question opens another."""
        self._line = None
        if not self._closed:
            self._falls.append(asyncio.get_running_loop().time())
        for waiting in self._open.values():
            if not waiting.done():
                waiting.set_exception(_lost())
        for queue in self._followers:
            queue.put_nowait(None)

    def _spare(self, home: Home) -> None:
        """Raises `IndexUnavailable` when it was lost so often that it is left alone for a while."""
        now = asyncio.get_running_loop().time()
        self._falls = [time for time in self._falls if now - time < _FALL_SECONDS]
        if len(self._falls) >= _FALLS:
            message = f"The index was lost {len(self._falls)} times within a minute."
            raise IndexUnavailable(message, remedy=f"See {home.places.log}.")


def _lost() -> IndexUnavailable:
    return IndexUnavailable(
        "The index stopped before it answered.", remedy="It is started again with the next request."
    )


def _sendable_path(path: Path) -> str:
    """Raises `IndexUnavailable` for one that no message can carry."""
    text = str(path)
    if utf8(text) != text:
        message = "The path of the file has bytes that are no text."
        raise IndexUnavailable(message, remedy="Choose another name.")
    return text


def _sendable(query: Query) -> Query:
    return replace(
        query,
        text=utf8(query.text),
        languages=tuple(utf8(each) for each in query.languages),
        under=utf8(query.under),
        near=utf8(query.near),
        without=tuple(utf8(each) for each in query.without),
    )


def _sendable_memory(memory: Memory) -> Memory:
    return replace(
        memory,
        id=utf8(memory.id),
        title=utf8(memory.title),
        text=utf8(memory.text)[:_SLICE_BYTES],
        name=utf8(memory.name),
    )


def _slices(texts: Sequence[str]) -> "list[tuple[str, ...]]":
    """The texts in their order, cut into messages of bearable size."""
    slices: list[list[str]] = [[]]
    size = 0
    for text in texts:
        short = text[:_SLICE_BYTES]
        size += len(short)
        if slices[-1] and size > _SLICE_BYTES:
            slices.append([])
            size = len(short)
        slices[-1].append(short)
    return [tuple(some) for some in slices if some]
