"""Makes what is shown out of what was counted. Pure: no disk, no clock."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from mirador_lsp.core.feedback import Opinion, Verdict
from mirador_lsp.core.figures import (
    Acceptance,
    DayRow,
    EnergyRow,
    FixRow,
    KindRow,
    Saving,
    Spread,
    StageRow,
    Summary,
)
from mirador_lsp.core.metrics import (
    Ending,
    FindingCounts,
    Price,
    RequestFigures,
    RequestSum,
    StageCosts,
    StageSum,
    Sums,
    Surface,
    Times,
    merged,
    quantile,
)
from mirador_lsp.core.policy import STAGES

_NONE = StageCosts(runs=0)
_MOST_DAYS = 731
_Row = TypeVar("_Row")
_Key = TypeVar("_Key")


@dataclass(frozen=True)
class Wanted:
    """What is asked of the figures."""

    since: float = 0.0
    """Seconds since the epoch; 0 for all there is."""
    model: str = ""
    """Part of the name of a model, or ""."""
    now: float = 0.0


def summarize(
    sums: Sums,
    opinions: Sequence[Opinion],
    prices: Sequence[Price],
    wanted: Wanted,
    latest: Sequence[RequestFigures] = (),
) -> Summary:
    """The figures as they are shown. `opinions` may be of any time; `latest` is oldest first."""
    stages = [each for each in sums.stages if wanted.model in each.model]
    if wanted.model:
        stages = [each for each in stages if each.model]
    held = [each for each in opinions if each.time >= wanted.since]
    here = _costs(each.costs for each in stages if each.model and not each.leaves)
    return Summary(
        since=_day(wanted.since) if wanted.since else "",
        until=_day(wanted.now),
        model=wanted.model,
        requests=sum(each.count for each in sums.requests),
        kinds=_kinds(sums),
        stages=_stages(stages, sums.times),
        days=_days(sums, stages, held),
        findings=_findings(sums.requests),
        fixes=_fixes(sums.requests),
        acceptance=_acceptance("", held),
        by_tool=_by_tool(held),
        energy=_energy(sums.requests),
        here=here,
        away=_costs(each.costs for each in stages if each.leaves),
        savings=tuple(Saving(price, price.of(here)) for price in prices),
        latest=tuple(reversed(latest)),
    )


def _grouped(rows: Iterable[_Row], key: Callable[[_Row], _Key]) -> dict[_Key, list[_Row]]:
    groups: dict[_Key, list[_Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def _kinds(sums: Sums) -> tuple[KindRow, ...]:
    times = _grouped((t for t in sums.times if not t.stage), lambda t: t.kind)
    rows = [
        KindRow(
            kind=kind,
            count=sum(r.count for r in group),
            stopped=sum(r.count for r in group if r.ending is Ending.STOPPED),
            failed=sum(r.count for r in group if r.ending is Ending.FAILED),
            ahead=sum(r.count for r in group if r.surface is Surface.AHEAD),
            took=_spread([t.total for t in times.get(kind, [])]),
        )
        for kind, group in _grouped(sums.requests, lambda r: r.kind).items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.count, row.kind)))


def _stages(stages: Sequence[StageSum], times: Sequence[Times]) -> tuple[StageRow, ...]:
    took = _grouped((t for t in times if t.stage), lambda t: (t.stage, t.model))
    rows = [
        StageRow(
            stage=key[0],
            model=key[1],
            digests=tuple(dict.fromkeys(each.digest for each in group if each.digest)),
            leaves=any(each.leaves for each in group),
            costs=_costs(each.costs for each in group),
            first_token=_spread([t.first_token for t in took.get(key, [])]),
            took=_spread([t.total for t in took.get(key, [])]),
        )
        for key, group in _grouped(stages, lambda s: (s.stage, s.model)).items()
    ]
    return tuple(sorted(rows, key=lambda row: (_place(row.stage), row.stage, row.model)))


def _place(stage: str) -> int:
    return STAGES.index(stage) if stage in STAGES else len(STAGES)


def _days(
    sums: Sums, stages: Sequence[StageSum], opinions: Sequence[Opinion]
) -> tuple[DayRow, ...]:
    models = {each.model for each in stages}
    by_request = _grouped(sums.requests, lambda r: r.day)
    by_stage = _grouped((s for s in stages if s.model), lambda s: s.day)
    by_time = _grouped((t for t in sums.times if t.model and t.model in models), lambda t: t.day)
    by_opinion = _grouped(opinions, lambda o: _day(o.time))
    rows = []
    for day in _without_gap({*by_request, *by_stage, *by_opinion}):
        requests = by_request.get(day, [])
        decided = _acceptance("", by_opinion.get(day, []))
        taken = decided.accepted + decided.edited
        row = DayRow(
            day=day,
            requests=sum(r.count for r in requests),
            costs=_costs(s.costs for s in by_stage.get(day, [])),
            findings=_findings(requests),
            first_token=_spread([t.first_token for t in by_time.get(day, [])]),
            decided=taken + decided.undone + decided.dismissed,
            accepted=taken,
            joules=sum(r.joules for r in requests),
        )
        rows.append(row)
    return tuple(rows)


def _without_gap(days: set[str]) -> list[str]:
    """Every day from the first to the last, so that a quiet one is seen as one."""
    if not days:
        return []
    last, day = date.fromisoformat(max(days)), date.fromisoformat(min(days))
    day = max(day, last - timedelta(days=_MOST_DAYS))
    found = []
    while day <= last:
        found.append(day.isoformat())
        day += timedelta(days=1)
    return found


def _fixes(requests: Sequence[RequestSum]) -> tuple[FixRow, ...]:
    changes = [r for r in requests if r.kind in _CHANGES and r.ending is not Ending.STOPPED]
    groups = _grouped(
        (r for r in changes if r.offered or r.rung or r.failed or r.kind != "custom"),
        lambda r: (r.kind, r.offered, r.rung, r.failed),
    )
    rows = [FixRow(*key, count=sum(r.count for r in group)) for key, group in groups.items()]
    return tuple(sorted(rows, key=lambda row: (row.kind, not row.offered, -row.count, row.rung)))


# "custom" is an answer as well as a change, and then it has climbed nothing.
_CHANGES = frozenset({"fix", "document", "tests", "custom"})


def _by_tool(opinions: Sequence[Opinion]) -> tuple[Acceptance, ...]:
    groups = _grouped(opinions, lambda o: o.tool)
    rows = [_acceptance(tool, group) for tool, group in groups.items()]
    known = [row for row in rows if row.rate is not None]
    return tuple(sorted(known, key=lambda row: (-(row.accepted + row.edited), row.tool)))


def _acceptance(tool: str, opinions: Sequence[Opinion]) -> Acceptance:
    total = Acceptance(tool)
    for each in opinions:
        total = _with(total, each)
    return total


def _with(total: Acceptance, opinion: Opinion) -> Acceptance:
    lines = max(0, opinion.lines)
    match opinion.verdict:
        case Verdict.ACCEPTED:
            accepted = total.accepted + 1
            return replace(total, accepted=accepted, accepted_lines=total.accepted_lines + lines)
        case Verdict.EDITED:
            edited = total.edited + 1
            return replace(total, edited=edited, edited_lines=total.edited_lines + lines)
        case Verdict.UNDONE:
            undone = total.undone + 1
            return replace(total, undone=undone, undone_lines=total.undone_lines + lines)
        case Verdict.DISMISSED | Verdict.SUPPRESSED:
            return replace(total, dismissed=total.dismissed + 1)
        case Verdict.RESTORED | Verdict.HELPFUL | Verdict.UNHELPFUL | Verdict.RATED:
            return total


def _energy(requests: Sequence[RequestSum]) -> EnergyRow:
    return EnergyRow(
        joules=sum(r.joules for r in requests),
        measured=sum(r.measured for r in requests),
        sources=tuple(sorted({r.source for r in requests if r.source})),
    )


def _findings(requests: Iterable[RequestSum]) -> FindingCounts:
    total = FindingCounts()
    for each in requests:
        total += each.findings
    return total


def _costs(each: Iterable[StageCosts]) -> StageCosts:
    total = _NONE
    for costs in each:
        total += costs
    return total


def _spread(histograms: Sequence[Mapping[int, int]]) -> Spread:
    whole = merged(histograms)
    return Spread(sum(whole.values()), quantile(whole, 0.5), quantile(whole, 0.95))


def _day(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).astimezone().strftime("%Y-%m-%d")
