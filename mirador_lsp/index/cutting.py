"""A text cut into what is searched, chunks and the names in it: what is said about that between the
index and the process that cuts.
"""

from typing import Final

import msgspec

from mirador_lsp.core.retrieval import CodeChunk, Mention
from mirador_lsp.ipc.frames import Message
from mirador_lsp.syntax.chunks import RECIPE as CHUNKS_RECIPE
from mirador_lsp.syntax.mentions import RECIPE as MENTIONS_RECIPE

RECIPE = f"{CHUNKS_RECIPE} {MENTIONS_RECIPE}"
"""Names the way in which texts are cut; another one means that they have to be cut again."""


class CutThis(Message, frozen=True, tag="cut"):
    """Cut a text."""

    text: str
    language: str
    name: str
    """Of the file, relative to the workspace."""
    max_bytes: int
    """A larger text is not parsed."""


class Cut(Message, frozen=True, tag="pieces"):
    """What came of a text."""

    chunks: tuple[CodeChunk, ...]
    mentions: tuple[Mention, ...]
    partial: bool = False
    """Whether the text is so long, or so dense, that not all of it is in them."""


class TooMuch(Message, frozen=True, tag="too-much"):
    """It takes more memory than there is."""


TO_CUTTER: "Final[msgspec.json.Decoder[CutThis]]" = msgspec.json.Decoder(CutThis)
FROM_CUTTER: "Final[msgspec.json.Decoder[Cut | TooMuch]]" = msgspec.json.Decoder(Cut | TooMuch)
