"""An embedder without a model: texts that share words are near one another; nothing is learnt."""

import asyncio
import hashlib
import math
import re
from array import array
from collections.abc import Sequence

from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.core.retrieval import EmbedderCard

_WORD = re.compile(r"[a-z]+|[A-Z][a-z]*|\d+")


class HashEmbedder:
    """Implements `core.ports.Embedder`. The same text gives the same vector on every machine."""

    def __init__(self, *, name: str = "hash", dimensions: int = 64, digest: str = "") -> None:
        self.card = EmbedderCard(
            name=name,
            digest=digest or hashlib.sha256(f"{name} {dimensions}".encode()).hexdigest(),
            dimensions=dimensions,
            max_tokens=256,
        )
        self.asked: list[tuple[str, ...]] = []
        """The texts of every call, queries included."""
        self.broken = False
        """Whether every call fails."""
        self.closed = False

    async def documents(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Bags of hashed words."""
        self.asked.append(tuple(texts))
        await asyncio.sleep(0)  # as those that compute or ask let others go on
        if self.broken or self.closed:
            message = "The embedder is away."
            raise ModelUnavailable(message)
        return [self._vector(text) for text in texts]

    async def query(self, text: str) -> Sequence[float]:
        return (await self.documents([text]))[0]

    async def close(self) -> None:
        self.closed = True

    def _vector(self, text: str) -> "array[float]":
        size = self.card.dimensions
        values = [0.0] * size
        for word in [found.lower() for found in _WORD.findall(text)][: self.card.max_tokens]:
            place = hashlib.blake2b(word.encode(), digest_size=4).digest()
            values[int.from_bytes(place[:3], "big") % size] += 1.0 if place[3] % 2 else -1.0
        length = math.sqrt(sum(value * value for value in values))
        if length == 0.0:  # no words at all, or words that cancel out
            values[0] = length = 1.0
        return array("f", (value / length for value in values))
