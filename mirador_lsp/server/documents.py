"""The text of one open document, kept line by line so that an edit costs what it touches."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.text import Encoding, LineIndex

_LINE = re.compile(r"[^\r\n]*+(?:\r\n|\n|\r)|[^\r\n]++\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """A position as the client names it: line from 0, character in the client's units."""

    line: int
    character: int


@dataclass(frozen=True, slots=True)
class Change:
    """One content change; without a `start` and an `end` it replaces the whole text."""

    text: str
    start: Place | None = None
    end: Place | None = None


class OpenDocument:
    r"""A document an editor has open: its text, version and what is known of its truth.

    It keeps its own lines because LSP ends lines at `\n`, `\r\n` and `\r` alone, which no line
    splitter of the standard library does. Each element of `_lines` holds its line end; the last has
    none and may be empty.
    """

    def __init__(self, uri: str, language_id: str, version: int, text: str) -> None:
        self.uri = uri
        self.language_id = language_id
        """As the client said it."""
        self.version = version
        self.doubt = ""
        """Why the text may not be the editor's; "" while it is known to be."""
        self.opened = text
        """The text it was opened with."""
        self._lines = _split(text)
        self._text: str | None = text
        self.taken: Snapshot | None = None
        """The latest snapshot, so that one text has its lines counted and its hash made once."""

    @property
    def text(self) -> str:
        """The whole text. Joined when asked for after a change, not at each change."""
        if self._text is None:
            self._text = "".join(self._lines)
        return self._text

    def replace(self, text: str, version: int | None = None) -> None:
        """Take `text` as the truth; doubts end here."""
        self._lines = _split(text)
        self._text = text
        self.doubt = ""
        if version is not None:
            self.version = version

    def apply(self, changes: Iterable[Change], version: int, encoding: Encoding) -> list[str]:
        """Apply `changes` in order and return what was odd about them, in plain words.

        Never raises for what a client sends: places outside the text move to its nearer end, an
        inverted range is turned round. A version that does not grow leaves a `doubt`.
        """
        odd = []
        if version <= self.version:
            self.doubt = f"version {version} came after version {self.version}"
            odd.append(self.doubt)
        self.version = version
        for change in changes:
            if change.start is None or change.end is None:
                self.replace(change.text)
            else:
                odd += self._splice(change.start, change.end, change.text, encoding)
        return odd

    def _splice(self, start: Place, end: Place, text: str, encoding: Encoding) -> list[str]:
        odd = []
        if (start.line, start.character) > (end.line, end.character):
            start, end = end, start
            odd.append("an inverted range was turned round")
        if end.line >= len(self._lines):
            odd.append("a range beyond the end of the text was moved to it")
        first, head = self._locate(start, encoding)
        last, tail = self._locate(end, encoding)
        block = self._lines[first][:head] + text + self._lines[last][tail:]
        self._text = None
        if first == last and not block.startswith("\n") and "\n" not in text and "\r" not in text:
            self._lines[first] = block  # typing within a line, by far the most frequent edit
            return odd
        if first > 0 and block.startswith("\n") and self._lines[first - 1].endswith("\r"):
            # The edit brought a "\n" behind a lone "\r": they are one line end from now on.
            first -= 1
            block = self._lines[first] + block
        lines = _split(block)
        if last + 1 < len(self._lines):
            # The block ends in a line end; the empty line after it is the one that follows.
            lines.pop()
        self._lines[first : last + 1] = lines
        return odd

    def _locate(self, place: Place, encoding: Encoding) -> tuple[int, int]:
        if place.line >= len(self._lines):
            last = len(self._lines) - 1
            return last, len(self._lines[last])
        content = self._lines[place.line].rstrip("\r\n")
        if content.isascii() or encoding is Encoding.UTF32:
            return place.line, min(place.character, len(content))
        return place.line, LineIndex(content).offset(0, place.character, encoding)


def _split(text: str) -> list[str]:
    lines = _LINE.findall(text)
    if not lines or lines[-1][-1] in "\r\n":
        lines.append("")
    return lines
