"""What the command line is told of things that were forgotten."""

from collections.abc import Sequence
from typing import Protocol

from mirador_lsp.core.history import Forgotten, Kept


class Oblivion(Protocol):
    """What was forgotten, or would be."""

    @property
    def history(self) -> Forgotten:
        """Of the history."""
        ...

    @property
    def decisions(self) -> int:
        """About findings."""
        ...

    @property
    def figures(self) -> int:
        """About what requests cost."""
        ...

    @property
    def replies(self) -> int:
        """Of models, that were kept to be said again."""
        ...

    @property
    def left(self) -> Sequence[Kept]:
        """Memories that an index still has."""
        ...
