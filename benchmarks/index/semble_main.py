"""Semble over a workspace, as a program for the interpreter that has it installed.

`semble_main.py MODEL TREE QUESTIONS`: MODEL is a folder with `rows.npy` and `tokenizer.json`,
QUESTIONS a JSON list. Builds the index once to warm up and twice to measure, and prints figures as
JSON. Knows nothing of Mirador.
"""

import time

_BEGAN = time.perf_counter()  # before what takes long to import

import json  # noqa: E402 — see above
import resource  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402, TID253 — a program of its own, elsewhere
from model2vec import StaticModel  # noqa: E402
from semble.index.index import SembleIndex  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402, TID253

_ROUNDS = 2


def main() -> None:
    """Measure."""
    model, tree, asked = (Path(word) for word in sys.argv[1:4])
    ready = model / "ready"
    if not ready.exists():
        tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
        StaticModel(np.load(model / "rows.npy"), tokenizer).save_pretrained(str(ready))
    loaded, loaded_processor = time.perf_counter() - _BEGAN, time.process_time()
    walls, processors = [], []
    index = SembleIndex.from_path(tree, model_path=str(ready))  # to warm up
    for _ in range(_ROUNDS):
        wall, processor = time.perf_counter(), time.process_time()
        index = SembleIndex.from_path(tree, model_path=str(ready))
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    seconds = []
    for question in json.loads(asked.read_text("utf-8")):
        wall = time.perf_counter()
        index.search(question, top_k=10)
        seconds.append(time.perf_counter() - wall)
    figures = {
        "load": loaded,
        "load_processor": loaded_processor,
        "walls": walls,
        "processors": processors,
        "chunks": index.stats.total_chunks,
        "files": index.stats.indexed_files,
        "queries": seconds,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
