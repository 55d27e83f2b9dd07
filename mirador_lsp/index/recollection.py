"""Memories as sources: what was answered and what was accepted is found like code.

Everything here runs inside a transaction of the catalogue.
"""

import json
import sqlite3
from collections.abc import Sequence

from mirador_lsp.core.retrieval import Memory
from mirador_lsp.index import sources
from mirador_lsp.index.sources import Piece, storable

_CHUNKS = """
SELECT places.chunk FROM memories JOIN places ON places.source = memories.source
WHERE memories.id IN (SELECT value FROM json_each(?))
"""


def chunks_of(connection: sqlite3.Connection, ids: Sequence[str]) -> set[int]:
    """The chunks of these memories; unknown ones have none."""
    found = connection.execute(_CHUNKS, (json.dumps([storable(each) for each in ids]),))
    return {chunk for (chunk,) in found}


def put_chunk(connection: sqlite3.Connection, memory: Memory) -> int:
    """The chunk of a memory."""
    return sources.put_chunks(connection, memory.collection, [_piece(memory)])[0]


def add(connection: sqlite3.Connection, memory: Memory, chunk: int) -> None:
    """Let a memory be found, that was not there."""
    name = storable(memory.id)
    kind = memory.collection.value
    source = sources.make(connection, kind, name, "", "")
    sources.add_places(connection, source, [chunk], [_piece(memory)])
    sources.arrive(connection, source, kind, name)
    connection.execute(
        "INSERT INTO memories (id, source, title, time, about) VALUES (?, ?, ?, ?, ?)",
        (name, source, storable(memory.title), memory.time, storable(memory.name)),
    )


def remove(connection: sqlite3.Connection, memory: str) -> None:
    """Remove a memory, if there is one, but for its chunk."""
    query = "DELETE FROM memories WHERE id = ? RETURNING source"
    for (source,) in connection.execute(query, (storable(memory),)).fetchall():
        query = "SELECT kind, name FROM sources WHERE id = ?"
        kind, name = connection.execute(query, (source,)).fetchone()
        sources.hide_words(connection, source, kind, name)
        sources.clear(connection, source)
        connection.execute("DELETE FROM sources WHERE id = ?", (source,))


def _piece(memory: Memory) -> Piece:
    title = storable(memory.title)
    return Piece(title, memory.text, title, memory.collection.value, 0, 0)
