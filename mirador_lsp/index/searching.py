"""A search: words, names and meaning, each ranked on its own, then fused."""

from collections.abc import Mapping, Sequence

from mirador_lsp.core.retrieval import Found, Neighbourhood, Query
from mirador_lsp.index.catalogue import Catalogue
from mirador_lsp.index.vectors import Shelf


class Searcher:
    """Searches one catalogue. For the catalogue's thread. Raises `IndexUnavailable`."""

    def __init__(self, catalogue: Catalogue, shelves: Mapping[str, Shelf]) -> None:
        """`shelves` by the digest of their embedder; read at each search, so it may change."""
        raise NotImplementedError

    def search(self, query: Query, vectors: Mapping[str, Sequence[float]] | None = None) -> Found:
        """What fits best. `vectors` has the query's vector for each embedder that gave one; without
        any, search is by words and names. `Found.seconds` is the time spent here.
        """
        raise NotImplementedError

    def neighbourhood(
        self, name: str, symbol: str, names: Sequence[str], most: int
    ) -> Neighbourhood:
        """See `core.ports.CodeIndex`."""
        raise NotImplementedError
