"""Rounds of review in memory."""

from collections.abc import Sequence

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.events import Notice
from mirador_lsp.core.rounds import Round


class FakeRoundBook:
    """See `core.rounds.RoundBook`."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Round] = {}
        self._closed = False

    async def latest(self, repository: str, branch: str) -> Round | None:
        self._check()
        return self.kept.get((repository, branch))

    async def keep(self, done: Round) -> None:
        self._check()
        self.kept[(done.repository, done.branch)] = done

    async def forget(self, repositories: Sequence[str] | None = None) -> int:
        self._check()
        meant = [key for key in self.kept if repositories is None or key[0] in repositories]
        for key in meant:
            del self.kept[key]
        return len(meant)

    def notices(self) -> tuple[Notice, ...]:
        return ()

    async def close(self) -> None:
        self._closed = True

    def _check(self) -> None:
        if self._closed:
            message = "The book is closed."
            raise ServiceError(message)
