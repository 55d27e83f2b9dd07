"""What keeps findings from being shown besides comments and dismissals: rules by path, baselines.

Both come with the code, so whoever wrote the code may have written them. `engine.silencing` says
how far they are believed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Finding, Lens, Severity, fingerprint
from mirador_lsp.core.globs import means


@dataclass(frozen=True)
class PathRule:
    """What a settings file says of the findings in some files."""

    path: str
    """Which files, as the user wrote it: "tests/**"; see `core.globs`."""
    ignore: tuple[str, ...] = ()
    """Rules whose findings are not shown there; see `rule_means`."""
    severity: tuple[tuple[str, Severity], ...] = ()
    """Rules whose findings are as bad there as it says."""
    lenses: tuple[Lens, ...] = ()
    """The only angles from which such files are looked at; () for all that are wanted."""
    root: str = ""
    """Absolute path of the folder that `path` begins at; "" where there is none."""
    trusted: bool = True
    """False where it may be from whoever wrote the code."""

    def covers(self, snapshot: Snapshot) -> bool:
        """Whether it speaks of the document."""
        return means(self.path, name_under(self.root, snapshot))


@dataclass(frozen=True)
class Accepted:
    """The findings of one document that a baseline knows. They are counted, not shown."""

    name: str
    """What users call the baseline."""
    ids: frozenset[str] = frozenset()
    moved: Mapping[str, int] = field(default_factory=dict)
    """By likeness, how many findings whose file is gone may turn up here."""


@dataclass(frozen=True)
class Silence:
    """One thing that a path rule keeps quiet or changes, and whether there was any of it."""

    path: str
    """The rule's."""
    rule: str
    """As the path rule spells it."""
    used: bool


def name_under(root: str, snapshot: Snapshot) -> str:
    """What rules and baselines call a document: its path from `root`, with "/".

    What lies elsewhere has its whole path, without the first slash; text without a file its name.
    """
    if snapshot.path is None:
        return snapshot.name
    path = PurePath(snapshot.path)
    if root and path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    return path.as_posix().lstrip("/")


def rule_means(written: str, rule: str) -> bool:
    """Whether somebody who wrote `written` means `rule`.

    What is before "/" may be left out ("S101" means "ruff/S101"), and a star at the end stands for
    the rest ("ruff/S*", "*").
    """
    names = (rule, rule.rpartition("/")[2])
    if written.endswith("*"):
        return any(name.startswith(written[:-1]) for name in names)
    return written in names


def likeness(finding: Finding) -> str:
    """A second fingerprint, for code that moved: of the rule and the line of code alone.

    Findings that are alike in it may be in other files or symbols; unlike `Finding.id` it does not
    tell equal places apart.
    """
    return fingerprint(f"like {finding.rule}", finding.quote or finding.message, "")
