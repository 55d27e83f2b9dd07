"""What a judge's verdicts are worth: how well they order right findings above wrong ones, what they
would remove and lose, and the curve that says how much they weigh. Pure.

A finding's confidence is what is believed of it without a judge, so a curve is what a verdict adds
to its log-odds. Whether it adds anything is asked of findings that the curve was not fitted to:
groups of cases are left out in turn.
"""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from benchmarks.quality.bootstrap import ROUNDS, Estimate, around
from benchmarks.quality.cases import Case
from benchmarks.quality.outcomes import Claim, Outcome
from benchmarks.quality.tables import Sheet
from benchmarks.quality.tally import truth
from mirador_lsp.core.routing import Calibration, Candidate, log_odds
from mirador_lsp.engine.stages.infilling import SLIP

_FOLDS = 10
_FEWEST = 5
"""Right findings, and wrong ones, below which nothing is fitted."""
_RIDGE = 1.0
"""How strongly terms are held near 0: a handful of findings must not make a steep curve."""
_STEPS = 40
_T = TypeVar("_T")


@dataclass(frozen=True)
class Judged:
    """A finding whose truth is known, with its verdict."""

    kind: Candidate
    group: str
    confidence: float
    """Before the verdict."""
    strength: float
    right: bool


def judged(cases: Sequence[Case], outcomes: Mapping[str, Outcome]) -> list[Judged]:
    """The findings that were judged and whose truth the labels tell."""
    found = []
    for case in cases:
        outcome = outcomes.get(case.id)
        for claim in outcome.claims if outcome is not None else ():
            right = truth(case, claim)
            if claim.strength is None or right is None:
                continue
            row = Judged(_kind(claim), case.group, claim.confidence, claim.strength, right)
            found.append(row)
    return found


def _kind(claim: Claim) -> Candidate:
    if claim.rule == SLIP:
        return Candidate.SLIP
    by_tool = {"model": Candidate.CLAIM, "flow": Candidate.FLOW}
    return by_tool.get(claim.tool, Candidate.PATTERN)


def fit(rows: Sequence[Judged], *, sloped: bool = True) -> Calibration:
    """The curve that fits best, its slope not below 0; without a slope only an offset."""
    import numpy as np

    if not rows:
        return Calibration(0.0, 0.0)
    known = np.array([log_odds(row.confidence) for row in rows])
    right = np.array([row.right for row in rows], dtype=float)
    strength = np.array([row.strength for row in rows])
    columns = np.stack([np.ones(len(rows)), strength], axis=1)[:, : 2 if sloped else 1]
    terms = np.zeros(columns.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-(known + columns @ terms)))
        pull = columns.T @ (right - chance) - _RIDGE * terms
        weight = (chance * (1 - chance))[:, None] * columns
        bend = columns.T @ weight + _RIDGE * np.eye(len(terms))
        terms = terms + np.linalg.solve(bend, pull)
    if sloped and terms[1] <= 0:
        return fit(rows, sloped=False)
    return Calibration(round(float(terms[0]), 2), round(float(terms[1]), 2) if sloped else 0.0)


@dataclass(frozen=True)
class Worth:
    """What verdicts about one kind of findings are worth."""

    kind: Candidate
    right: int
    wrong: int
    order: Estimate
    """Chance that a right finding has the stronger verdict than a wrong one; 0.5 is none."""
    gain: Estimate
    """Bits a finding, on findings left out, beyond what an offset alone would bring."""
    removed: int
    """Wrong findings at or above the gate that the verdict takes below it, when left out."""
    lost: int
    """The same of right ones."""
    shown: tuple[int, int]
    """Right and wrong ones at or above the gate before."""
    curve: Calibration

    @property
    def pays(self) -> bool:
        """Whether verdicts surely order findings better, and remove more wrong than right ones.

        The first alone is worth no question: users see what is shown, not how it is ordered.
        """
        surely = self.gain.defined and self.gain.low > 0 and self.curve.slope > 0
        return surely and self.removed > self.lost


def worth(kind: Candidate, rows: Sequence[Judged], gate: float) -> Worth:
    """What verdicts about findings of one kind are worth."""
    right = [row for row in rows if row.right]
    wrong = [row for row in rows if not row.right]
    enough = min(len(right), len(wrong)) >= _FEWEST
    left_out = _left_out(rows) if enough else []
    gains = [(row.group, _bits(row, flat) - _bits(row, curve)) for row, curve, flat in left_out]
    gone = [
        row.right
        for row, curve, _ in left_out
        if row.confidence >= gate > curve.updated(row.confidence, row.strength)
    ]
    return Worth(
        kind=kind,
        right=len(right),
        wrong=len(wrong),
        order=_resampled(rows, lambda row: row.group, _order),
        gain=_resampled(gains, lambda gain: gain[0], _mean),
        removed=gone.count(False),
        lost=gone.count(True),
        shown=(sum(r.confidence >= gate for r in right), sum(r.confidence >= gate for r in wrong)),
        curve=fit(rows) if enough else Calibration(0.0, 0.0),
    )


def _left_out(rows: Sequence[Judged]) -> list[tuple[Judged, Calibration, Calibration]]:
    """Each finding, with the curve and the offset that others gave."""
    groups = sorted({row.group for row in rows})
    random.Random(0).shuffle(groups)  # noqa: S311 — no secret
    fold = {group: number % _FOLDS for number, group in enumerate(groups)}
    found = []
    for number in range(_FOLDS):
        others = [row for row in rows if fold[row.group] != number]
        curve, flat = fit(others), fit(others, sloped=False)
        found += [(row, curve, flat) for row in rows if fold[row.group] == number]
    return found


def _bits(row: Judged, curve: Calibration) -> float:
    chance = curve.updated(row.confidence, row.strength)
    return -math.log2(max(chance if row.right else 1 - chance, 1e-9))


def _order(rows: Sequence[Judged]) -> float:
    right = [row.strength for row in rows if row.right]
    wrong = [row.strength for row in rows if not row.right]
    if not right or not wrong:
        return math.nan
    above = sum((one > other) + (one == other) / 2 for one in right for other in wrong)
    return above / (len(right) * len(wrong))


def _mean(gains: Sequence[tuple[str, float]]) -> float:
    return sum(gain for _, gain in gains) / len(gains) if gains else math.nan


def _resampled(
    rows: Sequence[_T], group_of: Callable[[_T], str], figure: Callable[[Sequence[_T]], float]
) -> Estimate:
    groups: dict[str, list[_T]] = {}
    for row in rows:
        groups.setdefault(group_of(row), []).append(row)
    names = sorted(groups)
    draw = random.Random(0)  # noqa: S311 — no secret
    drawn = (
        [row for name in draw.choices(names, k=len(names)) for row in groups[name]]
        for _ in range(ROUNDS if names else 0)
    )
    return around(figure(rows), [figure(each) for each in drawn])


def sheet_of(model: str, rows: Sequence[Judged], gate: float, cost: str) -> Sheet:
    """A table of what the verdicts of a model are worth, kind by kind."""
    found = [worth(kind, [r for r in rows if r.kind is kind], gate) for kind in Candidate]
    found = [each for each in found if each.right + each.wrong]
    lines = []
    for each in found:
        right, wrong = each.shown
        lines.append(
            (
                each.kind.value,
                str(each.right),
                str(each.wrong),
                _interval(each.order),
                f"{each.removed} of {wrong}",
                f"{each.lost} of {right}",
                _interval(each.gain),
                f"[{each.curve.offset:g}, {each.curve.slope:g}]",
                "yes" if each.pays else "no",
            )
        )
    heads = ("kind", "right", "wrong", "AUC", "wrong ones removed", "right ones lost")
    return Sheet(
        f"The judge: {model}",
        (*heads, "bits gained", "curve", "pays"),
        tuple(lines),
        f"Row of the capability matrix: `{_row(model, found)}`. {cost}",
    )


def cost_of(outcomes: Mapping[str, Outcome]) -> str:
    """What files with verdicts cost, all stages together."""
    there = [
        outcome
        for outcome in outcomes.values()
        if any(claim.strength is not None for claim in outcome.claims)
    ]
    verdicts = sum(c.strength is not None for outcome in there for c in outcome.claims)
    if not verdicts:
        return "Nothing was judged."
    seconds = sum(outcome.seconds for outcome in there)
    tokens = sum(outcome.prompt_tokens + outcome.completion_tokens for outcome in there)
    return (
        f"{verdicts} verdicts in {len(there)} files, {seconds / verdicts:.1f} s and "
        f"{tokens / verdicts:.0f} tokens each, with all that ran before."
    )


def _interval(found: Estimate) -> str:
    if not found.defined:
        return ""
    return f"{found.value:.2f} ({found.low:.2f}…{found.high:.2f})"


def _row(model: str, found: Sequence[Worth]) -> str:
    """What the matrix is to say: a slope only where verdicts surely bring something."""
    curves = (
        f"{each.kind.value}: [{each.curve.offset:g}, {each.curve.slope:g}]"
        if each.pays
        else f"{each.kind.value}: [0, 0]"
        for each in found
    )
    return f"{{model: {model}, judge: {{{', '.join(curves)}}}}}"
