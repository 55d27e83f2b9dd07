"""A disposable copy of a workspace folder: what a command needs to run, and nothing that leads out.

Goes through the folder by descriptor and follows no link. Unlike `walk`, it takes files of every
kind: tests read data and configuration, and import what was built.
"""

import os
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mirador_lsp.core.errors import AnalyzerError

MAX_FILES: Final = 20_000
MAX_BYTES: Final = 500_000_000
MAX_DEPTH: Final = 60
LEFT_OUT: Final = frozenset(
    {
        *(".git", ".hg", ".svn", ".jj", ".bzr", "CVS"),
        *("node_modules", "bower_components", ".venv", "venv", ".tox", ".nox", ".eggs"),
        *("__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".gradle", ".terraform"),
    }
)
"""Folders that are not copied: history, installed packages, caches."""
LINKED: Final = frozenset({"node_modules", ".venv", "venv"})
"""Of these, the ones at the top that the copy refers to: nothing runs without its packages."""
_PIECE: Final = 1 << 20


@dataclass
class Copied:
    """What was copied, and what was not."""

    files: int = 0
    size: int = 0
    """Bytes."""
    links: int = 0
    """Symbolic links and files that are none, left out."""


class StoppedError(Exception):
    """Nobody waits for the copy any more."""


@dataclass(frozen=True)
class Limits:
    """What a copy may hold."""

    files: int = MAX_FILES
    size: int = MAX_BYTES
    stop: threading.Event = field(default_factory=threading.Event)
    """Set by another thread to have it end."""


def copy_folder(source: Path, target: Path, limits: Limits) -> Copied:
    """Copy what `source` holds into the empty folder `target`. Blocks; run it in a thread.

    Raises `AnalyzerError` when there is more than `limits` allow or the folder cannot be read, and
    `StoppedError` once `limits.stop` is set.
    """
    done = Copied()
    try:
        for place, names, descriptor in _folders(source, target, done, limits):
            for name in names:
                _count(_copy_file(name, descriptor, target / place / name, limits), done)
                _check(done, limits)
    except OSError as error:
        message = f"{source} could not be copied for its tests: {error.strerror or error}."
        raise AnalyzerError(message) from error
    for name in LINKED:
        if (source / name).is_dir() and not (target / name).exists():
            (target / name).symlink_to(source / name, target_is_directory=True)
    return done


def _folders(
    source: Path, target: Path, done: Copied, limits: Limits
) -> Iterator[tuple[str, list[str], int]]:
    """Every folder that is copied, made in `target`: its place, what is no folder, a descriptor."""
    for path, folders, names, descriptor in os.fwalk(source, follow_symlinks=False):
        place = os.path.relpath(path, source)
        (target / place).mkdir(mode=0o700, exist_ok=True)
        links = [name for name in folders if _is_link(name, descriptor)]
        done.links += len(links)
        folders[:] = sorted(set(folders) - LEFT_OUT - set(links))
        if place.count(os.sep) >= MAX_DEPTH:
            folders.clear()
        _check(done, limits)
        yield place, names, descriptor


def _is_link(name: str, descriptor: int) -> bool:
    return stat.S_ISLNK(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode)


def _copy_file(name: str, folder: int, target: Path, limits: Limits) -> int | None:
    """Bytes copied; None for what is no regular file, or is not ours to read."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(name, flags, dir_fd=folder)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as opened:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            return None
        size = 0
        mode = 0o700 if facts.st_mode & stat.S_IXUSR else 0o600
        out = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(out, "wb") as written:
            while size <= limits.size and (piece := opened.read(_PIECE)):
                if limits.stop.is_set():
                    raise StoppedError
                written.write(piece)
                size += len(piece)
    # Tools compare times: what was built from a file must not look older than it.
    os.utime(target, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    return size


def _count(size: int | None, done: Copied) -> None:
    if size is None:
        done.links += 1
    else:
        done.files += 1
        done.size += size


def _check(done: Copied, limits: Limits) -> None:
    if limits.stop.is_set():
        raise StoppedError
    if done.files > limits.files:
        message = f"The tests were not run: the folder holds more than {limits.files:,} files."
        raise AnalyzerError(message, remedy="Open a smaller folder, or unset fix.tests.")
    if done.size > limits.size:
        message = f"The tests were not run: the folder holds more than {limits.size:,} bytes."
        raise AnalyzerError(message, remedy="Open a smaller folder, or unset fix.tests.")
