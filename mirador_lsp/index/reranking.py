"""The last word on what a search has found, where the user's settings name who has it."""

import asyncio
import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from mirador_lsp.core.errors import MiradorError, UserError
from mirador_lsp.core.ports import Reranker
from mirador_lsp.core.retrieval import Collection, Found, Hit, Query
from mirador_lsp.core.servers import ModelServer
from mirador_lsp.index.wire import Wishes

MOST = 30
"""Hits that are put in order; what comes after them stays where it is."""
SECONDS = 2.0
"""How long a search waits for it; then what was found stays as it is."""
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 600.0
"""After a failure it is left alone for so long; twice as long after each further one."""
_MEMORIES = (Collection.TALK, Collection.FIX)
_LATE = "It took longer than {seconds:g} s, and is left alone for a while."
Make = Callable[[Wishes], Reranker]
"""Makes the reranker that `Wishes.rerank` names, and asks nobody. Raises `UserError`."""
_log = logging.getLogger(__name__)


class Reranking:
    """For the event loop. What goes wrong is a note, never an error."""

    def __init__(self, make: Make, clock: Callable[[], float], *, seconds: float = SECONDS) -> None:
        self._make = make
        self._clock = clock
        self._seconds = seconds
        self._wanted: tuple[str, tuple[ModelServer, ...]] = ("", ())
        self._reranker: Reranker | None = None
        self._pause = 0.0
        self._not_before = -math.inf
        self.note = ""
        """Why nothing is put in order although that is wanted; "" when all is well."""

    @property
    def leaves(self) -> str:
        """What leaves this machine by it, one sentence; "" when nothing does."""
        return self._reranker.leaves if self._reranker is not None else ""

    async def want(self, wishes: Wishes) -> None:
        """Use the reranker that is wished for, if any. One that failed is tried again."""
        wanted = (wishes.rerank, wishes.servers)
        if self._wanted == wanted and not self.note:
            return
        self._wanted = wanted
        self._not_before, self._pause, self.note = -math.inf, 0.0, ""
        before, self._reranker = self._reranker, None
        if wishes.rerank:
            try:
                self._reranker = self._make(wishes)
            except UserError as error:
                self.note = error.sentence()
        if before is not None:
            await before.close()

    def asked(self, query: Query) -> Query:
        """The query as the index is to be asked it, so that there is enough to choose from."""
        return replace(query, most=max(query.most, MOST)) if self._is_for(query) else query

    async def ordered(self, query: Query, found: Found) -> Found:
        """What was found with the best hits in the reranker's order, as many as `query` wants."""
        if not self._is_for(query):
            return found
        first, rest = found.hits[:MOST], found.hits[MOST:]
        places = await self._places(query.text, first) if len(first) > 1 else range(len(first))
        if places is None:
            note = [f"What was found was not ranked again: {self.note}"] if self.note else []
            return replace(found, hits=found.hits[: query.most], notes=(*found.notes, *note))
        hits = (_moved(first[place], first[at].score, at) for at, place in enumerate(places))
        return replace(found, hits=(*hits, *rest)[: query.most])

    async def close(self) -> None:
        """Hang up. May be repeated."""
        reranker, self._reranker = self._reranker, None
        if reranker is not None:
            await reranker.close()

    def _is_for(self, query: Query) -> bool:
        return query.rerank and bool(query.text) and bool(self._wanted[0])

    async def _places(self, text: str, hits: Sequence[Hit]) -> Sequence[int] | None:
        """None where it has no answer, and then `note` says why."""
        reranker = self._reranker
        if reranker is None or self._clock() < self._not_before:
            return None
        try:
            async with asyncio.timeout(self._seconds):
                places = await reranker.rank(text, [_shown(hit) for hit in hits])
        except MiradorError as error:
            self._failed(reranker, error.sentence())
            return None
        except TimeoutError:
            self._failed(reranker, _LATE.format(seconds=self._seconds))
            return None
        if reranker is self._reranker:
            self._pause, self.note = 0.0, ""
        return places

    def _failed(self, reranker: Reranker, why: str) -> None:
        if reranker is not self._reranker:
            return  # another one is wanted by now
        self._pause = min(max(self._pause * 2, _FIRST_PAUSE), _LONGEST_PAUSE)
        self._not_before = self._clock() + self._pause
        self.note = why
        _log.warning("the reranker is left alone for %.0f s: %s", self._pause, why)


def _moved(hit: Hit, score: float, at: int) -> Hit:
    """The hit at its new place, with that place's score: scores fall from hit to hit."""
    return replace(hit, score=score, why=(f"rerank #{at + 1}", *hit.why))


def _shown(hit: Hit) -> str:
    """A hit as the reranker sees it: where it stands says much of what it is."""
    if hit.collection in _MEMORIES:
        return hit.text
    return f"{hit.name} {hit.symbol}".rstrip() + f"\n{hit.text}"
