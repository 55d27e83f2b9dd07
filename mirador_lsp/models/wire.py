"""What editors, the engine host and its workers say to one another.

Both hops use the same messages for what a model says: the host checks each one and sends it on
with the same content, in a frame of its own.
"""

from typing import Final, Literal

import msgspec

from mirador_lsp.ipc.frames import Message
from mirador_lsp.ipc.hosting import Hello, Stop

MOST_RESIDENTS = 3
"""Models in memory at once, where nobody says otherwise."""
FailureKind = Literal["unavailable", "timeout", "overflow", "bad"]


class ModelSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which model a request wants, and the engine options it wants it loaded with."""

    name: str
    path: str
    digest: str
    size_bytes: int
    context_tokens: int
    threads: int
    batch: int
    """Prompt tokens read between two chances to stop."""
    cache_ram_mib: int
    cache_disk_mib: int
    cache: str
    """Folder of prefixes kept on disk."""
    speculation: bool = False
    """Guess ahead in replies: see `speculation.py`."""


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A prompt with its limits, as `core.dialogue` has them."""

    system: str
    material: str
    question: str
    version: str
    gbnf: str
    """A grammar, or "" for none."""
    max_tokens: int
    temperature: float
    top_logprobs: int
    infill: bool = False
    """`material` and `question` stand before and behind a gap."""


class Ask(Message, frozen=True, tag="ask"):
    """Answer a question. Closing the connection takes it back."""

    model: ModelSpec
    question: Question
    priority: int
    seconds: float
    idle_seconds: float
    residents: int = MOST_RESIDENTS
    """Models to keep in memory at once."""


class Count(Message, frozen=True, tag="count"):
    """Count the tokens of texts, if the model is in memory. It is not loaded for this."""

    path: str
    """Of the model's file."""
    texts: tuple[str, ...]


class Counted(Message, frozen=True, tag="counted"):
    """The number of tokens of each text; None where the model cannot be asked now."""

    tokens: tuple[int, ...] | None


class GetStatus(Message, frozen=True, tag="get-status"):
    """Tell what runs."""


class Load(Message, frozen=True, tag="load"):
    """First word to a worker: load this model."""

    model: ModelSpec
    socket: str
    """Where the engine's own server may listen."""
    version: str


class Generate(Message, frozen=True, tag="generate"):
    """Answer a question; one at a time."""

    number: int
    question: Question


class Abort(Message, frozen=True, tag="abort"):
    """Stop working on request `number`; of no effect when it has ended."""

    number: int


class Tokenize(Message, frozen=True, tag="tokenize"):
    """Count the tokens of texts, also while an answer is given."""

    number: int
    texts: tuple[str, ...]


class Tokenized(Message, frozen=True, tag="tokenized"):
    """The number of tokens of each text of request `number`; None where that failed."""

    number: int
    tokens: tuple[int, ...] | None


class Loaded(Message, frozen=True, tag="loaded"):
    """The model is ready."""

    context_tokens: int
    seconds: float


class Queued(Message, frozen=True, tag="queued"):
    """So many requests go first, those that run included; 0 once it is its turn."""

    before: int


class Started(Message, frozen=True, tag="started"):
    """The prompt fits and the model begins to read it."""

    prompt_tokens: int


class Reading(Message, frozen=True, tag="reading"):
    """The model has read `done` of `total` prompt tokens."""

    done: int
    total: int


class Piece(Message, frozen=True, tag="piece"):
    """A piece of the reply."""

    text: str
    logprob: float | None = None
    alternatives: tuple[tuple[str, float], ...] = ()


class Done(Message, frozen=True, tag="done"):
    """The reply is complete; or the request was aborted, then it is merely over."""

    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    truncated: bool = False
    aborted: bool = False


class Failed(Message, frozen=True, tag="failed"):
    """The request, or the load, came to nothing."""

    kind: FailureKind
    message: str
    remedy: str = ""


class Resident(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model in memory."""

    name: str
    pid: int
    rss_bytes: int
    busy: bool
    prompt_tokens: int = 0
    """Of all that it answered since it was loaded."""
    cached_tokens: int = 0
    """How many of them it had read before."""


class Status(Message, frozen=True, tag="status"):
    """What the host does."""

    version: str
    pid: int
    rss_bytes: int
    residents: tuple[Resident, ...]
    running: int
    waiting: int
    idle_seconds: float
    """Seconds since the last activity."""
    leaves_after: float
    """Seconds without activity after which it leaves."""


FromClient = Ask | Count | GetStatus | Stop
FromHost = Hello | Queued | Started | Reading | Piece | Done | Failed | Status | Counted
ToWorker = Load | Generate | Abort | Tokenize
FromWorker = Loaded | Started | Reading | Piece | Done | Failed | Tokenized


FROM_CLIENT: "Final[msgspec.json.Decoder[FromClient]]" = msgspec.json.Decoder(FromClient)
FROM_HOST: "Final[msgspec.json.Decoder[FromHost]]" = msgspec.json.Decoder(FromHost)
TO_WORKER: "Final[msgspec.json.Decoder[ToWorker]]" = msgspec.json.Decoder(ToWorker)
FROM_WORKER: "Final[msgspec.json.Decoder[FromWorker]]" = msgspec.json.Decoder(FromWorker)
