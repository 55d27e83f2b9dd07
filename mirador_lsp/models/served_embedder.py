"""Models of the user's own servers that turn texts into vectors.

Nothing is cut by a server unseen: it is told not to, or would fail anyway. A text that is too long
for it is sent again without its second half, until it fits; texts that came along are sent again
without it.
"""

import asyncio
import hashlib
import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mirador_lsp.core.errors import BadReply, ModelError, ModelUnavailable
from mirador_lsp.core.retrieval import EmbedderCard
from mirador_lsp.egress.hiding import masked, without_key
from mirador_lsp.models.refusals import KEY_REMEDY, LATER
from mirador_lsp.models.texts import speaks_of_length
from mirador_lsp.models.transport import Refusal, Transport

SECONDS = 120.0
"""For one question; the first one may have to wait for the model to be loaded."""
_TEXTS, _CHARACTERS = 32, 100_000
"""Of one question at most."""
_CHARACTERS_A_TOKEN = 8
"""Hardly any text has more; the rest of a longer one need not travel."""
_SHORTEST = 16
"""Characters below which a text is not what is too long."""
_PAUSES = (0.25, 1.0, 3.0)
"""Seconds before a busy server is asked again."""
_BLANK = "(empty)"
"""Asked about where a text has nothing in it: several servers fail at that."""
_NEARLY_NOTHING = 1e-12


class Dialect(Protocol):
    """How a kind of server is asked for vectors."""

    @property
    def path(self) -> str:
        """Where questions are put."""
        ...

    def question(self, model: str, texts: Sequence[str]) -> object:
        """The body that asks for the vectors of texts."""
        ...

    def vectors(self, answer: Any) -> Sequence[Any]:
        """What stands for the vectors in the answer, in the order of the texts.

        Raises KeyError, TypeError and ValueError for an answer that is none.
        """
        ...


@dataclass(frozen=True)
class ServedModel:
    """A model of a server, as it was found."""

    name: str
    """As users name it: "SERVER/MODEL"."""
    id: str
    """What the server calls it."""
    facts: str
    """What tells it from another model of that name: its digest, where the server has one."""
    max_tokens: int


class ServedEmbedder:
    """Implements `core.ports.Embedder` over one model of a server. Open one with `open_served`."""

    def __init__(
        self, transport: Transport, dialect: Dialect, model: ServedModel, dimensions: int
    ) -> None:
        self._transport = transport
        self._dialect = dialect
        self._model = model
        told = f"{model.name.partition('/')[2]} {model.facts} {dimensions}"
        digest = hashlib.sha256(told.encode()).hexdigest()
        self.card = EmbedderCard(model.name, digest, dimensions, model.max_tokens, local=False)
        self._closed = False

    async def documents(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Vectors that the server computes, some texts at a time."""
        if self._closed:
            message = f"The embedder {self.card.name} was closed."
            raise ModelUnavailable(message)
        most = self.card.max_tokens * _CHARACTERS_A_TOKEN
        found: list[array[float]] = []
        for batch in _batches([sendable(text, most) for text in texts]):
            found += await self._ask(batch)
        return found

    async def query(self, text: str) -> Sequence[float]:
        """The same for a query."""
        return (await self.documents([text]))[0]

    async def close(self) -> None:
        """Hang up."""
        self._closed = True
        await self._transport.close()

    async def _ask(self, texts: list[str]) -> "list[array[float]]":
        try:
            rows = await ask(self._transport, self._dialect, self._model, texts)
        except Refusal as refusal:
            if not says_too_long(refusal):
                raise refused(refusal, self._model.name, texts, self._transport.key) from refusal
            if len(texts) > 1:
                half = len(texts) // 2
                return await self._ask(texts[:half]) + await self._ask(texts[half:])
            if len(texts[0]) < 2 * _SHORTEST:
                raise refused(refusal, self._model.name, texts, self._transport.key) from refusal
            return await self._ask([texts[0][: len(texts[0]) // 2]])
        if any(len(row) != self.card.dimensions for row in rows):
            message = f"{self.card.name} gives vectors of another size than before."
            raise BadReply(message, remedy="Restart the index, so that it asks the server anew.")
        return rows


async def open_served(transport: Transport, dialect: Dialect, model: ServedModel) -> ServedEmbedder:
    """The embedder, once its first vector has told how long they are. Raises `ModelError`."""
    probe = ["def probe(): return 1"]
    try:
        rows = await ask(transport, dialect, model, probe)
    except Refusal as refusal:
        raise refused(refusal, model.name, probe, transport.key) from refusal
    return ServedEmbedder(transport, dialect, model, len(rows[0]))


async def ask(
    transport: Transport, dialect: Dialect, model: ServedModel, texts: Sequence[str]
) -> "list[array[float]]":
    """One question, again after a pause where the server is busy. Raises as `post` does."""
    body = dialect.question(model.id, texts)
    for pause in (*_PAUSES, None):
        try:
            answer = await transport.post(dialect.path, body, seconds=SECONDS)
        except Refusal as refusal:
            if refusal.status not in (429, 503) or pause is None:
                raise
            await asyncio.sleep(pause)
            continue
        return _rows(dialect, answer, len(texts), model.name)
    raise AssertionError


def refused(
    refusal: Refusal,
    name: str,
    texts: Sequence[str],
    key: str,
    *,
    lacks: str = "gives no vectors",
    remedy: str = "Name a model for embeddings that the server has.",
) -> ModelError:
    """The error of a question that is not answered, without what was asked and the key."""
    match refusal.status:
        case 401 | 403:
            return ModelUnavailable(f"The server of {name} wants a key.", remedy=KEY_REMEDY)
        case 429 | 503:
            return ModelUnavailable(f"The server of {name} is busy.", remedy=LATER)
        case _:
            pass
    said = masked(without_key(refusal.message, key), "\n".join(texts))
    detail = f": {said}" if said else ""
    message = f"{name} {lacks} ({refusal.status}){detail}."
    return ModelUnavailable(message, remedy=remedy)


def _rows(dialect: Dialect, answer: Any, count: int, name: str) -> "list[array[float]]":
    """The vectors of an answer, each of length 1. Raises `BadReply`."""
    try:
        rows = [_unit(row) for row in dialect.vectors(answer)]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        message = f"{name} answered with something that is no list of vectors."
        raise BadReply(message) from error
    if len(rows) != count or len({len(row) for row in rows}) != 1:
        message = f"{name} gave {len(rows)} vectors for {count} texts, or vectors of several sizes."
        raise BadReply(message)
    return rows


def _unit(row: Any) -> "array[float]":
    """The row as a vector of length 1. Raises TypeError and ValueError where it is none."""
    values = array("f", row)
    length = math.hypot(*values)
    if not math.isfinite(length) or length < _NEARLY_NOTHING:
        message = "not a direction"
        raise ValueError(message)
    return array("f", (value / length for value in values))


def _batches(texts: Sequence[str]) -> list[list[str]]:
    found: list[list[str]] = []
    size = 0
    for text in texts:
        if not found or len(found[-1]) >= _TEXTS or size + len(text) > _CHARACTERS:
            found.append([])
            size = 0
        found[-1].append(text)
        size += len(text)
    return found


def sendable(text: str, most: int) -> str:
    """The beginning of a text, as every server takes it: never blank, without lone surrogates."""
    head = text[:most]
    if not head.isascii():
        head = head.encode("utf-8", "replace").decode()  # a lone surrogate has no bytes
    return head if head.strip() else _BLANK


def says_too_long(refusal: Refusal) -> bool:
    """Whether the texts are what is wrong; llama.cpp's server says so as an internal error."""
    said = refusal.message.lower()
    large = "too large to process" in said or "too long" in said
    return refusal.status in (400, 413, 422, 500) and (large or speaks_of_length(said))
