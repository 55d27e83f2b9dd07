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
