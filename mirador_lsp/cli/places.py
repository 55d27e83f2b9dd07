"""Places and paths in the terms of those who read reports: lines and columns from 1."""

import hashlib
from pathlib import Path, PurePath

from mirador_lsp.core import clean
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.silence import name_under
from mirador_lsp.core.text import Encoding, Span

_LONGEST = 4096


def code_points(snapshot: Snapshot, span: Span) -> tuple[int, int, int, int]:
    """(line, column, end line, end column) of a span; the end is the place after it."""
    return _places(snapshot, span, Encoding.UTF32)


def utf8(snapshot: Snapshot, span: Span) -> tuple[int, int, int, int]:
    """The same with columns that count bytes of UTF-8."""
    return _places(snapshot, span, Encoding.UTF8)


def repository_around(folder: Path) -> Path:
    """The root of the repository that hosts count paths from; the folder itself outside of one."""
    around = (folder, *folder.parents)
    return next((each for each in around if (each / ".git").exists()), folder)


def path_from(root: Path, snapshot: Snapshot) -> str:
    """The path of a document from `root`, with "/", safe to show; its name where it has none."""
    path = snapshot.path
    outside = path is not None and not PurePath(path).is_relative_to(root)
    name = PurePath(path).as_posix() if outside and path else name_under(str(root), snapshot)
    return clean.plain(name, _LONGEST)


def unique(*parts: str) -> str:
    """A fingerprint of all parts together, 64 hex digits."""
    joined = "\x00".join(parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()


def _places(snapshot: Snapshot, span: Span, encoding: Encoding) -> tuple[int, int, int, int]:
    line, column = snapshot.lines.position(span.start, encoding)
    end_line, end_column = snapshot.lines.position(span.end, encoding)
    return line + 1, column + 1, end_line + 1, end_column + 1
