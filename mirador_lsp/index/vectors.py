"""Finding the nearest vectors: the stores, and the shelf that keeps one true to the catalogue."""

from collections.abc import Collection as Group
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Protocol

from mirador_lsp.core.errors import IndexUnavailable
from mirador_lsp.core.retrieval import EmbedderCard
from mirador_lsp.index import chroma_folder
from mirador_lsp.index.catalogue import Catalogue, Change, Pending
from mirador_lsp.index.chroma import ChromaVectors, VectorsUnavailable
from mirador_lsp.index.exact import ExactVectors, nearest_rows

BATCH = 100
"""Vectors that a store is given at once: Chroma stops the whole process meanwhile."""
FEW = 2000
"""Up to here each vector is compared, which takes 0.2 ms where Chroma takes 1.3, and misses none.
It stays the quicker one up to some 10,000, but holds them all in memory."""
_PROBES = 20
"""Vectors that a store that is opened has to find."""
_PROBES_AFTER_A_KILL = 100
_SAME = 0.99
"""Cosine from which on two vectors are the same but for rounding."""
_PATIENCE = 2
"""Times that a store is begun anew before this process does without."""
_GIVEN_UP = "The vectors are compared one by one: their folder cannot be used."
_LOAD = 4000
"""Vectors that are read from the catalogue at once."""


class VectorStore(Protocol):
    """Ids and their vectors of one embedder; never a text. Raises `IndexUnavailable`."""

    def ids(self) -> Group[str]:
        """Every id in it."""
        ...

    def add(self, rows: Mapping[str, Sequence[float]]) -> None:
        """Add vectors; none of the ids may be in it already."""
        ...

    def delete(self, ids: Sequence[str]) -> None:
        """Remove them. Unknown ids are ignored."""
        ...

    def nearest(self, vector: Sequence[float], most: int) -> Sequence[tuple[str, float]]:
        """The nearest with the cosine of the angle between, nearest first."""
        ...

    def close(self) -> None:
        """Let go of files and connections. May be repeated."""
        ...


class Shelf:
    """The vectors of one embedder: cached in the catalogue, searchable in a store.

    While the store is being filled, does not open, or holds few vectors, search goes over the
    cached vectors themselves. For the catalogue's thread. What the store does wrong is a note, not
    an error; errors of the catalogue are.
    """

    def __init__(self, catalogue: Catalogue, card: EmbedderCard, folder: Path | None) -> None:
        """`folder` is where Chroma lies, made when needed, a folder of each embedder's own in it;
        None for no Chroma. Opens nothing yet: `settle` does.
        """
        self.card = card
        self._catalogue = catalogue
        self._folder = None if folder is None else folder / card.digest[:16]
        self._store: ChromaVectors | None = None
        self._inside: set[str] = set()
        """What is in the store."""
        self._exact: ExactVectors | None = None
        """Every vector that can be found, once somebody has searched without the store."""
        self._failures = 0
        self._notes: list[str] = []
        self.settled = folder is None
        """Whether the store is true to the catalogue. While it is not, `settle` is to be called."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was worked around, in sentences: "The vectors were begun anew: …"."""
        return tuple(self._notes)

    def pending(self, most: int) -> Sequence[Pending]:
        """See `Catalogue.pending`."""
        return self._catalogue.pending(self.card.digest, most)

    def keep(self, rows: Mapping[str, Sequence[float]]) -> None:
        """Cache vectors and make them searchable. See `Catalogue.keep_vectors`."""
        self._catalogue.keep_vectors(self.card, rows)
        # What was removed while it was embedded is cached, but not to be found.
        self._take_in(self._catalogue.findable(rows))

    def apply(self, change: Change) -> None:
        """Follow what a write to the catalogue did. To be called with each `Change`."""
        if self._exact is not None:
            self._exact.delete(change.removed)
        removed = [chunk for chunk in change.removed if chunk in self._inside]
        with self._guarded():
            for batch in _batches(removed):
                self._delete(batch)
        self._take_in(change.added)

    def settle(self) -> Iterator[int]:
        """Open the store and bring it in line with the catalogue, in small steps.

        Yields after each step how many vectors are still to be moved; the caller may do other
        things between two steps, also to this shelf, and may stop.
        """
        while not self.settled and self._folder is not None:
            if self._failures > _PATIENCE:
                self._notes.append(_GIVEN_UP)
                self.settled = True
                return
            with self._guarded():
                wanted = set(self._catalogue.vector_ids(self.card.digest))
                if self._store is None:
                    self._open_store(self._folder, wanted)
                surplus, missing = self._inside - wanted, wanted - self._inside
                yield len(surplus) + len(missing)
                yield from self._move(sorted(surplus), sorted(missing))
                # Between two steps it may have failed in somebody else's hands.
                self.settled = self._store is not None

    def nearest(self, vector: Sequence[float], most: int) -> Sequence[tuple[str, float]]:
        """Chunk ids and cosines, nearest first."""
        if self._store is not None and self.settled and len(self._inside) > FEW:
            self._exact = None
            with self._guarded():
                return self._store.nearest(vector, most)
        return self._loaded().nearest(vector, most)

    def nearest_of(
        self, ids: Iterable[str], vector: Sequence[float], most: int
    ) -> Sequence[tuple[str, float]]:
        """The same among these chunks only: better than asking for many and leaving most out."""
        found, matrix = self._catalogue.matrix_of(self.card.digest, ids)
        return nearest_rows(found, matrix, vector, most)

    def close(self) -> None:
        """Let go of the store. May be repeated."""
        store, self._store = self._store, None
        self.settled = self._folder is None
        self._inside = set()
        self._exact = None
        if store is not None:
            with suppress(IndexUnavailable):
                store.close()

    def _take_in(self, ids: Iterable[str]) -> None:
        """Make these chunks searchable by meaning; those without a vector are ignored."""
        for batch in _batches(ids):
            rows = self._catalogue.vectors_of(self.card.digest, batch)
            if self._exact is not None:
                self._exact.add(rows)
            if self._store is not None:
                with self._guarded():
                    self._add(rows)

    def _move(self, surplus: Sequence[str], missing: Sequence[str]) -> Iterator[int]:
        """Bring the store in line. Between two steps others may have done some of it."""
        left = len(surplus) + len(missing)
        for batch in _batches(surplus):
            findable = self._catalogue.findable(batch)
            self._delete([chunk for chunk in batch if chunk not in findable])
            left -= len(batch)
            yield left
        for batch in _batches(missing):
            findable = self._catalogue.findable(batch)
            self._add(self._catalogue.vectors_of(self.card.digest, findable))
            left -= len(batch)
            yield left

    def _add(self, rows: Mapping[str, Sequence[float]]) -> None:
        new = {chunk: vector for chunk, vector in rows.items() if chunk not in self._inside}
        if new and self._store is not None:
            self._store.add(new)
            self._inside.update(new)

    def _delete(self, ids: Sequence[str]) -> None:
        if self._store is not None:
            self._store.delete([chunk for chunk in ids if chunk in self._inside])
            self._inside.difference_update(ids)

    def _open_store(self, folder: Path, wanted: set[str]) -> None:
        """Raises `VectorsUnavailable` for a store that does not find what is in it."""
        self._store, why = ChromaVectors.open(folder, self.card)
        if why:
            self._notes.append(why)
        self._inside = set(self._store.ids())
        if len(self._inside) != self._store.count():
            message = "The vectors are not as many as their folder says."
            raise VectorsUnavailable(message)
        self._probe(self._store, wanted)
        self._store.sound()

    def _probe(self, store: ChromaVectors, wanted: set[str]) -> None:
        known = sorted(self._inside & wanted)
        probes = _PROBES if store.closed_well else _PROBES_AFTER_A_KILL
        some = known[:: max(1, len(known) // probes)]
        ids, matrix = self._catalogue.matrix_of(self.card.digest, some)
        lost = 0
        for row in matrix:
            if row.any() and not any(
                cosine >= _SAME for _, cosine in store.nearest(row.tolist(), 3)
            ):
                lost += 1
        # One that is whole misses a few all the same.
        if lost * 5 > len(ids):
            message = "The folder of the vectors does not find what is in it."
            raise VectorsUnavailable(message)

    def _loaded(self) -> ExactVectors:
        if self._exact is None:
            self._exact = ExactVectors(self.card.dimensions)
            for batch in _batches(self._catalogue.vector_ids(self.card.digest), _LOAD):
                self._exact.add_matrix(*self._catalogue.matrix_of(self.card.digest, batch))
        return self._exact

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """What the store does wrong ends the store, not the caller."""
        try:
            yield
        except VectorsUnavailable as error:
            self._failures += 1
            self._notes.append(str(error))
            self.close()
            if self._folder is not None:
                chroma_folder.drop(self._folder)


def _batches(ids: Iterable[str], size: int = BATCH) -> Iterator[list[str]]:
    waiting = iter(ids)
    while batch := list(islice(waiting, size)):
        yield batch
