"""Keeps the decisions at hand between reviews, and finds vectors to compare findings by."""

import asyncio
import logging
from collections.abc import Sequence

from mirador_lsp.core.errors import IndexUnavailable, ServiceError
from mirador_lsp.core.feedback import Learning, Opinion
from mirador_lsp.core.ports import Clock, CodeIndex, FeedbackBook
from mirador_lsp.engine.learning.judging import MOST_DECISIONS, MOST_OF_RULE, Decisions
from mirador_lsp.engine.learning.lessons import Bounds, Lessons, Vectors
from mirador_lsp.engine.learning.likeness import Told

_SECONDS = 0.5
"""What is waited for vectors: less than a model takes for a word of its answer."""
_AT_ONCE = 16
"""Texts of one request: what is done when the time is over is kept."""
_MOST_TEXTS = 200
_log = logging.getLogger(__name__)


class Learner:
    """Lives as long as the engine. What other processes record is known at the next review."""

    def __init__(self, book: FeedbackBook, clock: Clock, learning: Learning | None) -> None:
        self._book = book
        self._clock = clock
        self._learning = learning or Learning()
        self._stamp = ""
        self._opinions: tuple[Opinion, ...] = ()
        self._decisions = Decisions(())

    async def lessons(
        self, own: Sequence[Opinion], gate: float, index: CodeIndex | None
    ) -> Lessons:
        """The lessons for a review of a document that has the opinions `own`. Raises
        `ServiceError` where the book cannot be read.
        """
        if not self._learning.enabled:
            return Lessons()
        decisions = await self._current()
        bounds = Bounds(gate, self._learning.security_rules)
        seek = {"seek": _Seeker(self._book, index).seek} if index is not None else {}
        return Lessons(decisions, own=own, bounds=bounds, now=self._clock.wall(), **seek)

    async def opinions(self) -> tuple[Opinion, ...]:
        """The decisions that count, newest first."""
        await self._current()
        return self._opinions

    async def _current(self) -> Decisions:
        stamp = await self._book.stamp()
        if stamp != self._stamp:
            self._opinions = await self._book.latest(MOST_DECISIONS, MOST_OF_RULE)
            # In a thread: thousands of them take longer than an event loop may stand still.
            self._decisions = await asyncio.to_thread(Decisions, self._opinions)
            self._stamp = stamp
        return self._decisions


class _Seeker:
    """Vectors from the store or, where they are not there yet, from the index of the workspace."""

    def __init__(self, book: FeedbackBook, index: CodeIndex) -> None:
        self._book = book
        self._index = index
        self._embedder: str | None = None
        self._given_up = False

    async def seek(self, told: Sequence[Told], decisions: Decisions) -> Vectors:
        """See `lessons.Seek`. Gives up for the rest of the review when it takes too long."""
        found: dict[str, Sequence[float]] = {}
        if self._given_up:
            return found
        others = (each.told for one in told for each in decisions.about(one))
        texts = {each.key: each.text for each in (*told, *others) if each.text}
        wanted = dict(list(texts.items())[:_MOST_TEXTS])
        try:
            async with asyncio.timeout(_SECONDS):
                await self._collect(wanted, found)
        except (IndexUnavailable, ServiceError, TimeoutError) as error:
            self._given_up = True
            why = str(error) or "it takes too long"
            _log.info("findings are compared by words alone: %s", why)
        return found

    async def _collect(self, wanted: dict[str, str], found: dict[str, Sequence[float]]) -> None:
        if self._embedder is None:
            self._embedder = (await self._index.report()).embedder
        if not self._embedder:
            self._given_up = True
            return
        found |= await self._book.vectors(self._embedder, list(wanted))
        missing = [key for key in wanted if key not in found]
        for start in range(0, len(missing), _AT_ONCE):
            some = missing[start : start + _AT_ONCE]
            made = await self._index.embed([wanted[key] for key in some])
            if len(made) != len(some):
                self._given_up = True
                return
            fresh = dict(zip(some, made, strict=True))
            found |= fresh
            await self._book.keep_vectors(self._embedder, fresh)
