"""From what the user names to texts to review."""

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from mirador_lsp.workspace.reading import absolute, read_source, read_stream
from mirador_lsp.workspace.sources import MAX_BYTES, Skipped, Source
from mirador_lsp.workspace.walk import Budget, Scope, walk


def gather(
    paths: Sequence[str],
    *,
    cwd: Path | None = None,
    max_bytes: int = MAX_BYTES,
    include_hidden: bool = False,
    stdin_name: str = "",
    stdin: BinaryIO | None = None,
) -> Iterator[Source | Skipped]:
    """Every file that `paths` name or hold, in order, each once: its text, or why it is skipped.

    A path is a file, a folder, or "-" for standard input, whose language follows from `stdin_name`
    or its first line. A file the user names is read whatever it is called and whichever rule
    ignores it; in folders, what is hidden, ignored, generated, installed or of an unknown language
    is skipped. Relative paths start at `cwd`, by default the current folder.

    Reads as it goes and blocks while it does: iterate in a thread. Never raises for what is or is
    not there. Closing the iterator closes every open folder.
    """
    here = Path.cwd() if cwd is None else Path(absolute(str(cwd), Path.cwd()))
    budget = Budget()
    for given in paths:
        if given == "-":
            stream = sys.stdin.buffer if stdin is None else stdin
            yield read_stream(stream, name=stdin_name, max_bytes=max_bytes)
            continue
        path = absolute(given, here)
        if _is_folder(path):
            yield from walk(Scope(path, given, here, max_bytes, include_hidden), budget)
        elif path not in budget.files:
            budget.files.add(path)
            yield read_source(given, cwd=here, max_bytes=max_bytes)


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116 — takes any text
    except (OSError, ValueError):
        return False
