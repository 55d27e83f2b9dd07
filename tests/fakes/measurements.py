"""Measurements in memory."""

from collections import defaultdict
from collections.abc import Sequence

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.events import Notice
from mirador_lsp.core.routing import Circumstances, Measurement, Outcome, Standing

_LATEST = 200


def measurement(
    task: str = "review.deep",
    model: str = "qwen2.5-coder-1.5b",
    outcome: Outcome = Outcome.HELD,
    *,
    digest: str = "d" * 64,
    seconds: float = 2.0,
    within: Circumstances | None = None,
) -> Measurement:
    """One reply."""
    begun = 1_700_000_000.0
    asked = within or Circumstances("larger and made for code", ("quick", "deep"), "python")
    return Measurement(task, model, digest, seconds, 0.5, 900, 40, outcome, begun, asked)


class FakeMeasurements:
    """See `core.ports.Measurements`. `broken` makes it a full disk."""

    def __init__(self) -> None:
        self.kept: list[Measurement] = []
        self.broken = False
        self._closed = False

    async def record(self, measured: Sequence[Measurement]) -> None:
        self._check()
        self.kept += measured

    async def standings(self) -> Sequence[Standing]:
        self._check()
        groups: dict[tuple[str, str, str], list[Measurement]] = defaultdict(list)
        for each in self.kept:
            groups[(each.task, each.model, each.digest)].append(each)
        return tuple(_standing(key, groups[key][-_LATEST:]) for key in sorted(groups))

    async def recent(self, most: int) -> Sequence[Measurement]:
        self._check()
        return tuple(self.kept[-most:])

    def notices(self) -> tuple[Notice, ...]:
        return ()

    async def close(self) -> None:
        self._closed = True

    def _check(self) -> None:
        if self._closed or self.broken:
            message = "The store is closed."
            raise ServiceError(message)


def _standing(key: tuple[str, str, str], replies: list[Measurement]) -> Standing:
    held = sum(each.outcome is Outcome.HELD for each in replies)
    seconds = sum(each.seconds for each in replies) / len(replies)
    return Standing(*key, len(replies), held, seconds)
