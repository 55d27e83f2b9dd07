"""What the parse worker and its client say to each other over a pair of pipes.

A frame is two big-endian lengths of four bytes, a head of JSON and a body of raw bytes. The text to
be parsed is the body: it may hold lone surrogates, which JSON has no way to carry.
"""

import struct
from typing import Literal

import msgspec

from mirador_lsp.core.outline import Outline, Surroundings
from mirador_lsp.core.ports import Analysis
from mirador_lsp.core.references import References
from mirador_lsp.core.retrieval import Slice
from mirador_lsp.core.text import Span

LENGTHS = struct.Struct(">II")
MAX_FRAME = 64 << 20
"""Bytes a head or a body may have; more is taken for a broken stream."""


class Hello(msgspec.Struct, frozen=True):
    """The worker's first frame: it is ready."""

    measures: tuple[str, ...]
    """Which measures of `isolation` took effect."""


class Request(msgspec.Struct, frozen=True):
    """One thing to do with the text in the body."""

    id: int
    do: Literal["outline", "rules", "flows", "surroundings", "slice", "references", "learn", "warm"]
    language: str
    budget_seconds: float
    max_bytes: int
    span: Span | None = None
    """The place that is asked about; only for "surroundings" and "slice"."""
    root: str = ""
    """The workspace, absolute, whose files may be read; "" for none. Only for "flows"."""
    name: str = ""
    """The text's file, relative to it, with "/"."""


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of it: one of the six, or nothing of what only prepares."""

    id: int
    outline: Outline | None = None
    analysis: Analysis | None = None
    surroundings: Surroundings | None = None
    slice: Slice | None = None
    references: References | None = None
    error: str = ""
    """One sentence saying why there is nothing else."""


def frame(head: msgspec.Struct, body: bytes = b"") -> bytes:
    """A frame ready to be written."""
    data = msgspec.json.encode(head)
    return LENGTHS.pack(len(data), len(body)) + data + body
