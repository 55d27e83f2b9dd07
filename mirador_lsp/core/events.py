"""The closed union of everything a running request can say.

The engine pushes events; the LSP publisher, the command line and the journal each listen. A
listener matches every case and ends in `assert_never`, so that adding an event shows every place to
change. For one request the order is: `ReviewStarted`, then for each stage `StageStarted` … and
exactly one of `StageFinished` and `StageFailed`, then `ReviewFinished` as the last event. After a
`StageFailed` the same stage may start again on another model. A request that is cancelled ends
without `ReviewFinished`.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from mirador_lsp.core.dialogue import Prompt, Usage
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.retrieval import Compiled
from mirador_lsp.core.silence import Silence


class NoticeKind(StrEnum):
    """Why something was not done as asked. Nothing is left out in silence."""

    SKIPPED = "skipped"
    """A file, a unit or a check was left out."""
    OUTSIDE = "outside"
    """What lies outside of the part or the change that was asked about was left out."""
    TRUNCATED = "truncated"
    """Something was cut to fit."""
    FALLBACK = "fallback"
    """Another model or tool stood in."""
    REJECTED = "rejected"
    """Model output was dropped because it does not hold."""
    BROKEN = "broken"
    """The file does not parse."""
    UNAVAILABLE = "unavailable"
    """A part of Mirador cannot run here."""
    HUSHED = "hushed"
    """Findings are not shown because the user, a comment in the code or its kind says so."""
    STALE = "stale"
    """Something that was to keep findings from being shown silences nothing."""
    ELSEWHERE = "elsewhere"
    """Nothing was left out: what is asked leaves this machine."""


@dataclass(frozen=True)
class Notice:
    """One plain line about something left out, with a remedy when there is one."""

    kind: NoticeKind
    message: str
    count: int = 1
    stage: str = ""


@dataclass(frozen=True)
class ReviewStarted:
    """A review begins."""

    name: str
    """What the user calls the document."""
    stages: tuple[str, ...]
    reason: str
    """Why these stages, in a few words."""
    spared: tuple[str, ...] = ()
    """Stages whose models are not asked, because the change is small; in their turn they repeat
    what they said before of code that is as it was, and begin and end as the others do."""


@dataclass(frozen=True)
class StageStarted:
    """A stage begins. `model` is "" for analyzers."""

    stage: str
    model: str
    reason: str
    """Why this model, in a few words."""
    units: int
    digest: str = ""
    """Of the version of the model, where the stage runs on one."""
    leaves: bool = False
    """What the model is asked leaves this machine."""


@dataclass(frozen=True)
class StageProgressed:
    """Where a stage is: unit `done` of `total`, working on `unit` under `lens`.

    `prefill` is the share of the prompt the model has read, 0…1, while it reads.
    """

    stage: str
    done: int
    total: int
    unit: str
    lens: str = ""
    prefill: float | None = None
    before: int | None = None
    """How many requests go first, while it waits for its model; None when it does not wait."""


@dataclass(frozen=True)
class StreamToken:
    """A piece of model text as it arrives. Control and bidi characters are already gone."""

    content: str
    confidence: float
    """Probability the model gave the token where it is known, else the stage's confidence."""
    stage: str
    model: str
    metadata: Mapping[str, str]
    """"unit" and "lens" ("" for a question under all lenses)."""
    timestamp: float
    """Seconds of the clock's wall time."""


@dataclass(frozen=True)
class ModelAsked:
    """A question is put to a model, or was put before and has its answer still."""

    stage: str
    model: str
    unit: str
    """What a user calls it: a symbol path, or "module"."""
    lens: str
    """"" for a question under all lenses; "judge" for one about a finding."""
    prompt: Prompt
    """All that the model is shown, to the letter."""
    context: Compiled | None = None
    """How the context in it came about; None where none was wanted."""
    digest: str = ""
    """Of the version of the model."""
    kept: bool = False
    """The very question was answered before, so it is not asked again."""


@dataclass(frozen=True)
class FindingReported:
    """A finding that was not there before."""

    stage: str
    finding: Finding


@dataclass(frozen=True)
class FindingRevised:
    """A known finding (same id) changed: confirmed, reworded, more or less sure."""

    stage: str
    finding: Finding
    reason: str


@dataclass(frozen=True)
class FindingWithdrawn:
    """A known finding does not hold."""

    stage: str
    finding_id: str
    reason: str
    unproven: bool = False
    """Only that the reply it came with broke off: what was said of it before still counts."""


@dataclass(frozen=True)
class EvidenceHeard:
    """What a model was asked and said about a finding: a claim that became it or confirmed it, or
    the verdict of a judge. Told for findings that are not shown, too.
    """

    stage: str
    finding_id: str
    model: str
    unit: str
    """What a user calls the reviewed unit: a symbol path, or "module"."""
    lens: str
    """"" for a question under all lenses; "judge" for a verdict."""
    prompt: Prompt
    said: str
    """The line of the reply, as the model wrote it: not plain yet."""
    sureness: float
    """How sure the model was of it, 0…1, by its own probabilities; 0.5 where it gives none."""
    context: Compiled | None = None
    """How the context in the prompt came about; None where there is none."""
    digest: str = ""
    """Of the version of the model."""
    strength: float | None = None
    """Of a verdict: how much the code speaks for the finding, in logits; below 0 against it."""


@dataclass(frozen=True)
class StageFinished:
    """A stage ended well."""

    stage: str
    model: str
    seconds: float
    usage: Usage
    """Sums over the replies; `first_token_seconds` is the stage's first token from its start."""
    rejected: int = 0
    """Model findings dropped because their quote is not in the code or they broke the format."""
    not_reviewed: int = 0
    """Units the stage did not get to or could not finish."""
    misquoted: int = 0
    """Of those rejected, the ones that quote code that is not there."""
    malformed: int = 0
    """Of those rejected, the ones that do not follow the format."""


@dataclass(frozen=True)
class StageFailed:
    """A stage could not run; the others go on."""

    stage: str
    model: str
    seconds: float
    message: str
    remedy: str


class Hush(StrEnum):
    """Why a finding that holds is not shown."""

    COMMENT = "comment"
    """A comment in the code asks for it."""
    DISMISSED = "dismissed"
    """The user dismissed it."""
    RULE = "rule"
    """The settings ask for it, for files with such a path."""
    BASELINE = "baseline"
    """It was there before: a baseline knows it."""
    LEARNED = "learned"
    """The user dismissed others like it."""


@dataclass(frozen=True)
class Hushed:
    """A finding that is not shown because somebody said so."""

    finding: Finding
    by: Hush
    reason: str
    """In plain words: the user's own, or which comment it is; may be empty."""


@dataclass(frozen=True)
class ReviewFinished:
    """The end: what holds after all stages."""

    seconds: float
    findings: tuple[Finding, ...]
    """Ranked, gated and capped: what is shown."""
    withheld: tuple[Finding, ...]
    """Below the gate: counted, shown on request."""
    over_cap: int
    """Findings above the cap for one file."""
    withdrawn: int
    reviewed: bool
    """False when not one stage could look at the file: "not reviewed" is never "clean"."""
    notices: tuple[Notice, ...] = field(default=())
    summary: str = ""
    """What to see to first, as the synthesis stage chose it, plain text; may be empty."""
    hushed: tuple[Hushed, ...] = ()
    """Above the gate, and not shown because the user or the code says so; counted, and shown on
    request."""
    silences: tuple[Silence, ...] = ()
    """What rules by path ask of this document, as far as it was looked at well enough to judge."""

    @property
    def suppressed(self) -> int:
        """How many findings comments in the code keep from being shown."""
        return self.hushed_by(Hush.COMMENT)

    @property
    def dismissed(self) -> int:
        """How many findings the user dismissed."""
        return self.hushed_by(Hush.DISMISSED)

    def hushed_by(self, why: Hush) -> int:
        """How many findings are not shown for that reason."""
        return sum(each.by is why for each in self.hushed)


Event = (
    Notice
    | ReviewStarted
    | StageStarted
    | StageProgressed
    | StreamToken
    | ModelAsked
    | FindingReported
    | FindingRevised
    | FindingWithdrawn
    | EvidenceHeard
    | StageFinished
    | StageFailed
    | ReviewFinished
)
Emit = Callable[[Event], None]
"""Called on the event loop; returns at once and never blocks."""

_log = logging.getLogger(__name__)
_Said = TypeVar("_Said")


def fan_out(*listeners: Callable[[_Said], None]) -> Callable[[_Said], None]:
    """One listener that tells every listener in turn.

    A listener that raises is logged and stays subscribed; the work and the other listeners go on.
    """

    def emit(event: _Said) -> None:
        for listener in listeners:
            try:
                listener(event)
            except Exception:  # noqa: BLE001 — border: a broken listener cannot hurt a review
                _log.exception("a listener failed on %s", type(event).__name__)

    return emit
