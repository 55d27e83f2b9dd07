"""The index host that writes down what its embedders are asked, as a program.

`MIRADOR_BENCH_JOURNAL` names the file. Each line is a JSON list: the embedder, the moment
(`CLOCK_MONOTONIC`), how many texts, and the processor seconds of the process so far. With the
embedder "synthetic" vectors are sums of fixed random directions, one for each word: texts with the
same words are near each other, and a vector costs next to nothing.
"""

import json
import os
import sys
import time
import zlib
from array import array
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from mirador_lsp.core.ports import Embedder
from mirador_lsp.core.retrieval import EmbedderCard
from mirador_lsp.index.wire import Wishes
from mirador_lsp.index_main import embedders, main

SYNTHETIC = "synthetic"
_DIMENSIONS = 384
_DIRECTIONS = 4096
_WORDS = 100


class Synthetic:
    """See the module."""

    def __init__(self) -> None:
        import numpy as np

        shape = (_DIRECTIONS, _DIMENSIONS)
        self._directions = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)

    @property
    def card(self) -> EmbedderCard:
        """See the port."""
        return EmbedderCard(SYNTHETIC, SYNTHETIC, _DIMENSIONS, 256)

    async def documents(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """See the port."""
        return [self._vector(text) for text in texts]

    async def query(self, text: str) -> Sequence[float]:
        """See the port."""
        return self._vector(text)

    async def close(self) -> None:
        """See the port."""

    def _vector(self, text: str) -> Sequence[float]:
        import numpy as np

        words = text.split()[:_WORDS] or [""]
        rows = [zlib.crc32(word.encode("utf-8", "replace")) % _DIRECTIONS for word in words]
        total = self._directions[rows].sum(axis=0)
        return array("f", (total / np.linalg.norm(total)).tobytes())


class Watched:
    """An embedder that writes down what it is asked."""

    def __init__(self, inner: Embedder, journal: str) -> None:
        self._inner = inner
        self._journal = journal

    @property
    def card(self) -> EmbedderCard:
        """See the port."""
        return self._inner.card

    async def documents(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """See the port."""
        self._write_down(len(texts))
        return await self._inner.documents(texts)

    async def query(self, text: str) -> Sequence[float]:
        """See the port."""
        return await self._inner.query(text)

    async def close(self) -> None:
        """See the port."""
        await self._inner.close()

    def _write_down(self, texts: int) -> None:
        line = [self.card.name, time.monotonic(), texts, time.process_time()]
        with Path(self._journal).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


async def watched(wishes: Wishes) -> Sequence[Embedder]:
    """Those that are wanted, each watched."""
    journal = os.environ["MIRADOR_BENCH_JOURNAL"]
    made = (Synthetic(),) if wishes.embedder == SYNTHETIC else await embedders(wishes)
    return [Watched(each, journal) for each in made]


if __name__ == "__main__":
    main(watched, lambda: False)
