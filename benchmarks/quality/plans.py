"""Passes added one by one: what each one brings, and what it costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from benchmarks.quality.bootstrap import Resamples, difference
from benchmarks.quality.cases import Case
from benchmarks.quality.mirador_side import Wish
from benchmarks.quality.outcomes import Outcome
from benchmarks.quality.tables import Reviewed, Sheet
from benchmarks.quality.tally import FIGURES, total

_BEFORE_MODELS = ("ruff", "rules")
_FIGURES = ("F1", "line F1", "J", "pair accuracy", "security findings per clean file")
_COSTS = ("seconds per file", "tokens per finding")


@dataclass(frozen=True)
class Plan:
    """What runs, and what it is compared with."""

    name: str
    wish: Wish
    base: str = ""
    """Name of the plan that it adds a pass to."""
    only: tuple[str, ...] = ()
    """Count the findings of these tools alone; () for all."""


def plans(model: str, options: Mapping[str, str]) -> list[Plan]:
    """The passes in the order in which a review runs them; without a model, those without one."""

    def wish(*stages: str, lenses: tuple[str, ...] = ()) -> Wish:
        return Wish(("instant", *stages), lenses, model, options)

    found = [
        Plan("ruff", wish(), only=("ruff",)),
        Plan("+ rules", wish(), "ruff", only=_BEFORE_MODELS),
        Plan("+ flow (instant)", wish(), "+ rules"),
    ]
    if not model:
        return found
    instant = found[-1].name
    found.append(Plan("instant + quick", wish("quick"), instant))
    found += [
        Plan(f"instant + deep, {lens}", wish("deep", lenses=(lens,)), instant)
        for lens in ("bug", "security")
    ]
    found.append(Plan("instant + quick + deep", wish("quick", "deep"), "instant + quick"))
    judged = wish("quick", "deep", "synthesis")
    return [*found, Plan("+ judge (synthesis)", judged, "instant + quick + deep")]


def narrowed(plan: Plan, outcomes: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """What the tools of a plan alone would have said."""
    if not plan.only:
        return dict(outcomes)
    return {
        name: replace(outcome, claims=tuple(c for c in outcome.claims if c.tool in plan.only))
        for name, outcome in outcomes.items()
    }


def gains(chosen: Sequence[Plan], reviewed: Mapping[str, Reviewed], cases: Sequence[Case]) -> Sheet:
    """Benefit and cost of each plan, over the groups that all of them were asked about."""
    counted = {name: side.counting(cases).counted for name, side in reviewed.items()}
    there = [plan for plan in chosen if plan.name in counted]
    shared = sorted(set.intersection(*(set(counted[plan.name]) for plan in there)))
    of = {plan.name: {group: counted[plan.name][group] for group in shared} for plan in there}
    resamples = Resamples(shared)
    drawn = {name: resamples.counts(each) for name, each in of.items()}
    rows = []
    for plan in there:
        counts = total(of[plan.name].values())
        values = [FIGURES[name](counts) for name in (*_FIGURES, *_COSTS)]
        gain = ""
        if plan.base in of:
            both = (of[plan.name], of[plan.base]), (drawn[plan.name], drawn[plan.base])
            found = difference(FIGURES["F1"], *both)
            gain = f"{found.value:+.3f} ({found.low:+.3f}…{found.high:+.3f})"
        rows.append((plan.name, *(f"{v:.3f}".replace("nan", "") for v in values), gain))
    title = f"What each pass brings: {len(shared)} groups"
    note = "The last column is F1 less that of the same plan without the pass."
    return Sheet(title, ("plan", *_FIGURES, *_COSTS, "gain"), tuple(rows), note)
