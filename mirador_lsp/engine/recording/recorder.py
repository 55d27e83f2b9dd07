"""Keeps what requests say, when nobody waits for it.

What was said is gathered in memory and written as one transaction after the request, and every two
seconds of a long one. An answer is on disk before it is acknowledged: its words were shown by then.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

from mirador_lsp.core.answers import AnswerEvent, AnswerRequest, AnswerStarted, EmitAnswer, Turn
from mirador_lsp.core.changes import ChangeEvent, ChangeRequest, ChangeStarted, EmitChange
from mirador_lsp.core.dialogue import Priority
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.events import Emit, Event, Notice, NoticeKind, ReviewStarted, fan_out
from mirador_lsp.core.feedback import Verdict
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.history import (
    Exchange,
    HistoryBook,
    Kept,
    Life,
    Moment,
    Page,
    Retention,
    Session,
    Step,
    Surface,
    Visit,
    life_of,
)
from mirador_lsp.core.ports import Clock
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.core.retrieval import Memory
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.engine.recording.notes import AnswerNote, ChangeNote
from mirador_lsp.engine.recording.review_note import ReviewNote

WRITE_SECONDS = 2.0
"""Of a request that takes longer, what is known is written so often."""
_MOST_NAMES = 1000
_STEPS = {
    Verdict.DISMISSED: Step.DISMISSED,
    Verdict.RESTORED: Step.RESTORED,
    Verdict.HELPFUL: Step.RATED,
    Verdict.UNHELPFUL: Step.RATED,
    Verdict.RATED: Step.RATED,
    Verdict.ACCEPTED: Step.FIXED,
    Verdict.EDITED: Step.EDITED,
    Verdict.UNDONE: Step.UNDONE,
    Verdict.SUPPRESSED: Step.SUPPRESSED,
}
_log = logging.getLogger(__name__)
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

Release = Callable[[Sequence[Kept]], Awaitable[Sequence[Kept]]]
"""Has indexes forget memories; those are returned that they could not be told of."""


@dataclass(frozen=True)
class Keeping:
    """How history is kept."""

    hours: float = 8.0
    """A session goes on when its client comes back within them."""
    retention: Retention = Retention(90, 256 * 1024 * 1024)  # noqa: RUF009 — frozen


async def release_nothing(_memories: Sequence[Kept]) -> Sequence[Kept]:
    """For a recorder without indexes."""
    return ()


class Recorder:
    """Belongs to one process and one user of it. Without a book nothing is kept."""

    def __init__(
        self,
        book: HistoryBook | None,
        clock: Clock,
        keeping: Keeping | None = None,
        release: Release = release_nothing,
    ) -> None:
        """`release` has the indexes of workspaces forget what is too old to be kept."""
        self._book = book
        self._clock = clock
        self._keeping = keeping or Keeping()
        self._release = release
        self._visit = Visit("", Surface.CLI, "")
        self._session: Session | None = None
        self._tasks = Supervisor()
        self._turn = asyncio.Lock()
        self._writing = False
        """A task that writes is on its way."""
        self._written = clock.monotonic()
        self._running: set[ReviewNote] = set()
        self._ended: list[ReviewNote | AnswerNote | ChangeNote] = []
        self._lives: list[Life] = []
        self._memories: list[Memory] = []
        self._folders: dict[str, str] = {}
        self._names: OrderedDict[str, str] = OrderedDict()
        """What users call documents."""
        self._asked: OrderedDict[tuple[str, str], str] = OrderedDict()
        """Name of the file and first line of what was asked → id of the exchange."""
        self._shown: OrderedDict[str, frozenset[str]] = OrderedDict()
        self._troubles: list[Notice] = []
        self._tended = False

    def attend(self, visit: Visit) -> None:
        """Who works from now on. To be said before the first request."""
        self._visit, self._session = visit, None

    @contextmanager
    def review(self, request: ReviewRequest, emit: Emit) -> Iterator[Emit]:
        """What a review is to tell its events to instead of `emit`."""
        if self._idle:
            yield emit
            return
        self._call(request.snapshot)
        shows = self._visit.surface is Surface.CLI
        note = ReviewNote(request, self._clock.wall, shows=shows)
        self._running.add(note)

        def hear(event: Event) -> None:
            note.hear(event)
            if isinstance(event, ReviewStarted):
                self._tell_troubles(emit)
            if note.has_news and self._clock.monotonic() - self._written >= WRITE_SECONDS:
                self._soon()

        try:
            yield fan_out(emit, hear)
        finally:
            self._running.discard(note)
            self._end(note)

    @contextmanager
    def answer(self, request: AnswerRequest, emit: EmitAnswer) -> Iterator[EmitAnswer]:
        """The same of an answer; whoever acknowledges it has it written first. What is worked out
        ahead is nothing that anybody asked.
        """
        if self._idle or request.priority >= Priority.SPECULATION:
            yield emit
            return
        note = AnswerNote(request, self._clock.wall)
        self._call(request.snapshot)

        def hear(event: AnswerEvent) -> None:
            note.hear(event)
            if isinstance(event, AnswerStarted):
                self._tell_troubles(emit)

        try:
            yield fan_out(emit, hear)
        finally:
            self._end(note)

    @contextmanager
    def change(self, request: ChangeRequest, emit: EmitChange) -> Iterator[EmitChange]:
        """The same of a change."""
        if self._idle:
            yield emit
            return
        note = ChangeNote(request, self._clock.wall)
        self._call(request.snapshot)

        def hear(event: ChangeEvent) -> None:
            note.hear(event)
            if isinstance(event, ChangeStarted):
                self._tell_troubles(emit)

        try:
            yield fan_out(emit, hear)
        finally:
            self._end(note)

    def decided(self, uri: str, finding: Finding, verdict: Verdict, reason: str) -> None:
        """The user decided about a finding."""
        step = _STEPS[verdict]
        said = reason or (verdict.value if step is Step.RATED else "")
        self._add(
            uri, self._names.get(uri, ""), finding, Moment(step, self._clock.wall(), "", said)
        )

    def shown(self, snapshot: Snapshot, findings: Sequence[Finding]) -> None:
        """Findings of a document are before the user's eyes."""
        known = self._shown.get(snapshot.uri, frozenset())
        now = frozenset(finding.id for finding in findings)
        _put(self._shown, snapshot.uri, now)
        for finding in findings:
            if finding.id not in known:
                moment = Moment(Step.SHOWN, self._clock.wall())
                self._add(snapshot.uri, snapshot.name, finding, moment)

    def remembered(self, folder: str, memory: Memory) -> None:
        """The index of a workspace was given a memory of what was asked or changed here."""
        if self._book is not None:
            self._memories.append(memory)
            self._folders[memory.id] = folder
            self._soon()

    async def turns(self, conversation: str, most: int) -> Sequence[Turn]:
        """What was said in a conversation of this session, to this process or an earlier one,
        oldest first; () where that is not known.
        """
        if self._book is None or not conversation:
            return ()
        try:
            session = await self._attended(self._book)
            return await self._book.turns(conversation, session.id, most)
        except ServiceError as error:
            self._do_without(error)
            return ()

    async def write(self) -> None:
        """Put on disk what is not there yet. Never raises for a disk that is full."""
        async with self._turn:
            self._writing = False
            if self._book is None:
                return
            try:
                await self._write(self._book)
            except ServiceError as error:
                self._do_without(error)

    def untold(self) -> tuple[Notice, ...]:
        """What went wrong and no request has told of."""
        told, self._troubles = tuple(self._troubles), []
        return told

    async def close(self) -> None:
        """Write what is left."""
        await self.write()
        await self._tasks.close()

    async def _write(self, book: HistoryBook) -> None:
        ended, self._ended = self._ended, []
        lives, self._lives = self._lives, []
        memories, self._memories = self._memories, []
        news = [each for note in self._running for each in note.take()]
        self._written = self._clock.monotonic()
        if not (ended or lives or memories or news):
            return
        session = await self._attended(book)
        exchanges = []
        for note in ended:
            # In a thread: the difference of two long texts takes its time.
            exchange = await asyncio.to_thread(note.exchange, session.id)
            exchanges.append(exchange)
            self._note_asked(exchange)
            if isinstance(note, ReviewNote):
                news += note.take()
                news += note.absent(await book.open_lives(note.document))
        kept = tuple(self._kept(memory, session.id) for memory in memories)
        await book.keep(Page(session, tuple(exchanges), (*news, *lives), kept))
        self._troubles += book.notices()
        if not self._tended:
            self._tended = True
            self._tasks.start(self._tend(book), "retention of history")

    async def _attended(self, book: HistoryBook) -> Session:
        """The session that goes on now."""
        now, hours = self._clock.wall(), self._keeping.hours
        session = self._session
        if session is None or now - session.last > hours * 3600:
            session = await book.attend(self._visit, now, hours)
        self._session = replace(session, last=max(now, session.last))
        return self._session

    async def _tend(self, book: HistoryBook) -> None:
        """Remove what is too old or too much; daily, whichever process comes to it."""
        try:
            gone = await book.tend(self._keeping.retention, self._clock.wall())
            if gone is None or not gone.rows:
                return
            counts = f"{gone.exchanges} requests and {gone.findings} findings"
            _log.info("history: %s were too old or too much and are gone", counts)
            if left := await self._release(gone.memories):
                await book.keep(Page(memories=tuple(left)))
        except ServiceError as error:
            self._do_without(error)

    def _add(self, uri: str, name: str, finding: Finding, moment: Moment) -> None:
        if self._book is None:
            return
        self._lives.append(life_of(uri, name or uri.rpartition("/")[2], finding, moment))
        self._soon()

    def _call(self, snapshot: Snapshot) -> None:
        _put(self._names, snapshot.uri, snapshot.name)

    def _note_asked(self, exchange: Exchange) -> None:
        asked = exchange.question.strip().partition("\n")[0]
        _put(self._asked, (exchange.name, asked), exchange.id)

    def _kept(self, memory: Memory, session: str) -> Kept:
        asked = memory.title.strip().partition("\n")[0]
        exchange = self._asked.get((memory.name, asked), "")
        folder = self._folders.pop(memory.id, "")
        return Kept(memory.id, folder, memory.name, memory.time, exchange, session)

    @property
    def _idle(self) -> bool:
        """There is neither anything to keep nor anything to tell."""
        return self._book is None and not self._troubles

    def _end(self, note: "ReviewNote | AnswerNote | ChangeNote") -> None:
        if self._book is not None:
            self._ended.append(note)
            self._soon()

    def _soon(self) -> None:
        """Have it written when the loop comes to it."""
        if not (self._writing or self._tasks.closed or self._book is None):
            self._writing = True
            self._tasks.start(self.write(), "history")

    def _tell_troubles(self, emit: Callable[[Notice], None]) -> None:
        for notice in self.untold():
            emit(notice)

    def _do_without(self, error: ServiceError) -> None:
        """Let the book be for this session: a disk that failed once would fail at each request."""
        if self._book is None:
            return
        _log.warning("%s", error, exc_info=error)
        self._book = None
        text = f"Nothing is kept in the history from now on. {error.sentence()}"
        self._troubles.append(Notice(NoticeKind.UNAVAILABLE, text))


def _put(table: "OrderedDict[_Key, _Value]", key: _Key, value: _Value) -> None:
    """The least recently put are forgotten."""
    table[key] = value
    table.move_to_end(key)
    while len(table) > _MOST_NAMES:
        table.popitem(last=False)
