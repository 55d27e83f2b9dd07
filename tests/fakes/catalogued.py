"""A catalogue that real files are read into, in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mirador_lsp.index.holding import Holding
from mirador_lsp.index.reading import Reading
from mirador_lsp.index_main import WorkspaceFiles
from mirador_lsp.ipc.clock import SystemClock


@contextmanager
def reading_of(folder: Path) -> Iterator[tuple[Reading, Path]]:
    """What reads a workspace, and the workspace: a new folder in `folder`."""
    work = folder / "work"
    work.mkdir()
    clock = SystemClock()
    holding = Holding(folder / "index", clock)
    holding.open()
    try:
        yield Reading(holding, WorkspaceFiles(work, 100_000), clock), work
    finally:
        holding.close()
