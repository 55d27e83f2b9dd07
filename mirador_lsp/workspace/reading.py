"""One path read: with care, because what is there may change, block, or never end."""

import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from mirador_lsp.core.document import Snapshot
from mirador_lsp.syntax.languages import language_of
from mirador_lsp.workspace.decoding import NoText, decode
from mirador_lsp.workspace.sources import (
    MAX_BYTES,
    SkipKind,
    Skipped,
    Source,
    display_name,
    shown,
)

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)

_FAILURES: Mapping[int, NoText] = MappingProxyType(
    {
        errno.ENOENT: NoText(SkipKind.MISSING, "does not exist"),
        errno.ENOTDIR: NoText(SkipKind.MISSING, "does not exist"),
        errno.ENAMETOOLONG: NoText(SkipKind.MISSING, "does not exist: the name is too long"),
        errno.ELOOP: NoText(SkipKind.LINK, "a symbolic link that leads nowhere"),
        errno.EACCES: NoText(SkipKind.UNREADABLE, "may not be read by this user"),
        errno.EPERM: NoText(SkipKind.UNREADABLE, "may not be read by this user"),
    }
)


def read_source(
    path: str | Path, *, cwd: Path | None = None, max_bytes: int = MAX_BYTES
) -> Source | Skipped:
    """The text of a file the user names, links followed; relative paths start at `cwd`.

    Never raises for what is or is not there.
    """
    given = str(path)
    here = Path.cwd() if cwd is None else cwd
    full = absolute(given, here)
    name = display_name(given, full, here)
    content = read_bytes(full, max_bytes=max_bytes, follow=True)
    if isinstance(content, NoText):
        return Skipped(name, content.reason, content.kind)
    return to_source(content, name=name, path=full)


def read_stream(stream: BinaryIO, *, name: str, max_bytes: int) -> Source | Skipped:
    """The text of standard input; `name` is the file name an editor gave it, or ""."""
    label = shown(name) or "<stdin>"
    try:
        content = stream.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        return Skipped(label, f"cannot be read: {error}", SkipKind.UNREADABLE)
    if len(content) > max_bytes:
        return Skipped(label, too_large(None, max_bytes), SkipKind.LARGE)
    return to_source(content, name=label, path=None)


def to_source(
    content: bytes, *, name: str, path: str | None, asked: bool = True
) -> Source | Skipped:
    """`content` decoded and given a language, or why it is not text to review."""
    known = path if path is not None else name
    first = content[:200].partition(b"\n")[0].decode("utf-8", "replace")
    language = language_of(known, first)
    text = decode(content, language)
    if isinstance(text, NoText):
        return Skipped(name, text.reason, text.kind, asked)
    if not text.strip():
        reason = "it holds blanks only" if text else "empty"
        return Skipped(name, reason, SkipKind.EMPTY, asked)
    uri = Path(path).as_uri() if path is not None else f"stdin:{name}"
    return Source(Snapshot(uri=uri, name=name, language=language, text=text, path=path), asked)


def read_bytes(
    path: str, *, max_bytes: int, follow: bool, folder: int | None = None
) -> bytes | NoText:
    """The content of a regular file, or why there is none. Relative to the open `folder`, if given.

    The kind is checked before the file is opened, because opening a device can do things, and
    again on what was opened, because it may have been replaced in between.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
    flags |= 0 if follow else os.O_NOFOLLOW
    try:
        facts = os.stat(path, dir_fd=folder, follow_symlinks=follow)
        if (refusal := _refusal(facts, max_bytes)) is not None:
            return refusal
        # `open` closes the descriptor itself when it turns out to be a folder; `fdopen` leaks it.
        with open(path, "rb", opener=lambda name, _: os.open(name, flags, dir_fd=folder)) as file:
            facts = os.fstat(file.fileno())
            if (refusal := _refusal(facts, max_bytes)) is not None:
                return refusal
            # Room for all that may be read is not taken for each small file.
            content = file.read(facts.st_size + 1)
            if len(content) > facts.st_size:
                content += file.read(max_bytes + 1 - len(content))
    except (OSError, ValueError) as error:
        return why_not(error, path if folder is None else "")
    if len(content) > max_bytes:
        return NoText(SkipKind.LARGE, too_large(None, max_bytes))
    return content


def why_not(error: Exception, path: str = "") -> NoText:
    """A failed look at a path in words. `path` lets a broken link be told from nothing at all."""
    if not isinstance(error, OSError):
        return NoText(SkipKind.MISSING, "no path can be spelled like this")
    if error.errno == errno.ENOENT and path and os.path.islink(path):  # noqa: PTH114 — takes any text
        return NoText(SkipKind.MISSING, "a symbolic link to nothing")
    if (known := _FAILURES.get(error.errno or 0)) is not None:
        return known
    return NoText(SkipKind.UNREADABLE, f"cannot be read: {error.strerror}")


def not_a_file(mode: int) -> str:
    """What a thing that is no regular file is."""
    return next((words for test, words in _KINDS if test(mode)), "not a regular file")


def absolute(given: str, cwd: Path) -> str:
    """`given` as an absolute path with `..` taken out as text, links left as they are."""
    return os.path.abspath(os.path.join(cwd, given))  # noqa: PTH100, PTH118 — pathlib follows links or keeps ".."


def _refusal(facts: os.stat_result, max_bytes: int) -> NoText | None:
    if stat.S_ISLNK(facts.st_mode):
        return NoText(SkipKind.LINK, "a symbolic link")
    if not stat.S_ISREG(facts.st_mode):
        return NoText(SkipKind.IRREGULAR, not_a_file(facts.st_mode))
    if facts.st_size > max_bytes:
        return NoText(SkipKind.LARGE, too_large(facts.st_size, max_bytes))
    return None


def too_large(size: int | None, max_bytes: int) -> str:
    """Why a file of that size, None for one that is larger than it said, is not read."""
    held = f"{size / 1e6:,.1f} MB" if size is not None else "larger than it said"
    return f"too large: {held}; the limit is {max_bytes / 1e6:g} MB"
