"""What a command-line review collects while it listens, for every format to render from."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from mirador_lsp.core import events
from mirador_lsp.core.baseline import Compared
from mirador_lsp.core.change_sets import ChangeSet, Overview
from mirador_lsp.core.dialogue import Usage
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Finding, Severity, ranked, weight
from mirador_lsp.core.text import Encoding


class Outcome(StrEnum):
    """How a stage ended."""

    FINISHED = "finished"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """It was running when the review was stopped."""


@dataclass
class Pace:
    """How fast a model writes, reading of prompts left out.

    Only the time between two tokens of one reply counts; between two replies the model reads.
    """

    tokens: int = 0
    seconds: float = 0.0
    _reply: tuple[str, str] | None = None
    _last: float = 0.0

    def add(self, token: events.StreamToken) -> None:
        """Count one token."""
        reply = (token.metadata.get("unit", ""), token.metadata.get("lens", ""))
        if reply == self._reply and token.timestamp >= self._last:
            self.tokens += 1
            self.seconds += token.timestamp - self._last
        self._reply, self._last = reply, token.timestamp

    @property
    def tokens_per_second(self) -> float | None:
        """The rate, or None when too little was written to know it."""
        return self.tokens / self.seconds if self.tokens >= 5 and self.seconds > 0 else None


@dataclass
class StageReport:
    """One stage of one file."""

    stage: str
    model: str
    reason: str = ""
    units: int = 0
    outcome: Outcome = Outcome.INTERRUPTED
    seconds: float = 0.0
    usage: Usage = field(default_factory=Usage)
    pace: Pace = field(default_factory=Pace)
    reported: int = 0
    """Findings it was the first to report."""
    revised: int = 0
    withdrawn: int = 0
    rejected: int = 0
    not_reviewed: int = 0
    message: str = ""
    """Why it failed."""
    remedy: str = ""


@dataclass(frozen=True)
class Withdrawal:
    """A finding that a later stage took back."""

    finding: Finding
    stage: str
    reason: str


@dataclass
class FileReport:
    """Everything a review said about one file. Call it with each event, in order."""

    snapshot: Snapshot
    gate: float
    stages: list[StageReport] = field(default_factory=list)
    known: dict[str, Finding] = field(default_factory=dict)
    withdrawals: list[Withdrawal] = field(default_factory=list)
    heard: list[events.Notice] = field(default_factory=list)
    asked: list[events.ModelAsked] = field(default_factory=list)
    """Every question put to a model, with all that it was shown."""
    end: events.ReviewFinished | None = None
    ahead: str = ""
    """Where the run is with it: "12 of 340, about 14 min left"; "" where nobody knows."""
    cut: frozenset[str] = frozenset()
    """Ids of the findings that are counted and not shown because the run has more of them."""

    def __call__(self, event: events.Event) -> None:  # noqa: C901 — one arm for each event
        """Take note of an event."""
        match event:
            case events.Notice():
                self.heard.append(event)
            case events.StageStarted(stage=stage, model=model, reason=reason, units=units):
                self.stages.append(StageReport(stage, model, reason, units))
            case events.StreamToken(stage=stage):
                self._stage(stage).pace.add(event)
            case events.FindingReported(stage=stage, finding=finding):
                self.known[finding.id] = finding
                self._stage(stage).reported += 1
            case events.FindingRevised(stage=stage, finding=finding):
                self.known[finding.id] = finding
                self._stage(stage).revised += 1
            case events.FindingWithdrawn():
                self._withdraw(event)
            case events.StageFinished():
                self._finish(event)
            case events.StageFailed():
                self._fail(event)
            case events.ReviewFinished():
                self.end = event
            case events.ModelAsked():
                self.asked.append(event)
            case events.ReviewStarted() | events.StageProgressed() | events.EvidenceHeard():
                pass
            case _:
                assert_never(event)

    @property
    def findings(self) -> list[Finding]:
        """What is shown: what holds at the end or, of a stopped review, what was known by then."""
        return [f for f in self.standing if f.id not in self.cut] if self.cut else self.standing

    @property
    def standing(self) -> list[Finding]:
        """What would be shown, were there no cap for the whole run."""
        if self.end is not None:
            return list(self.end.findings)
        return ranked([f for f in self.known.values() if f.confidence >= self.gate])

    @property
    def withheld(self) -> list[Finding]:
        """What lies below the gate."""
        if self.end is not None:
            return list(self.end.withheld)
        return ranked([f for f in self.known.values() if f.confidence < self.gate])

    @property
    def hushed(self) -> list[events.Hushed]:
        """What the user or a comment in the code keeps from being shown."""
        return list(self.end.hushed) if self.end is not None else []

    @property
    def notices(self) -> list[events.Notice]:
        """Everything that was left out, each said once."""
        final = self.end.notices if self.end else ()
        return list(dict.fromkeys([*self.heard, *final]))

    @property
    def interrupted(self) -> bool:
        """Whether the review was stopped before its end."""
        return self.end is None

    @property
    def reviewed(self) -> bool:
        """Whether at least one stage looked at the file to its end."""
        if self.end is not None:
            return self.end.reviewed
        return any(stage.outcome is Outcome.FINISHED for stage in self.stages)

    @property
    def broken(self) -> bool:
        """Whether the file does not parse."""
        return any(notice.kind is events.NoticeKind.BROKEN for notice in self.notices)

    @property
    def partly(self) -> bool:
        """Whether a part of what was asked for did not happen."""
        left_out = {events.NoticeKind.UNAVAILABLE, events.NoticeKind.SKIPPED}
        return (
            bool(self.failed_stages)
            or any(stage.not_reviewed for stage in self.stages)
            or any(notice.kind in left_out for notice in self.notices)
        )

    @property
    def summary(self) -> str:
        """One sentence of the synthesis stage; may be empty."""
        return self.end.summary if self.end else ""

    @property
    def failed_stages(self) -> list[StageReport]:
        """Stages that no model could run; one that a second model ran is not among them."""
        last = {stage.stage: stage for stage in self.stages}
        return [stage for stage in last.values() if stage.outcome is Outcome.FAILED]

    @property
    def seconds(self) -> float:
        """How long the review took; of a stopped one, how long its stages took."""
        return self.end.seconds if self.end else sum(stage.seconds for stage in self.stages)

    def place(self, finding: Finding) -> tuple[int, int]:
        """(line, column) of a finding's start, both from 1, columns in code points."""
        line, column = self.snapshot.lines.position(finding.span.start, Encoding.UTF32)
        return line + 1, column + 1

    def _stage(self, name: str) -> StageReport:
        for stage in reversed(self.stages):
            if stage.stage == name:
                return stage
        stage = StageReport(name, "")
        self.stages.append(stage)
        return stage

    def _withdraw(self, event: events.FindingWithdrawn) -> None:
        self._stage(event.stage).withdrawn += 1
        if (finding := self.known.pop(event.finding_id, None)) is not None:
            self.withdrawals.append(Withdrawal(finding, event.stage, event.reason))

    def _finish(self, event: events.StageFinished) -> None:
        stage = self._stage(event.stage)
        stage.outcome = Outcome.FINISHED
        stage.model, stage.seconds, stage.usage = event.model, event.seconds, event.usage
        stage.rejected, stage.not_reviewed = event.rejected, event.not_reviewed

    def _fail(self, event: events.StageFailed) -> None:
        stage = self._stage(event.stage)
        stage.outcome = Outcome.FAILED
        stage.model, stage.seconds = event.model or stage.model, event.seconds
        stage.message, stage.remedy = event.message, event.remedy


@dataclass(frozen=True)
class SkippedFile:
    """A path that was not reviewed at all."""

    name: str
    reason: str
    kind: str
    """Short name of the reason, by which many are counted together ("binary", "missing"…)."""
    asked: bool = True
    """Whether the user named the path, rather than it being met in a folder."""


@dataclass
class Report:
    """A whole run over any number of files."""

    files: list[FileReport] = field(default_factory=list)
    skipped: list[SkippedFile] = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False
    started_utc: str = ""
    """ISO 8601, to the second."""
    change: ChangeSet | None = None
    """What was reviewed of a history; None where files were named."""
    overview: Overview | None = None
    """What the change does and how risky it is: known once all of it was looked at."""
    compared: Compared | None = None
    """What a baseline knows of it; None where findings are not held against one."""
    notices: list[events.Notice] = field(default_factory=list)
    """What is to be said of the run as a whole."""
    may_be_empty: bool = False
    """Having nothing to review is no failure."""

    def count(self, severity: Severity) -> int:
        """How many findings of that severity are shown."""
        return sum(f.severity is severity for file in self.files for f in file.findings)

    @property
    def withheld(self) -> int:
        """How many findings lie below the gate."""
        return sum(len(file.withheld) for file in self.files)

    @property
    def suppressed(self) -> int:
        """How many findings comments in the code keep from being shown."""
        return sum(file.end.suppressed for file in self.files if file.end)

    @property
    def dismissed(self) -> int:
        """How many findings the user dismissed."""
        return sum(file.end.dismissed for file in self.files if file.end)

    @property
    def over_cap(self) -> int:
        """How many findings lie above the cap for one file."""
        return sum(file.end.over_cap for file in self.files if file.end)

    @property
    def cut(self) -> int:
        """How many findings lie above the cap for the whole run."""
        return sum(len(file.cut) for file in self.files)

    def hushed_by(self, why: events.Hush) -> int:
        """How many findings are not shown for that reason."""
        return sum(file.end.hushed_by(why) for file in self.files if file.end)

    def cap(self, most: int) -> None:
        """Show so many findings of the run, those that weigh most; the others are counted."""
        found = [(file, finding) for file in self.files for finding in file.standing]
        found.sort(key=lambda each: -weight(each[1]))
        over: dict[int, set[str]] = {}
        for file, finding in found[most:]:
            over.setdefault(id(file), set()).add(finding.id)
        for file in self.files:
            file.cut = frozenset(over.get(id(file), ()))

    def stage_failures(self) -> dict[tuple[str, str], list[str]]:
        """(message, remedy) of each failure → the stages it stopped, each once, in order."""
        failures: dict[tuple[str, str], list[str]] = {}
        for stage in (s for file in self.files for s in file.failed_stages):
            names = failures.setdefault((stage.message, stage.remedy), [])
            if stage.stage not in names:
                names.append(stage.stage)
        return failures

    def unavailable(self) -> list[str]:
        """What could not run on this machine, each said once however many files met it."""
        found = [
            notice.message
            for file in self.files
            for notice in file.notices
            if notice.kind is events.NoticeKind.UNAVAILABLE
        ]
        return list(dict.fromkeys(found))


def by_kind(skipped: Iterable[SkippedFile]) -> dict[str, int]:
    """How many files were skipped for which kind of reason, commonest first."""
    return dict(Counter(entry.kind for entry in skipped).most_common())
