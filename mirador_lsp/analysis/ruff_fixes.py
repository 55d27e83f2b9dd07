"""Ruff's own fixes: its edits in our places.

Facts about them, each held by a test: an edit's places are those of findings (rows and columns from
1, columns in code points, a byte order mark not counted); several edits of one fix speak of the
same text; what stands in quotes is copied from the text ruff was given, where a lone surrogate is
U+FFFD.
"""

import re
from typing import Final, Literal

import msgspec

from mirador_lsp.core.clean import plain
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import Edit, Fix
from mirador_lsp.core.text import Encoding, Span

BOM: Final = "\ufeff"
SURROGATE: Final = re.compile("[\ud800-\udfff]")
STAND_IN: Final = "\ufffd"
"""What ruff is given for a lone surrogate; it is as long."""
_LONE_FEED: Final = re.compile(r"(?<!\r)\n")
_MOST_EDITS: Final = 50


class Place(msgspec.Struct, frozen=True):
    """A place as ruff names it."""

    row: int
    column: int


class RuffEdit(msgspec.Struct, frozen=True):
    """One replacement."""

    content: str
    location: Place
    end_location: Place


class RuffFix(msgspec.Struct, frozen=True):
    """What ruff would do about a finding."""

    applicability: Literal["safe", "unsafe", "display"]
    """"display": it may be wrong, and is only to be looked at."""
    edits: tuple[RuffEdit, ...]
    message: str | None = None


def offset_of(snapshot: Snapshot, place: Place) -> int:
    """A place of ruff's as an offset in the text."""
    column = place.column - 1
    if place.row == 1 and snapshot.text.startswith(BOM):
        column += 1
    return snapshot.lines.offset(place.row - 1, column, Encoding.UTF32)


def fix_of(snapshot: Snapshot, said: RuffFix | None, code: str) -> Fix | None:
    """The fix for a finding; None where there is none that may be applied.

    Left out is what ruff only displays, what does not fit the text, and what would write a stand-in
    over a character that ruff has never seen.
    """
    if said is None or said.applicability == "display" or not said.edits:
        return None
    if len(said.edits) > _MOST_EDITS:
        return None
    edits = sorted(_edit(snapshot, edit) for edit in said.edits)
    ends = [0, *(edit.span.end for edit in edits)]
    if any(edit.span.start < end for edit, end in zip(edits, ends, strict=False)):
        return None
    if SURROGATE.search(snapshot.text) and any(STAND_IN in edit.text for edit in edits):
        return None
    title = plain(said.message or "", 120).rstrip(".") or f"Apply ruff's fix of {code}"
    return Fix(title, tuple(edits), safe=said.applicability == "safe")


def _edit(snapshot: Snapshot, edit: RuffEdit) -> Edit:
    start = offset_of(snapshot, edit.location)
    end = max(start, offset_of(snapshot, edit.end_location))
    return Edit(Span(start, end), _with_line_ends(edit.content, snapshot.text))


def _with_line_ends(content: str, text: str) -> str:
    r"""The content with the text's line ends: ruff writes new lines as the first line ends."""
    if "\n" not in content or "\r\n" not in text or _LONE_FEED.search(text):
        return content
    return _LONE_FEED.sub("\r\n", content)
