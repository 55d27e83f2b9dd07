"""What somebody wants reviewed of a history: files that changed, and where.

A change set is made from a repository, a patch or a pull request by `workspace` and `forges`; the
engine reviews it, and every surface tells of it, without knowing where it came from.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Notice
from mirador_lsp.core.text import Span


class ChangeKind(StrEnum):
    """What happened to a file."""

    ADDED = "added"
    MODIFIED = "modified"
    RENAMED = "renamed"
    """It has another name, and perhaps another text."""
    DELETED = "deleted"


@dataclass(frozen=True)
class FileChange:
    """One file of a change set."""

    name: str
    """Relative to the root, with "/", safe to show; of a deleted file the name it had."""
    kind: ChangeKind
    snapshot: Snapshot | None
    """The text after the change; None where there is none to review, and `why_not` says why."""
    before: str | None
    """The text before the change; None for an added file and where it is not known."""
    spans: tuple[Span, ...] = ()
    """The changed places of `snapshot`; where lines were only taken out, the empty place of the
    gap. A renamed file with the same text has none."""
    old_name: str = ""
    """What it was called before; "" where that did not change."""
    added: int = 0
    """Lines that are new."""
    removed: int = 0
    """Lines that are gone."""
    path: str = ""
    """Its path below the root, bytes that are no UTF-8 as surrogates; "" where there is none."""
    language: str = ""
    """Language id of `before` where there is no `snapshot` that tells it; "" when unknown."""
    why_not: str = ""
    """Why it cannot be reviewed, a phrase that follows the name: "deleted", "binary: a PNG image"
    """


@dataclass(frozen=True)
class ChangeSet:
    """What changed between two states of a tree."""

    title: str
    """In words: "staged changes", "main..feature", "pull request 12: Mend the cart"."""
    files: tuple[FileChange, ...]
    base: str = ""
    """Object id of the commit it starts from; "" where there is none."""
    head: str = ""
    """Object id of the commit it leads to; "" for changes that are not committed."""
    notices: tuple[Notice, ...] = ()
    """What was left out of it, and why."""

    @property
    def lines(self) -> tuple[int, int]:
        """How many lines are new and how many are gone, in all files."""
        return sum(file.added for file in self.files), sum(file.removed for file in self.files)


class RiskLevel(StrEnum):
    """How carefully a change wants to be read."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True)
class Overview:
    """What comes before the findings of a reviewed change: what it does and how risky it is.

    It is made of facts and findings, never of what the author of the change says of it.
    """

    title: str
    sentences: tuple[str, ...]
    """What changed, in plain words, the most important first."""
    risk: RiskLevel
    reasons: tuple[str, ...] = field(default=())
    """Why that risk, in plain words, the strongest first."""
