"""Files for a catalogue: cut at blank lines, with mentions found by the simplest of patterns."""

import hashlib
import math
import random
import re
from array import array
from collections.abc import Sequence
from pathlib import Path

from fakes.clock import FakeClock
from fakes.embedder import HashEmbedder
from mirador_lsp.core.retrieval import CodeChunk, Mention, MentionKind
from mirador_lsp.core.text import Span
from mirador_lsp.index.catalogue import Catalogue, Change, Stamp

_DEFINITION = re.compile(r"(?:def|class) (\w+)")
_IMPORT = re.compile(r"from (\S+) import (\w+)")
_CALL = re.compile(r"(\w+)\(")


class ScatteredEmbedder(HashEmbedder):
    """Each text has a vector of its own, far from every other: even a rough search misses none."""

    def _vector(self, text: str) -> "array[float]":
        chance = random.Random(text)  # noqa: S311 — the same numbers each time are wanted
        values = [chance.gauss(0.0, 1.0) for _ in range(self.card.dimensions)]
        length = math.sqrt(sum(value * value for value in values))
        return array("f", (value / length for value in values))


def catalogue_in(folder: Path, clock: FakeClock | None = None, recipe: str = "") -> Catalogue:
    """The catalogue of that folder."""
    return Catalogue.open(folder, clock=clock or FakeClock(), recipe=recipe)


def stamp_of(text: str, mtime_ns: int = 1) -> Stamp:
    """What a file with this text is."""
    return Stamp(len(text), mtime_ns, hashlib.sha256(text.encode()).hexdigest())


def put(catalogue: Catalogue, name: str, text: str, language: str = "python") -> Change:
    """Write a file of this text."""
    kind = "prose" if language == "markdown" else "function"
    chunks = chunks_of(text, kind)
    return catalogue.put_file(
        name, stamp_of(text), language, text, chunks, mentions_of(text, chunks)
    )


def chunks_of(text: str, kind: str = "function") -> list[CodeChunk]:
    """A chunk for each block between blank lines."""
    chunks = []
    at = 0
    for block in text.split("\n\n"):
        end = at + len(block)
        if block.strip():
            named = _DEFINITION.search(block)
            symbol = named[1] if named else ""
            chunks.append(CodeChunk(symbol, kind, Span(at, end), f"# {symbol}", block))
        at = end + 2
    return chunks


def mentions_of(text: str, chunks: Sequence[CodeChunk]) -> list[Mention]:
    """Definitions, imports and calls."""
    mentions: list[Mention] = []
    for chunk in chunks:
        line = text[: chunk.span.start].count("\n")
        mentions += [
            Mention(found[2], MentionKind.IMPORTS, "", line, found[1])
            for found in _IMPORT.finditer(chunk.text)
        ]
        mentions += [
            Mention(found[1], MentionKind.DEFINES, found[1], line)
            for found in _DEFINITION.finditer(chunk.text)
        ]
        mentions += [
            Mention(found[1], MentionKind.CALLS, chunk.symbol, line)
            for found in _CALL.finditer(chunk.text)
            if found[1] != chunk.symbol
        ]
    return mentions


async def embed_all(catalogue: Catalogue, embedder: HashEmbedder) -> int:
    """Give every chunk its vector; how many had none."""
    waiting = catalogue.pending(embedder.card.digest, 100_000)
    vectors = await embedder.documents([each.text for each in waiting])
    rows = {each.id: vector for each, vector in zip(waiting, vectors, strict=True)}
    catalogue.keep_vectors(embedder.card, rows)
    return len(rows)
