"""A feedback book that forgets everything with its process."""

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.events import Notice
from mirador_lsp.core.feedback import (
    MOST_CHANGE,
    MOST_REASON,
    Opinion,
    Verdict,
    Which,
    document_of,
)


class FakeFeedbackBook:
    """Keeps opinions in memory; `broken` makes it fail as a full disk would."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Opinion] = {}
        self.broken = ""
        self.troubles: list[Notice] = []
        self.reads = 0
        """How often all decisions were read."""
        self._changes = 0
        self._vectors: dict[tuple[str, str], Sequence[float]] = {}
        self._closed = False

    async def record(self, opinion: Opinion) -> None:
        self._check()
        document = document_of(opinion.uri)
        self.kept.pop((document, opinion.finding_id), None)
        reason, change = opinion.reason[:MOST_REASON], opinion.change[:MOST_CHANGE]
        kept = replace(opinion, uri=document, reason=reason, change=change)
        self.kept[document, opinion.finding_id] = kept
        self._changes += 1

    async def about(self, uri: str) -> tuple[Opinion, ...]:
        self._check()
        found = [kept for (about, _), kept in self.kept.items() if about == document_of(uri)]
        return tuple(replace(kept, uri=uri) for kept in sorted(found, key=lambda o: o.time))

    async def latest(self, most: int, of_rule: int) -> tuple[Opinion, ...]:
        self._check()
        self.reads += 1
        seen: Counter[str] = Counter()
        found: list[Opinion] = []
        order = list(enumerate(self.kept.values()))
        for _, kept in sorted(order, key=lambda each: (-each[1].time, -each[0])):
            seen[kept.rule] += 1
            if seen[kept.rule] <= of_rule:
                found.append(kept)
        return tuple(found[:most])

    async def stamp(self) -> str:
        self._check()
        return str(self._changes) if self.kept else ""

    async def forget(self, which: Which) -> int:
        self._check()
        gone = [key for key, kept in self.kept.items() if _meant(kept, which)]
        for key in gone:
            del self.kept[key]
        if gone:
            self._vectors.clear()
            self._changes += 1
        return len(gone)

    async def vectors(self, embedder: str, keys: Sequence[str]) -> Mapping[str, Sequence[float]]:
        self._check()
        known = self._vectors
        return {key: known[embedder, key] for key in keys if (embedder, key) in known}

    async def keep_vectors(self, embedder: str, made: Mapping[str, Sequence[float]]) -> None:
        self._check()
        self._vectors = {key: kept for key, kept in self._vectors.items() if key[0] == embedder}
        self._vectors |= {(embedder, key): array("f", vector) for key, vector in made.items()}

    def notices(self) -> tuple[Notice, ...]:
        told, self.troubles = tuple(self.troubles), []
        return told

    async def close(self) -> None:
        self._closed = True

    def _check(self) -> None:
        if self._closed or self.broken:
            raise ServiceError(self.broken or "The book is closed.")


def _meant(kept: Opinion, which: Which) -> bool:
    return (
        (not which.ids or kept.id in which.ids)
        and which.rule in ("", kept.rule)
        and (not which.uri or kept.uri == document_of(which.uri))
        and (which.before is None or kept.time < which.before)
    )


def opinion(
    finding_id: str = "f1",
    verdict: Verdict = Verdict.DISMISSED,
    *,
    uri: str = "file:///work/cart.py",
    rule: str = "model/bug",
    time: float = 1_700_000_000.0,
    tool: str = "qwen2.5-coder-0.5b",
    reason: str = "",
    **more: Any,
) -> Opinion:
    """An opinion with defaults for what a test does not speak about."""
    return Opinion(uri, finding_id, rule, verdict, reason, tool, time, **more)
