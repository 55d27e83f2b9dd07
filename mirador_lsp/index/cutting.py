"""A text cut into what is searched: chunks, and the names in it."""

from dataclasses import dataclass

from mirador_lsp.core.retrieval import CodeChunk, Mention
from mirador_lsp.syntax import chunks
from mirador_lsp.syntax.mentions import RECIPE as MENTIONS_RECIPE
from mirador_lsp.syntax.mentions import mentions_of
from mirador_lsp.syntax.parser import parse

RECIPE = f"{chunks.RECIPE} {MENTIONS_RECIPE}"
"""Names the way in which texts are cut; another one means that they have to be cut again."""
_PARSE_SECONDS = 1.0


@dataclass(frozen=True)
class Cut:
    """What came of a text."""

    chunks: tuple[CodeChunk, ...]
    mentions: tuple[Mention, ...]


def cut(text: str, language: str, name: str, max_bytes: int) -> Cut | None:
    """The chunks and names of a text; None where it takes more memory than there is.

    Never raises for what the text holds. Native code reads it: it may end the process.
    """
    try:
        parsed = parse(text, language, budget_seconds=_PARSE_SECONDS, max_bytes=max_bytes)
        return Cut(chunks.chunks_of(parsed, name), mentions_of(parsed))
    except (MemoryError, RecursionError):
        return None
