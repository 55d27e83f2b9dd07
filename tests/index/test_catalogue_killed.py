"""A process that writes to the catalogue is killed: nothing that it was told is kept is lost."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from fakes.embedder import HashEmbedder
from fakes.indexed import catalogue_in
from mirador_lsp.core.retrieval import Query
from mirador_lsp.index.searching import Searcher

WRITER = """
import asyncio, sys
from pathlib import Path
from fakes.embedder import HashEmbedder
from fakes.indexed import catalogue_in, embed_all, put

async def main(folder, start):
    catalogue = catalogue_in(Path(folder))
    embedder = HashEmbedder(dimensions=16)
    for number in range(start, start + 100_000):
        put(catalogue, f"{number % 40}.py", f"def name{number}():\\n    return 'word{number}'\\n")
        await embed_all(catalogue, embedder)
        print(number, flush=True)

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def killed_after(folder: Path, start: int, lines: int) -> int:
    """Let a process of its own write until it has told of so many, kill it; the last it told of."""
    tests = Path(__file__).parents[1]
    env = os.environ | {"PYTHONPATH": f"{tests}{os.pathsep}{tests.parent}"}
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(start)], stdout=subprocess.PIPE, env=env
    ) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        told += [int(line) for line in process.stdout.read().split(b"\n")[:-1]]
    return told[-1]


def check(folder: Path, last: int) -> None:
    """Everything up to `last` is there, whole, and nothing is wrong."""
    digest = HashEmbedder(dimensions=16).card.digest
    with closing(catalogue_in(folder)) as catalogue:
        assert catalogue.notes == ()
        with catalogue.opened.reading() as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            connection.execute(
                "INSERT INTO words_of_files (words_of_files) VALUES ('integrity-check')"
            )
        searcher = Searcher(catalogue, {})
        for number in range(max(0, last - 38), last + 1):
            hit = searcher.search(Query(f"word{number}")).hits[0]
            assert hit.name == f"{number % 40}.py"
        waiting = {each.text.partition("(")[0] for each in catalogue.pending(digest, 10)}
        # The one in flight may have been written and not embedded, or neither.
        assert waiting <= {f"# name{last + 1}\ndef name{last + 1}"}


@pytest.mark.parametrize("rounds", [4, pytest.param(20, marks=pytest.mark.endurance)])
def test_what_was_acknowledged_outlives_kills(tmp_path: Path, rounds: int) -> None:
    """One kill after the other, at another place each time."""
    folder = tmp_path / "index"
    last = -1
    for number in range(rounds):
        last = killed_after(folder, last + 1, 10 + 7 * number)
        check(folder, last)
