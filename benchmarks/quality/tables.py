"""Figures of several sides beside each other, as tables that a terminal and a page both show."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from benchmarks.quality.bootstrap import Estimate, Resamples, difference, estimate
from benchmarks.quality.cases import Case
from benchmarks.quality.outcomes import Outcome
from benchmarks.quality.tally import BINS, FIGURES, Counts, group_counts, total, truth

_SHARES = ("seconds", "tokens", "findings", "withheld", "withdrawn")
_COMPARED = ("F1", "J", "pair accuracy", "security findings per clean file")
_GATES = tuple(step / 20 for step in range(20))
_WANTED_PRECISION = 0.7
_MOST_RULES = 25


@dataclass(frozen=True)
class Reviewed:
    """A side, and what it said of the cases."""

    name: str
    outcomes: Mapping[str, Outcome]
    counted: Mapping[str, Counts] = field(default_factory=dict)
    """By group; made by `counting`."""

    def counting(self, cases: Sequence[Case]) -> "Reviewed":
        """The same, counted over those of the cases that it was asked about."""
        return Reviewed(self.name, self.outcomes, group_counts(cases, self.outcomes))


@dataclass(frozen=True)
class Sheet:
    """One table."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def show(sheet: Sheet, console: Console) -> None:
    """Print a table."""
    table = Table(title=sheet.title, caption=sheet.note or None)
    for place, head in enumerate(sheet.heads):
        table.add_column(head, justify="right" if place else "left", overflow="fold")
    for row in sheet.rows:
        table.add_row(*row)
    console.print(table)


def markdown(sheet: Sheet) -> str:
    """A table as a part of a page."""
    lines = [sheet.heads, ("---", *("--:" for _ in sheet.heads[1:])), *sheet.rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"### {sheet.title}\n\n{table}\n" + (f"\n{sheet.note}\n" if sheet.note else "")


def figures_of(sides: Sequence[Reviewed], name: str) -> Sheet:
    """Every figure of a set that has a meaning, for each side over the groups all were asked."""
    shared = _shared(sides, name)
    draws = _Draws(shared)
    rows = []
    for figure_name, figure in FIGURES.items():
        cells = []
        for side in sides:
            counted = {group: side.counted[group] for group in shared}
            cells.append(_cell(figure_name, estimate(figure, counted, draws.of(side, counted))))
        if any(cells):
            rows.append((figure_name, *cells))
    files = total(sides[0].counted[g] for g in shared).get("files", 0) if shared else 0
    title = f"{name or 'all sets'}: {len(shared)} groups, {files:.0f} files"
    return Sheet(title, ("", *(side.name for side in sides)), tuple(rows))


def differences_of(sides: Sequence[Reviewed], name: str) -> Sheet:
    """How much more the first side has than each other one, over the same cases, paired."""
    shared = _shared(sides, name)
    draws = _Draws(shared)
    rows = []
    first = {group: sides[0].counted[group] for group in shared}
    for side in sides[1:]:
        other = {group: side.counted[group] for group in shared}
        drawn = (draws.of(sides[0], first), draws.of(side, other))
        cells = [
            _cell(each, difference(FIGURES[each], (first, other), drawn), sign=True)
            for each in _COMPARED
        ]
        rows.append((side.name, *cells))
    title = f"{name or 'all sets'}: {sides[0].name} less another"
    return Sheet(title, ("other", *_COMPARED), tuple(rows))


class _Draws:
    """Resamples of some groups, and the counts of each side in them."""

    def __init__(self, groups: Sequence[str]) -> None:
        self._resamples = Resamples(groups)
        self._known: dict[str, list[Counts]] = {}

    def of(self, side: Reviewed, counted: Mapping[str, Counts]) -> list[Counts]:
        if side.name not in self._known:
            self._known[side.name] = self._resamples.counts(counted)
        return self._known[side.name]


def _shared(sides: Sequence[Reviewed], name: str) -> list[str]:
    groups = set.intersection(*(set(side.counted) for side in sides))
    return sorted(group for group in groups if not name or group.partition("/")[0] == name)


def _cell(name: str, found: Estimate, *, sign: bool = False) -> str:
    if not found.defined:
        return ""
    digits = 2 if name.startswith(_SHARES) or "per" in name else 3
    plus = "+" if sign else ""
    value = f"{found.value:{plus}.{digits}f}"
    if math.isnan(found.low):
        return value
    return f"{value} ({found.low:{plus}.{digits}f}…{found.high:{plus}.{digits}f})"


def gates_of(side: Reviewed, cases: Sequence[Case]) -> Sheet:
    """What each gate would have shown, from the findings with their confidence."""
    rows = []
    reached = ""
    for gate in _GATES:
        counts = total(group_counts(cases, gated(side.outcomes, gate)).values())
        precision = FIGURES["precision"](counts)
        if not reached and precision >= _WANTED_PRECISION:
            reached = f"{gate:.2f} is the lowest gate with precision ≥ {_WANTED_PRECISION}"
        names = ("precision", "recall", "F1", "J", "pair accuracy", "line precision")
        more = ("security findings per clean file", "withheld per file")
        cells = [f"{FIGURES[name](counts):.3f}".replace("nan", "") for name in (*names, *more)]
        rows.append((f"{gate:.2f}", *cells))
    note = reached or f"no gate reaches a precision of {_WANTED_PRECISION}"
    heads = ("precision", "recall", "F1", "J", "pairs", "line precision", "clean", "withheld")
    return Sheet(f"Gates: {side.name}", ("gate", *heads), tuple(rows), note)


def gated(outcomes: Mapping[str, Outcome], gate: float) -> dict[str, Outcome]:
    """Outcomes as another gate would have made them."""
    return {
        name: replace(
            outcome,
            claims=tuple(replace(c, shown=c.confidence >= gate) for c in outcome.claims),
        )
        for name, outcome in outcomes.items()
    }


def calibration_of(side: Reviewed) -> Sheet:
    """How often findings are right that are so sure, before judging and as shown."""
    counts = total(side.counted.values())
    rows = []
    for number in range(BINS):
        cells: list[str] = []
        for when in ("before", "after"):
            here = counts.get(f"{when} {number}", 0)
            sure = counts.get(f"{when} {number} sure", 0)
            right = counts.get(f"{when} {number} right", 0)
            shares = (f"{sure / here:.2f}", f"{right / here:.2f}") if here else ("", "")
            cells += [f"{here:.0f}", *shares]
        if cells[0] != "0" or cells[3] != "0":
            rows.append((f"{number / BINS:.1f}…{(number + 1) / BINS:.1f}", *cells))
    heads = ("confidence", "reported", "mean", "right", "shown or withheld", "mean", "right")
    error = FIGURES["calibration error"](counts)
    note = (
        f"{counts.get('sure', 0):.0f} findings whose truth the labels tell, "
        f"{counts.get('untold', 0):.0f} others; expected calibration error {error:.3f}, before "
        f"{FIGURES['calibration error before'](counts):.3f}"
    )
    return Sheet(f"Calibration: {side.name}", heads, tuple(rows), note)


def rules_of(side: Reviewed, cases: Sequence[Case]) -> Sheet:
    """Which rules find what: how often each is shown, on files without the defect, and right."""
    found: dict[str, list[int]] = {}
    for case in cases:
        outcome = side.outcomes.get(case.id)
        for claim in outcome.claims if outcome is not None else ():
            if not claim.shown:
                continue
            counts = found.setdefault(claim.rule, [0, 0, 0, 0])
            right = truth(case, claim)
            counts[0] += 1
            counts[1] += not case.defect
            counts[2] += right is not None
            counts[3] += right is True
    rows = [
        (rule, str(shown), str(clean), str(told), f"{right / told:.3f}" if told else "")
        for rule, (shown, clean, told, right) in sorted(
            found.items(), key=lambda item: (-item[1][1], item[0])
        )
    ]
    heads = ("rule", "shown", "on clean files", "truth known", "of these right")
    return Sheet(f"Rules: {side.name}", heads, tuple(rows[:_MOST_RULES]))
