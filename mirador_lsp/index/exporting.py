"""What of a catalogue may go elsewhere, and writing it to a file. For the catalogue's thread.

That is: vectors of chunks that files have now. Chunks of what was asked and answered stay here.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from mirador_lsp.core.retrieval import EmbedderCard, VectorFile
from mirador_lsp.index.catalogue import Catalogue
from mirador_lsp.index.prebuilt import new_file, write

_ROWS = 1000
_FILES_ONLY = """
SELECT chunks.digest FROM json_each(?) AS wanted
JOIN chunks ON chunks.digest = digest_of(wanted.value)
WHERE EXISTS (
    SELECT 1 FROM places JOIN sources ON sources.id = places.source
    WHERE places.chunk = chunks.id AND sources.kind = 'file' AND sources.gone IS NULL
)
"""
_COUNT = """
SELECT count(DISTINCT chunk) FROM places JOIN sources ON sources.id = places.source
WHERE sources.kind = 'file' AND sources.gone IS NULL
"""


def files_only(catalogue: Catalogue, ids: Iterable[str]) -> frozenset[str]:
    """Those of these chunks that a file has now."""
    with catalogue.opened.reading() as connection:
        rows = connection.execute(_FILES_ONLY, (json.dumps(list(ids)),))
        return frozenset(chunk.hex() for (chunk,) in rows)


def files_vectors(catalogue: Catalogue, digest: str) -> list[str]:
    """The chunks that a file has now and that have a vector of the embedder, by ascending ids."""
    return sorted(files_only(catalogue, catalogue.vector_ids(digest)))


def files_chunks(catalogue: Catalogue) -> int:
    """How many chunks files have now."""
    with catalogue.opened.reading() as connection:
        (count,) = connection.execute(_COUNT).fetchone()
    return int(count)


class Exporting:
    """Writes a file of vectors in small steps. The file is there once all are done."""

    def __init__(self, catalogue: Catalogue, card: EmbedderCard, path: Path) -> None:
        self._catalogue = catalogue
        self._card = card
        self._path = path
        self.told = VectorFile(card.name, 0, 0)
        """What it holds, once it is there."""
        self.steps = self._write()
        """To be advanced to its end. Raises `IndexUnavailable`."""

    def _write(self) -> Iterator[None]:
        ids = files_vectors(self._catalogue, self._card.digest)
        with new_file(self._path) as file:
            vectors = 0
            for written in write(file, self._card, self._rows(ids)):
                vectors = written
                yield
            size = file.seek(0, os.SEEK_END)
        chunks = files_chunks(self._catalogue)
        self.told = VectorFile(self._card.name, vectors, size, missing=max(0, chunks - vectors))

    def _rows(self, ids: Iterable[str]) -> Iterator[tuple[Sequence[str], bytes]]:
        waiting = iter(ids)
        while some := list(islice(waiting, _ROWS)):
            found, matrix = self._catalogue.matrix_of(self._card.digest, some)
            order = sorted(range(len(found)), key=found.__getitem__)
            yield [found[at] for at in order], matrix[order].astype("<f2").tobytes()
