"""The messages Mirador adds to LSP, for clients that declare `experimental.mirador`.

Their meaning is in `docs/protocol.md`, which names the checksum of this file: change both together.
"""

from dataclasses import dataclass
from typing import Literal

from lsprotocol import types

from mirador_lsp.core.dialogue import Queue
from mirador_lsp.core.routing import Chosen

STATUS = "mirador/status"
"""Notification to clients that declared `experimental.mirador.status`."""
STREAM = "mirador/stream"
"""Notification to clients that declared `experimental.mirador.stream`."""
CHECK_DIAGNOSTICS = "mirador/checkDiagnostics"
"""Request to clients that declared `experimental.mirador.checkDiagnostics`."""
DECLINED = "declined"
"""The `failureReason` of clients that show a change before they make it, whose user said no."""

Kind = Literal["normal", "warning", "error"]


@dataclass(frozen=True)
class Status:
    """How Mirador is, for a status bar."""

    kind: Kind
    """"warning": it works, but less well. "error": the main job does not work."""
    busy: bool
    """A review, or something else that the user asked for, runs."""
    message: str
    """One plain sentence."""
    remedy: str
    """What mends it; "" when nothing is wrong."""
    uri: str
    """The document the message is about, or ""."""
    stage: str
    """The stage that runs, or ""."""
    model: str
    """The model that runs, or ""."""
    reason: str = ""
    """Why this model, in a few words."""
    waiting: int = 0
    """How many requests go before the one that the message is about; 0 where it does not wait."""
    stages: tuple[Chosen, ...] = ()
    """The model that each stage would run on, and why."""
    queues: tuple[Queue, ...] = ()
    """What waits for the embedded engine, where it runs, and for each server."""
    profile: str = ""
    """The profile that the settings name; "" while they are not known."""
    paused: bool = False
    """Nothing is reviewed by itself until the user resumes it."""


@dataclass(frozen=True)
class Stream:
    """Model text as it arrives, gathered for some tens of milliseconds."""

    uri: str
    version: int | None
    stage: str
    model: str
    unit: str
    """Symbol path of the reviewed unit; "module" for the code outside of all symbols, "summary" for
    the sentence that sums the review up."""
    lens: str
    """"bug", "security", "performance" or "style"; "" where all lenses are asked about at once."""
    content: str
    """Plain text. It is not markup and not a finding."""
    confidence: float
    """The mean of the confidences of its tokens, 0…1."""


REVIEW = "mirador/review"
"""Notification to clients that declared `experimental.mirador.review`: how a review goes."""


@dataclass(frozen=True)
class ReviewBegan:
    """A review begins. Everything about it bears its `run`."""

    run: int
    """Tells the reviews of a session apart."""
    uri: str
    version: int | None
    name: str
    """What the user calls the document."""
    stages: tuple[str, ...]
    """Those that will run, in their order."""
    spared: tuple[str, ...]
    """Of them, those that only repeat what they said before."""
    reason: str
    """Why these stages."""
    kind: Literal["began"] = "began"


@dataclass(frozen=True)
class StageBegan:
    """A stage of a review begins; after it failed, it may begin again on another model."""

    run: int
    stage: str
    model: str
    """"" for analyzers."""
    reason: str
    units: int
    leaves: bool
    """What the model is asked leaves this machine."""
    kind: Literal["stage"] = "stage"


@dataclass(frozen=True)
class StageAt:
    """Where a stage is."""

    run: int
    stage: str
    done: int
    total: int
    unit: str
    lens: str
    waiting: int
    """How many requests go first; 0 where it does not wait for its model."""
    kind: Literal["at"] = "at"


@dataclass(frozen=True)
class StageDone:
    """A stage ended well."""

    run: int
    stage: str
    model: str
    seconds: float
    promptTokens: int  # noqa: N815 — names of the wire
    cachedTokens: int  # noqa: N815
    completionTokens: int  # noqa: N815
    firstTokenSeconds: float | None  # noqa: N815
    rejected: int
    notReviewed: int  # noqa: N815
    kind: Literal["done"] = "done"


@dataclass(frozen=True)
class StageFailedNews:
    """A stage could not run; the others go on."""

    run: int
    stage: str
    model: str
    seconds: float
    message: str
    remedy: str
    kind: Literal["failed"] = "failed"


@dataclass(frozen=True)
class ReviewNotice:
    """Something was left out, or done otherwise than asked."""

    run: int
    stage: str
    message: str
    kind: Literal["notice"] = "notice"


@dataclass(frozen=True)
class ReviewEnded:
    """A review is over, in whatever way."""

    run: int
    state: Literal["finished", "stopped", "failed"]
    message: str
    """One plain sentence on what came of it."""
    summary: str
    """What to see to first, as a model chose it; may be empty."""
    seconds: float
    findings: int
    withheld: int
    hushed: int
    withdrawn: int
    kind: Literal["ended"] = "ended"


ReviewNews = (
    ReviewBegan | StageBegan | StageAt | StageDone | StageFailedNews | ReviewNotice | ReviewEnded
)

METRICS = "mirador/metrics"
"""Request: what requests cost and what came of them, in figures."""

EXPLAIN = "mirador/explain"
"""Request: what the code at a place does; of a finding, why it is a problem."""
ASK = "mirador/ask"
"""Request: an answer to the user's own question about the code at a place."""


@dataclass(frozen=True)
class StagePart:
    """Partial result of an answer: a stage begins."""

    stage: str
    model: str
    """"" for what is known without a model."""
    reason: str
    """Why this model, in a few words."""
    kind: Literal["stage"] = "stage"


@dataclass(frozen=True)
class TextPart:
    """Partial result of an answer: more text of the stage that speaks."""

    stage: str
    model: str
    content: str
    confidence: float
    """The mean of the confidences of its tokens, 0…1."""
    kind: Literal["text"] = "text"


@dataclass(frozen=True)
class AnswerPart:
    """Partial result of an answer: all a stage has to say. It replaces what was shown before."""

    stage: str
    model: str
    text: str
    confidence: float
    kind: Literal["answer"] = "answer"


@dataclass(frozen=True)
class NoticePart:
    """Partial result of an answer: something was left out, or a stage failed."""

    message: str
    kind: Literal["notice"] = "notice"


Part = StagePart | TextPart | AnswerPart | NoticePart


@dataclass(frozen=True)
class Answered:
    """The result of an answer."""

    state: Literal["finished", "stopped", "failed"]
    title: str
    """What it is about: "cart.py: Cart.total"."""
    stage: str
    model: str
    """Who said what holds; "" where nobody said anything."""
    confidence: float
    seconds: float
    text: str
    """"" where it was sent in parts."""
    notices: tuple[str, ...]
    conversation: str = ""
    """Name it in the next question to go on with this one; "" for an explanation."""


SEARCH = "mirador/search"
"""Request: code of the workspace by words, names and meaning."""


@dataclass(frozen=True)
class SearchHit:
    """Something that was found."""

    collection: str
    """"code", "prose", "talk" or "fix"."""
    uri: str
    """"" for what is no file."""
    name: str
    """The file relative to its workspace folder, or the id of what is no file."""
    symbol: str
    kind: str
    """"function", "method", "class", "module", "prose", "data", "talk" or "fix"."""
    language: str
    range: types.Range
    """Whole lines of the file as it was when it was read."""
    text: str
    score: float
    """Larger is better; of one answer and one folder only."""
    why: tuple[str, ...]
    """What speaks for it, a few words each."""


@dataclass(frozen=True)
class SearchResult:
    """The answer to `mirador/search`."""

    hits: tuple[SearchHit, ...]
    notes: tuple[str, ...]
    """What was not looked at and why, in sentences."""
    seconds: float
