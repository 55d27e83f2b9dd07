"""Mirador's own folders somewhere else, so that a test never meets the user's."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def own_folders(root: Path) -> dict[str, str]:
    """The environment that moves settings, cache, state and runtime below `root`.

    No index is kept: it is a process that outlives a test.
    """
    folders = ("CONFIG", "CACHE", "STATE", "RUNTIME")
    moved = {f"MIRADOR_{name}_DIR": str(root / name.lower()) for name in folders}
    return {**moved, "MIRADOR_INDEX_ENABLED": "false"}


@contextmanager
def logging_restored() -> Iterator[None]:
    """Close the log files a command opened."""
    root = logging.getLogger()
    before = list(root.handlers)
    try:
        yield
    finally:
        for handler in [handler for handler in root.handlers if handler not in before]:
            root.removeHandler(handler)
            handler.close()
