"""A task in a real index: the catalogue, and the vectors of each of its chunks."""

import hashlib
import json
import sqlite3
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.retrieval.tasks import Task
from mirador_lsp.core.ports import Embedder
from mirador_lsp.index.catalogue import Catalogue, Stamp
from mirador_lsp.index.cutting import RECIPE
from mirador_lsp.index.vectors import Shelf
from mirador_lsp.ipc.clock import SystemClock
from mirador_lsp.syntax.chunks import chunks_of
from mirador_lsp.syntax.languages import language_of
from mirador_lsp.syntax.mentions import mentions_of
from mirador_lsp.syntax.parser import parse

_BATCH = 32


@dataclass(frozen=True)
class Indexed:
    """A task, its catalogue, and what each embedder made of it."""

    task: Task
    catalogue: Catalogue
    shelves: Mapping[str, Shelf]
    """By the digest of the embedder."""
    questions: Mapping[str, Sequence[Sequence[float]]]
    """Digest → the vectors of the questions, in their order."""
    names: Mapping[str, str]
    """Digest → what users call the embedder."""


@contextmanager
def catalogue_of(task: Task, folder: Path) -> Iterator[Catalogue]:
    """The files of a task, cut and read as those of any workspace."""
    catalogue = Catalogue.open(folder, clock=SystemClock(), recipe=RECIPE)
    with closing(catalogue):
        for name, text in task.files.items():
            language = language_of(name)
            parsed = parse(text, language, budget_seconds=30)
            stamp = Stamp(len(text), 0, hashlib.sha256(text.encode()).hexdigest())
            chunks, mentions = chunks_of(parsed, name), mentions_of(parsed)
            catalogue.put_file(name, stamp, language, text, chunks, mentions)
        yield catalogue


async def index(
    task: Task,
    catalogue: Catalogue,
    embedders: Sequence[Embedder],
    kept: Path,
    tell: Callable[[str], None],
) -> Indexed:
    """Compute what vectors are missing; those of an earlier run are in the folder `kept`."""
    shelves, questions, names = {}, {}, {}
    for embedder in embedders:
        card = embedder.card
        cache = _Vectors(kept / f"vectors-{card.digest[:16]}.sqlite3")
        with closing(cache):
            shelf = Shelf(catalogue, card, None)
            while pending := shelf.pending(1_000):
                tell(f"{task.name}: {card.name}, {len(pending)} chunks to go or more")
                texts = [each.text for each in pending]
                vectors = await cache.of(embedder, texts)
                shelf.keep(dict(zip((each.id for each in pending), vectors, strict=True)))
            for _ in shelf.settle():
                pass
            asked = [question.text for question in task.questions]
            questions[card.digest] = [await embedder.query(text) for text in asked]
        shelves[card.digest], names[card.digest] = shelf, card.name
    return Indexed(task, catalogue, shelves, questions, names)


class _Vectors:
    """Vectors by text, in a file: embedding a corpus takes many minutes."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path)
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS vectors (text TEXT PRIMARY KEY, vector BLOB NOT NULL)"
        )

    async def of(self, embedder: Embedder, texts: Sequence[str]) -> list[Sequence[float]]:
        """The vectors of these texts."""
        keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        known = self._known(keys)
        missing = [(key, text) for key, text in zip(keys, texts, strict=True) if key not in known]
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            vectors = await embedder.documents([text for _, text in batch])
            rows = {key: array("f", each) for (key, _), each in zip(batch, vectors, strict=True)}
            self._connection.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?)",
                [(key, vector.tobytes()) for key, vector in rows.items()],
            )
            self._connection.commit()
            known |= rows
        return [known[key] for key in keys]

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _known(self, keys: Sequence[str]) -> dict[str, Sequence[float]]:
        query = "SELECT text, vector FROM vectors WHERE text IN (SELECT value FROM json_each(?))"
        rows = self._connection.execute(query, (json.dumps(list(keys)),))
        return {key: array("f", vector) for key, vector in rows}
