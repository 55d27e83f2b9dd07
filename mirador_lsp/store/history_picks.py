"""A `Selection` as the condition of a statement."""

from typing import Any

from mirador_lsp.core.history import Selection
from mirador_lsp.store.history_rows import path

_ABOUT = """
SELECT a.finding FROM history_about AS a JOIN history_exchanges AS e ON e.number = a.exchange
"""


class Pick:
    """Conditions that all have to hold. The columns are ours; what users say is bound."""

    def __init__(self) -> None:
        self._conditions: list[str] = []
        self.values: list[Any] = []

    @property
    def where(self) -> str:
        """The clause; "" where everything is meant."""
        return f"WHERE {' AND '.join(self._conditions)}" if self._conditions else ""

    def add(self, condition: str, *values: Any) -> None:
        """One more condition."""
        self._conditions.append(condition)
        self.values += values

    def times(self, column: str, which: Selection) -> None:
        """Within the times that are meant."""
        if which.before is not None:
            self.add(f"{column} < ?", which.before)
        if which.since is not None:
            self.add(f"{column} >= ?", which.since)

    def beginning(self, column: str, text: str) -> None:
        """A column begins with what a user typed."""
        if text:
            self.add(f"substr({column}, 1, length(?)) = ?", text, text)

    def file(self, name: str, whole: str, which: Selection) -> None:
        """About a file, by its name or by the end of its path. `name` is the column of what users
        call it, `whole` an expression of where it lies.
        """
        if not which.file:
            return
        meant = path(which.file)
        ending = f"/{meant.lstrip('/')}"
        ends = " OR ".join(f"substr({column}, -length(?)) = ?" for column in (name, whole))
        self.add(f"({name} = ? OR {ends})", meant, *([ending, ending] * 2))


def exchanges_that(which: Selection) -> Pick:
    """Of `history_exchanges AS e`."""
    pick = Pick()
    pick.times("e.time", which)
    pick.file("e.name", "e.document", which)
    pick.beginning("e.session", which.session)
    pick.beginning("e.id", which.id)
    if which.kinds:
        pick.add(f"e.kind IN ({', '.join('?' * len(which.kinds))})", *which.kinds)
    return pick


def lives_that(which: Selection) -> Pick:
    """Of `history_findings AS f`; those of a session or a kind are what its exchanges are about."""
    pick = Pick()
    pick.times("f.last", which)
    pick.file("f.name", "f.document", which)
    pick.beginning("f.finding", which.id)
    if which.session or which.kinds:
        about = exchanges_that(Selection(session=which.session, kinds=which.kinds))
        pick.add(f"f.number IN ({_ABOUT} {about.where})", *about.values)
    return pick


def memories_that(which: Selection) -> Pick:
    """Of `history_memories AS m`."""
    pick = Pick()
    pick.times("m.time", which)
    pick.file("m.name", "m.folder || '/' || m.name", which)
    pick.beginning("m.session", which.session)
    return pick
