"""The way of data to where it does harm, in the terms of those who read it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePath

from mirador_lsp.core.clean import plain
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Finding, Station
from mirador_lsp.core.text import Encoding, Span

_LONGEST_QUOTE = 200
_LONGEST_NAME = 4096


@dataclass(frozen=True)
class Stop:
    """A station as it is shown: plain text, places from 1."""

    role: str
    """"source", "step" or "sink"."""
    says: str
    quote: str
    """The line of code there; "" where it is not known."""
    line: int
    column: int | None
    """In code points; None in another file, of which only the line is known."""
    file: str = ""
    """Relative to the workspace; "" for the reviewed one."""

    @property
    def place(self) -> str:
        """Where it is, in short: "12:5", and "lib/db.py:12" for another file."""
        if self.file:
            return f"{self.file}:{self.line}"
        return f"{self.line}:{self.column}"


def stops(finding: Finding, snapshot: Snapshot) -> list[Stop]:
    """The finding's stations as they are shown, the source first; [] where it has none."""
    last = len(finding.stations) - 1
    roles = {0: "source", last: "sink"}
    return [
        _stop(station, roles.get(number, "step"), snapshot)
        for number, station in enumerate(finding.stations)
    ]


def path_of(name: str, snapshot: Snapshot) -> PurePath | None:
    """The absolute path of another file of the workspace that the snapshot is in; None where
    nobody can tell.
    """
    root, wanted = root_of(snapshot), PurePath(name)
    if root is None or wanted.is_absolute() or ".." in wanted.parts:
        return None
    return root / wanted


def root_of(snapshot: Snapshot) -> PurePath | None:
    """The absolute path of the folder that the snapshot's name is relative to; None where it has no
    such name.
    """
    if snapshot.path is None:
        return None
    own, relative = PurePath(snapshot.path), PurePath(snapshot.name)
    if relative.is_absolute() or own.parts[-len(relative.parts) :] != relative.parts:
        return None
    return own.parents[len(relative.parts) - 1]


def moved(
    stations: tuple[Station, ...], place: Callable[[Span], Span | None]
) -> tuple[Station, ...]:
    """The stations in a later text of the reviewed file, whose places `place` tells.

    Where the code of one of them was edited there is no telling whether data still goes that way:
    then there are none. Those in other files stay.
    """
    carried: list[Station] = []
    for station in stations:
        span = station.span if station.name else place(station.span)
        if span is None:
            return ()
        carried.append(replace(station, span=span))
    return tuple(carried)


def _stop(station: Station, role: str, snapshot: Snapshot) -> Stop:
    says, quote = plain(station.says, 300), plain(station.quote, _LONGEST_QUOTE)
    if station.name:
        name = plain(station.name, _LONGEST_NAME)
        return Stop(role, says, quote, station.line + 1, None, name)
    line, column = snapshot.lines.position(station.span.start, Encoding.UTF32)
    if not quote:
        whole = snapshot.lines.line_span(line)
        quote = plain(snapshot.text[whole.start : whole.end].strip(), _LONGEST_QUOTE)
    return Stop(role, says, quote, line + 1, column + 1)
