"""A process that fills Chroma is killed: the next one finds every vector that was acknowledged."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

WRITER = """
import asyncio, sys
from pathlib import Path
from fakes.indexed import ScatteredEmbedder, catalogue_in, put
from mirador_lsp.index import chroma, vectors
chroma._WRITTEN_AFTER = 20
vectors.FEW = 0
from mirador_lsp.index.vectors import Shelf

async def main(folder, start):
    embedder = ScatteredEmbedder(dimensions=48)
    catalogue = catalogue_in(Path(folder))
    shelf = Shelf(catalogue, embedder.card, Path(folder) / "chroma")
    for _ in shelf.settle():
        pass
    assert shelf._store is not None, shelf.notes
    if start < 0:
        inside = set(shelf._store.ids())
        assert inside == set(catalogue.vector_ids(embedder.card.digest))
        lost = 0
        for number in range(-start - 30, -start):
            text = f"# name{number}\\ndef name{number}():\\n    return word{number}\\n"
            found = shelf.nearest(await embedder.query(text), 1)
            lost += not found or found[0][1] < 0.99
        print(lost, *shelf.notes, flush=True)
        shelf.close()
        catalogue.close()
        return
    for number in range(start, start + 100_000):
        text = f"def name{number}():\\n    return word{number}\\n"
        shelf.apply(put(catalogue, f"{number % 200}.py", text))
        shelf.keep({p.id: await embedder.query(p.text) for p in shelf.pending(10)})
        print(number, flush=True)

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def process(folder: Path, start: int) -> "subprocess.Popen[bytes]":
    """One that writes from a number on; for a negative one it looks for the last thirty."""
    tests = Path(__file__).parents[1]
    env = os.environ | {"PYTHONPATH": f"{tests}{os.pathsep}{tests.parent}"}
    command = [sys.executable, "-c", WRITER, str(folder), str(start)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=env, cwd=folder.parent)


@pytest.mark.endurance
@pytest.mark.timeout(400)
def test_acknowledged_vectors_outlive_kills(tmp_path: Path) -> None:
    """However often; and none of the folders is taken for a deadly one."""
    folder = tmp_path / "index"
    last = -1
    for number in range(6):
        with process(folder, last + 1) as writing:
            assert writing.stdout is not None
            told = [int(writing.stdout.readline()) for _ in range(40 + 9 * number)]
            writing.send_signal(signal.SIGKILL)
            told += [int(line) for line in writing.stdout.read().split(b"\n")[:-1]]
            last = told[-1]
        with process(folder, -(last + 1)) as looking:
            said, _ = looking.communicate()

        assert looking.returncode == 0
        assert said == b"0\n"
