"""Asking about code in words: what can be asked, and everything a running answer can say."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from mirador_lsp.core.dialogue import Priority
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import (
    Notice,
    StageFailed,
    StageFinished,
    StageProgressed,
    StageStarted,
    StreamToken,
)
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.policy import ReviewPolicy
from mirador_lsp.core.text import Span


class Topic(StrEnum):
    """What is wanted."""

    EXPLAIN = "explain"
    """What the code does and why; of a finding: why it is a problem."""
    ASK = "ask"
    """An answer to the user's own question."""
    CUSTOM = "custom"
    """What the prompt file of a user's own action asks."""


@dataclass(frozen=True)
class Turn:
    """An earlier question of the same conversation, with the answer that was given."""

    question: str
    answer: str


@dataclass(frozen=True)
class AnswerRequest:
    """Ask about one place of a document."""

    snapshot: Snapshot
    topic: Topic
    policy: ReviewPolicy
    """Its model stages run in their order: each later one may replace what an earlier one said.
    `instant` gives what is known without a model; `synthesis` does not run."""
    span: Span | None = None
    """The selection; empty for a cursor: the symbol around it is meant. None for the whole file."""
    question: str = ""
    """The user's words, for `ASK`; the text of the prompt file, for `CUSTOM`."""
    history: tuple[Turn, ...] = ()
    """Oldest first. What does not fit is dropped from the oldest on, with a notice."""
    findings: tuple[Finding, ...] = ()
    """What is known to be wrong with the code in question: part of the facts, and told to the model
    for `ASK` and `CUSTOM`. For `EXPLAIN`, one whose span is the request's is what is explained."""
    priority: Priority = Priority.INTERACTIVE
    max_tokens: int = 320
    """Of one stage's answer."""
    conversation: str = ""
    """Name of the conversation that it belongs to, for `ASK`; "" where it stands alone."""


@dataclass(frozen=True)
class Answer:
    """What a stage says. Plain text with Markdown code spans, code blocks and lists; no links, no
    images, no HTML: safe to render.
    """

    text: str
    stage: str
    model: str
    """"" for the facts of the instant stage."""
    confidence: float
    """0…1, not calibrated; 1 for facts."""
    digest: str = ""
    """SHA-256 of the model file."""
    kept: bool = False
    """It was given before, for the same code and context."""


@dataclass(frozen=True)
class AnswerStarted:
    """Work on an answer begins. Always the first event."""

    title: str
    """What it is about: "cart.py: Cart.total"."""
    subject: Span
    """The code that is meant."""
    stages: tuple[str, ...]


@dataclass(frozen=True)
class AnswerRevised:
    """A stage has said all it has to say; it replaces the answers of the stages before it."""

    answer: Answer


@dataclass(frozen=True)
class AnswerFinished:
    """The end; the last event unless the work was cancelled."""

    answer: Answer | None
    """What holds; None when not one stage could say anything (the notices tell why)."""
    seconds: float
    notices: tuple[Notice, ...] = field(default=())


AnswerEvent = (
    Notice
    | AnswerStarted
    | StageStarted
    | StageProgressed
    | StreamToken
    | AnswerRevised
    | StageFinished
    | StageFailed
    | AnswerFinished
)
EmitAnswer = Callable[[AnswerEvent], None]
"""Called on the event loop; returns at once and never blocks."""
