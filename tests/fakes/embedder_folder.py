"""An embedder's folder as `mirador models pull minilm` leaves it, of a model that takes no time.

Its graph looks each word piece up in a table of random rows: real onnxruntime, real word pieces,
and texts that share words are near one another.
"""

import functools
import hashlib
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec

from mirador_lsp.models.embedder_files import (
    GRAPH,
    MANIFEST,
    RECIPE,
    TABLE,
    EmbedderFiles,
    Made,
    Manifest,
    Probe,
)
from mirador_lsp.models.minilm import Runner
from mirador_lsp.models.onnx_bytes import FLOAT, INT64, Graph
from mirador_lsp.models.static_table import FACTORS, ROWS
from mirador_lsp.models.tensors import write_tensors

DIMENSIONS = 384
_PIECES = 30522


def embedder_folder(models: Path, *, source: str = "5" * 64) -> EmbedderFiles:
    """The folder, in the models folder `models`."""
    files = EmbedderFiles(models)
    files.path.mkdir(parents=True)
    fill(files.path, source)
    return files


def fill(folder: Path, source: str) -> None:
    """Write all files of it."""
    import numpy as np

    graph = _graph()
    (folder / GRAPH).write_bytes(graph)
    write_tensors(folder / TABLE, {ROWS: _rows(), FACTORS: np.full((_PIECES, 1), 0.01, "<f4")})
    probe = Probe("a probe", tuple(float(x) for x in Runner(graph).vector("a probe")))
    manifest = Manifest(
        RECIPE, source, "int8", 0.99, _made(folder / GRAPH), _made(folder / TABLE), (probe,)
    )
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))


@functools.cache
def _rows() -> Any:
    import numpy as np

    return np.random.default_rng(7).integers(-127, 128, (_PIECES, DIMENSIONS), np.int8)


@functools.cache
def _graph() -> bytes:
    graph = Graph("table")
    graph.constant("rows", _rows())
    graph.node("Gather", ["rows", "input_ids"], ["found"])
    graph.node("Cast", ["found"], ["last_hidden_state"], to=FLOAT)
    return graph.to_bytes(
        [("input_ids", INT64, ("batch", "length"))],
        [("last_hidden_state", FLOAT, ("batch", "length", DIMENSIONS))],
    )


def _made(path: Path) -> Made:
    data = path.read_bytes()
    return Made(len(data), hashlib.sha256(data).hexdigest())


if __name__ == "__main__":
    # Stands in for the program that makes an embedder: [WORD] --parent=PID SOURCE TARGET.
    *words, _, made_from, target = sys.argv[1:]
    print("1 2", flush=True)
    if "fail" in words:
        sys.exit("ValueError: no such tensor")
    if "hang" in words:
        signal.pause()
    fill(Path(target), hashlib.sha256(Path(made_from).read_bytes()).hexdigest())
    print("2 2", flush=True)
