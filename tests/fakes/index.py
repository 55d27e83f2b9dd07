"""An index in memory that knows what it is given."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

from fakes.embedder import HashEmbedder
from mirador_lsp.core.errors import IndexUnavailable
from mirador_lsp.core.retrieval import (
    Collection,
    Found,
    Hit,
    IndexReport,
    Memory,
    Neighbourhood,
    Query,
)

_WORD = re.compile(r"[A-Za-z0-9]+")


def hit(
    name: str = "cart.py",
    symbol: str = "Cart.total",
    text: str = "def total(self):\n    return sum(self.prices)\n",
    **more: object,
) -> Hit:
    """A place that the index knows."""
    made = Hit(
        collection=Collection.CODE,
        name=name,
        symbol=symbol,
        kind="method",
        language="python",
        first=4,
        last=5,
        text=text,
        score=0.5,
        why=(),
        content="c" * 64,
    )
    return replace(made, **more)  # type: ignore[arg-type] — a test's own fields


class FakeIndex:
    """See `core.ports.CodeIndex`. `broken` makes it one that does not run; `gate` holds what it is
    asked back while it is cleared.
    """

    def __init__(self, hits: Sequence[Hit] = ()) -> None:
        self.hits = list(hits)
        self.definitions: dict[str, tuple[Hit, ...]] = {}
        """By name."""
        self.users: dict[tuple[str, str], tuple[Hit, ...]] = {}
        """By file and symbol."""
        self.memories: dict[str, Memory] = {}
        self.queries: list[Query] = []
        self.told: list[str] = []
        self.waits: list[bool] = []
        self.notes: tuple[str, ...] = ()
        self.reports: list[IndexReport] = [IndexReport("ready")]
        """Told one after the other; the last one stays."""
        self.broken = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.breaks = asyncio.Event()
        """Set, it ends what follows the reports."""
        self.followers = 0
        self.seen: list[str] = []
        """Files that the user opened."""
        self.builds: list[bool] = []
        self.paused = 0
        self._embedder = HashEmbedder()

    async def search(self, query: Query) -> Found:
        self._check()
        self.queries.append(query)
        await self.gate.wait()
        known = [*self.hits, *map(_remembered, self.memories.values())]
        wanted = _words(query.text)
        scored = [
            (len(wanted & _words(f"{each.symbol} {each.name} {each.text}")), each)
            for each in known
            if each.collection in query.collections
            and (not query.languages or each.language in query.languages)
            and each.name.startswith(query.under)
            and each.name not in query.without
        ]
        best = sorted((pair for pair in scored if pair[0]), key=lambda pair: -pair[0])
        hits = tuple(replace(each, score=float(score)) for score, each in best)
        return Found(hits[: query.most], self.notes, 0.001)

    async def neighbourhood(
        self, name: str, symbol: str, names: Sequence[str], most: int
    ) -> Neighbourhood:
        self._check()
        await self.gate.wait()
        found = [each for wanted in names for each in self.definitions.get(wanted, ())]
        return Neighbourhood(tuple(found[:most]), self.users.get((name, symbol), ())[:most])

    async def central(self) -> Mapping[str, int]:
        self._check()
        used: dict[str, set[str]] = {}
        for (name, _), users in self.users.items():
            used.setdefault(name, set()).update(h.name for h in users if h.name != name)
        return {name: len(users) for name, users in used.items() if users}

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        self._check()
        return await self._embedder.documents(texts)

    async def changed(self, names: Sequence[str]) -> None:
        self._check()
        self.told += names

    async def remember(self, memories: Sequence[Memory]) -> None:
        self._check()
        self.memories |= {memory.id: memory for memory in memories}

    async def forget(self, ids: Sequence[str]) -> None:
        self._check()
        for each in ids:
            self.memories.pop(each, None)

    async def busy(self, *, waiting: bool) -> None:
        self._check()
        self.waits.append(waiting)

    async def follow(self) -> AsyncIterator[IndexReport]:
        """Every report in its turn; the last one stays until it breaks."""
        self._check()
        self.followers += 1
        try:
            while len(self.reports) > 1:
                yield self.reports.pop(0)
            yield self.reports[0]
            await self.breaks.wait()
            self._check()
        finally:
            self.followers -= 1

    async def opened(self, names: Sequence[str]) -> None:
        self._check()
        self.seen += names

    async def build(self, *, asked: bool) -> None:
        self._check()
        self.builds.append(asked)

    async def pause(self) -> None:
        self._check()
        self.paused += 1

    async def report(self) -> IndexReport:
        self._check()
        return self.reports.pop(0) if len(self.reports) > 1 else self.reports[0]

    async def close(self) -> None:
        self.broken = True

    def _check(self) -> None:
        if self.broken:
            message = "The index does not run."
            raise IndexUnavailable(message, remedy="Start it: mirador index build")


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}


def _remembered(memory: Memory) -> Hit:
    return hit(
        memory.id,
        memory.title,
        memory.text,
        collection=memory.collection,
        kind=memory.collection.value,
        language="",
        first=0,
        last=0,
        content="",
    )
