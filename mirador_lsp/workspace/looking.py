"""Which files a workspace has, told from names, sizes and times; and one of them read.

This is what the index goes by: a look opens no file, so that ten thousand unchanged ones cost a
fraction of a second. The rules are those of `walk`; besides code, text for people and settings
files are looked at.
"""

import functools
import hashlib
import os
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirador_lsp.syntax.languages import language_of
from mirador_lsp.syntax.prose import is_prose
from mirador_lsp.workspace.decoding import NoText, decode
from mirador_lsp.workspace.generated import generated_by_name, generated_by_text
from mirador_lsp.workspace.reading import read_bytes, too_large, why_not
from mirador_lsp.workspace.sources import SkipKind, Skipped
from mirador_lsp.workspace.walk import MAX_ENTRIES, Budget, Place, Scope, tour

_CONFIGURATION = frozenset({".toml", ".ini", ".cfg", ".conf", ".properties"})


@dataclass(frozen=True)
class Seen:
    """A file that may be read."""

    name: str
    """Relative to the workspace, with "/"."""
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Read:
    """What a file holds."""

    text: str
    language: str
    """Id of its language; "" where no parser knows it."""
    content: str
    """SHA-256 of its bytes, hex."""


def look(
    root: Path, *, max_bytes: int, names: Iterable[str] | None = None, most: int = MAX_ENTRIES
) -> Generator[Seen | Skipped, None, None]:
    """Every file below `root` that may be read, and whatever is left out with its reason.

    With `names`, only these and what is below them; what of them is not told is not there. After
    `most` files and folders it ends with a line of kind LIMIT. Never raises for what is or is not
    there. Closing the iterator closes every open folder.
    """
    only = None if names is None else _tree(names)
    if only is None or only:
        scope = Scope(str(root), "", root, max_bytes, include_hidden=False, only=only)
        take = functools.partial(_seen, max_bytes=max_bytes)
        yield from tour(scope, Budget(entries=most), take)


def read(root: Path, name: str, *, max_bytes: int) -> Read | Skipped:
    """The text of a file that a look has told. No link is followed on the way to it."""
    content = _bytes(root, name.split("/"), max_bytes)
    if isinstance(content, NoText):
        return Skipped(name, content.reason, content.kind, asked=False)
    first = content[:200].partition(b"\n")[0].decode("utf-8", "replace")
    language = language_of(name, first)
    text: str | NoText = decode(content, language)
    if not isinstance(text, NoText):
        text = _wanted(text, language, name)
    if isinstance(text, NoText):
        return Skipped(name, text.reason, text.kind, asked=False)
    return Read(text, language, hashlib.sha256(content).hexdigest())


def _seen(place: Place, max_bytes: int) -> Seen | Skipped:
    name = "/".join(place.parts)
    reason = _by_name(name, place.parts[-1])
    if reason is None and place.facts.st_size > max_bytes:
        reason = NoText(SkipKind.LARGE, too_large(place.facts.st_size, max_bytes))
    if reason is None and not place.facts.st_size:
        reason = NoText(SkipKind.EMPTY, "empty")
    if reason is not None:
        return Skipped(name, reason.reason, reason.kind, asked=False)
    return Seen(name, place.facts.st_size, place.facts.st_mtime_ns)


def _by_name(name: str, last: str) -> NoText | None:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return NoText(SkipKind.ENCODING, "its name is not UTF-8")
    if reason := generated_by_name(last):
        return NoText(SkipKind.GENERATED, reason)
    # A file without an extension may still say in its first line what runs it.
    if "." not in last or language_of(last) or _is_text(last):
        return None
    return NoText(SkipKind.LANGUAGE, "of a language Mirador does not know")


def _is_text(last: str) -> bool:
    extension = os.path.splitext(last)[1].lower()  # noqa: PTH122 — a name, no path
    return extension in _CONFIGURATION or (is_prose(last) and extension != ".log")


def _wanted(text: str, language: str, name: str) -> str | NoText:
    if not language and not _is_text(name.rpartition("/")[2]):
        return NoText(SkipKind.LANGUAGE, "of a language Mirador does not know")
    if not text.strip():
        return NoText(SkipKind.EMPTY, "it holds blanks only")
    if reason := generated_by_text(text):
        return NoText(SkipKind.GENERATED, reason)
    return text


def _bytes(root: Path, parts: list[str], max_bytes: int) -> bytes | NoText:
    """The content of a file, each folder opened relative to the one above it."""
    folders: list[int] = []
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        folders.append(os.open(root, flags))
        for part in parts[:-1]:
            if part in {"", ".", ".."}:
                return NoText(SkipKind.MISSING, "no path can be spelled like this")
            folders.append(os.open(part, flags | os.O_NOFOLLOW, dir_fd=folders[-1]))
        return read_bytes(parts[-1], max_bytes=max_bytes, follow=False, folder=folders[-1])
    except (OSError, ValueError) as error:
        return why_not(error)
    finally:
        for folder in folders:
            os.close(folder)


def _tree(names: Iterable[str]) -> dict[str, Any]:
    """The names as `Scope.only` has them; those that cannot be in the workspace left out."""
    tree: dict[str, Any] = {}
    whole: list[dict[str, Any]] = []
    for name in names:
        parts = name.split("/")
        if not all(part and part not in {".", ".."} and "\0" not in part for part in parts):
            continue
        here = tree
        for part in parts:
            here = here.setdefault(part, {})
        whole.append(here)
    for each in whole:
        each.clear()  # all of a folder, though files in it were named as well
    return tree
