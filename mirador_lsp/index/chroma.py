"""Chroma on this machine: ids and vectors in a folder, and never a text.

Facts this rests on. A damaged folder may kill the process that opens it: so a file is put beside it
before it is opened, and removed when it has answered; whoever finds one begins the folder anew. A
folder may name a function that sends texts to a server: so what it says of itself is read with
plain SQLite first, a folder that names one is dropped, and texts are never handed to Chroma at all.
Chroma takes settings from the environment and from a file `.env` of the current folder, which may
be somebody else's, and among them are servers to send to: so its settings are made without either.
Each call stops all threads of the process.
"""

import json
import shutil
import sqlite3
from collections.abc import Collection as Group
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from mirador_lsp.core.errors import IndexUnavailable, ServiceError
from mirador_lsp.core.retrieval import EmbedderCard
from mirador_lsp.ipc.private import ensure_private

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection
    from chromadb.config import Settings

COLLECTION = "vectors"
_OPENING = ".opening"
_ANEW = "The vectors were begun anew"
_FILE = "chroma.sqlite3"
_PAGE = 5000
"""Ids that are read at once."""
_NO_FUNCTION = ("legacy", "unknown")
"""What Chroma writes where there is no embedding function."""
_BLOATED = 4
"""Times the size that its vectors need. Deleted ones are never taken out of its graph."""
_BYTES_BESIDE = 1500
"""What Chroma keeps of each vector besides its components, at most."""
_SPARE_BYTES = 32 * 1024 * 1024


class VectorsUnavailable(IndexUnavailable):
    """The folder of vectors is of no use; everything in it can be had from the catalogue."""


class ChromaVectors:
    """See `vectors.VectorStore`. Only one process may have the folder open."""

    def __init__(self, client: "Client", collection: "Collection", marker: Path) -> None:
        self._client: Client | None = client
        self._collection = collection
        self._marker = marker

    @classmethod
    def open(cls, folder: Path, card: EmbedderCard) -> "tuple[Self, str]":
        """The store in `folder`, and in a sentence why it was begun anew, or "".

        Until `sound` is called it counts as being opened. Raises `VectorsUnavailable`.
        """
        marker = _marker(folder)
        with _Translated(folder):
            _ensure(folder.parent)
            why = _fault(folder, marker, card)
            if why:
                drop(folder)
            _ensure(folder)
            marker.touch(mode=0o600)
            client, collection = _opened(folder, card)
        return cls(client, collection, marker), why

    def sound(self) -> None:
        """It has answered what is known, and did no harm."""
        self._marker.unlink(missing_ok=True)

    def count(self) -> int:
        """How many it says that it has."""
        with _Translated(self._marker):
            return int(self._collection.count())

    def ids(self) -> Group[str]:
        """See the protocol."""
        found: set[str] = set()
        with _Translated(self._marker):
            while page := self._collection.get(include=[], limit=_PAGE, offset=len(found))["ids"]:
                found.update(page)
                if len(page) < _PAGE:
                    break
        return found

    def add(self, rows: Mapping[str, Sequence[float]]) -> None:
        """See the protocol."""
        if rows:
            with _Translated(self._marker):
                self._collection.add(ids=list(rows), embeddings=_matrix(rows))

    def delete(self, ids: Sequence[str]) -> None:
        """See the protocol."""
        if ids:
            with _Translated(self._marker):
                self._collection.delete(ids=list(ids))

    def nearest(self, vector: Sequence[float], most: int) -> Sequence[tuple[str, float]]:
        """See the protocol."""
        with _Translated(self._marker):
            answer = self._collection.query(
                query_embeddings=_matrix({"": vector}), n_results=most, include=["distances"]
            )
            ids, distances = answer["ids"][0], (answer["distances"] or [[]])[0]
            return [(chunk, 1.0 - float(d)) for chunk, d in zip(ids, distances, strict=True)]

    def close(self) -> None:
        """See the protocol."""
        client, self._client = self._client, None
        if client is not None:
            with _Translated(self._marker):
                client.close()


def drop(folder: Path) -> None:
    """Remove the folder, or what lies in its place, and the file beside it, as far as possible."""
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)
    else:
        with suppress(OSError):
            folder.unlink(missing_ok=True)
    with suppress(OSError):
        _marker(folder).unlink(missing_ok=True)


def _marker(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}{_OPENING}")


def _opened(folder: Path, card: EmbedderCard) -> "tuple[Client, Collection]":
    from chromadb.api.client import Client

    client = Client(settings=_settings(folder))
    try:
        collection = client.get_or_create_collection(
            COLLECTION,
            embedding_function=None,
            metadata=_metadata(card),
            configuration={"hnsw": {"space": "cosine"}},
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


def _metadata(card: EmbedderCard) -> dict[str, str | int | float | bool | None]:
    return {"embedder": card.name, "digest": card.digest, "dimensions": card.dimensions}


def _fault(folder: Path, marker: Path, card: EmbedderCard) -> str:
    """Why the folder must not be opened, in a sentence; "" for nothing.

    Plain SQLite reads it here, so that nothing of it is believed yet.
    """
    if not folder.exists() and not folder.is_symlink():
        return ""
    if marker.exists():
        return f"{_ANEW}: their folder did harm when it was last opened."
    said = None
    if not folder.is_symlink() and (folder / _FILE).is_file():
        try:
            said = _what_it_says(folder / _FILE)
        except (sqlite3.Error, ValueError, RecursionError):
            return f"{_ANEW}: their folder was damaged."
    if said is None:
        return f"{_ANEW}: their folder was not what it should be."
    return _wrong_in(said, _bytes_in(folder), card)


def _wrong_in(said: tuple[dict[str, str], list[Any], int], size: int, card: EmbedderCard) -> str:
    metadata, configurations, count = said
    if metadata != {key: str(value) for key, value in _metadata(card).items()}:
        return f"{_ANEW} for another embedder."
    if not all(_without_function(each) for each in configurations):
        return f"{_ANEW}: their folder named a function of somebody else's."
    need = count * (4 * card.dimensions + _BYTES_BESIDE) + _SPARE_BYTES
    if size > _BLOATED * need:
        return f"{_ANEW}: their folder held mostly what was deleted."
    return ""


def _what_it_says(file: Path) -> tuple[dict[str, str], list[Any], int] | None:
    """Metadata and configurations of the one collection, and its vectors; None for another."""
    # Not "ro": after a kill SQLite has to take back what was not finished before it can read.
    address = f"{file.resolve().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=1.0)) as connection:
        rows = connection.execute("SELECT * FROM collections LIMIT 2")
        columns = [column[0] for column in rows.description]
        found = [dict(zip(columns, row, strict=True)) for row in rows]
        if [row["name"] for row in found] != [COLLECTION]:
            return None
        (row,) = found
        texts = [value for key, value in row.items() if key.endswith(("json_str", "schema_str"))]
        # Whatever type a value has, it is in one of these columns.
        query = "SELECT key, coalesce(str_value, int_value) FROM collection_metadata"
        metadata = {key: str(value) for key, value in connection.execute(query)}
        (count,) = connection.execute("SELECT count(*) FROM embeddings").fetchone()
    return metadata, [json.loads(text) for text in texts if text], int(count)


def _without_function(configuration: Any) -> bool:
    """Whether it names no embedding function, at any depth."""
    waiting = [configuration]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            function = value.get("embedding_function")
            if function is not None and not (
                isinstance(function, dict) and function.get("type") in _NO_FUNCTION
            ):
                return False
            waiting += [each for key, each in value.items() if key != "embedding_function"]
    return True


def _bytes_in(folder: Path) -> int:
    return sum(each.lstat().st_size for each in folder.rglob("*"))


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
            message = f"The vectors in {self._folder} cannot be used ({type(error).__name__})."
            raise VectorsUnavailable(
                message, remedy="They are built anew by themselves."
            ) from error
        return False
