"""Everything that belongs to the catalogue's thread: the catalogue, its shelves, the search."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mirador_lsp.core.errors import IndexUnavailable
from mirador_lsp.core.ports import Clock
from mirador_lsp.core.retrieval import EmbedderCard, Found, Memory, Neighbourhood, Query
from mirador_lsp.index.catalogue import Catalogue, Change, Counts, Pending, Stamp
from mirador_lsp.index.cutting import RECIPE
from mirador_lsp.index.opening import CHROMA
from mirador_lsp.index.searching import Searcher
from mirador_lsp.index.vectors import Shelf

_NO_COUNTS = Counts(0, 0, 0, 0, {})


class Holding:
    """Opened, used and closed in one thread. Every method raises `IndexUnavailable`."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self._clock = clock
        self._catalogue: Catalogue | None = None
        self._searcher: Searcher | None = None
        self._cards: tuple[EmbedderCard, ...] = ()
        self._shelves: dict[str, Shelf] = {}
        self._notes: list[str] = []
        self.stamps: dict[str, Stamp] = {}
        """Every file in the catalogue; kept true by who writes to it."""

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue, once it is open."""
        if self._catalogue is None:
            message = "The index is not open."
            raise IndexUnavailable(message)
        return self._catalogue

    @property
    def notes(self) -> tuple[str, ...]:
        """What went wrong and was worked around, each once."""
        catalogue = self._catalogue.notes if self._catalogue is not None else ()
        shelves = [note for shelf in self._shelves.values() for note in shelf.notes]
        return tuple(dict.fromkeys((*self._notes, *catalogue, *shelves)))

    def open(self) -> None:
        """Open the catalogue, or open it again after it was damaged: then it is begun anew."""
        self._notes = list(self.notes)
        self.close()
        self._catalogue = Catalogue.open(self.folder, clock=self._clock, recipe=RECIPE)
        self.stamps = dict(self._catalogue.stamps())
        self._searcher = Searcher(self._catalogue, self._shelves)
        self.use(self._cards)

    def use(self, cards: Sequence[EmbedderCard]) -> None:
        """Have a shelf for each of these embedders and for no other. The last one is the final
        one, whose vectors are kept in Chroma.
        """
        self._cards = tuple(cards)
        if self._catalogue is None:
            return
        wanted = {card.digest for card in cards}
        for digest in [each for each in self._shelves if each not in wanted]:
            self._shelves.pop(digest).close()
        for card in cards:
            if card.digest not in self._shelves:
                final = card is cards[-1]
                folder = self.folder / CHROMA if final else None
                self._shelves[card.digest] = Shelf(self._catalogue, card, folder)

    @property
    def settled(self) -> bool:
        """Whether the stores of vectors are true to the catalogue; else `settle` has to work."""
        return all(shelf.settled for shelf in self._shelves.values())

    def settle(self) -> Iterator[None]:
        """Bring the stores of vectors in line with the catalogue, in small steps."""
        for shelf in tuple(self._shelves.values()):
            for _ in shelf.settle():
                yield

    def apply(self, change: Change) -> None:
        """Let the shelves follow a write to the catalogue."""
        for shelf in self._shelves.values():
            shelf.apply(change)

    def pending(self, digest: str, most: int) -> Sequence[Pending]:
        """Chunks that wait for a vector of that embedder."""
        shelf = self._shelves.get(digest)
        return shelf.pending(most) if shelf is not None else ()

    def keep(self, digest: str, rows: Mapping[str, Sequence[float]]) -> None:
        """Keep vectors. Raises `ValueError` for what is none of that embedder."""
        shelf = self._shelves.get(digest)
        if shelf is not None:
            shelf.keep(rows)

    def search(self, query: Query, vectors: Mapping[str, Sequence[float]]) -> Found:
        """What fits best."""
        return self._search().search(query, vectors)

    def neighbourhood(
        self, name: str, symbol: str, names: Sequence[str], most: int
    ) -> Neighbourhood:
        """What stands around a symbol."""
        return self._search().neighbourhood(name, symbol, names, most)

    def central(self) -> dict[str, int]:
        """By file, how many others use it."""
        return self._search().central()

    def remember(self, memories: Sequence[Memory]) -> None:
        """Make memories searchable."""
        self.apply(self.catalogue.put_memories(memories))

    def forget(self, ids: Sequence[str]) -> None:
        """Remove memories for good."""
        self.apply(self.catalogue.forget(ids))

    def prioritise(self, names: Sequence[str], level: int) -> None:
        """Embed these files before those of a lower level."""
        known = [name for name in names if name in self.stamps]
        if known:
            self.catalogue.prioritise(known, level)

    def counts(self) -> Counts:
        """How much there is; nothing while it is not open."""
        return self._catalogue.counts() if self._catalogue is not None else _NO_COUNTS

    def close(self) -> None:
        """Let go of everything. May be repeated."""
        for shelf in self._shelves.values():
            shelf.close()
        self._shelves.clear()
        self._searcher = None
        catalogue, self._catalogue = self._catalogue, None
        if catalogue is not None:
            catalogue.close()

    def _search(self) -> Searcher:
        if self._searcher is None:
            message = "The index is not open."
            raise IndexUnavailable(message)
        return self._searcher
