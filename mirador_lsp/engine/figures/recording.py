"""Keeps the figures of every request in the book, without a request ever waiting for it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeVar

from mirador_lsp.core.answers import AnswerEvent, AnswerRequest, EmitAnswer
from mirador_lsp.core.changes import ChangeEvent, ChangeRequest, EmitChange
from mirador_lsp.core.dialogue import Priority
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.events import Emit, Event, Notice, NoticeKind, fan_out
from mirador_lsp.core.history import Visit
from mirador_lsp.core.metrics import MetricsBook, RequestFigures, Surface
from mirador_lsp.core.ports import Clock
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.engine.figures.counting import Count
from mirador_lsp.engine.figures.energy import Share, SharedMeter

_log = logging.getLogger(__name__)
_MOST_WAITING = 1000
"""Requests that wait for a book that is slow; what is above is counted and lost."""
_GRACE_SECONDS = 5.0

_Said = TypeVar("_Said")


class Figures:
    """Counts requests and keeps what was counted. One belongs to an application; `close` it."""

    def __init__(self, book: MetricsBook | None, clock: Clock, energy: SharedMeter) -> None:
        """Without a `book` nothing is counted."""
        self._book = book
        self._clock = clock
        self._energy = energy
        self._surface = Surface.CLI
        self._supervisor = Supervisor()
        self._waiting: list[RequestFigures] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._writing = False
        self._trouble: Notice | None = None
        """To be told once, with the next request."""

    def attend(self, visit: Visit) -> None:
        """Who works from now on; a command line where nothing is said."""
        self._surface = Surface(visit.surface.value)

    @asynccontextmanager
    async def of_review(self, request: ReviewRequest, emit: Emit) -> AsyncIterator[Emit]:
        """Count the review that goes on inside the block; tell its events to what it gives."""
        count = Count("review", self._from(request.priority), request.snapshot.language)

        def hear(event: Event) -> None:
            count.hear(event)
            self._tell_trouble(emit)

        async with self._counted(count):
            yield self._both(emit, hear)

    @asynccontextmanager
    async def of_answer(
        self, request: AnswerRequest, emit: EmitAnswer
    ) -> AsyncIterator[EmitAnswer]:
        """The same for an answer."""
        surface = self._from(request.priority)
        count = Count(request.topic.value, surface, request.snapshot.language)

        def hear(event: AnswerEvent) -> None:
            count.hear(event)
            self._tell_trouble(emit)

        async with self._counted(count):
            yield self._both(emit, hear)

    @asynccontextmanager
    async def of_change(
        self, request: ChangeRequest, emit: EmitChange
    ) -> AsyncIterator[EmitChange]:
        """The same for a change."""
        surface = self._from(request.priority)
        count = Count(request.intent.value, surface, request.snapshot.language)

        def hear(event: ChangeEvent) -> None:
            count.hear(event)
            self._tell_trouble(emit)

        async with self._counted(count):
            yield self._both(emit, hear)

    async def flush(self) -> None:
        """Write what waits. Never raises: figures are not worth a request."""
        if self._writing:
            return
        self._writing = True
        try:
            while self._waiting and self._book is not None:
                batch, self._waiting = self._waiting, []
                await self._book.record(batch)
        except ServiceError as error:
            # Once a session is enough, and a disk that failed would fail after each request.
            _log.warning("requests are not counted: %s", error.sentence())
            self._book = None
            text = f"Requests are not counted any more. {error.sentence()}"
            self._trouble = Notice(NoticeKind.UNAVAILABLE, text)
        finally:
            self._writing = False

    async def close(self) -> None:
        """Write what waits and count no more."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_GRACE_SECONDS)
        await self._supervisor.close()
        await self.flush()
        self._book = None

    def _from(self, priority: Priority) -> Surface:
        return Surface.AHEAD if priority is Priority.SPECULATION else self._surface

    def _both(
        self, emit: Callable[[_Said], None], hear: Callable[[_Said], None]
    ) -> Callable[[_Said], None]:
        return emit if self._book is None and self._trouble is None else fan_out(emit, hear)

    @asynccontextmanager
    async def _counted(self, count: Count) -> AsyncIterator[None]:
        if self._book is None:
            yield
            return
        began = self._clock.monotonic()
        share = await self._energy.begin()
        try:
            yield
        finally:
            seconds = self._clock.monotonic() - began
            self._end(count.figures(seconds, self._clock.wall()), share)

    def _end(self, figures: RequestFigures, share: Share | None) -> None:
        """Keep what was counted; nobody waits for it."""
        if len(self._tasks) >= _MOST_WAITING or self._supervisor.closed:
            _log.warning("a request is not counted: the store does not keep up")
            return
        task = self._supervisor.start(self._keep(figures, share), "figures of a request")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep(self, figures: RequestFigures, share: Share | None) -> None:
        self._waiting.append(replace(figures, energy=await self._energy.end(share)))
        await self.flush()

    def _tell_trouble(self, emit: Callable[[Notice], None]) -> None:
        if self._trouble is not None:
            trouble, self._trouble = self._trouble, None
            emit(trouble)
