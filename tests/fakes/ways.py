"""A finding that tells how data gets to where it does harm."""

from dataclasses import replace

from fakes import events as told
from fakes.hostile import HOSTILE
from mirador_lsp.core import events
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Finding, Station
from mirador_lsp.core.text import Span


def place(snapshot: Snapshot, quote: str) -> Span:
    """The first place where `quote` stands."""
    start = snapshot.text.index(quote)
    return Span(start, start + len(quote))


def led(snapshot: Snapshot) -> Finding:
    """A parameter that is joined into a query, quoted in another file, and executed."""
    stations = (
        Station(place(snapshot, "customer: str"), "the parameter `customer` comes in"),
        Station(Span(40, 48), "given to `quote`", "return quote(text)", "lib/sql.py", 11),
        Station(place(snapshot, "db.execute(query)"), "given to `execute`"),
    )
    return replace(told.sql(snapshot), rule="flow/sql-injection", stations=stations)


def review(snapshot: Snapshot) -> tuple[events.Event, ...]:
    """A review that reports that finding and nothing else."""
    found = led(snapshot)
    return (
        events.ReviewStarted("instant", ("instant",), ""),
        events.StageStarted("instant", "", "", 1),
        events.FindingReported("instant", found),
        events.ReviewFinished(1.0, (found,), (), 0, 0, reviewed=True, notices=()),
    )


def hostile_review(snapshot: Snapshot) -> tuple[events.Event, ...]:
    """The same with hostile text in every station."""
    found = led(snapshot)
    nasty = tuple(
        replace(each, says=HOSTILE, quote=HOSTILE, name=HOSTILE if each.name else "")
        for each in found.stations
    )
    found = replace(found, stations=nasty)
    finished = events.ReviewFinished(1.0, (found,), (), 0, 0, reviewed=True, notices=())
    return events.FindingReported("instant", found), finished
