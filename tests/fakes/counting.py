"""A tokenizer without a model: every word and every mark is a token."""

import re
from collections.abc import Sequence

_TOKEN = re.compile(r"\w{1,8}|[^\w\s]|\n")


def words(text: str) -> int:
    """The number of its tokens."""
    return len(_TOKEN.findall(text))


class FakeCounter:
    """See `core.ports.TokenCounter`. Models that are not `resident` cannot be asked."""

    def __init__(self, *resident: str) -> None:
        self.resident = set(resident)
        self.asked: list[str] = []

    async def count(self, model: str, texts: Sequence[str]) -> Sequence[int] | None:
        if model not in self.resident:
            return None
        self.asked += texts
        return [words(text) for text in texts]
