"""Questions that mean the same: what was answered to one need not be asked again in other words.

The answer must be about the same code in the same context, by the same model under the same prompt;
only the wording of the question may differ, and only so far that an embedder sees hardly any
difference. Embedders are blind for the small words that turn a question round, and for which name
is meant; those must be the same.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence

from mirador_lsp.core.dialogue import KeptReply, ModelCard
from mirador_lsp.core.errors import IndexUnavailable
from mirador_lsp.core.ports import CodeIndex
from mirador_lsp.engine.recall import Recall

ALIKE = 0.95
"""Cosine from which two questions mean the same."""
_MOST = 8
"""Questions that are kept of one piece of code and one model."""
_SECONDS = 0.5
"""What is waited for the embedder: far less than a model would take to answer."""
_TURNS = frozenset(
    (
        *("not", "no", "never", "without", "nor", "none", "cannot", "except", "unless", "only"),
        *("before", "after", "more", "less", "most", "least", "first", "last", "min", "max"),
        *("add", "remove", "read", "write", "start", "stop", "open", "close", "get", "set"),
        *("safe", "unsafe", "true", "false", "why", "how", "where", "who"),
    )
)
_WORD = re.compile(r"[^\W_]+(?:['\u2019]t)?|\S")
_NAME = re.compile(r"\w*[_\d]\w*|\w+[A-Z]\w*|`[^`]+`|\"[^\"]+\"|'[^']+'")


async def find_similar(
    question: str, key: str, recall: Recall, index: CodeIndex | None
) -> tuple[str, str, float] | None:
    """An earlier question kept under `key` that means the same, its answer and its confidence."""
    if index is None or (kept := await recall.find_now(key)) is None:
        return None
    telling = _telling(question)
    pairs = [pair for pair in _pairs(kept) if _telling(pair[0]) == telling]
    if not pairs:
        return None
    try:
        async with asyncio.timeout(_SECONDS):
            asked, *known = await index.embed([question, *(pair[0] for pair in pairs)])
    except (IndexUnavailable, TimeoutError, ValueError):
        return None
    likeness = [_dot(asked, each) for each in known]
    best = max(range(len(pairs)), key=likeness.__getitem__)
    return pairs[best] if likeness[best] >= ALIKE else None


async def keep_similar(
    question: str, answer: tuple[str, float], key: str, recall: Recall, card: ModelCard
) -> None:
    """Keep the text of an answer and its confidence beside the latest others under `key`."""
    kept = await recall.find_now(key)
    pairs = [pair for pair in _pairs(kept) if pair[0] != question] if kept is not None else []
    pairs = [*pairs, (question, *answer)][-_MOST:]
    lines = tuple(text for said, told, _ in pairs for text in (said, told))
    sureness = tuple(sure for *_, sure in pairs for _ in range(2))
    recall.keep(card, key, KeptReply(lines, sureness))


def _pairs(kept: KeptReply) -> list[tuple[str, str, float]]:
    return list(zip(kept.lines[::2], kept.lines[1::2], kept.sureness[::2], strict=False))


def _telling(question: str) -> tuple[Counter[str], Counter[str]]:
    """What two questions must have in common however near they are: names, and words that turn."""
    words = (word.lower() for word in _WORD.findall(question))
    turns = Counter(word for word in words if word in _TURNS or word.endswith(("n't", "n\u2019t")))
    return turns, Counter(_NAME.findall(question))


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
