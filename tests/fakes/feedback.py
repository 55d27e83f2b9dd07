"""A feedback book that forgets everything with its process."""

from dataclasses import replace

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.events import Notice
from mirador_lsp.core.feedback import Opinion, Verdict


class FakeFeedbackBook:
    """Keeps opinions in memory; `broken` makes it fail as a full disk would."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Opinion] = {}
        self.broken = ""
        self.troubles: list[Notice] = []
        self._closed = False

    async def record(self, opinion: Opinion) -> None:
        self._check()
        self.kept.pop((opinion.uri, opinion.finding_id), None)
        kept = replace(opinion, reason=opinion.reason[:500])
        self.kept[opinion.uri, opinion.finding_id] = kept

    async def about(self, uri: str) -> tuple[Opinion, ...]:
        self._check()
        found = [opinion for (about, _), opinion in self.kept.items() if about == uri]
        return tuple(sorted(found, key=lambda opinion: opinion.time))

    def notices(self) -> tuple[Notice, ...]:
        told, self.troubles = tuple(self.troubles), []
        return told

    async def close(self) -> None:
        self._closed = True

    def _check(self) -> None:
        if self._closed or self.broken:
            raise ServiceError(self.broken or "The book is closed.")


def opinion(
    finding_id: str = "f1",
    verdict: Verdict = Verdict.DISMISSED,
    *,
    uri: str = "file:///work/cart.py",
    reason: str = "",
    time: float = 1_700_000_000.0,
) -> Opinion:
    """An opinion with defaults for what a test does not speak about."""
    return Opinion(uri, finding_id, "model/bug", verdict, reason, "qwen2.5-coder-0.5b", time)
