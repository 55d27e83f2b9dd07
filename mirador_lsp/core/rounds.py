"""Rounds of review: how far somebody has come with what changes on a branch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mirador_lsp.core.events import Notice
from mirador_lsp.core.findings import Finding


@dataclass(frozen=True)
class Round:
    """The state of a branch when all that had changed on it was reviewed."""

    repository: str
    """Absolute path of the top folder."""
    branch: str
    """"" where none was checked out."""
    head: str
    """Object id of the commit that was checked out; "" before the first."""
    time: float
    """Seconds since the epoch."""
    texts: Mapping[str, str | None] = field(default_factory=dict)
    """By path below the top folder, the texts that were not those of the commit; None for files
    that were gone."""
    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    """By path, what was found and held."""


class RoundBook(Protocol):
    """Keeps the latest round of each branch. Safe against a kill at any time.

    Raises `ServiceError` where it cannot be read or written, and after `close`.
    """

    async def latest(self, repository: str, branch: str) -> Round | None:
        """The latest round of a branch; None before the first."""
        ...

    async def keep(self, done: Round) -> None:
        """Keep a round in place of the one of its branch. On disk when it returns."""
        ...

    async def forget(self, repositories: Sequence[str] | None = None) -> int:
        """Remove the rounds of these repositories, for good; None for all. How many went."""
        ...

    def notices(self) -> tuple[Notice, ...]:
        """What went wrong with what was kept and was worked around; each is told once."""
        ...

    async def close(self) -> None:
        """Let go of the file."""
        ...
