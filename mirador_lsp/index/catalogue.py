"""The catalogue of a workspace: files, chunks, words, symbol graph and cached vectors, in SQLite.

Synchronous, and for one thread: the one that opened it. What is written is content-addressed, so
that a file that comes back, in whatever branch, costs nothing. All of it can be built anew.
"""

import sqlite3
from array import array
from collections.abc import Collection as Group
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from mirador_lsp.core.ports import Clock
from mirador_lsp.core.retrieval import CodeChunk, EmbedderCard, Memory, Mention
from mirador_lsp.index import garbage, recipes, recollection, sources
from mirador_lsp.index.garbage import Collected
from mirador_lsp.index.opening import Opened
from mirador_lsp.index.sources import FILE
from mirador_lsp.index.vector_cache import VectorCache

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_HOLD = """
INSERT INTO files (name, size, mtime_ns, source) VALUES (?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET
    size = excluded.size, mtime_ns = excluded.mtime_ns, source = excluded.source
"""
_MERGE = "INSERT INTO words_of_memories (words_of_memories) VALUES ('optimize')"
_COUNT_CHUNKS = """
SELECT count(DISTINCT chunk) FROM places JOIN sources ON sources.id = places.source
WHERE sources.gone IS NULL
"""


@dataclass(frozen=True)
class Stamp:
    """What a file was when it was read."""

    size: int
    mtime_ns: int
    content: str
    """SHA-256 of its bytes, hex."""


@dataclass(frozen=True)
class Change:
    """What a write did to the chunks that can be found. Ids in no order, none twice."""

    added: tuple[str, ...] = ()
    """Chunks that no file had before; some may have a cached vector already."""
    removed: tuple[str, ...] = ()
    """Chunks that no file has any more. Their vectors stay cached."""


@dataclass(frozen=True)
class Pending:
    """A chunk that has no vector of an embedder."""

    id: str
    text: str
    """What is to be embedded: the header line and the lines of the chunk."""


@dataclass(frozen=True)
class Counts:
    """How much there is."""

    files: int
    chunks: int
    """That can be found now, each once however many files have it."""
    memories: int
    bytes: int
    """On disk, in SQLite's files."""
    vectors: Mapping[str, int]
    """Digest of an embedder → chunks among `chunks` that have its vector."""


class Catalogue:
    """See the module. Every method raises `IndexUnavailable` where the disk fails.

    After an error that says "damaged", close it and open it again: it is begun anew.
    """

    def __init__(self, opened: Opened, clock: Clock) -> None:
        self._opened = opened
        self._clock = clock
        self._names = sources.Names()
        self._vectors = VectorCache(opened.connection)
        self._chunks: int | None = None
        """How many can be found; None until they are counted."""

    @classmethod
    def open(cls, folder: Path, *, clock: Clock, recipe: str = "") -> Self:
        """Open or begin the catalogue in `folder`, which is made private to the user.

        `recipe` names the way in which files are cut; what was cut another way is forgotten and
        has to be read again, the vectors of equal chunks stay. Raises `IndexUnavailable` when
        another process has it open, or the folder cannot be used.
        """
        opened = Opened.take(folder)
        try:
            with opened.writing() as connection:
                said = recipes.follow(connection, recipe, clock.wall())
            if said:
                opened.notes.append(said)
            return cls(opened, clock)
        except BaseException:
            opened.close()
            raise

    @property
    def notes(self) -> tuple[str, ...]:
        """What opening had to do, in sentences: "The index was damaged and is built anew."."""
        return tuple(self._opened.notes)

    @property
    def opened(self) -> Opened:
        """The connection, for those in this room who only read."""
        return self._opened

    def stamps(self) -> Mapping[str, Stamp]:
        """Every file by its name relative to the workspace."""
        query = (
            "SELECT files.name, size, mtime_ns, content FROM files"
            " JOIN sources ON sources.id = files.source"
        )
        with self._opened.reading() as connection:
            rows = connection.execute(query).fetchall()
        return {name: Stamp(size, mtime_ns, content) for name, size, mtime_ns, content in rows}

    def put_file(
        self,
        name: str,
        stamp: Stamp,
        language: str,
        text: str,
        chunks: Sequence[CodeChunk],
        mentions: Sequence[Mention],
    ) -> Change:
        """Make `name` what was read of it, in one transaction.

        `text` is that whose places the chunks' spans are. Raises `ValueError` for a name that has
        no form in UTF-8.
        """
        name.encode()
        pieces = sources.pieces_of(text, chunks)
        with self._writing() as connection:
            numbers = sources.put_chunks(connection, language, pieces)
            held, level = _held(connection, name)
            affected = {*numbers, *_chunks(connection, held)}
            with self._changing(connection, affected, level) as change:
                if held is not None:
                    sources.leave(connection, held, FILE, name, self._clock.wall())
                source = sources.make(connection, FILE, name, stamp.content, language)
                sources.add_places(connection, source, numbers, pieces)
                sources.add_mentions(connection, self._names, source, mentions)
                self._hold(connection, name, stamp, source)
            garbage.prune(connection, name)
        return change.done()

    def adopt(self, name: str, stamp: Stamp) -> Change | None:
        """Make `name` what it once was, if this content of it is still known; else None.

        Nothing is parsed and nothing embedded: the way back to a branch.
        """
        with self._writing() as connection:
            source = sources.find(connection, FILE, name, stamp.content)
            if source is None:
                return None
            held, level = _held(connection, name)
            affected = {*_chunks(connection, source), *_chunks(connection, held)}
            with self._changing(connection, affected, level) as change:
                if held is not None:
                    sources.leave(connection, held, FILE, name, self._clock.wall())
                self._hold(connection, name, stamp, source)
        return change.done()

    def touch(self, name: str, stamp: Stamp) -> None:
        """The content is what it was, only size or time are new."""
        query = "UPDATE files SET size = ?, mtime_ns = ? WHERE name = ?"
        with self._writing() as connection:
            connection.execute(query, (stamp.size, stamp.mtime_ns, name))

    def remove_files(self, names: Iterable[str]) -> Change:
        """These are no longer there. Unknown names are ignored."""
        with self._writing() as connection:
            held = {name: _held(connection, name)[0] for name in names}
            affected = {c for source in held.values() for c in _chunks(connection, source)}
            with self._changing(connection, affected) as change:
                for name, source in held.items():
                    if source is not None:
                        connection.execute("DELETE FROM files WHERE name = ?", (name,))
                        sources.leave(connection, source, FILE, name, self._clock.wall())
        return change.done()

    def pending(self, embedder: str, most: int) -> Sequence[Pending]:
        """Chunks without a vector of the embedder with that digest, the most urgent first."""
        with self._writing() as connection:
            rows = self._vectors.urgent(connection, embedder, most, self._clock.wall())
        return [
            Pending(chunk, sources.embedded_text(header, sources.unpacked(text)))
            for chunk, header, text in rows
        ]

    def keep_vectors(self, card: EmbedderCard, rows: Mapping[str, Sequence[float]]) -> None:
        """Cache vectors by chunk id. When it returns they outlive a kill.

        Raises `ValueError` for a vector of other dimensions, or with what is no number; then none
        of them is kept. Ids that are no longer known are ignored.
        """
        with self._writing() as connection:
            self._vectors.keep(connection, card, rows, self._clock.wall())

    def vectors_of(self, embedder: str, ids: Iterable[str]) -> Mapping[str, Sequence[float]]:
        """The cached vectors of these chunks, as arrays of 32-bit floats; those that there are."""
        found, matrix = self.matrix_of(embedder, ids)
        return {chunk: array("f", row.tobytes()) for chunk, row in zip(found, matrix, strict=True)}

    def matrix_of(
        self, embedder: str, ids: Iterable[str]
    ) -> "tuple[list[str], npt.NDArray[np.float32]]":
        """The same as one matrix: the ids that have a vector, and a row for each."""
        import numpy as np

        with self._opened.reading() as connection:
            found, data = self._vectors.of(connection, embedder, ids)
        rows = np.frombuffer(data, dtype="<f2").reshape(len(found), -1 if found else 0)
        return found, rows.astype(np.float32)

    def vector_ids(self, embedder: str) -> Group[str]:
        """The chunks that can be found now and have a vector of this embedder."""
        with self._opened.reading() as connection:
            return self._vectors.live(connection, embedder)

    def findable(self, ids: Iterable[str]) -> Group[str]:
        """Those of these chunks that can be found now."""
        with self._opened.reading() as connection:
            return sources.findable(connection, ids)

    def prioritise(self, names: Iterable[str], level: int) -> None:
        """Chunks of these files are embedded before those of a lower level; 0 is the usual."""
        with self._writing() as connection:
            for name in names:
                query = "UPDATE files SET level = ? WHERE name = ?"
                connection.execute(query, (level, name))
                self._vectors.prioritise(connection, name, level)

    def put_memories(self, memories: Sequence[Memory]) -> Change:
        """Make memories searchable; one with a known id replaces it."""
        with self._opened.leaving_nothing(), self._writing() as connection:
            affected = recollection.chunks_of(connection, [m.id for m in memories])
            put = [(m, recollection.put_chunk(connection, m)) for m in memories]
            with self._changing(connection, affected | {chunk for _, chunk in put}) as change:
                for memory, chunk in put:
                    recollection.remove(connection, memory.id)
                    recollection.add(connection, memory, chunk)
        return change.done()

    def forget(self, ids: Iterable[str]) -> Change:
        """Remove memories with their texts, words and vectors for good."""
        listed = list(ids)
        with self._opened.leaving_nothing(), self._writing() as connection:
            affected = recollection.chunks_of(connection, listed)
            with self._changing(connection, affected) as change:
                for memory in listed:
                    recollection.remove(connection, memory)
            garbage.sweep(connection, affected)
            # Until its segments are merged, the index of words has the old ones still.
            connection.execute(_MERGE)
        return change.done()

    def counts(self) -> Counts:
        """How much there is."""
        with self._opened.reading() as connection:
            (files,) = connection.execute("SELECT count(*) FROM files").fetchone()
            (memories,) = connection.execute("SELECT count(*) FROM memories").fetchone()
            chunks = self._chunks
            if chunks is None:
                (chunks,) = connection.execute(_COUNT_CHUNKS).fetchone()
                self._chunks = chunks
            vectors = self._vectors.counts(connection, chunks)
        return Counts(files, chunks, memories, self._opened.bytes_on_disk(), vectors)

    def collect(self, *, keep_bytes: int, most: int = 500) -> Collected:
        """Remove what no file has had for 30 days and, while more than `keep_bytes` are in use,
        what has been unused for longest; `most` sources at once, so call it again while it finds
        any. What files have now is never removed.
        """
        with self._writing() as connection:
            now = self._clock.wall()
            self._vectors.still_used(connection, now)
            collected = garbage.collect(connection, keep_bytes, most, now)
        with self._opened.reading() as connection:
            connection.execute("PRAGMA incremental_vacuum(2000)").fetchall()
        return collected

    def close(self) -> None:
        """Let go of the files. May be repeated."""
        self._opened.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._opened.writing() as connection:
                yield connection
        except BaseException:
            # What was numbered in a transaction that was taken back has no number.
            self._names.clear()
            self._vectors.taken_back()
            self._chunks = None
            raise

    def _hold(self, connection: sqlite3.Connection, name: str, stamp: Stamp, source: int) -> None:
        connection.execute(_HOLD, (name, stamp.size, stamp.mtime_ns, source))
        sources.arrive(connection, source, FILE, name)

    @contextmanager
    def _changing(
        self, connection: sqlite3.Connection, affected: set[int], level: int = 0
    ) -> "Iterator[_Changing]":
        """What the block does to those of `affected` that can be found."""
        before = sources.live(connection, affected)
        changing = _Changing()
        yield changing
        after = sources.live(connection, affected)
        if self._chunks is not None:
            self._chunks += len(after) - len(before)
        self._vectors.came(connection, after - before, level)
        self._vectors.went(connection, before - after)
        changing.added = sources.ids(connection, after - before)
        changing.removed = sources.ids(connection, before - after)


class _Changing:
    """A `Change` that is being made."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def done(self) -> Change:
        return Change(self.added, self.removed)


def _held(connection: sqlite3.Connection, name: str) -> tuple[int | None, int]:
    """The source that a file is now, and its level."""
    query = "SELECT source, level FROM files WHERE name = ?"
    found = connection.execute(query, (name,)).fetchone()
    return (None, 0) if found is None else (int(found[0]), int(found[1]))


def _chunks(connection: sqlite3.Connection, source: int | None) -> set[int]:
    return set() if source is None else sources.chunks_in(connection, source)
