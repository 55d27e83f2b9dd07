"""Reviewers that users define: a name, what to look for, and where."""

from dataclasses import dataclass

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Lens, Severity
from mirador_lsp.core.globs import means


@dataclass(frozen=True, kw_only=True)
class Reviewer:
    """One more angle from which the deep stage looks, besides the lenses."""

    name: str
    """Short: "sql-migrations". That of a lens takes the place of its own question."""
    title: str
    instructions: str
    """What to look for, in the user's words; plain, at most `MOST_CHARACTERS`."""
    lens: Lens = Lens.BUG
    """What its findings count as."""
    severity: Severity | None = None
    """Its findings are no worse than that; None leaves it to the lens."""
    languages: tuple[str, ...] = ()
    """Language ids that it looks at; () for all."""
    paths: tuple[str, ...] = ()
    """Patterns of files that it looks at; () for all."""
    source: str = ""
    """The file that defines it."""

    def is_for(self, snapshot: Snapshot) -> bool:
        """Whether it looks at that document."""
        if self.languages and snapshot.language not in self.languages:
            return False
        return not self.paths or any(means(each, snapshot.name) for each in self.paths)


MOST_CHARACTERS = 2000
"""Of instructions. A small model follows few words better than many."""
