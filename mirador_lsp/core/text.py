r"""Places in a text. Inside Mirador a place is a code-point offset; this module alone converts.

Lines end where LSP says they end: at `\n`, `\r\n` and `\r`, and nowhere else. `str.splitlines`
also splits at form feeds, U+2028 and others, which would put every later finding on a wrong line.
"""

import re
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum

_LINE_END = re.compile(r"\r\n|\n|\r")
_MOST_LINES = 5
_MOST_CHARACTERS = 2000
_CONTINUATION = bytes(range(0x80, 0xC0))
_STRIDE = 1024


class Encoding(StrEnum):
    """The units in which a client counts characters within a line."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


@dataclass(frozen=True, order=True, slots=True)
class Span:
    """A half-open range of code-point offsets."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            message = f"not a span: {self.start}…{self.end}"
            raise ValueError(message)

    def overlaps(self, other: "Span") -> bool:
        """Whether the two share a code point, or one is empty and lies inside the other."""
        if self.start == self.end or other.start == other.end:
            return self.start <= other.end and other.start <= self.end
        return self.start < other.end and other.start < self.end

    def contains(self, other: "Span") -> bool:
        """Whether `other` lies within this span."""
        return self.start <= other.start and other.end <= self.end


class LineIndex:
    """The lines of one text, and conversion between every way of naming a place in it.

    Lines count from 0. A text that ends in a line end has an empty last line, as in LSP.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0]
        self._ends: list[int] = []
        for match in _LINE_END.finditer(text):
            self._ends.append(match.start())
            self._starts.append(match.end())
        self._ends.append(len(text))
        self._ascii = text.isascii()

    def __len__(self) -> int:
        return len(self._starts)

    def line_of(self, offset: int) -> int:
        """The line that holds `offset`; a line end belongs to the line it ends."""
        return bisect_right(self._starts, min(max(offset, 0), len(self._text))) - 1

    def line_span(self, line: int) -> Span:
        """The content of a line, its line end left out. Raises IndexError outside the text."""
        if line < 0:
            raise IndexError(line)
        return Span(self._starts[line], self._ends[line])

    def full_line_span(self, line: int) -> Span:
        """A line with its line end. Raises IndexError outside the text."""
        if line < 0:
            raise IndexError(line)
        last = line + 1 == len(self._starts)
        return Span(self._starts[line], len(self._text) if last else self._starts[line + 1])

    def line_text(self, line: int) -> str:
        """The content of a line, its line end left out."""
        span = self.line_span(line)
        return self._text[span.start : span.end]

    def touched(self, span: Span) -> str:
        """The text of the lines that `span` touches: what the identity of a finding is made of.

        At most five lines; of a line of machine length only what is near the start of the span.
        """
        first = self.line_of(span.start)
        last = min(self.line_of(max(span.end - 1, span.start)), first + _MOST_LINES - 1)
        start, end = self._starts[first], self._ends[last]
        if end - start > _MOST_CHARACTERS:
            start = max(start, span.start - _MOST_CHARACTERS // 2)
            end = min(end, start + _MOST_CHARACTERS)
        return self._text[start:end]

    def position(self, offset: int, encoding: Encoding) -> tuple[int, int]:
        r"""(line, character) of `offset`, characters counted in `encoding`'s units.

        An offset outside the text is moved to its nearer end; one inside a `\r\n` to its start.
        """
        line = self.line_of(offset)
        start, end = self._starts[line], self._ends[line]
        offset = min(max(offset, start), end)
        return line, _units(self._text[start:offset], encoding)

    def offset(self, line: int, character: int, encoding: Encoding) -> int:
        """The offset of (line, character), characters counted in `encoding`'s units.

        As LSP asks, a character beyond the line's end means its end; a line beyond the text means
        the text's end. A character inside a code point means the start of that code point.
        """
        if line < 0:
            return 0
        if line >= len(self._starts):
            return len(self._text)
        start, end = self._starts[line], self._ends[line]
        if character <= 0:
            return start
        if self._ascii or encoding is Encoding.UTF32:
            return min(start + character, end)
        return start + _code_points(self._text[start:end], character, encoding)


class ByteMap:
    """Byte offsets of one text turned into code-point offsets, fast on lines of any length.

    Parsers count bytes. From code points to bytes there is `len(utf8(text[:offset]))`.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._ascii = data.isascii()
        self._before = array("Q", [0])
        if not self._ascii:
            for start in range(0, len(data), _STRIDE):
                self._before.append(self._before[-1] + _points(data[start : start + _STRIDE]))

    def offset(self, byte: int) -> int:
        """The code-point offset of a byte; inside a code point, the start of that code point."""
        byte = min(max(byte, 0), len(self._data))
        if self._ascii:
            return byte
        page = byte // _STRIDE
        inside = byte < len(self._data) and self._data[byte] in _CONTINUATION
        return self._before[page] + _points(self._data[page * _STRIDE : byte]) - inside

    def span(self, start: int, end: int) -> Span:
        """The span of a range of bytes."""
        first = self.offset(start)
        return Span(first, max(first, self.offset(end)))


def _points(data: bytes) -> int:
    return len(data.translate(None, _CONTINUATION))


def _byte_length(text: str) -> int:
    # A lone surrogate has no UTF-8 form; parsers are given three bytes for it (see `utf8`).
    return len(text) if text.isascii() else len(utf8(text))


def utf8(text: str) -> bytes:
    """The bytes whose offsets `ByteMap` speaks of: UTF-8, lone surrogates passed through."""
    return text.encode("utf-8", "surrogatepass")


def _units(text: str, encoding: Encoding) -> int:
    if encoding is Encoding.UTF32 or text.isascii():
        return len(text)
    if encoding is Encoding.UTF8:
        return _byte_length(text)
    return len(text) + sum(char > "\uffff" for char in text)


def _code_points(text: str, units: int, encoding: Encoding) -> int:
    """How many whole code points of `text` fit into `units` units."""
    if text.isascii() or encoding is Encoding.UTF32:
        return min(units, len(text))
    seen = 0
    for index, char in enumerate(text):
        if encoding is Encoding.UTF16:
            seen += 2 if char > "\uffff" else 1
        else:
            code = ord(char)
            seen += 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4
        if seen > units:
            return index
    return len(text)
