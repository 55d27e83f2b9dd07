"""Chroma on this machine: ids and vectors in a folder, and never a text.

Facts this rests on. A damaged folder may kill the process that opens it: so a file is put beside it
before it is opened, and removed when it has answered; whoever finds one begins the folder anew. A
folder may name a function that sends texts to a server: so what it says of itself is read with
plain SQLite first, a folder that names one is dropped, and texts are never handed to Chroma at all.
Chroma takes settings from the environment and from a file `.env` of the current folder, which may
be somebody else's, and among them are servers to send to: so its settings are made without either.
Each call stops all threads of the process.
"""

from collections.abc import Collection as Group
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from mirador_lsp.core.errors import IndexUnavailable, ServiceError
from mirador_lsp.core.retrieval import EmbedderCard
from mirador_lsp.index import chroma_folder
from mirador_lsp.ipc.private import ensure_private

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection
    from chromadb.config import Settings

_NEIGHBOURS = 32
"""Twice Chroma's own: where many vectors are alike, as those of generated code are, some of them
cannot be reached from the others with 16. It costs an eighth of the folder's size."""
_WRITTEN_AFTER = 1000
"""Vectors after which the graph is written to its own files; until then it is made anew by each
process, from what is in SQLite."""
_PAGE = 5000
"""Ids that are read at once."""


class VectorsUnavailable(IndexUnavailable):
    """The folder of vectors is of no use; everything in it can be had from the catalogue."""


class ChromaVectors:
    """See `vectors.VectorStore`. Only one process may have the folder open."""

    def __init__(
        self,
        client: "Client",
        collection: "Collection",
        folder: Path,
        seen: Group[str],
        *,
        closed_well: bool,
    ) -> None:
        """`seen` are the ids that were in the folder's file before it was opened."""
        self._client: Client | None = client
        self._seen = seen
        self._collection = collection
        self._folder = folder
        self.closed_well = closed_well
        """Whether it is known to be what it was when it was last closed."""

    @classmethod
    def open(cls, folder: Path, card: EmbedderCard) -> "tuple[Self, str]":
        """The store in `folder`, and in a sentence why it was begun anew, or "".

        Until `sound` is called it counts as being opened. Raises `VectorsUnavailable`.
        """
        with _Translated(folder):
            _ensure(folder.parent)
            why, closed_well = chroma_folder.fault(folder, card)
            if why:
                chroma_folder.drop(folder)
            _ensure(folder)
            seen = chroma_folder.ids_in(folder)
            chroma_folder.begin_opening(folder)
            client, collection = _opened(folder, card)
        return cls(client, collection, folder, seen, closed_well=closed_well), why

    def sound(self) -> None:
        """It has answered what is known, and did no harm."""
        with _Translated(self._folder):
            chroma_folder.end_opening(self._folder)

    def count(self) -> int:
        """How many it says that it has."""
        with _Translated(self._folder):
            return int(self._collection.count())

    def ids(self) -> Group[str]:
        """See the protocol."""
        seen, self._seen = self._seen, ()
        if seen and len(seen) == self.count():
            return seen
        found: set[str] = set()
        with _Translated(self._folder):
            while page := self._collection.get(include=[], limit=_PAGE, offset=len(found))["ids"]:
                found.update(page)
                if len(page) < _PAGE:
                    break
        return found

    def add(self, rows: Mapping[str, Sequence[float]]) -> None:
        """See the protocol."""
        self._seen = ()
        if rows:
            with _Translated(self._folder):
                self._collection.add(ids=list(rows), embeddings=_matrix(rows))

    def delete(self, ids: Sequence[str]) -> None:
        """See the protocol."""
        self._seen = ()
        if ids:
            with _Translated(self._folder):
                self._collection.delete(ids=list(ids))

    def nearest(self, vector: Sequence[float], most: int) -> Sequence[tuple[str, float]]:
        """See the protocol."""
        with _Translated(self._folder):
            answer = self._collection.query(
                query_embeddings=_matrix({"": vector}), n_results=most, include=["distances"]
            )
            ids, distances = answer["ids"][0], (answer["distances"] or [[]])[0]
            return [(chunk, 1.0 - float(d)) for chunk, d in zip(ids, distances, strict=True)]

    def close(self) -> None:
        """See the protocol."""
        client, self._client = self._client, None
        if client is not None:
            with _Translated(self._folder):
                client.close()
                chroma_folder.say_closed(self._folder)


def _opened(folder: Path, card: EmbedderCard) -> "tuple[Client, Collection]":
    from chromadb.api.client import Client

    client = Client(settings=_settings(folder))
    try:
        collection = client.get_or_create_collection(
            chroma_folder.COLLECTION,
            embedding_function=None,
            metadata=chroma_folder.metadata_of(card),
            configuration={
                "hnsw": {
                    "space": "cosine",
                    "max_neighbors": _NEIGHBOURS,
                    "batch_size": min(100, _WRITTEN_AFTER),
                    "sync_threshold": _WRITTEN_AFTER,
                }
            },
        )
    except BaseException:
        client.close()
        raise
    return client, collection


def _settings(folder: Path) -> "Settings":
    """Chroma's own defaults, whatever the environment says."""
    from chromadb.config import Settings

    settings = Settings.model_construct()
    settings.anonymized_telemetry = False
    settings.is_persistent = True
    settings.persist_directory = str(folder)
    return settings


def _ensure(folder: Path) -> None:
    try:
        ensure_private(folder)
    except ServiceError as error:
        raise VectorsUnavailable(str(error), remedy=error.remedy) from error


def _matrix(rows: Mapping[str, Sequence[float]]) -> Any:
    import numpy as np

    return np.array(list(rows.values()), dtype=np.float32)


class _Translated:
    """What goes wrong in Chroma as `VectorsUnavailable`; its panics are no `Exception`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        """Nothing."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        if error is None or isinstance(error, VectorsUnavailable):
            return False
        panic = kind is not None and kind.__name__ == "PanicException"
        if panic or isinstance(error, Exception):
            message = f"Chroma cannot use {self._folder} ({type(error).__name__})."
            raise VectorsUnavailable(
                message, remedy="They are built anew by themselves."
            ) from error
        return False
