"""Who reviews the cases: a name, what its answers depend on, and a way to ask it."""

import hashlib
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.quality.cases import Case
from benchmarks.quality.outcomes import Outcome

Review = Callable[[Sequence[Case]], AsyncGenerator[Outcome]]
"""Reviews cases one after the other. Closing the iterator stops it at once."""


@dataclass(frozen=True)
class Side:
    """A reviewer under settings that do not change while it reviews."""

    name: str
    """As tables show it."""
    version: str
    """Of the program: another one may say something else of the same case."""
    manner: str
    """Everything else its answers depend on: settings, model, prompt. Text without paths."""
    review: Review

    @property
    def digest(self) -> str:
        """What its answers are kept under, but for the version."""
        return hashlib.sha256(self.manner.encode()).hexdigest()[:16]


def version_of_sources(package: Path) -> str:
    """A digest of every file of a package that is code or data."""
    total = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc":
            total.update(str(path.relative_to(package)).encode() + b"\0")
            total.update(path.read_bytes())
    return total.hexdigest()[:16]
