"""From what clients send to the core's values. Together with `to_lsp.py` the only converter."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lsprotocol import types

from mirador_lsp.core.clean import plain
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.text import Encoding, LineIndex, Span
from mirador_lsp.server.documents import Change, OpenDocument, Place
from mirador_lsp.syntax.languages import LANGUAGES, language_of

_CLIENT_LANGUAGES = {
    "javascriptreact": "javascript",
    "typescriptreact": "tsx",
    "shellscript": "bash",
    "sh": "bash",
    "zsh": "bash",
    "c++": "cpp",
    "cs": "csharp",
    "c_sharp": "csharp",
    "jsonc": "json",
    "py": "python",
}
"""Names that editors use for languages we know under another."""
_LONGEST_NAME = 200


def opened(item: types.TextDocumentItem) -> OpenDocument:
    """A document as the client opened it."""
    return OpenDocument(item.uri, item.language_id, item.version, item.text)


def changes(events: Iterable[types.TextDocumentContentChangeEvent]) -> list[Change]:
    """Content changes in the order in which they apply."""
    return [
        Change(event.text, _place(event.range.start), _place(event.range.end))
        if isinstance(event, types.TextDocumentContentChangePartial)
        else Change(event.text)
        for event in events
    ]


def snapshot(document: OpenDocument, folders: Iterable[Path]) -> Snapshot:
    """The document as it is now; later edits do not reach it."""
    path = path_of(document.uri)
    text, taken = document.text, document.taken
    name = _name(document.uri, path, folders)
    fresh = taken is not None and taken.text is text and taken.version == document.version
    if taken is not None and fresh and taken.name == name:
        return taken
    document.taken = Snapshot(
        uri=document.uri,
        name=name,
        language=_language(document, path, text),
        text=text,
        version=document.version,
        path=None if path is None else str(path),
    )
    return document.taken


def span(place: types.Range, snapshot: Snapshot, encoding: Encoding) -> Span:
    """A range of the client's as a place in `snapshot`; what is odd about it is put right as in
    `LineIndex.offset`, and an inverted one is turned round.
    """
    start = offset(place.start, snapshot, encoding)
    end = offset(place.end, snapshot, encoding)
    return Span(min(start, end), max(start, end))


def offset(position: types.Position, snapshot: Snapshot, encoding: Encoding) -> int:
    """A position of the client's as an offset in `snapshot`; outside the text, its nearer end."""
    return snapshot.lines.offset(position.line, position.character, encoding)


def place(said: Mapping[str, Any], snapshot: Snapshot, encoding: Encoding) -> Span | None:
    """The `range` or else the `position` among parameters that are plain JSON, as commands have
    them; None where there is neither. Raises TypeError or ValueError when it has another shape.
    """
    area, point = said.get("range"), said.get("position")
    if area is None:
        if point is None:
            return None
        area = {"start": point, "end": point}
    if not isinstance(area, Mapping):
        message = "range is an object with a start and an end."
        raise TypeError(message)
    ends = []
    for end in (area.get("start"), area.get("end")):
        if not isinstance(end, Mapping) or not all(
            type(end.get(key)) is int for key in ("line", "character")
        ):
            message = "A position is an object with a line and a character."
            raise ValueError(message)
        ends.append(snapshot.lines.offset(end["line"], end["character"], encoding))
    return Span(min(ends), max(ends))


def path_of(uri: str) -> Path | None:
    """The absolute path of a `file:` URI; None for anything that is not a file on this machine."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"}:
        return None
    text = unquote(parts.path)
    if "\x00" in text:
        return None
    if len(text) > 2 and text[0] == "/" and text[2] == ":":
        text = text[1:]  # file:///C:/folder
    path = Path(text)
    return path if path.is_absolute() else None


def _place(position: types.Position) -> Place:
    return Place(max(position.line, 0), max(position.character, 0))


def _name(uri: str, path: Path | None, folders: Iterable[Path]) -> str:
    """What the document is called in messages and logs: visible characters in one line."""
    name = uri if path is None else path.name
    for folder in folders:
        if path is not None and path.is_relative_to(folder):
            name = path.relative_to(folder).as_posix()
            break
    return plain(name, _LONGEST_NAME)


def _language(document: OpenDocument, path: Path | None, text: str) -> str:
    """The language the user chose in the editor, where we know it, else what the name says."""
    claimed = document.language_id.lower()
    claimed = _CLIENT_LANGUAGES.get(claimed, claimed)
    if claimed in LANGUAGES:
        return claimed
    first_line = LineIndex(text[:200]).line_text(0)
    return language_of(document.uri if path is None else str(path), first_line)
