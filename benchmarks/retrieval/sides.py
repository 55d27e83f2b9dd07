"""The ways of finding that are compared: each answers every question of a task with functions."""

import asyncio
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.bench import BenchmarkError
from benchmarks.retrieval.indexed import Indexed
from benchmarks.retrieval.tasks import Finder, functions_found
from mirador_lsp.core.retrieval import Collection, Query
from mirador_lsp.index.lookup import Lookup, Place
from mirador_lsp.index.searching import Searcher
from mirador_lsp.index.vectors import Shelf
from mirador_lsp.index.words import words_of

Answers = list[list[int]]
"""For each question functions, best first."""

_MOST = 50
_RRF = 10
_SEMBLE = Path(__file__).with_name("semble_side.py")
_PATIENCE = 1800.0


class Sides:
    """Asks one indexed task in every way."""

    def __init__(self, indexed: Indexed) -> None:
        self._indexed = indexed
        self._lookup = Lookup(indexed.catalogue.opened)
        self._finder = Finder(indexed.task.functions)

    def words(self) -> Answers:
        """BM25 alone."""
        return self._each(self._by_words)

    def vectors(self, digest: str) -> Answers:
        """Cosines of one embedder alone."""
        return self._each(lambda at: self._by_vectors(at, digest))

    def fused(self, digest: str) -> Answers:
        """Both by rank alone: reciprocal rank fusion, k = 10."""

        def fuse(at: int) -> list[Place]:
            scores: dict[int, float] = {}
            places: dict[int, Place] = {}
            for listed in (self._by_words(at), self._by_vectors(at, digest)):
                for rank, place in enumerate(listed, 1):
                    scores[place.id] = scores.get(place.id, 0.0) + 1 / (_RRF + rank)
                    places[place.id] = place
            return [places[number] for number in sorted(scores, key=lambda n: -scores[n])]

        return self._each(fuse)

    def search(self, digests: Sequence[str], seconds: list[float] | None = None) -> Answers:
        """What `mirador search` does, by words and names and the vectors of these embedders; each
        time it takes is added to `seconds`.
        """
        shelves = {digest: self._indexed.shelves[digest] for digest in digests}
        searcher = Searcher(self._indexed.catalogue, shelves)
        answers = []
        for at, question in enumerate(self._indexed.task.questions):
            vectors = {digest: self._indexed.questions[digest][at] for digest in digests}
            query = Query(question.text, _MOST, (Collection.CODE,))
            found = searcher.search(query, vectors)
            if seconds is not None:
                seconds.append(found.seconds)
            pieces = [(hit.name, hit.first, hit.last) for hit in found.hits]
            answers.append(functions_found(self._finder, pieces))
        return answers

    async def semble(self, digest: str, python: Path) -> Answers:
        """Semble's own search, its words and its ranking, over the same chunks and vectors."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            self._write_for_semble(folder, digest)
            process = await asyncio.create_subprocess_exec(
                *(str(python), "-I", str(_SEMBLE), str(folder)),
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env={"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "PATH": ""},
            )
            try:
                async with asyncio.timeout(_PATIENCE):
                    _, said = await process.communicate()
            finally:
                if process.returncode is None:
                    process.kill()
            if process.returncode:
                message = f"semble ended: {said.decode('utf-8', 'replace')[-300:].strip()}"
                raise BenchmarkError(message)
            answers = json.loads((folder / "answers.json").read_text("utf-8"))
        return [functions_found(self._finder, [tuple(p) for p in pieces]) for pieces in answers]

    def _write_for_semble(self, folder: Path, digest: str) -> None:
        import numpy as np

        connection = self._indexed.catalogue.opened.connection
        places = self._lookup.places(n for (n,) in connection.execute("SELECT id FROM places"))
        texts = self._lookup.texts(places)
        vectors = self._indexed.catalogue.vectors_of(digest, {p.chunk for p in places.values()})
        kept = [place for place in places.values() if place.chunk in vectors]
        chunks = [(texts[p.id], p.name, p.first, p.last) for p in kept]
        (folder / "chunks.json").write_text(json.dumps(chunks), encoding="utf-8")
        np.save(folder / "vectors.npy", np.array([vectors[p.chunk] for p in kept], np.float32))
        asked = dict(zip(self._texts, self._indexed.questions[digest], strict=True))
        (folder / "questions.json").write_text(json.dumps(self._texts), encoding="utf-8")
        matrix = np.array([asked[text] for text in self._texts], np.float32)
        np.save(folder / "questions.npy", matrix)

    @property
    def _texts(self) -> list[str]:
        return [question.text for question in self._indexed.task.questions]

    def _each(self, places_for: Callable[[int], Sequence[Place]]) -> Answers:
        return [
            functions_found(
                self._finder, [(each.name, each.first, each.last) for each in places_for(at)]
            )
            for at in range(len(self._indexed.task.questions))
        ]

    def _by_words(self, at: int) -> list[Place]:
        found = self._lookup.by_words(words_of(self._texts[at]), _MOST, memories=False)
        places = self._lookup.places(number for number, _ in found)
        return [places[number] for number, _ in found]

    def _by_vectors(self, at: int, digest: str) -> list[Place]:
        shelf: Shelf = self._indexed.shelves[digest]
        near = shelf.nearest(self._indexed.questions[digest][at], _MOST)
        places: Mapping[str, list[Place]] = self._lookup.places_of(chunk for chunk, _ in near)
        return [place for chunk, _ in near for place in places.get(chunk, ())]
