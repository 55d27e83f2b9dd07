"""What a project knows of its findings already: so that only new ones count.

A baseline holds fingerprints and rules, no code and no messages: it is committed and read by many.
"""

from dataclasses import dataclass

from mirador_lsp.core.findings import Finding, Severity
from mirador_lsp.core.silence import likeness


@dataclass(frozen=True, order=True)
class Entry:
    """One finding that is known. The order is that of the file."""

    path: str
    """From the folder of the baseline, with "/"."""
    rule: str
    id: str
    """`Finding.id`; with `path` it is one finding."""
    like: str
    """`likeness` of the finding: known again where its code moved to another file."""
    severity: Severity
    """What it was when it was written down; for the reader."""

    @classmethod
    def of(cls, finding: Finding, path: str) -> "Entry":
        """The entry for a finding in the file that the baseline calls `path`."""
        return cls(path, finding.rule, finding.id, likeness(finding), finding.severity)


@dataclass(frozen=True)
class Baseline:
    """The findings that are known."""

    name: str
    """What users call it: the path as they gave it."""
    folder: str
    """Absolute path of the folder that its paths begin at."""
    entries: tuple[Entry, ...] = ()
    """Sorted, each once."""


@dataclass(frozen=True)
class Compared:
    """What came of holding the findings of a run against a baseline."""

    name: str
    known: int
    """Findings that it knows; but for grave ones about security they are not shown."""
    moved: tuple[tuple[Entry, str], ...]
    """Entries whose code moved, each with the file in which it was found."""
    new: int
    """Findings that are shown and not known to it."""
    gone: tuple[Entry, ...]
    """Entries that this run would have found and did not, those of files that are gone included."""
    held: frozenset[tuple[str, str]] = frozenset()
    """Name of the file and id of each finding that is known."""
