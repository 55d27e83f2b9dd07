"""What comes of a path: a text to review, or the reason why there is none."""

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mirador_lsp.core.clean import plain
from mirador_lsp.core.document import Snapshot

MAX_BYTES = 10_000_000
"""Larger files are never read."""


class SkipKind(StrEnum):
    """Why a path was skipped, for counting many together. `Skipped.reason` says it in words."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    EMPTY = "empty"
    LARGE = "too large"
    BINARY = "binary"
    ENCODING = "encoding"
    """Text in an encoding that is not known for sure: positions in it would be guesses."""
    IRREGULAR = "not a file"
    """A socket, a pipe, a device."""
    LINK = "symbolic link"
    """Met in a folder. A link the user names is followed."""
    DUPLICATE = "duplicate"
    """A folder that was looked at under another name."""
    LANGUAGE = "unknown language"
    IGNORED = "ignored"
    HIDDEN = "hidden"
    GENERATED = "generated"
    DEPENDENCY = "dependencies"
    """Code of others: installed packages, virtual environments, caches."""
    DELETED = "deleted"
    """Of a change: it is gone."""
    CHANGE = "not text"
    """Of a change: a link, a submodule, a conflict, a pointer to what is kept elsewhere."""
    LIMIT = "limit"
    """Mirador stopped looking: there is more, or it is deeper, than it goes through."""


@dataclass(frozen=True)
class Source:
    """A text to review."""

    snapshot: Snapshot
    asked: bool = True
    """Whether the user named this very path, rather than a folder above it."""


@dataclass(frozen=True)
class Skipped:
    """A path that is not reviewed. Name and reason are safe to show."""

    name: str
    reason: str
    """A phrase that follows the name: "empty", "binary: a PNG image"."""
    kind: SkipKind
    asked: bool = True
    """Whether the user named this very path, rather than a folder above it."""


def shown(path: str) -> str:
    r"""A path as one line of visible text; bytes that are not UTF-8 as `\xNN`."""
    try:
        text = os.fsencode(path).decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        text = path
    return plain(text, 300)


def display_name(given: str, path: str, cwd: Path) -> str:
    """What a user calls the file: relative to `cwd` when it is below it, else as given."""
    here = os.path.join(cwd, "")  # noqa: PTH118 — keeps names that pathlib would change
    return shown(path[len(here) :] if path.startswith(here) else given)
