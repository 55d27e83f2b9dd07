"""The other side: semble, where somebody has installed it in an environment of its own.

It finds its model on a server, which is not asked here: it is given Mirador's static table instead,
as a model of the form that it loads. So both sides embed alike, and the rest is compared.
"""

import asyncio
import json
import os
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.bench import BenchmarkError, Context
from benchmarks.index.trees import Tree
from mirador_lsp.models.embedder_files import TABLE, EmbedderFiles
from mirador_lsp.models.static_table import FACTORS, ROWS
from mirador_lsp.models.tensors import read_tensors
from mirador_lsp.models.wordpieces import WordPieces

INTERPRETER = "MIRADOR_BENCH_SEMBLE"
"""Names the Python that has semble installed; without it there is no other side."""
_PROGRAM = Path(__file__).with_name("semble_main.py")


async def semble(context: Context, tree: Tree, asked: Sequence[str]) -> dict[str, Any] | None:
    """Its figures over a tree; None where it is not installed. Raises BenchmarkError."""
    interpreter = os.environ.get(INTERPRETER, "")
    if not interpreter:
        return None
    model = context.home.folder / "semble-model"
    if not model.exists():
        await asyncio.to_thread(_write_model, model, context.home.paths.models)
    questions = model / "questions.json"
    questions.write_text(json.dumps(asked), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *("nice", "-n", "10", interpreter, "-P", str(_PROGRAM)),
        *(str(path) for path in (model, tree.folder, questions)),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=DEVNULL,
        cwd=model,
        env={
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(model),
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        },
    )
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        message = f"semble ended with {process.returncode}"
        raise BenchmarkError(message)
    figures: dict[str, Any] = json.loads(said)
    return figures


def _write_model(folder: Path, models: Path) -> None:
    """Mirador's static table and its tokenizer, as semble's library reads them."""
    import numpy as np

    folder.mkdir(mode=0o700)
    table = read_tensors(EmbedderFiles(models).path / TABLE)
    np.save(folder / "rows.npy", (table[ROWS] * table[FACTORS]).astype(np.float32))
    WordPieces().tokenizer.save(str(folder / "tokenizer.json"))
