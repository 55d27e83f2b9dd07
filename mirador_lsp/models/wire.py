"""What editors, the engine host and its workers say to one another.

A frame is its length in four bytes, most significant first, and a JSON object whose `type` names
the message. Both hops use the same messages for what a model says: the host checks each one and
sends it on with the same content, in a frame of its own. A frame that is too long, or is no
message, ends the conversation: there is nothing to repair.
"""

import struct
from typing import BinaryIO, Final, Literal, TypeVar

import msgspec

from mirador_lsp.core.errors import MiradorError

FRAME_LIMIT = 8 * 1024 * 1024
"""Bytes of the longest frame; far above any prompt that fits a context."""

MOST_RESIDENTS = 3
"""Models in memory at once, where nobody says otherwise."""
FailureKind = Literal["unavailable", "timeout", "overflow", "bad"]
_LENGTH = struct.Struct(">I")
HEAD_BYTES = _LENGTH.size
_T = TypeVar("_T")


class WireError(MiradorError):
    """The other side does not speak this protocol, or stopped in the middle of a message."""


class Message(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    """Base of all messages."""


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


class Hello(Message, frozen=True, tag="hello"):
    """First word of the host: who it is."""

    version: str
    pid: int


class Ask(Message, frozen=True, tag="ask"):
    """Answer a question. Closing the connection takes it back."""

    model: ModelSpec
    question: Question
    priority: int
    seconds: float
    idle_seconds: float
    residents: int = MOST_RESIDENTS
    """Models to keep in memory at once."""


class GetStatus(Message, frozen=True, tag="get-status"):
    """Tell what runs."""


class Stop(Message, frozen=True, tag="stop"):
    """Leave now. The host answers with its status, then ends the connection when it has left."""


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


class Loaded(Message, frozen=True, tag="loaded"):
    """The model is ready."""

    context_tokens: int
    seconds: float


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


FromClient = Ask | GetStatus | Stop
FromHost = Hello | Started | Reading | Piece | Done | Failed | Status
ToWorker = Load | Generate | Abort
FromWorker = Loaded | Started | Reading | Piece | Done | Failed


def pack(message: Message) -> bytes:
    """The frame of a message. Raises WireError when it is too long to send."""
    body = msgspec.json.encode(message)
    if len(body) > FRAME_LIMIT:
        too_long = f"a message of {len(body)} bytes is longer than {FRAME_LIMIT} bytes"
        raise WireError(too_long)
    return _LENGTH.pack(len(body)) + body


def frame_end(data: bytearray, start: int) -> int:
    """Where the frame that begins at `start` ends; 0 while its length is not known yet.

    Raises WireError for a length out of all reason.
    """
    if len(data) < start + HEAD_BYTES:
        return 0
    return start + HEAD_BYTES + _length(data[start : start + HEAD_BYTES])


def decode(decoder: "msgspec.json.Decoder[_T]", body: bytes) -> _T:
    """The message in a frame. Raises WireError."""
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        message = f"not a message of this protocol: {error}"
        raise WireError(message) from error


def cut_off() -> WireError:
    """The error for an end in the middle of a frame."""
    return WireError("the other side stopped in the middle of a message")


def read_frame(source: BinaryIO, decoder: "msgspec.json.Decoder[_T]") -> _T | None:
    """The next message of a blocking file; None at its end. Raises WireError."""
    head = source.read(HEAD_BYTES)
    if not head:
        return None
    if len(head) < HEAD_BYTES:
        raise cut_off()
    length = _length(head)
    body = source.read(length)
    if len(body) < length:
        raise cut_off()
    return decode(decoder, body)


FROM_CLIENT: "Final[msgspec.json.Decoder[FromClient]]" = msgspec.json.Decoder(FromClient)
FROM_HOST: "Final[msgspec.json.Decoder[FromHost]]" = msgspec.json.Decoder(FromHost)
TO_WORKER: "Final[msgspec.json.Decoder[ToWorker]]" = msgspec.json.Decoder(ToWorker)
FROM_WORKER: "Final[msgspec.json.Decoder[FromWorker]]" = msgspec.json.Decoder(FromWorker)


def _length(head: bytes | bytearray) -> int:
    (length,) = _LENGTH.unpack(head)
    if length > FRAME_LIMIT:
        message = f"a frame claims {length} bytes, more than {FRAME_LIMIT}"
        raise WireError(message)
    return int(length)
