"""The index host: one process for each workspace of a user, shared by all that ask.

A client keeps its line open while it is interested; when the last one has gone, so does the host
after a while. Each request is answered by a task of its own: one that takes long keeps no other
from being answered.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import assert_never

from mirador_lsp.core.errors import IndexUnavailable
from mirador_lsp.core.ports import Clock
from mirador_lsp.core.retrieval import Found, IndexReport, Query, VectorFile
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.index import wire
from mirador_lsp.index.building import Builder
from mirador_lsp.index.embedding import Embedding, Make
from mirador_lsp.index.exporting import Exporting
from mirador_lsp.index.files import Files
from mirador_lsp.index.holding import Holding
from mirador_lsp.index.keeper import Keeper
from mirador_lsp.index.kept import keep_report
from mirador_lsp.index.reading import Reading
from mirador_lsp.index.reranking import Make as MakeReranker
from mirador_lsp.index.reranking import Reranking
from mirador_lsp.index.sharing import Connect, Sharing
from mirador_lsp.ipc.hosting import Hosting, Stop, first_word, tell
from mirador_lsp.ipc.line import Line

_TELL_SECONDS = 0.2
"""Followers hear of what is new at most so often."""
_LOOK_SECONDS = 600.0
"""So often everything is looked at while somebody is connected: not every editor tells of every
change, and a look opens no file."""
_RESTS = 10
"""So often meanwhile it is seen whether an embedder that nobody uses may leave the memory."""
_STALE_SECONDS = 30.0
"""With a new client everything is looked at if that was longer ago."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Means:
    """What a host gets from outside of its room."""

    files: Callable[[int], Files]
    """The files of the workspace, none larger than so many bytes."""
    embedders: Make
    reranker: MakeReranker
    connect: Connect
    on_battery: Callable[[], bool]
    clock: Clock
    unfit: str = ""
    """Why this workspace is not indexed unless the user asks for it; or ""."""


@dataclass(eq=False)
class _Client:
    """Somebody who is connected."""

    line: "Line[wire.FromClient]"
    follows: bool = False
    requests: set["asyncio.Task[None]"] = field(default_factory=set)


class IndexHost:
    """Answers on a listening unix socket until nobody has been there for long enough."""

    def __init__(self, workspace: str, folder: Path, means: Means, *, idle_seconds: float) -> None:
        self._workspace = workspace
        self._means = means
        self._supervisor = Supervisor()
        clock = means.clock.monotonic
        self._hosting = Hosting(
            wire.FROM_CLIENT, self._talk, self._supervisor, idle_seconds=idle_seconds, clock=clock
        )
        self._keeper = Keeper()
        self._holding = Holding(folder, means.clock)
        self._embedding = Embedding(means.embedders, clock)
        self._reranking = Reranking(means.reranker, clock)
        self._sharing = Sharing(self._keeper, self._holding, self._embedding, means.connect, clock)
        self._builder = Builder(
            self._keeper,
            self._holding,
            self._embedding,
            self._sharing,
            means.on_battery,
            clock,
            self._tell,
        )
        self._builder.unfit = means.unfit
        self._clients: set[_Client] = set()
        self._wishes: wire.Wishes | None = None
        self._wishing = asyncio.Lock()
        self._telling: asyncio.TimerHandle | None = None
        self._told: IndexReport | None = None
        self._phase = ""
        self._defect = False

    async def serve(self, listening: socket.socket) -> None:
        """Serve until idle or stopped; then let go of everything that is kept."""
        building = self._supervisor.start(self._builder.run(), "building")
        building.add_done_callback(self._built)
        self._supervisor.start(self._look_now_and_then(), "looking")
        try:
            await self._hosting.serve(listening)
        finally:
            if self._telling is not None:
                self._telling.cancel()
            await self._builder.close()
            await self._sharing.close()
            await self._embedding.rest()
            await self._keeper.do(keep_report, self._holding.folder, self._report())
            await self._reranking.close()
            await self._keeper.do(self._holding.close)
            self._keeper.close()
        if self._defect:
            # The file that was being read stays marked as begun: after two ends it is left out.
            message = "building ended by a defect"
            raise RuntimeError(message)

    def stop(self) -> None:
        """Leave now."""
        self._hosting.stop()

    def _built(self, building: "asyncio.Task[None]") -> None:
        """Building never ends by itself: what ends it is a defect, and a fresh process is better
        than one that only seems to work.
        """
        if not building.cancelled():
            self._defect = True
            self._hosting.stop()

    async def _look_now_and_then(self) -> None:
        while True:
            for _ in range(_RESTS):
                await asyncio.sleep(_LOOK_SECONDS / _RESTS)
                await self._embedding.rest_if_unused()
                await self._builder.rest_if_unused()
            if self._hosting.connections:
                self._builder.look(asked=False)

    async def _talk(self, line: "Line[wire.FromClient]") -> None:
        message = await first_word(line)
        if isinstance(message, Stop):
            self._hosting.stop()
            return
        if not isinstance(message, wire.Attach):
            return
        if message.workspace != self._workspace:
            refusal = "The index that answers is that of another workspace."
            tell(line, wire.Refused(0, refusal, "End it: mirador index stop."))
            return
        client = _Client(line)
        self._clients.add(client)
        try:
            await self._reranking.want(message.wishes)  # asks nobody; the first search may want it
            tell(line, wire.Attached())
            self._supervisor.start(self._want(message.wishes), "wishes")
            await self._listen(client)
        finally:
            self._clients.discard(client)
            self._builder.gate.busy(client, waiting=False)
            for request in client.requests:
                request.cancel()
            self._hosting.active()

    async def _want(self, wishes: wire.Wishes) -> None:
        """Follow the latest client's settings. Whoever comes wants to see what is there now."""
        async with self._wishing:
            before, self._wishes = self._wishes, wishes
            self._builder.max_disk_bytes = wishes.max_disk_mib << 20
            if before is None or before.max_file_kib != wishes.max_file_kib:
                self._builder.read_with(self._reading)
            elif self._means.clock.monotonic() - self._builder.looked > _STALE_SECONDS:
                self._builder.look(asked=False)
            await self._sharing.want(wishes.team, wishes.shared)
            if await self._embedding.want(wishes):
                await self._keeper.do(self._holding.use, self._embedding.cards)
            self._builder.stir()

    def _reading(self) -> Reading:
        """In the catalogue's thread."""
        most = (self._wishes.max_file_kib if self._wishes is not None else 0) * 1024
        return Reading(self._holding, self._means.files(most), self._means.clock)

    async def _listen(self, client: _Client) -> None:
        while (message := await client.line.next()) is not None:
            if isinstance(message, Stop):
                self._hosting.stop()
                return
            if isinstance(message, wire.Attach):
                return
            request = self._supervisor.start(self._answer(client, message), "request")
            client.requests.add(request)
            request.add_done_callback(client.requests.discard)

    async def _answer(self, client: _Client, request: wire.Request) -> None:
        try:
            answer = await self._obey(client, request)
        except IndexUnavailable as error:
            self._builder.reopen()
            answer = wire.Refused(request.number, str(error), error.remedy)
        tell(client.line, answer)

    async def _obey(self, client: _Client, request: wire.Request) -> wire.Answer:
        number = request.number
        match request:
            case wire.Ask(query=query):
                return wire.Searched(number, await self._search(query))
            case wire.AskAround() | wire.AskCentral():
                return await self._ties(request)
            case wire.Embed(texts=texts):
                return wire.Vectors(number, await self._embed(texts))
            case wire.Report(follow=follow):
                client.follows = client.follows or follow
                return wire.Reported(number, self._report())
            case wire.Remember() | wire.Forget():
                await self._memories(request)
            case wire.Export() | wire.Import():
                return await self._move(request)
            case _:
                await self._steer(client, request)
        return wire.Done(number)

    async def _ties(self, request: wire.AskAround | wire.AskCentral) -> wire.Answer:
        """Who uses what."""
        await self._builder.until_open()
        if isinstance(request, wire.AskCentral):
            return wire.Central(request.number, await self._keeper.do(self._holding.central))
        asked = (request.name, request.symbol, request.names, request.most)
        found = await self._keeper.do(self._holding.neighbourhood, *asked)
        return wire.Around(request.number, found)

    async def _memories(self, request: wire.Remember | wire.Forget) -> None:
        await self._builder.until_open()
        if isinstance(request, wire.Remember):
            await self._keeper.do(self._holding.remember, request.memories)
            self._builder.stir()
        else:
            await self._keeper.do(self._holding.forget, request.ids)

    async def _move(self, request: wire.Export | wire.Import) -> wire.Answer:
        """Vectors to a file or from one. What is wrong with the file is wrong with nothing else."""
        await self._builder.until_open()
        async with self._wishing:  # whoever asks has wishes, which are followed first
            path, cards = Path(request.path), self._embedding.cards
        try:
            if isinstance(request, wire.Import):
                most = self._builder.max_disk_bytes
                file, digest = await self._sharing.take_in(path, most)
                fits = bool(cards) and cards[-1].digest == digest
                self._builder.stir()
                return wire.Moved(request.number, replace(file, fits=fits))
            return wire.Moved(request.number, await self._export(path))
        except IndexUnavailable as error:
            return wire.Refused(request.number, str(error), error.remedy)

    async def _export(self, path: Path) -> VectorFile:
        cards = self._embedding.cards
        if not cards:
            message = "There are no vectors to write: nothing finds by meaning here."
            raise IndexUnavailable(message, remedy=self._embedding.note)
        written = Exporting(self._holding.catalogue, cards[-1], path)
        while await self._keeper.advance(written.steps):
            pass
        return written.told

    async def _steer(
        self, client: _Client, request: wire.Changed | wire.Busy | wire.Build | wire.Pause
    ) -> None:
        match request:
            case wire.Changed(names=names, opened=opened):
                if opened:
                    await self._builder.opened(names)
                else:
                    self._builder.changed(names)
            case wire.Busy(waiting=waiting):
                self._builder.gate.busy(client, waiting=waiting)
            case wire.Build(asked=asked):
                self._builder.look(asked=asked)
            case wire.Pause():
                self._builder.gate.stop()
            case _:
                assert_never(request)

    async def _search(self, query: Query) -> Found:
        await self._builder.until_open()
        began = self._means.clock.monotonic()
        vectors = await self._embedding.queries(query.text) if query.text else {}
        if self._builder.lacks_vectors:
            await self._sharing.bring_near(vectors)
        wider = self._reranking.asked(query)
        found = await self._keeper.do(self._holding.search, wider, vectors)
        found = await self._reranking.ordered(query, found)
        notes = dict.fromkeys((*found.notes, *self._builder.missing()))
        seconds = self._means.clock.monotonic() - began
        return replace(found, notes=tuple(notes), seconds=seconds)

    async def _embed(self, texts: tuple[str, ...]) -> tuple[tuple[float, ...], ...]:
        """Vectors of the final embedder; none where it cannot be had now."""
        cards = self._embedding.cards
        vectors = await self._embedding.documents(cards[-1], texts) if cards else None
        return tuple(tuple(vector) for vector in vectors or ())

    def _report(self) -> IndexReport:
        report, reranking = self._builder.report(), self._reranking
        notes = (*report.notes, *([reranking.note] if reranking.note else []))
        sends = " ".join(each for each in (report.sends, reranking.leaves) if each)
        return replace(report, notes=notes, sends=sends)

    def _tell(self) -> None:
        """Something may be new: followers hear it soon."""
        phase, self._phase = self._phase, self._builder.report().phase
        if self._phase == "ready" != phase:
            folder, report = self._holding.folder, self._report()
            self._supervisor.start(self._keeper.do(keep_report, folder, report), "report")
        if self._telling is None and any(client.follows for client in self._clients):
            loop = asyncio.get_running_loop()
            self._telling = loop.call_later(_TELL_SECONDS, self._tell_followers)

    def _tell_followers(self) -> None:
        self._telling = None
        report = self._report()
        if report == self._told:
            return
        self._told = report
        for client in self._clients:
            if client.follows:
                tell(client.line, wire.Reported(0, report))
