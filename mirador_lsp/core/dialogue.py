"""What is said to a model and what comes back, the same for every backend."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum


class Priority(IntEnum):
    """Who goes first when several wait for one model. Lower is sooner."""

    INTERACTIVE = 0
    """The user typed a wish and waits for what comes of it."""
    SAVE = 1
    """A review after a save or an open."""
    EXPLAIN = 2
    """A better answer than the one that the user reads already."""
    BACKGROUND = 3
    """Of many files, one after the other. From here on anything more urgent pre-empts it: it is
    stopped and asked again later, so its reply comes only when it is whole."""
    SPECULATION = 4
    """Computed ahead, for nobody asked."""


@dataclass(frozen=True)
class Constraint:
    """The only texts a reply may be. A backend uses the form it can; the reader checks again."""

    gbnf: str
    """A llama.cpp grammar whose every repetition is bounded."""


@dataclass(frozen=True)
class Prompt:
    """A question about some text. The parts are ordered from stable to volatile on purpose: a
    backend may keep what it computed for `system` + `material` and pay only for `question`.

    All parts are plain text. A backend must never let any part change the turn structure: text that
    looks like the model's control tokens stays text.
    """

    system: str
    """Standing instructions; the same for every request of a kind."""
    material: str
    """The code and its context."""
    question: str
    """What is asked about it."""
    constraint: Constraint | None = None
    version: str = ""
    """Version of the prompt file it was rendered from; part of every cache key."""
    infill: bool = False
    """Nothing is asked: `material` is the text before a gap, `question` the text behind it, and the
    reply is what the model would write into the gap ("fill in the middle"), up to the end of its
    first line. `system` is not used.
    Only models with `ModelCard.supports_infill` can."""


@dataclass(frozen=True)
class Limits:
    """What a reply may cost."""

    max_tokens: int
    seconds: float
    """Time for the whole reply, waiting and reading the prompt included."""
    temperature: float = 0.0
    top_logprobs: int = 0
    """How many alternatives of each token to report, where the backend can."""
    priority: Priority = Priority.SAVE
    owner: str = ""
    """On whose behalf, as a document: of several who wait each has a turn before one has two."""
    on_wait: Callable[[int], None] | None = field(default=None, compare=False)
    """Told how many go first, while it waits for its turn, and 0 once it has it. Called on the
    event loop, where there is anything to wait for; returns at once."""


@dataclass(frozen=True)
class Chunk:
    """A piece of a reply; usually one token."""

    text: str
    logprob: float | None = None
    """Natural logarithm of the probability the model gave it, before any constraint."""
    alternatives: tuple[tuple[str, float], ...] = ()
    """The likeliest tokens at this place with their log-probabilities, likeliest first."""


@dataclass(frozen=True)
class Prefill:
    """The model is still reading: `done` of `total` prompt tokens."""

    done: int
    total: int


@dataclass(frozen=True)
class Queue:
    """Who waits for an engine or a server."""

    name: str
    """"embedded", or what the user calls the server."""
    slots: int
    """How many replies it works on at a time."""
    running: int
    waiting: int
    residents: tuple[str, ...] = ()
    """Models it has in memory, as far as it tells."""


@dataclass(frozen=True)
class Usage:
    """What a finished reply cost. Seconds are of the monotonic clock."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    """Prompt tokens that did not have to be read again."""
    completion_tokens: int = 0
    wait_seconds: float = 0.0
    """Time in the queue and, where needed, loading the model."""
    first_token_seconds: float | None = None
    """From the call to the first chunk; None when there was none."""
    seconds: float = 0.0
    truncated: bool = False
    """The reply was cut at `max_tokens`."""


@dataclass(frozen=True)
class ModelCard:
    """Facts about a model that can be used now. Choosing among models reads cards only."""

    name: str
    """The name users and settings use: "qwen2.5-coder-0.5b"."""
    backend: str
    """"embedded", "ollama", "openai", "gemini", "scripted"."""
    digest: str
    """SHA-256 of the weights, hex, or the backend's own digest."""
    context_tokens: int
    size_bytes: int
    parameters: float = 0.0
    """Billions."""
    supports_grammar: bool = False
    supports_logprobs: bool = False
    supports_infill: bool = False
    """Whether it was trained to fill gaps, and its backend can tell it to."""
    claims_right: float | None = None
    """Share of what it claimed of labelled code, when asked for defects, that was right, 0…1; None
    where nobody has counted."""
    can_judge: bool = False
    """Whether its yes/no probability about a claim is known to be better than chance."""
    leaves: str = ""
    """What leaves this machine when it is asked, one sentence; "" when nothing does."""
    tags: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class KeptReply:
    """A finished reply, line by line."""

    lines: tuple[str, ...]
    sureness: tuple[float, ...]
    """For each line how sure the model was of it, 0…1."""
