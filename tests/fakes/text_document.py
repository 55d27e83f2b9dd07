"""The text an editor holds: TextDocument of VS Code's language client, done over in Python.

It works on the units of the wire, an array of them, as the original works on UTF-16, and so shares
no idea with what it is compared to.
"""

from array import array
from dataclasses import dataclass
from typing import Any

CR, LF = 13, 10
_CODES = {"utf-8": ("utf-8", "B"), "utf-16": ("utf-16-le", "H"), "utf-32": ("utf-32-le", "I")}


@dataclass
class TextDocument:
    """An open document in an editor whose positions count `encoding`'s units."""

    encoding: str
    version: int
    units: Any

    @classmethod
    def of(cls, text: str, version: int, encoding: str) -> "TextDocument":
        """A document as it is opened."""
        return cls(encoding, version, encoded(text, encoding))

    @property
    def text(self) -> str:
        """What the user sees."""
        return decoded(self.units, self.encoding)

    def update(self, changes: list[dict[str, Any]], version: int) -> None:
        """Content changes of LSP, in order; each speaks of the text that the one before left."""
        for change in changes:
            new = encoded(change["text"], self.encoding)
            if "range" in change:
                start, end = self._ordered(change["range"])
                first, last = self.offset_at(start), self.offset_at(end)
                self.units = self.units[:first] + new + self.units[last:]
            else:
                self.units = new
        self.version = version

    def offset_at(self, position: dict[str, int]) -> int:
        """The unit at which a position lies; outside the text, the nearest that is inside."""
        starts = self.line_starts()
        line, character = position["line"], position["character"]
        if line >= len(starts):
            return len(self.units)
        if line < 0:
            return 0
        start = starts[line]
        if character <= 0:
            return start
        after = starts[line + 1] if line + 1 < len(starts) else len(self.units)
        at = min(start + character, after)
        while at > start and self.units[at - 1] in (CR, LF):
            at -= 1
        while at > start and self._continues(at):
            at -= 1
        return at

    def line_starts(self) -> list[int]:
        """Where lines begin: after each CR LF, LF or CR, and after nothing else."""
        starts, at = [0], 0
        while at < len(self.units):
            unit = self.units[at]
            at += 1
            if unit == CR and at < len(self.units) and self.units[at] == LF:
                at += 1
            if unit in (CR, LF):
                starts.append(at)
        return starts

    def _ordered(self, place: dict[str, dict[str, int]]) -> tuple[dict[str, int], dict[str, int]]:
        start, end = place["start"], place["end"]
        inverted = (start["line"], start["character"]) > (end["line"], end["character"])
        return (end, start) if inverted else (start, end)

    def _continues(self, at: int) -> bool:
        """Whether a code point began before this unit; no editor puts a cursor there."""
        if at >= len(self.units):
            return False
        unit = self.units[at]
        if self.encoding == "utf-8":
            return bool(0x80 <= unit < 0xC0)
        return self.encoding == "utf-16" and bool(0xDC00 <= unit < 0xE000)


def encoded(text: str, encoding: str) -> Any:
    """`text` as an array of units."""
    codec, size = _CODES[encoding]
    return array(size, text.encode(codec, "surrogatepass"))


def decoded(units: Any, encoding: str) -> str:
    """An array of units as text."""
    return str(units.tobytes().decode(_CODES[encoding][0], "surrogatepass"))
