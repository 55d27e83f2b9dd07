"""Outcomes that are known already, one JSON line each: a run that was stopped goes on from there.

An outcome is known for the side's name and manner, its version and the text of the case. A line is
written whole and at once, so a kill costs at most the case that was under review; a last line that
broke off is overlooked.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path

import msgspec

from benchmarks.quality.cases import Case
from benchmarks.quality.outcomes import Outcome
from benchmarks.quality.sides import Side


class _Line(msgspec.Struct, frozen=True):
    side: str
    version: str
    text: str
    outcome: Outcome


class Kept:
    """The file with the outcomes."""

    def __init__(self, file: Path, *, any_version: bool = False) -> None:
        self._file = file
        self._any = any_version
        self._known: dict[tuple[str, str, str], Outcome] = {}
        self.unreadable = 0
        """Lines that were overlooked."""
        for line in file.read_bytes().splitlines() if file.is_file() else ():
            try:
                read = msgspec.json.decode(line, type=_Line)
            except msgspec.DecodeError:
                self.unreadable += 1
                continue
            self._known[self._key(read.side, read.version, read.text)] = read.outcome

    def _key(self, side: str, version: str, text: str) -> tuple[str, str, str]:
        return (side, "" if self._any else version, text)

    def find(self, side: Side, case: Case) -> Outcome | None:
        """What the side said of the case before; of failures nothing is known."""
        known = self._known.get(self._key(side.digest, side.version, case.digest))
        if known is None or known.failed:
            return None
        return msgspec.structs.replace(known, case=case.id)

    def add(self, side: Side, case: Case, outcome: Outcome) -> None:
        """Keep an outcome. When it returns, the system has it."""
        line = _Line(side.digest, side.version, case.digest, outcome)
        self._known[self._key(side.digest, side.version, case.digest)] = outcome
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("ab") as out:
            out.write(msgspec.json.encode(line) + b"\n")


async def review_all(
    side: Side, cases: Sequence[Case], kept: Kept, tell: Callable[[int], None], until: float | None
) -> dict[str, Outcome]:
    """The outcomes of the cases by their ids, asking only for those that are not known.

    `tell` hears how many are done. At the moment `until` of the loop's clock no further case is
    begun; what is there by then is given.
    """
    outcomes = {case.id: known for case in cases if (known := kept.find(side, case)) is not None}
    tell(len(outcomes))
    missing = [case for case in cases if case.id not in outcomes]
    by_id = {case.id: case for case in missing}
    clock = asyncio.get_running_loop().time
    if not missing or (until is not None and clock() >= until):
        return outcomes
    async with aclosing(side.review(missing)) as reviewed:
        async for outcome in reviewed:
            kept.add(side, by_id[outcome.case], outcome)
            outcomes[outcome.case] = outcome
            tell(len(outcomes))
            if until is not None and clock() >= until:
                break
    return outcomes
