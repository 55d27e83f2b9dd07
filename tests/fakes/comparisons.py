"""Comparisons of models in memory."""

from collections.abc import Sequence

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.events import Notice
from mirador_lsp.core.routing import Comparison, Outcome


def compared(
    model: str = "small",
    outcome: Outcome = Outcome.HELD,
    *,
    run: str = "r1",
    task: str = "review.quick",
    seconds: float = 1.5,
    claims: int = 1,
    shared: int = 0,
) -> Comparison:
    """One model's answer."""
    return Comparison(
        *(run, task, model, "d" * 64, seconds, 0.5, 300, 20, outcome, claims, shared), 1.7e9
    )


class FakeComparisonBook:
    """See `core.behaviour.ComparisonBook`."""

    def __init__(self) -> None:
        self.kept: list[Comparison] = []
        self._closed = False

    async def keep(self, rows: Sequence[Comparison]) -> None:
        self._check()
        known = {(row.run, row.model) for row in self.kept}
        self.kept += [row for row in rows if (row.run, row.model) not in known]

    async def latest(self, most: int) -> Sequence[Comparison]:
        self._check()
        return tuple(self.kept[-most:])

    def notices(self) -> tuple[Notice, ...]:
        return ()

    async def close(self) -> None:
        self._closed = True

    def _check(self) -> None:
        if self._closed:
            message = "The book is closed."
            raise ServiceError(message)
