"""What nobody has had for a while is removed; what files have now never is.

Everything here runs inside a transaction of the catalogue.
"""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from mirador_lsp.index import sources

KEPT_SECONDS = 30 * 86_400
"""How long what was left stays, for somebody who comes back to a branch."""
_KEPT_VERSIONS = 6
"""Of one file, besides the one it is: each time it is saved there is one more."""
_OLD = """
SELECT id FROM sources WHERE gone IS NOT NULL AND (gone < ? OR ?) ORDER BY gone LIMIT ?
"""
_PRUNED = """
SELECT id FROM sources WHERE name = ? AND kind = ? AND gone IS NOT NULL
ORDER BY gone DESC, id DESC LIMIT -1 OFFSET ?
"""
_ORPHANS = """
SELECT value FROM json_each(?)
WHERE NOT EXISTS (SELECT 1 FROM places WHERE places.chunk = value)
"""
_NAMELESS = """
DELETE FROM names WHERE id NOT IN (
    SELECT name FROM mentions UNION SELECT symbol FROM mentions UNION SELECT qualifier FROM mentions
)
"""


@dataclass(frozen=True)
class Collected:
    """What a collection of garbage removed."""

    sources: int
    chunks: int
    vectors: int


def prune(connection: sqlite3.Connection, name: str) -> None:
    """Remove all but the latest versions that a file once was."""
    found = connection.execute(_PRUNED, (name, sources.FILE, _KEPT_VERSIONS))
    _remove(connection, [source for (source,) in found.fetchall()])


def collect(connection: sqlite3.Connection, keep_bytes: int, most: int, now: float) -> Collected:
    """See `Catalogue.collect`."""
    vectors = _without_embedder(connection, now)
    crowded = _bytes_in_use(connection) > keep_bytes
    found = connection.execute(_OLD, (now - KEPT_SECONDS, crowded, most))
    old = [source for (source,) in found.fetchall()]
    chunks, more = _remove(connection, old)
    if old:
        connection.execute(_NAMELESS)
    return Collected(len(old), chunks, vectors + more)


def sweep(connection: sqlite3.Connection, chunks: Iterable[int]) -> tuple[int, int]:
    """Remove those of `chunks` that stand nowhere, with their vectors; how many of both."""
    found = connection.execute(_ORPHANS, (json.dumps(list(chunks)),))
    orphans = [chunk for (chunk,) in found.fetchall()]
    embedders = [number for (number,) in connection.execute("SELECT id FROM embedders").fetchall()]
    vectors = 0
    for number in embedders:
        rows = [((number << 40) + chunk,) for chunk in orphans]
        vectors += connection.executemany("DELETE FROM vectors WHERE id = ?", rows).rowcount
    connection.executemany("DELETE FROM chunks WHERE id = ?", [(chunk,) for chunk in orphans])
    return len(orphans), max(vectors, 0)


def _remove(connection: sqlite3.Connection, old: list[int]) -> tuple[int, int]:
    """Remove sources whose words are hidden."""
    chunks: set[int] = set()
    for source in old:
        chunks |= sources.chunks_in(connection, source)
        sources.clear(connection, source)
        connection.execute("DELETE FROM sources WHERE id = ?", (source,))
    return sweep(connection, chunks) if chunks else (0, 0)


def _without_embedder(connection: sqlite3.Connection, now: float) -> int:
    """Remove vectors of embedders that nobody has used for a while."""
    vectors = 0
    query = "SELECT id FROM embedders WHERE used < ?"
    for (number,) in connection.execute(query, (now - KEPT_SECONDS,)).fetchall():
        first, last = number << 40, ((number + 1) << 40) - 1
        query = "DELETE FROM vectors WHERE id BETWEEN ? AND ?"
        vectors += connection.execute(query, (first, last)).rowcount
        connection.execute("DELETE FROM embedders WHERE id = ?", (number,))
    return vectors


def _bytes_in_use(connection: sqlite3.Connection) -> int:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int((pages - free) * size)
