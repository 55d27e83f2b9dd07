"""The catalogue of a workspace: files, chunks, words, the symbol graph and cached vectors, in SQLite.

Synchronous, and for one thread: the one that opened it. What is written is content-addressed, so
that a file that comes back, in whatever branch, costs nothing. All of it can be built anew.
"""

from collections.abc import Collection as Group
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from mirador_lsp.core.ports import Clock
from mirador_lsp.core.retrieval import CodeChunk, EmbedderCard, Memory, Mention


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


@dataclass(frozen=True)
class Collected:
    """What a collection of garbage removed."""

    sources: int
    chunks: int
    vectors: int


class Catalogue:
    """See the module. Every method raises `IndexUnavailable` where the disk fails.

    After an error that says "damaged", close it and open it again: it is begun anew.
    """

    notes: tuple[str, ...]
    """What opening had to do, in sentences: "rebuilt: the folder was damaged"."""

    @classmethod
    def open(cls, folder: Path, *, clock: Clock, recipe: str = "") -> Self:
        """Open or begin the catalogue in `folder`, which is made private to the user.

        `recipe` names the way in which files are cut; what was cut another way is forgotten and
        has to be read again, the vectors of equal chunks stay. Raises `IndexUnavailable` when
        another process has it open, or the folder cannot be used.
        """
        raise NotImplementedError

    def stamps(self) -> Mapping[str, Stamp]:
        """Every file by its name relative to the workspace."""
        raise NotImplementedError

    def put_file(
        self,
        name: str,
        stamp: Stamp,
        language: str,
        chunks: Sequence[CodeChunk],
        mentions: Sequence[Mention],
    ) -> Change:
        """Make `name` what was read of it, in one transaction; also ends what `begin` began."""
        raise NotImplementedError

    def adopt(self, name: str, stamp: Stamp) -> Change | None:
        """Make `name` what it once was, if this content of it is still known; else None.

        Nothing is parsed and nothing embedded: the way back to a branch.
        """
        raise NotImplementedError

    def touch(self, name: str, stamp: Stamp) -> None:
        """The content is what it was, only size or time are new."""
        raise NotImplementedError

    def remove_files(self, names: Iterable[str]) -> Change:
        """These are no longer there. Unknown names are ignored."""
        raise NotImplementedError

    def pending(self, embedder: str, most: int) -> Sequence[Pending]:
        """Chunks without a vector of the embedder with that digest, the most urgent first."""
        raise NotImplementedError

    def keep_vectors(self, card: EmbedderCard, rows: Mapping[str, Sequence[float]]) -> None:
        """Cache vectors by chunk id. When it returns they outlive a kill.

        Raises `ValueError` for a vector of other dimensions, or with what is no number; then none
        of them is kept. Ids that are no longer known are ignored.
        """
        raise NotImplementedError

    def vectors_of(self, embedder: str, ids: Iterable[str]) -> Mapping[str, Sequence[float]]:
        """The cached vectors of these chunks, as arrays of 32-bit floats; those that there are."""
        raise NotImplementedError

    def vector_ids(self, embedder: str) -> Group[str]:
        """The chunks that can be found now and have a vector of this embedder."""
        raise NotImplementedError

    def prioritise(self, names: Iterable[str], level: int) -> None:
        """Chunks of these files are embedded before those of a lower level; 0 is the usual."""
        raise NotImplementedError

    def begin(self, name: str, content: str) -> None:
        """Say, before a file is parsed, that this is about to be tried."""
        raise NotImplementedError

    def end(self) -> None:
        """The file that `begin` named did no harm (`put_file` says so as well)."""
        raise NotImplementedError

    def poisoned(self, content: str) -> bool:
        """Whether the process died twice while it read this content."""
        raise NotImplementedError

    def put_memories(self, memories: Sequence[Memory]) -> Change:
        """Make memories searchable; one with a known id replaces it."""
        raise NotImplementedError

    def forget(self, ids: Iterable[str]) -> Change:
        """Remove memories with their texts, words and vectors for good."""
        raise NotImplementedError

    def counts(self) -> Counts:
        """How much there is."""
        raise NotImplementedError

    def collect(self, *, keep_bytes: int) -> Collected:
        """Remove what no file has had for 30 days and, while more than `keep_bytes` are on disk,
        what has been unused for longest. What files have now is never removed.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the files. May be repeated."""
        raise NotImplementedError
