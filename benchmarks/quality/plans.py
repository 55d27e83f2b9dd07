"""Passes added one by one: what each one brings, and what it costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from benchmarks.quality.bootstrap import Resamples, difference
from benchmarks.quality.cases import Case
from benchmarks.quality.mirador_side import Wish
from benchmarks.quality.tables import Reviewed, Sheet
from benchmarks.quality.tally import FIGURES, total
from mirador_lsp.core.policy import ASK, BLANKED, DEEP, INFILL, QUICK

GAINS = "What each pass brings"
_FIGURES = ("F1", "line F1", "J", "pair accuracy", "security findings per clean file")
_COSTS = ("seconds per file", "tokens per file")


@dataclass(frozen=True)
class Plan:
    """What runs, and what it is compared with."""

    name: str
    wish: Wish
    base: str = ""
    """Name of the plan that it adds a pass to."""


def plans(model: str, options: Mapping[str, str]) -> list[Plan]:
    """The passes in the order in which a review runs them; without a model, those without one."""

    def wish(
        *stages: str,
        lenses: tuple[str, ...] = (),
        passes: Mapping[str, str] = MappingProxyType({}),
        **off: str,
    ) -> Wish:
        said = {f"analysis.{name}": value for name, value in off.items()}
        said |= {f"stages.{stage}.passes": each for stage, each in passes.items()}
        return Wish(("instant", *stages), lenses, model if stages else "", {**options, **said})

    found = [
        Plan("ruff", wish(rules="false", flow="false")),
        Plan("ruff + rules", wish(flow="false"), "ruff"),
        Plan("flow alone", wish(ruff="false", rules="false")),
        Plan("instant: + flow", wish(), "ruff + rules"),
    ]
    if not model:
        return found
    instant = found[-1].name
    for stage in (QUICK, DEEP):
        asked = Plan(f"instant + {stage}: ask", wish(stage, passes={stage: ASK}), instant)
        both = wish(stage, passes={stage: f"{ASK},{BLANKED}"})
        gaps = wish(stage, passes={stage: INFILL})
        found += [
            asked,
            Plan(f"instant + {stage}: ask, blanked", both, asked.name),
            Plan(f"instant + {stage}: infill", gaps, instant),
        ]
    found += [
        Plan(
            f"instant + deep: ask, {lens}",
            wish("deep", lenses=(lens,), passes={DEEP: ASK}),
            instant,
        )
        for lens in ("bug", "security")
    ]
    found.append(Plan("instant + quick", wish("quick"), instant))
    found.append(Plan("instant + quick + deep", wish("quick", "deep"), "instant + quick"))
    judged = wish("quick", "deep", "synthesis")
    return [*found, Plan("+ judge (synthesis)", judged, "instant + quick + deep")]


def gains(chosen: Sequence[Plan], reviewed: Mapping[str, Reviewed], cases: Sequence[Case]) -> Sheet:
    """Benefit and cost of each plan, over the groups that all of them were asked about."""
    counted = {name: side.counting(cases).counted for name, side in reviewed.items()}
    sets = " and ".join(dict.fromkeys(case.set for case in cases))
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
    title = f"{GAINS}: {len(shared)} groups of {sets}"
    note = "The last column is F1 less that of the same plan without the pass."
    return Sheet(title, ("plan", *_FIGURES, *_COSTS, "gain"), tuple(rows), note)
