"""The vectors that were paid for once: kept by embedder and chunk, as 16-bit floats.

Which chunks still wait for one is worked out anew by each process, in memory.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mirador_lsp.core.retrieval import EmbedderCard

_WAITING = """
CREATE TEMP TABLE waiting (
    embedder INTEGER NOT NULL, chunk INTEGER NOT NULL, level INTEGER NOT NULL,
    PRIMARY KEY (embedder, chunk)
) WITHOUT ROWID
"""
_FILL = """
INSERT INTO temp.waiting (embedder, chunk, level)
SELECT ?1, places.chunk, max(coalesce(files.level, 0)) FROM sources
JOIN places ON places.source = sources.id LEFT JOIN files ON files.source = sources.id
WHERE sources.gone IS NULL
AND NOT EXISTS (SELECT 1 FROM vectors WHERE vectors.id = (?1 << 40) + places.chunk)
GROUP BY places.chunk
"""
_WAIT = """
INSERT OR REPLACE INTO temp.waiting (embedder, chunk, level) SELECT ?1, value, ?2 FROM json_each(?3)
WHERE NOT EXISTS (SELECT 1 FROM vectors WHERE vectors.id = (?1 << 40) + value)
"""
_RAISE = """
UPDATE temp.waiting SET level = ? WHERE chunk IN (
    SELECT places.chunk FROM files JOIN places ON places.source = files.source WHERE files.name = ?
)
"""
_URGENT = """
SELECT chunks.digest, chunks.header, chunks.text FROM (
    SELECT chunk, level FROM temp.waiting WHERE embedder = ? ORDER BY level DESC, chunk LIMIT ?
) AS first JOIN chunks ON chunks.id = first.chunk ORDER BY first.level DESC, first.chunk
"""
_KEEP = """
INSERT OR REPLACE INTO vectors (id, vector) SELECT (? << 40) + id, ? FROM chunks WHERE digest = ?
"""
_KEPT = """
DELETE FROM temp.waiting WHERE embedder = ? AND chunk = (SELECT id FROM chunks WHERE digest = ?)
"""
_OF = """
SELECT chunks.digest, vectors.vector FROM json_each(?2) AS wanted
JOIN chunks ON chunks.digest = digest_of(wanted.value)
JOIN vectors ON vectors.id = (?1 << 40) + chunks.id
"""
_LIVE = """
SELECT chunks.digest FROM vectors JOIN chunks ON chunks.id = vectors.id - (?1 << 40)
WHERE vectors.id BETWEEN (?1 << 40) AND (?1 << 40) + 1099511627775 AND EXISTS (
    SELECT 1 FROM places JOIN sources ON sources.id = places.source
    WHERE places.chunk = chunks.id AND sources.gone IS NULL
)
"""
_COUNT = """
SELECT embedders.digest, (
    SELECT count(*) FROM vectors WHERE vectors.id BETWEEN (embedders.id << 40)
    AND (embedders.id << 40) + 1099511627775 AND EXISTS (
        SELECT 1 FROM places JOIN sources ON sources.id = places.source
        WHERE places.chunk = vectors.id - (embedders.id << 40) AND sources.gone IS NULL
    )
) FROM embedders WHERE id NOT IN (SELECT value FROM json_each(?))
"""
_STILL = "SELECT count(*) FROM temp.waiting WHERE embedder = ?"


class VectorCache:
    """The part of the catalogue that keeps vectors. Its methods run inside a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        connection.create_function("digest_of", 1, _digest, deterministic=True)
        connection.execute(_WAITING)
        connection.execute("CREATE INDEX temp.urgent ON waiting (embedder, level DESC, chunk)")
        self._asked: dict[str, int] = {}
        """Embedders whose waiting chunks are known: digest → number."""

    def urgent(
        self, connection: sqlite3.Connection, digest: str, most: int, now: float
    ) -> list[tuple[str, str, bytes]]:
        """Id, header and packed text of chunks without a vector, the most urgent first."""
        number = self._asked.get(digest)
        if number is None:
            number = self._number(connection, digest, now)
            connection.execute("DELETE FROM temp.waiting WHERE embedder = ?", (number,))
            connection.execute(_FILL, (number,))
            self._asked[digest] = number
        found = connection.execute(_URGENT, (number, most))
        return [(chunk.hex(), header, text) for chunk, header, text in found]

    def keep(
        self,
        connection: sqlite3.Connection,
        card: EmbedderCard,
        rows: Mapping[str, Sequence[float]],
        now: float,
    ) -> None:
        """Keep vectors; chunks that are not known are ignored. Raises `ValueError`."""
        blobs = _blobs(rows, card.dimensions)
        number = self._number(connection, card.digest, now)
        connection.execute(
            "UPDATE embedders SET name = ?, dimensions = ? WHERE id = ?",
            (card.name, card.dimensions, number),
        )
        connection.executemany(_KEEP, [(number, blob, chunk) for chunk, blob in blobs])
        connection.executemany(_KEPT, [(number, chunk) for chunk, _ in blobs])

    def of(
        self, connection: sqlite3.Connection, digest: str, ids: Iterable[str]
    ) -> tuple[list[str], bytes]:
        """The ids that have a vector, and their vectors one after the other."""
        found = connection.execute("SELECT id FROM embedders WHERE digest = ?", (digest,))
        row = found.fetchone()
        if row is None:
            return [], b""
        rows = connection.execute(_OF, (row[0], json.dumps(list(ids)))).fetchall()
        return [chunk.hex() for chunk, _ in rows], b"".join(vector for _, vector in rows)

    def live(self, connection: sqlite3.Connection, digest: str) -> set[str]:
        """The chunks that can be found now and have a vector."""
        found = connection.execute("SELECT id FROM embedders WHERE digest = ?", (digest,))
        row = found.fetchone()
        if row is None:
            return set()
        return {chunk.hex() for (chunk,) in connection.execute(_LIVE, (row[0],))}

    def counts(self, connection: sqlite3.Connection, chunks: int) -> dict[str, int]:
        """Embedder → those of the `chunks` that can be found now that have its vector."""
        others = json.dumps(list(self._asked.values()))
        found = dict(connection.execute(_COUNT, (others,)).fetchall())
        # Counting them takes long where there are many; what waits is known.
        for digest, number in self._asked.items():
            (waiting,) = connection.execute(_STILL, (number,)).fetchone()
            found[digest] = chunks - int(waiting)
        return found

    def came(self, connection: sqlite3.Connection, chunks: Iterable[int], level: int) -> None:
        """These chunks can be found now."""
        listed = json.dumps(list(chunks))
        for number in self._asked.values():
            connection.execute(_WAIT, (number, level, listed))

    def went(self, connection: sqlite3.Connection, chunks: Iterable[int]) -> None:
        """These chunks cannot be found any more."""
        listed = json.dumps(list(chunks))
        for number in self._asked.values():
            connection.execute(
                "DELETE FROM temp.waiting WHERE embedder = ?"
                " AND chunk IN (SELECT value FROM json_each(?))",
                (number, listed),
            )

    def prioritise(self, connection: sqlite3.Connection, name: str, level: int) -> None:
        """The chunks of a file have this level from now on."""
        connection.execute(_RAISE, (level, name))

    def still_used(self, connection: sqlite3.Connection, now: float) -> None:
        """The embedders that this process asked about are in use, however long it lives."""
        rows = [(now, number) for number in self._asked.values()]
        connection.executemany("UPDATE embedders SET used = ? WHERE id = ?", rows)

    def taken_back(self) -> None:
        """A transaction was: what was asked in it has to be worked out again."""
        self._asked.clear()

    def _number(self, connection: sqlite3.Connection, digest: str, now: float) -> int:
        """The number of an embedder, which was used now."""
        connection.execute(
            "INSERT INTO embedders (digest, name, dimensions, used) VALUES (?, '', 0, ?)"
            " ON CONFLICT (digest) DO UPDATE SET used = excluded.used",
            (digest, now),
        )
        found = connection.execute("SELECT id FROM embedders WHERE digest = ?", (digest,))
        (number,) = found.fetchone()
        return int(number)


def _digest(chunk: Any) -> bytes | None:
    """The digest that an id writes; None for what is no id."""
    try:
        return bytes.fromhex(chunk)
    except (TypeError, ValueError):
        return None


def _blobs(rows: Mapping[str, Sequence[float]], dimensions: int) -> list[tuple[bytes, bytes]]:
    """Vectors of length 1 as they lie in the file. Raises `ValueError`."""
    import numpy as np

    if not rows:
        return []
    if any(len(vector) != dimensions for vector in rows.values()):
        message = f"not all of these vectors have {dimensions} dimensions"
        raise ValueError(message)
    matrix = np.array(list(rows.values()), dtype=np.float32)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    if not np.isfinite(lengths).all():
        message = "a vector holds something that is no number"
        raise ValueError(message)
    # A vector without any length is like nothing; dividing would make it like everything.
    matrix /= np.where(lengths > 0, lengths, 1)
    return [
        (bytes.fromhex(chunk), row.tobytes())
        for chunk, row in zip(rows, matrix.astype("<f2"), strict=True)
    ]
