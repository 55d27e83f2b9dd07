"""The embedders of an index: made when they are needed, let go of when they are not."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence

from mirador_lsp.core.errors import MiradorError
from mirador_lsp.core.ports import Embedder
from mirador_lsp.core.retrieval import EmbedderCard
from mirador_lsp.index.wire import Wishes

QUERY_SECONDS = 2.0
"""How long a search waits for the vector of its query; then it goes by words and names."""
_REST_SECONDS = 300.0
"""Unused for so long, an embedder leaves the memory."""
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 600.0
"""After a failure an embedder is left alone for so long; twice as long after each further one."""
_log = logging.getLogger(__name__)
Make = Callable[[Wishes], Awaitable[Sequence[Embedder]]]
"""Makes the embedders that are wanted, the one with the final vectors last; () for none. Raises a
`MiradorError` where one cannot be had."""


class Embedding:
    """For the event loop. What goes wrong with an embedder is a note, never an error."""

    def __init__(self, make: Make, clock: Callable[[], float]) -> None:
        self._make = make
        self._clock = clock
        self._wishes: Wishes | None = None
        self._live: dict[str, Embedder] = {}
        self._making = asyncio.Lock()
        self._used = 0.0
        self._in_use = 0
        self._pause = 0.0
        self._not_before = -math.inf
        self.cards: tuple[EmbedderCard, ...] = ()
        """Of the embedders there are; the last one is the final one."""
        self.settled = False
        """Whether it is known which embedders there are."""
        self.note = ""
        """Why there is none, or why it is left alone for a while; "" when all is well."""

    @property
    def resting(self) -> float:
        """Seconds until it may be tried again after a failure; 0 when it may now."""
        return max(0.0, self._not_before - self._clock())

    async def want(self, wishes: Wishes) -> bool:
        """Have the embedders that are wished for. Whether they are others than before.

        Those that could not be had are tried again.
        """
        same = self._wishes is not None and _same(self._wishes, wishes)
        if same and self.cards and not self.note:
            return False
        self._wishes = wishes
        before, self.settled = self.cards, False
        await self.rest()
        self._not_before, self._pause = -math.inf, 0.0
        if not await self._have():
            self.cards = ()
        self.settled = True
        return self.cards != before

    async def documents(
        self, card: EmbedderCard, texts: Sequence[str]
    ) -> Sequence[Sequence[float]] | None:
        """A vector for each text; None when it failed, and then `resting` says for how long."""
        if self.resting or not await self._have():
            return None
        embedder = self._live.get(card.digest)
        if embedder is None:
            return None
        try:
            self._in_use += 1
            vectors = await embedder.documents(texts)
        except MiradorError as error:
            self._failed(error)
            return None
        finally:
            self._in_use -= 1
            self._used = self._clock()
        self._worked()
        return vectors

    async def queries(self, text: str) -> Mapping[str, Sequence[float]]:
        """The vector of a query for each embedder, by digest; nothing of one that is late."""
        try:
            async with asyncio.timeout(QUERY_SECONDS):
                if self.resting or not await self._have():
                    return {}
                self._in_use += 1
                try:
                    return {
                        digest: await embedder.query(text)
                        for digest, embedder in tuple(self._live.items())
                    }
                finally:
                    self._in_use -= 1
                    self._used = self._clock()
        except MiradorError as error:
            self._failed(error)
        except TimeoutError:
            _log.info("the embedder was too late for a query")
        return {}

    def refuse(self, why: str) -> None:
        """What it gave cannot be used."""
        self._fail(why)

    async def rest(self) -> None:
        """Let go of the embedders' memory; they are made again when they are needed."""
        async with self._making:
            live, self._live = self._live, {}
            for embedder in live.values():
                await embedder.close()

    async def rest_if_unused(self) -> None:
        """The same, where nothing was asked of them for long."""
        if self._live and not self._in_use and self._clock() - self._used > _REST_SECONDS:
            await self.rest()

    async def _have(self) -> bool:
        """Make the embedders if they are not there. False when that failed, or there are none."""
        async with self._making:
            absent = self.settled and not self.cards
            if self._live or self._wishes is None or absent:
                return bool(self._live)
            try:
                made = await self._make(self._wishes)
            except MiradorError as error:
                if self.settled:
                    self._failed(error)
                else:
                    self.note = error.sentence()
                return False
            self._live = {embedder.card.digest: embedder for embedder in made}
            self.cards = tuple(embedder.card for embedder in made)
            self.note = ""
            self._used = self._clock()
            return bool(made)

    def _failed(self, error: MiradorError) -> None:
        self._fail(error.sentence())

    def _fail(self, why: str) -> None:
        self._pause = min(max(self._pause * 2, _FIRST_PAUSE), _LONGEST_PAUSE)
        self._not_before = self._clock() + self._pause
        self.note = why
        _log.warning("an embedder failed; it is tried again in %.0f s", self._pause)

    def _worked(self) -> None:
        self._pause = 0.0
        self.note = ""


def _same(one: Wishes, other: Wishes) -> bool:
    """Whether both name the same embedder in the same way."""
    return (one.embedder, one.models, one.servers) == (other.embedder, other.models, other.servers)
