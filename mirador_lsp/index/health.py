"""What `mirador doctor` wants to know about the indexes of workspaces."""

import os
import sqlite3
from contextlib import closing, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mirador_lsp.core.health import Check, Health


def index_checks(folder: Path, *, enabled: bool) -> tuple[Check, ...]:
    """Whether an index can be kept here, and what those that there are take. Reads the disk."""
    if not enabled:
        off = "switched off (index.enabled): models see the file they are asked about, no other"
        return (Check("index", Health.OK, off),)
    return (*_words(), _vectors(), _kept(folder))


def _words() -> tuple[Check, ...]:
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("CREATE VIRTUAL TABLE words USING fts5(word)")
    except sqlite3.Error:
        detail = f"SQLite {sqlite3.sqlite_version} searches no words: it was built without FTS5"
        return (Check("index", Health.FAILURE, detail, "Use a Python whose SQLite has FTS5."),)
    return ()


def _vectors() -> Check:
    try:
        found = version("chromadb")
    except PackageNotFoundError:
        detail = "chromadb is missing; vectors are compared one by one, which is slow for many"
        remedy = "Install Mirador again: pip install --force-reinstall mirador-lsp"
        return Check("index", Health.WARNING, detail, remedy)
    return Check("index", Health.OK, f"SQLite {sqlite3.sqlite_version}, Chroma {found}")


def _kept(folder: Path) -> Check:
    """How many there are, and how much they take."""
    count = size = 0
    for above, names, files in os.walk(folder):
        count += len(names) if Path(above) == folder else 0
        for name in files:
            with suppress(OSError):
                size += (Path(above) / name).lstat().st_size
    workspaces = "1 workspace" if count == 1 else f"{count:,} workspaces"
    return Check("indexes", Health.OK, f"{workspaces}, {size / 1e6:,.0f} MB in {folder}")
