"""Imports that a rewritten function of Python needs: which ones, and where they go.

Models write them above the function, where they belong. They are the one thing outside the function
that a fix may add, and its title names them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.text import Span

_PLAIN = re.compile(r"^import ([\w.]+(?: as \w+)?(?:, ?[\w.]+(?: as \w+)?)*)$")
_FROM = re.compile(r"^from ([A-Za-z_][\w.]*) import (\w+(?: as \w+)?(?:, ?\w+(?: as \w+)?)*)$")
_TOP_LEVEL = re.compile(r"^(?:import|from)\s+\w")
_MOST = 3


@dataclass(frozen=True)
class ImportPlace:
    """Where an import can be added."""

    at: int
    """The start of a line."""
    room: Span
    """Nothing but white space, `at` included."""
    line_end: str
    apart: bool
    """Two empty lines follow: there are no imports yet."""

    def add(self, lines: Sequence[str], text: str) -> str:
        """`text`, unchanged up to this place, with import lines."""
        said = "".join(f"{line}{self.line_end}" for line in lines)
        after = 2 * self.line_end if self.apart else ""
        return text[: self.at] + said + after + text[self.at :]


def place_for_imports(snapshot: Snapshot, outline: Outline, before: int) -> ImportPlace | None:
    """After the last import of the module above `before`, else above its first definition.

    None for languages other than Python, and where neither is there.
    """
    if snapshot.language != "python":
        return None
    index = snapshot.lines
    last = None
    number = 0
    end = index.line_of(before)
    while number < end:
        line = index.line_text(number).removeprefix("\ufeff")
        if _TOP_LEVEL.match(line):
            number = _last_line_of(snapshot, number, end)
            last = number
        number += 1
    if last is not None:
        return _place(snapshot, index.full_line_span(last).end, apart=False)
    starts = [index.line_span(index.line_of(s.span.start)).start for s in outline.symbols]
    first = min((start for start in starts if start <= before), default=None)
    if first is None or (first == 0 and snapshot.text.startswith("\ufeff")):
        return None
    return _place(snapshot, first, apart=True)


def imports_for(function: str, head: str, text: str) -> list[str]:
    """Import lines out of `head` that `function` uses and `text` has not, each of one name."""
    known = {line.strip() for line in re.split(r"\r\n|\r|\n", text)}
    lines: list[str] = []
    for line in head.split("\n"):
        lines += [
            single
            for single, name in _singles(line.strip())
            if re.search(rf"\b{re.escape(name)}\b", function) and single not in known
        ]
    return list(dict.fromkeys(lines))[:_MOST]


def _singles(line: str) -> list[tuple[str, str]]:
    """The imports of a line, one by one, each with the name it binds."""
    if (plain := _PLAIN.match(line)) is not None:
        parts = [part.strip() for part in plain[1].split(",")]
        return [(f"import {part}", _bound(part).partition(".")[0]) for part in parts]
    if (chosen := _FROM.match(line)) is not None and chosen[1] != "__future__":
        parts = [part.strip() for part in chosen[2].split(",")]
        return [(f"from {chosen[1]} import {part}", _bound(part)) for part in parts]
    return []


def _bound(part: str) -> str:
    return part.rpartition(" as ")[2]


def _last_line_of(snapshot: Snapshot, number: int, end: int) -> int:
    """The line on which an import that begins on line `number` ends."""
    line = snapshot.lines.line_text(number)
    if "(" in line:
        while ")" not in snapshot.lines.line_text(number) and number + 1 < end:
            number += 1
        return number
    while snapshot.lines.line_text(number).rstrip().endswith("\\") and number + 1 < end:
        number += 1
    return number


def _place(snapshot: Snapshot, at: int, *, apart: bool) -> ImportPlace:
    text = snapshot.text
    start = len(text[:at].rstrip())
    end = at + len(text[at:]) - len(text[at:].lstrip())
    line = snapshot.lines.full_line_span(0)
    bare = snapshot.lines.line_span(0)
    line_end = text[bare.end : line.end] or "\n"
    return ImportPlace(at, Span(start, max(at, end)), line_end, apart)
