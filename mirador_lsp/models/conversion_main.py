"""The program that makes an embedder from published weights, or from a ready graph.

It is a process of its own because it takes half a minute and half a gigabyte, and so that it can be
stopped at once. It says on standard output how far it is, one line each time: "DONE TOTAL". What
goes wrong is a sentence on standard error.
"""

import argparse
import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from mirador_lsp.core.errors import MiradorError
from mirador_lsp.ipc.confine import confine_worker
from mirador_lsp.models.embedder_files import (
    GRAPH,
    MANIFEST,
    RECIPE,
    TABLE,
    Made,
    Manifest,
    Probe,
    agreement,
)
from mirador_lsp.models.minilm import Runner
from mirador_lsp.models.minilm_graph import by_rows, minilm_graph
from mirador_lsp.models.static_table import FACTORS, ROWS
from mirador_lsp.models.tensors import read_tensors, write_tensors
from mirador_lsp.models.wordpieces import BEGIN, END, frequencies

if TYPE_CHECKING:
    import numpy as np

    Tensor = np.ndarray[Any, np.dtype[Any]]

LEAST_AGREEMENT = 0.985
"""A graph whose vectors are further from the exact ones is not used: some processors lose bits in
8-bit products. The exact one takes its place."""
_PROBES = (
    "def parse_header(line: bytes) -> tuple[str, str]:\n    name, _, value = line.partition(b':')",
    "Where is a connection closed when the server does not answer in time?",
    "SELECT name, total FROM orders WHERE customer = ? ORDER BY created DESC",
    "for (let i = 0; i < items.length; i++) { if (items[i].price > limit) break; }",
)
_AT_ONCE = 32
_EVENNESS = 1e-3
"""How much rarer words count than frequent ones; the smaller, the more."""


def main() -> None:
    """Write graph, table and manifest into a folder that is there."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    confine_worker(arguments.parent)
    try:
        convert(arguments.source, arguments.target)
    except (MiradorError, OSError, KeyError, ValueError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.exit(1)


def convert(source: Path, target: Path) -> None:
    """Make everything. Raises `MiradorError`, OSError, KeyError and ValueError."""
    if source.suffix == ".onnx":
        graph = exact = source.read_bytes()
        form = "ready"
    else:
        weights = read_tensors(source)
        exact = minilm_graph(weights, quantised=False)
        graph, form = minilm_graph(weights, quantised=True), "int8"
    runner = Runner(exact)
    probes = tuple(Probe(text, _rounded(runner.vector(text))) for text in _PROBES)
    used = Runner(graph)
    agrees = agreement(used, probes)
    if agrees < LEAST_AGREEMENT:
        used, graph, form, agrees = runner, exact, "fp32", 1.0
    (target / GRAPH).write_bytes(graph)
    # The table is no better when it is distilled from exact vectors, and takes twice as long.
    write_tensors(target / TABLE, _distil(used))
    manifest = Manifest(
        recipe=RECIPE,
        source=_made(source).sha256,
        form=form,
        agreement=agrees,
        graph=_made(target / GRAPH),
        table=_made(target / TABLE),
        probes=probes,
    )
    (target / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))


def _distil(runner: Runner) -> "Mapping[str, Tensor]":
    """A vector for each piece: what the model says of it alone, as seen from the mean of all, the
    less the more frequent it is.
    """
    import numpy as np

    often = np.array(frequencies(), np.float32)
    total = len(often)
    found: list[Tensor] = []
    for start in range(0, total, _AT_ONCE):
        numbers = range(start, min(total, start + _AT_ONCE))
        ids = np.array([[BEGIN, number, END] for number in numbers], np.int64)
        found.append(runner.each(ids)[:, 1])  # what is around the piece says little
        sys.stdout.write(f"{numbers[-1] + 1} {total}\n")
        sys.stdout.flush()
    table = np.concatenate(found)
    used = often > 0
    table -= table[used].mean(axis=0)
    table *= (_EVENNESS / (_EVENNESS + often))[:, None]
    table[~used] = 0
    rows, factors = by_rows(table)
    return {ROWS: rows, FACTORS: factors}


def _rounded(vector: "Tensor") -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in vector)


def _made(path: Path) -> Made:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Made(path.stat().st_size, digest)


if __name__ == "__main__":
    main()
