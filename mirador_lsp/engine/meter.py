"""What is known for choosing models, and the weighing of every reply that adds to it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

from mirador_lsp.core.dialogue import ModelCard, Priority, Usage
from mirador_lsp.core.errors import (
    BadReply,
    ContextOverflow,
    ModelError,
    ModelTimeout,
    ServiceError,
)
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.ports import Clock, Measurements
from mirador_lsp.core.routing import Circumstances, Insight, Matrix, Measurement, Outcome, Task

_log = logging.getLogger(__name__)
_MOST_WAITING = 1000


class Counted(Protocol):
    """What counts replies: a stage's tally."""

    last: Usage | None
    """Of the latest reply; None before there is one."""

    @property
    def circumstances(self) -> Circumstances:
        """What the model was chosen in."""
        ...


class Weighing:
    """One reply on the scales. Whoever reads it says when it turns out to be of no use."""

    def __init__(self) -> None:
        self.outcome = Outcome.HELD

    def broken(self) -> None:
        """What the model said cannot be used."""
        self.outcome = Outcome.BROKEN


class Meter:
    """Holds the insight of one engine, and the measurements that are not on disk yet."""

    def __init__(self, matrix: Matrix, clock: Clock, book: Measurements | None = None) -> None:
        """Without a `book` nothing is kept, and the matrix alone decides."""
        self._clock = clock
        self._book = book
        self._waiting: list[Measurement] = []
        self._stale = book is not None
        self.insight = Insight(matrix)
        """Of the last `refresh`."""

    async def refresh(self) -> tuple[Notice, ...]:
        """Write what waits and read what it amounts to; what went wrong, if anything did."""
        if self._book is None or not (self._stale or self._waiting):
            return ()
        self._stale = False
        try:
            await self.flush()
            self.insight = Insight(self.insight.matrix, tuple(await self._book.standings()))
        except ServiceError as error:
            # Once a session is enough: choosing goes on by what is believed.
            _log.warning("what models did is not kept: %s", error.sentence())
            self._book = None
            text = "How well models do cannot be kept, so the capability matrix alone chooses."
            return (Notice(NoticeKind.UNAVAILABLE, f"{text} {error.sentence()}"),)
        return self._book.notices()

    async def flush(self) -> None:
        """Write what waits. Raises `ServiceError`."""
        waiting, self._waiting = self._waiting, []
        if self._book is not None and waiting:
            await self._book.record(waiting)

    @contextmanager
    def weighing(
        self,
        task: Task,
        card: ModelCard,
        counted: Counted,
        priority: Priority = Priority.INTERACTIVE,
    ) -> Iterator[Weighing]:
        """Weigh the reply that is read inside the block, by how the block ends; `counted` hears of
        its cost. Not weighed is a reply that was kept from before, one that is cancelled, and one
        whose prompt did not fit: they say nothing about the model.
        """
        _begin(counted)
        now = self._clock.monotonic
        began = now()
        weighing = Weighing()
        try:
            yield weighing
        except ContextOverflow:
            raise
        except ModelError as error:
            # A reply that cannot be read is kept as well; met again, it is not another one.
            if counted.last is not None or not isinstance(error, BadReply):
                cost = _cost(counted, began, now(), priority)
                self._note(task, card, cost, _outcome(error), counted.circumstances)
            raise
        if counted.last is not None:
            cost = _cost(counted, began, now(), priority)
            self._note(task, card, cost, weighing.outcome, counted.circumstances)

    def _note(
        self,
        task: Task,
        card: ModelCard,
        cost: Usage,
        outcome: Outcome,
        circumstances: Circumstances,
    ) -> None:
        self._waiting.append(
            Measurement(
                task=task,
                model=card.name,
                digest=card.digest,
                seconds=cost.seconds,
                first_token_seconds=cost.first_token_seconds,
                prompt_tokens=cost.prompt_tokens,
                completion_tokens=cost.completion_tokens,
                outcome=outcome,
                time=self._clock.wall(),
                circumstances=circumstances,
            )
        )
        del self._waiting[:-_MOST_WAITING]


def _begin(counted: Counted) -> None:
    counted.last = None


def _cost(counted: Counted, began: float, now: float, priority: Priority) -> Usage:
    """What a reply cost its model: how long others were at work says nothing of it.

    A reply that anything may pre-empt is only given when it is whole, so all its time is waiting.
    """
    if counted.last is None:
        return Usage(seconds=now - began)
    waited = counted.last.wait_seconds if priority < Priority.BACKGROUND else 0.0
    return replace(counted.last, seconds=max(0.0, counted.last.seconds - waited))


def _outcome(error: ModelError) -> Outcome:
    match error:
        case BadReply():
            return Outcome.BROKEN
        case ModelTimeout():
            return Outcome.LATE
        case _:
            return Outcome.FAILED
