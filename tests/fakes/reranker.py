"""A reranker without a model: the more words of the question a text has, the better it is."""

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from mirador_lsp.core.errors import ModelUnavailable

_WORD = re.compile(r"[a-z]+")


class WordsReranker:
    """Implements `core.ports.Reranker`."""

    def __init__(self, *, leaves: str = "") -> None:
        self.leaves = leaves
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        """Question and texts of every call."""
        self.began = asyncio.Event()
        """Set with the first call."""
        self.hold: asyncio.Event | None = None
        """Waited for before each answer."""
        self.broken = False
        """Whether every call fails."""
        self.closed = False

    async def rank(self, query: str, texts: Sequence[str]) -> Sequence[int]:
        """By the number of words in common."""
        self.asked.append((query, tuple(texts)))
        self.began.set()
        await asyncio.sleep(0)  # as those that ask let others go on
        if self.hold is not None:
            await self.hold.wait()
        if self.broken or self.closed:
            message = "The reranker is away."
            raise ModelUnavailable(message)
        found = scores(query, texts)
        return sorted(range(len(texts)), key=lambda place: -found[place])

    async def close(self) -> None:
        self.closed = True


def scores(query: str, texts: Sequence[str]) -> list[int]:
    """How many of its words each text has."""
    wanted = set(_WORD.findall(query.lower()))
    return [len(wanted.intersection(_WORD.findall(text.lower()))) for text in texts]


async def rerank_answer(body: Any) -> tuple[int, Any]:
    """As llama.cpp's server answers `/v1/rerank`, but the worst first: no client may rely on more
    than the scores. Texts of more than 900 characters are more than it takes.
    """
    documents = body["documents"]
    if any(len(text) > 900 for text in documents):
        said = "input is too large to process. increase the physical batch size"
        return 500, {"error": {"code": 500, "message": said, "type": "server_error"}}
    found = scores(body["query"], documents)
    rows = [{"index": at, "relevance_score": score - 4.5} for at, score in enumerate(found)]
    rows.sort(key=lambda row: row["relevance_score"])
    return 200, {
        "model": body["model"],
        "object": "list",
        "usage": {"prompt_tokens": 9, "total_tokens": 9},
        "results": rows,
    }
