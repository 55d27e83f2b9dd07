"""Frames: how processes of Mirador on one machine speak to each other.

A frame is its length in four bytes, most significant first, and a JSON object whose `type` names
the message. A frame that is too long, or is no message, ends the conversation: there is nothing to
repair.
"""

import struct
from typing import BinaryIO, TypeVar

import msgspec

from mirador_lsp.core.errors import MiradorError

FRAME_LIMIT = 8 * 1024 * 1024
"""Bytes of the longest frame; far above any prompt that fits a context."""
_LENGTH = struct.Struct(">I")
HEAD_BYTES = _LENGTH.size
_T = TypeVar("_T")


class WireError(MiradorError):
    """The other side does not speak this protocol, or stopped in the middle of a message."""


class Message(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    """Base of all messages."""


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


def _length(head: bytes | bytearray) -> int:
    (length,) = _LENGTH.unpack(head)
    if length > FRAME_LIMIT:
        message = f"a frame claims {length} bytes, more than {FRAME_LIMIT}"
        raise WireError(message)
    return int(length)
