"""Reading the catalogue for a search: places by words, by names and by chunk. Ranks nothing."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mirador_lsp.core.retrieval import MentionKind
from mirador_lsp.index import sources
from mirador_lsp.index.opening import Opened
from mirador_lsp.index.sources import FILE, KINDS

_WEIGHTS = "1.0, 2.0, 1.0"
"""Of the words in the text, in the name of the symbol and in the path."""
_MOST_WORDS = 24
_MOST_ROWS = 20_000
"""Rows in which the words of a query may stand together; each costs a microsecond or two. Beyond
that its commonest words are left out, which say the least."""
_MOST_PLACES = 500
"""Places of one name that are looked at."""
_STALE = 20_000
"""Changed rows after which words are counted again."""
_PLACES = """
SELECT places.id, chunks.digest, sources.kind, sources.name, sources.language, sources.content,
    places.symbol, places.kind, places.first, places.last
FROM places JOIN chunks ON chunks.id = places.chunk JOIN sources ON sources.id = places.source
WHERE sources.gone IS NULL
"""
_OF_CHUNKS = "AND chunks.digest IN (SELECT digest_of(value) FROM json_each(?))"
_OF_IDS = "AND places.id IN (SELECT value FROM json_each(?))"
_TEXTS = """
SELECT places.id, chunks.text FROM places JOIN chunks ON chunks.id = places.chunk
WHERE places.id IN (SELECT value FROM json_each(?))
"""
_DEFINED = """
SELECT places.id, symbols.name, mentions.line FROM places
JOIN mentions ON mentions.source = places.source AND mentions.kind = ?
    AND mentions.line BETWEEN places.first AND places.last
JOIN names AS symbols ON symbols.id = mentions.symbol
WHERE places.id IN (SELECT value FROM json_each(?)) ORDER BY mentions.line
"""
_AT = """
SELECT id FROM places WHERE source = ? AND first <= ? AND last >= ? ORDER BY last - first LIMIT 1
"""
_EDGES = """
SELECT sources.id, sources.name, symbols.name, qualifiers.name, mentions.line, mentions.kind
FROM names JOIN mentions ON mentions.name = names.id JOIN sources ON sources.id = mentions.source
JOIN names AS symbols ON symbols.id = mentions.symbol
JOIN names AS qualifiers ON qualifiers.id = mentions.qualifier
WHERE names.name = ? AND mentions.kind IN (SELECT value FROM json_each(?)) AND sources.gone IS NULL
LIMIT ?
"""
_IMPORTS = """
SELECT names.name, qualifiers.name FROM sources JOIN mentions ON mentions.source = sources.id
JOIN names ON names.id = mentions.name
JOIN names AS qualifiers ON qualifiers.id = mentions.qualifier
WHERE sources.name = ? AND sources.kind = ? AND sources.gone IS NULL AND mentions.kind = ?
"""
_USERS_OF_FILES = """
WITH own AS (
    SELECT mentions.name AS name, min(mentions.source) AS source FROM mentions
    JOIN sources ON sources.id = mentions.source
    WHERE mentions.kind = ?1 AND sources.gone IS NULL
    GROUP BY mentions.name HAVING count(DISTINCT mentions.source) = 1
)
SELECT sources.name, count(DISTINCT mentions.source) FROM own
JOIN mentions ON mentions.name = own.name AND mentions.source <> own.source
JOIN sources AS users ON users.id = mentions.source
JOIN sources ON sources.id = own.source
WHERE mentions.kind IN (SELECT value FROM json_each(?2)) AND users.gone IS NULL
GROUP BY own.source
"""
_LIKE = """
SELECT name FROM names WHERE lower(name) >= ?1 AND lower(name) < ?1 || char(1114111)
AND EXISTS (
    SELECT 1 FROM mentions JOIN sources ON sources.id = mentions.source
    WHERE mentions.name = names.id AND mentions.kind = ?2 AND sources.gone IS NULL
)
ORDER BY length(name), name LIMIT ?3
"""
_CHUNKS = """
SELECT DISTINCT chunks.digest FROM sources JOIN places ON places.source = sources.id
JOIN chunks ON chunks.id = places.chunk
WHERE sources.gone IS NULL AND (?1 = '[]' OR sources.kind IN (SELECT value FROM json_each(?1)))
AND (?2 = '[]' OR sources.language IN (SELECT value FROM json_each(?2)))
AND (?3 = '' OR sources.name >= ?3 AND sources.name < ?3 || char(1114111))
LIMIT ?4
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A chunk where it stands."""

    id: int
    chunk: str
    source: str
    """"file", or the collection of a memory."""
    name: str
    language: str
    content: str
    symbol: str
    kind: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Edge:
    """A mention of a name."""

    source: int
    file: str
    symbol: str
    qualifier: str
    line: int
    kind: MentionKind


class Lookup:
    """Reads one catalogue. For its thread. Raises `IndexUnavailable`."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._frequencies: dict[tuple[str, str], int] = {}
        self._counted_at = 0
        with opened.reading() as connection:
            for table in ("words_of_files", "words_of_memories"):
                connection.execute(
                    f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.seen_{table}"
                    f" USING fts5vocab(main, {table}, row)"
                )

    def by_words(
        self, words: Sequence[str], most: int, *, memories: bool
    ) -> list[tuple[int, float]]:
        """Places in which these words stand with their BM25, the best, which is largest, first."""
        table = "words_of_memories" if memories else "words_of_files"
        with self._opened.reading() as connection:
            telling = self._telling(connection, table, words)
            if not telling:
                return []
            asked = " OR ".join(f'"{word}"' for word in telling)
            query = (
                f"SELECT rowid, -bm25({table}, {_WEIGHTS}) AS score FROM {table}"  # noqa: S608
                f" WHERE {table} MATCH ? ORDER BY score DESC LIMIT ?"
            )
            return connection.execute(query, (asked, most)).fetchall()

    def places(self, ids: Iterable[int]) -> dict[int, Place]:
        """These places, as far as they can be found now."""
        return {place.id: place for place in self._places(_OF_IDS, list(ids))}

    def places_of(self, chunks: Iterable[str]) -> dict[str, list[Place]]:
        """Where these chunks stand now."""
        found: dict[str, list[Place]] = {}
        for place in self._places(_OF_CHUNKS, list(chunks)):
            found.setdefault(place.chunk, []).append(place)
        return found

    def texts(self, places: Iterable[int]) -> dict[int, str]:
        """The lines of these places."""
        with self._opened.reading() as connection:
            rows = connection.execute(_TEXTS, (json.dumps(list(places)),)).fetchall()
        return {place: sources.unpacked(text) for place, text in rows}

    def defined_in(self, places: Iterable[int]) -> dict[int, list[tuple[str, int]]]:
        """The symbols that begin in each of these places, with their lines, top to bottom."""
        values = (KINDS.index(MentionKind.DEFINES), json.dumps(list(places)))
        found: dict[int, list[tuple[str, int]]] = {}
        with self._opened.reading() as connection:
            for place, symbol, line in connection.execute(_DEFINED, values):
                found.setdefault(place, []).append((symbol, line))
        return found

    def place_at(self, source: int, line: int) -> int | None:
        """The smallest place in a source that holds a line."""
        with self._opened.reading() as connection:
            found = connection.execute(_AT, (source, line, line)).fetchone()
        return None if found is None else int(found[0])

    def edges(
        self, name: str, kinds: Iterable[MentionKind], most: int = _MOST_PLACES
    ) -> list[Edge]:
        """Where a name is mentioned in one of these ways."""
        numbers = json.dumps([KINDS.index(kind) for kind in kinds])
        with self._opened.reading() as connection:
            rows = connection.execute(_EDGES, (sources.storable(name), numbers, most)).fetchall()
        return [
            Edge(source, file, symbol, qualifier, line, KINDS[kind])
            for source, file, symbol, qualifier, line, kind in rows
        ]

    def imports_of(self, file: str) -> list[tuple[str, str]]:
        """Names that a file imports, each with its module."""
        values = (sources.storable(file), FILE, KINDS.index(MentionKind.IMPORTS))
        with self._opened.reading() as connection:
            return [(name, module) for name, module in connection.execute(_IMPORTS, values)]

    def users_of_files(self) -> dict[str, int]:
        """By file, how many others mention a name that it alone defines."""
        kinds = [KINDS.index(kind) for kind in (MentionKind.CALLS, MentionKind.USES)]
        values = (KINDS.index(MentionKind.DEFINES), json.dumps(kinds))
        with self._opened.reading() as connection:
            return dict(connection.execute(_USERS_OF_FILES, values))

    def defined_like(self, start: str, most: int) -> list[str]:
        """Names with a definition that begin so, whatever the case, the shortest first."""
        values = (sources.storable(start).lower(), KINDS.index(MentionKind.DEFINES), most)
        with self._opened.reading() as connection:
            return [name for (name,) in connection.execute(_LIKE, values)]

    def chunks_in(
        self, kinds: Iterable[str], languages: Iterable[str], under: str, most: int
    ) -> list[str]:
        """Chunks of sources of these kinds and languages, in this folder; () and "" for all."""
        values = (json.dumps(list(kinds)), json.dumps(list(languages)), under, most)
        with self._opened.reading() as connection:
            return [chunk.hex() for (chunk,) in connection.execute(_CHUNKS, values)]

    def _places(self, which: str, keys: Sequence[int] | Sequence[str]) -> list[Place]:
        with self._opened.reading() as connection:
            rows = connection.execute(_PLACES + which, (json.dumps(keys),)).fetchall()
        return [Place(number, chunk.hex(), *rest) for number, chunk, *rest in rows]

    def _telling(
        self, connection: sqlite3.Connection, table: str, words: Sequence[str]
    ) -> list[str]:
        """Those of `words` that are there and tell most, the rarest first."""
        if abs(connection.total_changes - self._counted_at) > _STALE:
            self._frequencies.clear()
            self._counted_at = connection.total_changes
        seen = sorted(
            (count, word)
            for word in dict.fromkeys(words)
            if (count := self._frequency(connection, table, word))
        )
        telling: list[str] = []
        rows = 0
        for count, word in seen[:_MOST_WORDS]:
            rows += count
            if telling and rows > _MOST_ROWS:
                break
            telling.append(word)
        return telling

    def _frequency(self, connection: sqlite3.Connection, table: str, word: str) -> int:
        """In how many places a word stands, or stood when it was last counted."""
        known = self._frequencies.get((table, word))
        if known is None:
            query = f"SELECT doc FROM temp.seen_{table} WHERE term = ?"  # noqa: S608
            found = connection.execute(query, (word,)).fetchone()
            known = 0 if found is None else int(found[0])
            if known:
                self._frequencies[table, word] = known
        return known
