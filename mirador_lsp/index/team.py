"""The vectors of one embedder on a team's Chroma server, by Chroma's own HTTP interface.

Chroma's client is not used: it obeys proxy variables, waits for ever, reads answers of any size and
makes whatever function a collection names. What is sent is built here, and is ids and vectors.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import msgspec

from mirador_lsp.core.errors import IndexUnavailable
from mirador_lsp.core.retrieval import EmbedderCard
from mirador_lsp.core.servers import TeamServer

_SECONDS = 20.0
"""For a batch of vectors, either way."""
_QUERY_SECONDS = 1.5
_NUMBER_BYTES = 12
"""What a component of a vector takes as text."""
_BATCH_BYTES = 2 << 20
_MOST_IDS = 500
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ID = re.compile(r"[0-9a-f]{32}")
_REMEDY = "Ask who runs it; `mirador doctor` says what it answers."
_SHORTEST, _LONGEST = 0.9, 1.1
"""Lengths that a vector of length 1 may have when its numbers are rounded."""
_T = TypeVar("_T")


class Asker(Protocol):
    """A way to the server. Raises `IndexUnavailable`, in a sentence with its remedy."""

    @property
    def sends(self) -> str:
        """What goes there, in one sentence."""
        ...

    async def ask(self, path: str, body: object = None, *, seconds: float) -> Any:
        """The JSON at a path, or that answers `body`; None where the server has nothing there."""
        ...

    async def close(self) -> None:
        """Hang up. May be repeated."""
        ...


class _Collection(msgspec.Struct):
    id: str
    metadata: dict[str, Any] | None = None
    dimension: int | None = None


class _Got(msgspec.Struct):
    ids: list[str]
    embeddings: list[list[float]] | None = None


class _Near(msgspec.Struct):
    ids: list[list[str]]
    embeddings: list[list[list[float]]] | None = None


class TeamVectors:
    """Opened with the first use. Every method raises `IndexUnavailable`."""

    def __init__(self, asker: Asker, server: TeamServer, card: EmbedderCard) -> None:
        self.card = card
        self._asker = asker
        self._share = server.share
        tenant, database = quote(server.tenant, safe=""), quote(server.database, safe="")
        self._above = f"/api/v2/tenants/{tenant}/databases/{database}/collections"
        self._name = f"mirador-{card.digest[:40]}"
        self._path = ""
        self.batch = max(1, min(_MOST_IDS, _BATCH_BYTES // (_NUMBER_BYTES * card.dimensions)))
        """Vectors that are sent or asked for at once."""

    async def open(self) -> bool:
        """Find the collection or, where vectors are to be put there, make it. False for none."""
        if self._path:
            return True
        said = await self._asker.ask(f"{self._above}/{self._name}", seconds=_SECONDS)
        if said is None and self._share:
            said = await self._asker.ask(self._above, self._described(), seconds=_SECONDS)
        if said is None:
            return False
        found = self._read(said, _Collection)
        metadata = found.metadata or {}
        same = metadata.get("digest") == self.card.digest
        if not same or found.dimension not in (None, self.card.dimensions):
            message = f"The team's server holds vectors of another embedder as {self._name}."
            raise IndexUnavailable(message, remedy=_REMEDY)
        if not _UUID.fullmatch(found.id):
            raise _rubbish()
        self._path = f"{self._above}/{found.id}"
        return True

    async def vectors_of(self, ids: Sequence[str]) -> Mapping[str, Sequence[float]]:
        """The vectors of those of these chunks that it has; `batch` of them at most."""
        got = await self._get(ids, "embeddings")
        return self._rows(got.ids, got.embeddings, frozenset(ids))

    async def known(self, ids: Sequence[str]) -> frozenset[str]:
        """Those of these chunks that it has."""
        return frozenset(ids).intersection((await self._get(ids)).ids)

    async def near(self, vector: Sequence[float], most: int) -> Mapping[str, Sequence[float]]:
        """The chunks nearest to a vector, with theirs. Some may be nobody's here."""
        body = {
            "query_embeddings": [_sendable(vector)],
            "n_results": min(most, self.batch),
            "include": ["embeddings"],
        }
        said = await self._asker.ask(f"{self._path}/query", body, seconds=_QUERY_SECONDS)
        found = self._read(said, _Near)
        if len(found.ids) != 1 or found.embeddings is None or len(found.embeddings) != 1:
            raise _rubbish()
        ids = found.ids[0]
        return self._rows(ids, found.embeddings[0], frozenset(ids))

    async def add(self, rows: Mapping[str, Sequence[float]]) -> int:
        """Put vectors there, and how many; those of chunks that it has stay as they are."""
        fitting = {chunk: _sendable(row) for chunk, row in rows.items() if _is_unit(row)}
        if fitting:
            body = {"ids": list(fitting), "embeddings": list(fitting.values())}
            said = await self._asker.ask(f"{self._path}/add", body, seconds=_SECONDS)
            self._read(said, dict)
        return len(fitting)

    async def _get(self, ids: Sequence[str], *include: str) -> _Got:
        body = {"ids": list(ids), "include": list(include)}
        said = await self._asker.ask(f"{self._path}/get", body, seconds=_SECONDS)
        return self._read(said, _Got)

    def _described(self) -> Mapping[str, object]:
        card = self.card
        metadata = {"embedder": card.name, "digest": card.digest, "dimensions": card.dimensions}
        space = {"hnsw": {"space": "cosine"}}
        return {
            "name": self._name,
            "metadata": metadata,
            "configuration": space,
            "get_or_create": True,
        }

    def _rows(
        self, ids: Iterable[str], rows: list[list[float]] | None, asked: frozenset[str]
    ) -> dict[str, list[float]]:
        """What was answered, if it is what can be. Raises `IndexUnavailable`."""
        listed = list(ids)
        if rows is None or len(rows) != len(listed) or not asked.issuperset(listed):
            raise _rubbish()
        fitting = all(_ID.fullmatch(chunk) for chunk in listed) and all(
            len(row) == self.card.dimensions and _is_unit(row) for row in rows
        )
        if not fitting:
            raise _rubbish()
        return dict(zip(listed, rows, strict=True))

    def _read(self, said: Any, kind: type[_T]) -> _T:
        if said is None:
            self._path = ""  # it was deleted there, and may be made again
            message = "The team's server has lost its vectors."
            raise IndexUnavailable(message, remedy="They are put there again by themselves.")
        try:
            return msgspec.convert(said, kind)
        except (msgspec.ValidationError, RecursionError) as error:
            raise _rubbish() from error


def _sendable(vector: Sequence[float]) -> list[float]:
    """Six digits say more than the 16 bits in which it is kept."""
    return [round(value, 6) for value in vector]


def _is_unit(vector: Sequence[float]) -> bool:
    return _SHORTEST < math.hypot(*vector) < _LONGEST


def _rubbish() -> IndexUnavailable:
    message = "The team's server answers what is no answer of Chroma's."
    return IndexUnavailable(message, remedy=_REMEDY)
