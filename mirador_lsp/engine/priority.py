"""Which files of a workspace are reviewed first: those where a mistake is likely and costs most.

Code that changes often has more defects than other code, code that is used widely hurts more where
it has one, and where something was found before there is more. Each counts by its logarithm: the
second change says more than the hundredth.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mirador_lsp.core.document import Snapshot

_CHANGES, _USERS, _FINDINGS = 1.0, 1.0, 1.5


@dataclass(frozen=True)
class Signals:
    """What is known of the files of a workspace, by their names relative to it."""

    changes: Mapping[str, int]
    """Commits that changed a file."""
    users: Mapping[str, int]
    """Other files that use what it defines."""
    findings: Mapping[str, int]
    """What stands in it by earlier reviews."""


@dataclass(frozen=True)
class Ranked:
    """A file with its place in the order."""

    snapshot: Snapshot
    score: float
    """0 where nothing speaks for it."""
    why: str
    """In a few plain words; "" where nothing speaks for it."""


def by_risk(snapshots: Mapping[str, Snapshot], signals: Signals) -> Sequence[Ranked]:
    """The files, riskiest first; of equals in the order in which they came."""
    ranked = [_ranked(name, snapshot, signals) for name, snapshot in snapshots.items()]
    return sorted(ranked, key=lambda each: -each.score)


def _ranked(name: str, snapshot: Snapshot, signals: Signals) -> Ranked:
    changes = signals.changes.get(name, 0)
    users = signals.users.get(name, 0)
    findings = signals.findings.get(name, 0)
    score = (
        _CHANGES * math.log1p(changes)
        + _USERS * math.log1p(users)
        + _FINDINGS * math.log1p(findings)
    )
    said = (
        (changes, f"changed in {changes} commits" if changes > 1 else "changed in 1 commit"),
        (users, f"used by {users} files" if users > 1 else "used by 1 file"),
        (findings, f"{findings} findings before" if findings > 1 else "1 finding before"),
    )
    return Ranked(snapshot, score, ", ".join(words for count, words in said if count))
