"""Semble's search over given chunks and vectors; run by the Python of an environment that has it.

Reads from the folder that is named: `chunks.json` (lists of text, file, first and last line),
`vectors.npy`, `questions.json`, `questions.npy`. Writes `answers.json`: for each question such
places, best first. Nothing is fetched: semble's own model is never asked for.
"""

import json
import sys
from pathlib import Path

import numpy as np  # noqa: TID253 — a program of another environment
from semble.index.bm25 import BM25
from semble.index.dense import SelectableBasicBackend
from semble.index.sparse import enrich_for_bm25
from semble.search import search
from semble.tokens import tokenize
from semble.types import Chunk
from vicinity.backends.basic import BasicArgs

_MOST = 50


class Known:
    """Stands in for semble's model: the vectors of the questions are known."""

    def __init__(self, questions: "list[str]", vectors: "np.ndarray") -> None:
        self._vectors = dict(zip(questions, vectors, strict=True))

    def encode(self, texts: "list[str]") -> "np.ndarray":
        """The vectors of these questions."""
        return np.stack([self._vectors[text] for text in texts])


def main(folder: Path) -> None:
    """Answer every question."""
    rows = json.loads((folder / "chunks.json").read_text("utf-8"))
    chunks = [Chunk(text, file, first, last, "python") for text, file, first, last in rows]
    index = BM25.empty()
    for number, chunk in enumerate(chunks):
        index.add_document(str(number), tokenize(enrich_for_bm25(chunk)))
    index.set_doc_order([str(number) for number in range(len(chunks))])
    vectors = SelectableBasicBackend(np.load(folder / "vectors.npy"), BasicArgs())
    questions = json.loads((folder / "questions.json").read_text("utf-8"))
    model = Known(questions, np.load(folder / "questions.npy"))
    answers = []
    for question in questions:
        found = search(question, model, vectors, index, chunks, _MOST)
        answers.append([(r.chunk.file_path, r.chunk.start_line, r.chunk.end_line) for r in found])
    (folder / "answers.json").write_text(json.dumps(answers), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
