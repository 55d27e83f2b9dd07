"""What is known about one document and what its client was told of it.

When a new review begins, findings about code that did not change are carried over to where that
code now is. Each stage of the new review that looks at all of its part replaces what the same stage
had said before; what a stage said that fails, is not run or leaves something out stays. So neither
a save nor a missing model makes a deep finding vanish.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import assert_never

from lsprotocol import types

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import (
    Event,
    EvidenceHeard,
    FindingReported,
    FindingRevised,
    FindingWithdrawn,
    Hush,
    Hushed,
    ModelAsked,
    Notice,
    ReviewFinished,
    ReviewStarted,
    StageFailed,
    StageFinished,
    StageProgressed,
    StageStarted,
    StreamToken,
)
from mirador_lsp.core.findings import Finding, ranked
from mirador_lsp.core.policy import STAGES, SYNTHESIS, ReviewPolicy
from mirador_lsp.core.text import Span
from mirador_lsp.server import carry

RESTORABLE = frozenset({Hush.DISMISSED, Hush.LEARNED})
"""Why a finding may be hidden that the user can have back by asking for it."""


@dataclass(frozen=True)
class Aside:
    """What is known of a document and not shown."""

    withheld: tuple[Finding, ...] = ()
    """Below the gate."""
    hushed: tuple[Hushed, ...] = ()
    over_cap: int = 0


class Board:
    """Belongs to one document; its reviews write on it in turn."""

    def __init__(
        self, snapshot: Snapshot, policy: ReviewPolicy, only: tuple[Span, ...] | None
    ) -> None:
        self.snapshot = snapshot
        self.policy = policy
        self.only = only
        """Places that the latest review is about; None for all of the document."""
        self.found: dict[str, Finding] = {}
        """What the latest review says, by finding id."""
        self.carried: dict[str, Finding] = {}
        """What earlier reviews said and the latest has not yet spoken about, or never will."""
        self.found_by: dict[str, str] = {}
        """By id, the stage that found each of `found`; synthesis only judges what others found."""
        self.carried_by: dict[str, str] = {}
        """The same of `carried`."""
        self.withheld: dict[str, Finding] = {}
        self.hushed: dict[str, Hushed] = {}
        """What a finished review said is not to be shown."""
        self.dismissed: dict[str, str] = {}
        """What the user dismissed since a review knew of it, and why."""
        self.restored: set[str] = set()
        """What the user wants back that was dismissed when a review began."""
        self.published: list[types.Diagnostic] | None = None
        """The last set the client was told of; None before the first."""
        self.published_version: int | None = None
        self.timer: asyncio.TimerHandle | None = None

    def renew(
        self, snapshot: Snapshot, policy: ReviewPolicy, only: tuple[Span, ...] | None
    ) -> None:
        """A new review begins."""
        known = {f.id: f for f in self._known()}
        finders = self.carried_by | {
            i: self.found_by[i] for i, f in self.found.items() if known[i] is f
        }
        old = self.snapshot
        self.carried = carry.over(known.values(), old, snapshot)
        self.carried_by = {i: finders[i] for i in self.carried}
        self.withheld = carry.over(self.withheld.values(), old, snapshot)
        kept = carry.over((each.finding for each in self.hushed.values()), old, snapshot)
        self.hushed = {i: replace(self.hushed[i], finding=f) for i, f in kept.items()}
        self.found, self.found_by = {}, {}
        self.snapshot, self.policy = snapshot, policy
        self.only = None if only is None else tuple(_whole_lines(s, snapshot) for s in only)

    def hear(self, event: Event) -> None:
        """Take in what the latest review says."""
        match event:
            case FindingReported(finding=finding) | FindingRevised(finding=finding):
                self.found[finding.id] = finding
                self._trace(finding)
            case FindingWithdrawn(finding_id=finding_id, unproven=unproven):
                self.found.pop(finding_id, None)
                if not unproven:
                    self.carried.pop(finding_id, None)
            case StageFinished(stage=stage, not_reviewed=0):
                self.carried = {
                    i: f
                    for i, f in self.carried.items()
                    if self._answers_for(f) != stage or not self._looked_at(f)
                }
            case ReviewFinished():
                self._end(event)
            case Notice() | ReviewStarted() | StageStarted() | StageProgressed():
                pass
            case StreamToken() | StageFailed() | StageFinished() | EvidenceHeard() | ModelAsked():
                pass
            case _:
                assert_never(event)

    def shown(self) -> list[Finding]:
        """What the user sees: above the gate, worst first, at most the cap."""
        return self._sure()[: self.policy.max_findings_per_file]

    def aside(self) -> Aside:
        """What the user does not see, worst first."""
        known = {f.id: f for f in self._known()}
        hushed = {i: h for i, h in self.hushed.items() if i not in self.restored}
        for finding_id, reason in self.dismissed.items():
            if finding_id in known:
                hushed[finding_id] = Hushed(known[finding_id], Hush.DISMISSED, reason)
        return Aside(
            withheld=tuple(ranked(list(self.withheld.values()))),
            hushed=tuple(hushed[f.id] for f in ranked([h.finding for h in hushed.values()])),
            over_cap=max(0, len(self._sure()) - self.policy.max_findings_per_file),
        )

    def dismiss(self, finding_id: str, reason: str) -> None:
        """The user does not want to see it again."""
        self.restored.discard(finding_id)
        self.dismissed[finding_id] = reason

    def restore(self, finding_id: str) -> Finding | None:
        """The user wants to see it again; None where it is not known any more."""
        self.dismissed.pop(finding_id, None)
        hushed = self.hushed.get(finding_id)
        if hushed is not None and hushed.by in RESTORABLE:
            self.restored.add(finding_id)
        return next((f for f in self._sure() if f.id == finding_id), None)

    def _sure(self) -> list[Finding]:
        back = {i: self.hushed[i].finding for i in self.restored if i in self.hushed}
        known = back | {f.id: f for f in self._known()}
        return ranked(
            [
                f
                for f in known.values()
                if f.confidence >= self.policy.gate and f.id not in self.dismissed
            ]
        )

    def _end(self, event: ReviewFinished) -> None:
        self.found = {f.id: f for f in event.findings}
        for finding in event.findings:
            self._trace(finding)
        # A review of a part says nothing of what lies elsewhere.
        withheld = [f for f in self.withheld.values() if not self._looked_at(f)]
        hushed = [h for h in self.hushed.values() if not self._looked_at(h.finding)]
        self.withheld = {f.id: f for f in (*withheld, *event.withheld)}
        self.hushed = {h.finding.id: h for h in (*hushed, *event.hushed)}
        self.restored &= set(self.hushed)
        for finding_id in self.hushed:
            self.carried.pop(finding_id, None)

    def _looked_at(self, finding: Finding) -> bool:
        return self.only is None or any(part.overlaps(finding.span) for part in self.only)

    def _trace(self, finding: Finding) -> None:
        stage = finding.origin.stage
        if stage == SYNTHESIS:
            self.found_by.setdefault(finding.id, stage)
        else:
            self.found_by[finding.id] = stage

    def _answers_for(self, carried: Finding) -> str:
        """The stage whose word replaces `carried`: who found it or, once it was found again, who
        worded it last.
        """
        return carried.origin.stage if carried.id in self.found else self.carried_by[carried.id]

    def _known(self) -> Iterable[Finding]:
        """All findings; where both reviews have one, the later stage's wording."""
        known = self.found | {
            i: f
            for i, f in self.carried.items()
            if i not in self.found or _order(f) > _order(self.found[i])
        }
        return known.values()


def _order(finding: Finding) -> int:
    stage = finding.origin.stage
    return STAGES.index(stage) if stage in STAGES else -1


def _whole_lines(span: Span, snapshot: Snapshot) -> Span:
    """The lines that `span` touches; so much of the document a review of the place looks at."""
    lines = snapshot.lines
    first, last = lines.line_of(span.start), lines.line_of(max(span.end - 1, span.start))
    return Span(lines.line_span(first).start, lines.line_span(last).end)
