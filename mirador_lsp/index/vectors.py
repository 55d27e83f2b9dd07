"""Finding the nearest vectors: the stores, and the shelf that keeps one true to the catalogue."""

from collections.abc import Collection as Group
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, Self

from mirador_lsp.core.retrieval import EmbedderCard
from mirador_lsp.index.catalogue import Catalogue, Change, Pending

BATCH = 100
"""Vectors that a store is given at once: Chroma stops the whole process meanwhile."""


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

    notes: tuple[str, ...]
    """What was worked around: "rebuilt: the folder was damaged"."""

    @classmethod
    def open(cls, catalogue: Catalogue, card: EmbedderCard, folder: Path | None) -> Self:
        """`folder` is where Chroma lies, made when needed; None for no Chroma. Opens nothing yet:
        `settle` does.
        """
        raise NotImplementedError

    def pending(self, most: int) -> Sequence[Pending]:
        """See `Catalogue.pending`."""
        raise NotImplementedError

    def keep(self, rows: Mapping[str, Sequence[float]]) -> None:
        """Cache vectors and make them searchable. See `Catalogue.keep_vectors`."""
        raise NotImplementedError

    def apply(self, change: Change) -> None:
        """Follow what a write to the catalogue did. To be called with each `Change`."""
        raise NotImplementedError

    def settle(self) -> Iterator[int]:
        """Open the store and bring it in line with the catalogue, in small steps.

        Yields after each step how many vectors are still to be moved; the caller may do other
        things between two steps, also to this shelf, and may stop.
        """
        raise NotImplementedError

    def nearest(self, vector: Sequence[float], most: int) -> Sequence[tuple[str, float]]:
        """Chunk ids and cosines, nearest first."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the store. May be repeated."""
        raise NotImplementedError
