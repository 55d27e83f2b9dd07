"""What outcomes are worth, as counts that add up. Pure.

Every figure is made of sums over groups of cases, so that resampling groups gives its uncertainty.

A finding is *about* a case where it has a CWE number of the case's family; where a case has none,
where it is about a bug or a weakness. A case is *flagged* where a finding that is shown is about
it, and flagged *by any* where one is about security at all, whatever its number.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby

from benchmarks.quality.cases import Case
from benchmarks.quality.outcomes import Claim, Outcome
from benchmarks.quality.weaknesses import same

BINS = 10
NEAR = 3
"""Lines beside a defect that still count as its place when claims are judged right or wrong."""
_SERIOUS = frozenset({"security", "bug"})
Counts = Mapping[str, float]
Figure = Callable[[Counts], float]
_Sums = defaultdict[str, float]


def about(case: Case, claim: Claim) -> bool:
    """Whether a claim is about what the case is about."""
    if case.weaknesses:
        return any(same(claim.cwe, number) for number in case.weaknesses)
    return claim.lens in _SERIOUS


def about_any(case: Case, claim: Claim) -> bool:
    """The same without a look at its CWE number."""
    return claim.lens == "security" if case.weaknesses else claim.lens in _SERIOUS


def truth(case: Case, claim: Claim) -> bool | None:
    """Whether a claim is right; None where the case does not tell.

    A claim about another weakness than the case may well be right. One about security without a
    number is held against what the case is about.
    """
    if not about(case, claim) and not (case.weaknesses and not claim.cwe and claim.lens != "bug"):
        return None
    if claim.lens not in _SERIOUS:
        return None
    return case.defect and (not case.lines or touches(case, claim, NEAR))


def touches(case: Case, claim: Claim, near: int = 0) -> bool:
    """Whether a claim points at a line of the defect, or at one at most `near` lines away."""
    if claim.first < 0:
        return False
    return any(claim.first - near <= line <= claim.last + near for line in case.lines)


def group_counts(cases: Sequence[Case], outcomes: Mapping[str, Outcome]) -> dict[str, Counts]:
    """The counts of every group of cases that is wholly there, by group."""
    counted: dict[str, Counts] = {}
    by_group = sorted(cases, key=lambda case: case.group)
    for group, members in groupby(by_group, key=lambda case: case.group):
        together = list(members)
        if all(case.id in outcomes for case in together):
            counted[group] = _of_group(together, outcomes)
    return counted


def _of_group(cases: Sequence[Case], outcomes: Mapping[str, Outcome]) -> Counts:
    counts: _Sums = defaultdict(float)
    flags: dict[str, list[tuple[bool, bool]]] = {"": [], " by any": []}
    for case in cases:
        outcome = outcomes[case.id]
        shown = [claim for claim in outcome.claims if claim.shown]
        for suffix, judge in (("", about), (" by any", about_any)):
            flagged = any(judge(case, claim) for claim in shown)
            flags[suffix].append((case.defect, flagged))
            kind = ("t" if flagged == case.defect else "f") + ("p" if flagged else "n")
            counts[kind + suffix] += 1
        _add_lines(counts, case, shown)
        _add_costs(counts, case, outcome, shown)
        for claim in outcome.claims:
            _add_sureness(counts, case, claim)
    if cases[0].paired:
        counts["pairs"] += 1
        for suffix, seen in flags.items():
            counts["pairs right" + suffix] += all(defect == flagged for defect, flagged in seen)
    return counts


def _add_lines(counts: _Sums, case: Case, shown: Sequence[Claim]) -> None:
    if not case.located:
        return
    relevant = [claim for claim in shown if about(case, claim)]
    for suffix, near in (("", 0), (" near", NEAR)):
        hits = [claim for claim in relevant if touches(case, claim, near)]
        counts["claims"] += 0 if suffix else len(relevant)
        counts["claims at" + suffix] += len(hits)
        if case.lines:
            counts["located" + suffix] += 1
            counts["located hit" + suffix] += bool(hits)


def _add_costs(counts: _Sums, case: Case, outcome: Outcome, shown: Sequence[Claim]) -> None:
    counts["files"] += 1
    counts["failed"] += bool(outcome.failed)
    counts["shown"] += len(shown)
    counts["withheld"] += len(outcome.claims) - len(shown)
    counts["withdrawn"] += outcome.withdrawn
    if not case.defect:
        counts["clean"] += 1
        counts["clean shown"] += len(shown)
        counts["clean security"] += sum(claim.lens == "security" for claim in shown)
    for name in ("seconds", "prompt_tokens", "completion_tokens", "units", "unfinished"):
        counts[name] += getattr(outcome, name)
    for name in ("heard", "misquoted", "malformed"):
        counts[name] += getattr(outcome, name)


def _add_sureness(counts: _Sums, case: Case, claim: Claim) -> None:
    right = truth(case, claim)
    counts["untold" if right is None else "told"] += 1
    if right is None:
        return
    if claim.confidence < 0:
        return
    counts["sure"] += 1
    for when, sureness in (("before", claim.raw), ("after", claim.confidence)):
        place = min(BINS - 1, int(sureness * BINS))
        counts[f"{when} {place}"] += 1
        counts[f"{when} {place} sure"] += sureness
        counts[f"{when} {place} right"] += right


def total(counted: Iterable[Counts]) -> Counts:
    """The sum of counts."""
    whole: _Sums = defaultdict(float)
    for counts in counted:
        for name, number in counts.items():
            whole[name] += number
    return whole


def ratio(above: float, below: float) -> float:
    """A share; not a number where there is nothing to share."""
    return above / below if below else math.nan


def _f1(counts: Counts, suffix: str = "") -> float:
    hits = counts.get("tp" + suffix, 0)
    wrong = counts.get("fp" + suffix, 0) + counts.get("fn" + suffix, 0)
    return ratio(2 * hits, 2 * hits + wrong)


def _harmonic(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other else 0.0


def _of(above: str, *below: str) -> Figure:
    return lambda c: ratio(c.get(above, 0), sum(c.get(name, 0) for name in below))


def _line_f1(suffix: str) -> Figure:
    precise, found = _of("claims at" + suffix, "claims"), _of("located hit" + suffix, "located")

    def figure(counts: Counts) -> float:
        if not counts.get("located", 0):
            return math.nan
        return _harmonic(precise(counts), found(counts)) if counts.get("claims", 0) else 0.0

    return figure


def _youden(suffix: str = "") -> Figure:
    hit = _of("tp" + suffix, "tp" + suffix, "fn" + suffix)
    false = _of("fp" + suffix, "fp" + suffix, "tn" + suffix)
    return lambda c: hit(c) - false(c)


def _tokens(counts: Counts, each: str) -> float:
    if not counts.get("units", 0):
        return math.nan
    read = counts.get("prompt_tokens", 0) + counts.get("completion_tokens", 0)
    return ratio(read, counts.get(each, 0))


def expected_error(when: str) -> Figure:
    """The expected calibration error of claims whose truth is known: "before" or "after"."""

    def error(counts: Counts) -> float:
        gaps = sum(
            abs(counts.get(f"{when} {b} sure", 0) - counts.get(f"{when} {b} right", 0))
            for b in range(BINS)
        )
        return ratio(gaps, counts.get("sure", 0))

    return error


FIGURES: Mapping[str, Figure] = {
    "precision": _of("tp", "tp", "fp"),
    "recall": _of("tp", "tp", "fn"),
    "F1": _f1,
    "J": _youden(),
    "pair accuracy": _of("pairs right", "pairs"),
    "pair accuracy, any CWE": _of("pairs right by any", "pairs"),
    "J, any CWE": _youden(" by any"),
    "F1, any CWE": lambda c: _f1(c, " by any"),
    "line precision": _of("claims at", "claims"),
    "line recall": _of("located hit", "located"),
    "line F1": _line_f1(""),
    f"line F1, {NEAR} lines near": _line_f1(" near"),
    "findings per clean file": _of("clean shown", "clean"),
    "security findings per clean file": _of("clean security", "clean"),
    "withheld per file": _of("withheld", "files"),
    "withdrawn per file": _of("withdrawn", "files"),
    "calibration error before": expected_error("before"),
    "calibration error": expected_error("after"),
    "replies that parse": lambda c: 1 - ratio(c.get("unfinished", 0), c.get("units", 0)),
    "claims in the format": lambda c: (
        1 - ratio(c.get("malformed", 0), sum(c.get(n, 0) for n in ("heard", "malformed")))
    ),
    "quotes found": _of("heard", "heard", "misquoted"),
    "seconds per file": _of("seconds", "files"),
    "seconds per finding": _of("seconds", "shown"),
    "tokens per file": lambda c: _tokens(c, "files"),
    "tokens per finding": lambda c: _tokens(c, "shown"),
    "files not reviewed": _of("failed", "files"),
}
"""Every figure of a set of cases, by what tables call it; not a number where it has no meaning."""
