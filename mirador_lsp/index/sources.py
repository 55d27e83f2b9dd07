"""What a source is made of, row by row: its chunks, places, words and mentions.

Everything here runs inside a transaction of the catalogue.
"""

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mirador_lsp.core.retrieval import CodeChunk, Mention, MentionKind
from mirador_lsp.core.text import LineIndex, utf8
from mirador_lsp.index.words import words_of

FILE = "file"
"""The kind of sources that are files; that of memories is their collection."""
KINDS = tuple(MentionKind)
"""The number of a kind of mention is its place here. Append only, or raise the format."""
_DIGEST_BYTES = 16
"""Of the SHA-256 of a chunk. Nobody meets two chunks with the same 128 bits by chance; who makes
such a pair on purpose gains that one of their own chunks is taken for the other."""
_LONGEST_NAME = 200
_LONGEST_SYMBOL = 500
_LONGEST_HEADER = 1000
_MOST_NAMES = 100_000
"""Names whose numbers are kept at hand."""
_LIVE = """
SELECT value FROM json_each(?) WHERE EXISTS (
    SELECT 1 FROM places JOIN sources ON sources.id = places.source
    WHERE places.chunk = value AND sources.gone IS NULL
)
"""
_FINDABLE = """
SELECT hex(digest) FROM json_each(?) AS wanted
JOIN chunks ON chunks.digest = digest_of(wanted.value)
WHERE EXISTS (
    SELECT 1 FROM places JOIN sources ON sources.id = places.source
    WHERE places.chunk = chunks.id AND sources.gone IS NULL
)
"""
_WORDS = """
SELECT places.id, chunks.text, places.symbol FROM places JOIN chunks ON chunks.id = places.chunk
WHERE places.source = ?
"""


@dataclass(frozen=True)
class Piece:
    """A chunk that is to be written, with the lines of its place."""

    header: str
    text: str
    symbol: str
    kind: str
    first: int
    last: int

    def digest(self, language: str) -> bytes:
        """What names the chunk: equal ones are one, whatever file they are in."""
        parts = (utf8(language), utf8(self.header), utf8(self.text))
        sizes = b"%d,%d;" % (len(parts[0]), len(parts[1]))
        return hashlib.sha256(sizes + b"".join(parts)).digest()[:_DIGEST_BYTES]


def pieces_of(text: str, chunks: Sequence[CodeChunk]) -> list[Piece]:
    """`chunks` of a file with that text, ready to be written."""
    lines = LineIndex(text)
    pieces = []
    for chunk in chunks:
        first = lines.line_of(chunk.span.start)
        last = lines.line_of(max(chunk.span.end - 1, chunk.span.start))
        header = storable(chunk.header)[:_LONGEST_HEADER]
        symbol = storable(chunk.symbol)[:_LONGEST_SYMBOL]
        pieces.append(Piece(header, chunk.text, symbol, chunk.kind, first, last))
    return pieces


def storable(text: str) -> str:
    """`text` in a form that SQLite takes: a lone surrogate has none."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def packed(text: str) -> bytes:
    """A text as it lies in the file."""
    return zlib.compress(utf8(text))


def unpacked(data: bytes) -> str:
    """The inverse of `packed`."""
    return zlib.decompress(data).decode("utf-8", "surrogatepass")


def embedded_text(header: str, text: str) -> str:
    """What an embedder is given: where a piece stands decides what it means."""
    return f"{header}\n{text}" if header else text


class Names:
    """The numbers of names. After a transaction that was taken back, `clear` it."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def ids(self, connection: sqlite3.Connection, names: Iterable[str]) -> Mapping[str, int]:
        """The number of each; those that have none get one."""
        wanted = set(names)
        missing = [name for name in wanted if name not in self._known]
        if missing:
            rows = [(name,) for name in missing]
            connection.executemany("INSERT OR IGNORE INTO names (name) VALUES (?)", rows)
            query = "SELECT name, id FROM names WHERE name IN (SELECT value FROM json_each(?))"
            if len(self._known) > _MOST_NAMES:
                self._known = {name: self._known[name] for name in wanted if name in self._known}
            self._known.update(connection.execute(query, (json.dumps(missing),)))
        return {name: self._known[name] for name in wanted}

    def clear(self) -> None:
        """Forget them all."""
        self._known.clear()


def put_chunks(connection: sqlite3.Connection, language: str, pieces: Sequence[Piece]) -> list[int]:
    """The numbers of the chunks, in order; those that are not there yet are written."""
    numbers = []
    for piece in pieces:
        digest = piece.digest(language)
        found = connection.execute("SELECT id FROM chunks WHERE digest = ?", (digest,)).fetchone()
        if found is None:
            found = connection.execute(
                "INSERT INTO chunks (digest, header, text) VALUES (?, ?, ?) RETURNING id",
                (digest, piece.header, packed(piece.text)),
            ).fetchone()
        numbers.append(int(found[0]))
    return numbers


def add_places(
    connection: sqlite3.Connection, source: int, numbers: Sequence[int], pieces: Sequence[Piece]
) -> None:
    """Write where in a source the chunks are."""
    connection.executemany(
        "INSERT INTO places (source, chunk, symbol, kind, first, last) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (source, number, piece.symbol, piece.kind, piece.first, piece.last)
            for number, piece in zip(numbers, pieces, strict=True)
        ],
    )


def add_mentions(
    connection: sqlite3.Connection, names: Names, source: int, mentions: Sequence[Mention]
) -> None:
    """Write the edges of a source; of equal ones that on the first line."""
    edges: dict[tuple[str, int, str, str], int] = {}
    for mention in mentions:
        edge = (
            storable(mention.name)[:_LONGEST_NAME],
            KINDS.index(mention.kind),
            storable(mention.symbol)[:_LONGEST_SYMBOL],
            storable(mention.qualifier)[:_LONGEST_NAME],
        )
        edges[edge] = min(mention.line, edges.get(edge, mention.line))
    known = names.ids(connection, {text for n, _, s, q in edges for text in (n, s, q)})
    connection.executemany(
        "INSERT INTO mentions (name, kind, source, symbol, qualifier, line)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        sorted(
            (known[n], k, source, known[s], known[q], line) for (n, k, s, q), line in edges.items()
        ),
    )


def show_words(connection: sqlite3.Connection, source: int, kind: str, name: str) -> None:
    """Let the places of a source be found by their words."""
    table = _words_table(kind)
    connection.executemany(
        f"INSERT INTO {table} (rowid, text, symbol, path) VALUES (?, ?, ?, ?)",  # noqa: S608
        _words(connection, source, name),
    )


def hide_words(connection: sqlite3.Connection, source: int, kind: str, name: str) -> None:
    """The inverse of `show_words`: the same words again."""
    table = _words_table(kind)
    connection.executemany(
        f"INSERT INTO {table} ({table}, rowid, text, symbol, path)"  # noqa: S608
        " VALUES ('delete', ?, ?, ?, ?)",
        _words(connection, source, name),
    )


def live(connection: sqlite3.Connection, chunks: Iterable[int]) -> set[int]:
    """Those of `chunks` that can be found now."""
    return {chunk for (chunk,) in connection.execute(_LIVE, (json.dumps(list(chunks)),))}


def findable(connection: sqlite3.Connection, wanted: Iterable[str]) -> set[str]:
    """Those of these ids whose chunks can be found now."""
    found = connection.execute(_FINDABLE, (json.dumps(list(wanted)),))
    return {digest.lower() for (digest,) in found}


def ids(connection: sqlite3.Connection, chunks: Iterable[int]) -> tuple[str, ...]:
    """The ids of chunks, by their numbers."""
    query = "SELECT digest FROM chunks WHERE id IN (SELECT value FROM json_each(?))"
    found = connection.execute(query, (json.dumps(list(chunks)),))
    return tuple(digest.hex() for (digest,) in found)


def chunks_in(connection: sqlite3.Connection, source: int) -> set[int]:
    """The chunks of a source."""
    found = connection.execute("SELECT chunk FROM places WHERE source = ?", (source,))
    return {chunk for (chunk,) in found}


def find(connection: sqlite3.Connection, kind: str, name: str, content: str) -> int | None:
    """The source with this content, if it is known."""
    query = "SELECT id FROM sources WHERE name = ? AND content = ? AND kind = ?"
    found = connection.execute(query, (name, content, kind)).fetchone()
    return None if found is None else int(found[0])


def make(connection: sqlite3.Connection, kind: str, name: str, content: str, language: str) -> int:
    """A source without anything in it; one that is known is emptied. Its words are hidden."""
    source = find(connection, kind, name, content)
    if source is not None:
        clear(connection, source)
        connection.execute("UPDATE sources SET language = ? WHERE id = ?", (language, source))
        return source
    query = (
        "INSERT INTO sources (kind, name, content, language, gone) VALUES (?, ?, ?, ?, 0)"
        " RETURNING id"
    )
    (number,) = connection.execute(query, (kind, name, content, language)).fetchone()
    return int(number)


def arrive(connection: sqlite3.Connection, source: int, kind: str, name: str) -> None:
    """From now on the source can be found."""
    connection.execute("UPDATE sources SET gone = NULL WHERE id = ?", (source,))
    show_words(connection, source, kind, name)


def leave(connection: sqlite3.Connection, source: int, kind: str, name: str, now: float) -> None:
    """From now on the source cannot be found; it stays for a while."""
    hide_words(connection, source, kind, name)
    connection.execute("UPDATE sources SET gone = ? WHERE id = ?", (now, source))


def clear(connection: sqlite3.Connection, source: int) -> None:
    """Remove the places and mentions of a source whose words are hidden."""
    connection.execute("DELETE FROM places WHERE source = ?", (source,))
    connection.execute("DELETE FROM mentions WHERE source = ?", (source,))


def _words(
    connection: sqlite3.Connection, source: int, name: str
) -> list[tuple[int, str, str, str]]:
    path = " ".join(words_of(name))
    return [
        (place, " ".join(words_of(unpacked(text))), " ".join(words_of(symbol)), path)
        for place, text, symbol in connection.execute(_WORDS, (source,))
    ]


def _words_table(kind: str) -> str:
    return "words_of_files" if kind == FILE else "words_of_memories"
