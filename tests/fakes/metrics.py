"""Figures of requests in memory."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.events import Notice
from mirador_lsp.core.history import Selection
from mirador_lsp.core.metrics import (
    ChangeFigures,
    Ending,
    Energy,
    FindingCounts,
    RequestFigures,
    RequestSum,
    StageCosts,
    StageRun,
    StageSum,
    Sums,
    Surface,
    Times,
    bucket_of,
)

NOON = 1_700_049_600.0
"""A moment in the middle of a day, wherever the tests run."""
DAY = 86_400.0


def stage_run(
    stage: str = "deep",
    model: str = "qwen2.5-coder-1.5b",
    *,
    first: float | None = 0.5,
    leaves: bool = False,
    digest: str = "d" * 64,
    **costs: float,
) -> StageRun:
    """One run of a stage."""
    usual = {"seconds": 2.0, "prompt_tokens": 900, "cached_tokens": 600, "completion_tokens": 40}
    taken = StageCosts(**{**usual, "asked": 1, **costs})  # type: ignore[arg-type]
    return StageRun(stage, model, digest, leaves, first, taken)


def request(
    kind: str = "review",
    time: float = NOON,
    *,
    seconds: float = 3.0,
    surface: Surface = Surface.EDITOR,
    ending: Ending = Ending.DONE,
    stages: tuple[StageRun, ...] | None = None,
    findings: FindingCounts | None = None,
    change: ChangeFigures | None = None,
    energy: Energy | None = None,
) -> RequestFigures:
    """One request."""
    runs = (stage_run("instant", "", first=None), stage_run()) if stages is None else stages
    found = findings or FindingCounts(reported=3, withdrawn=1, shown=2)
    return RequestFigures(
        kind, surface, "python", ending, seconds, time, runs, found, change, energy
    )


class FakeMetricsBook:
    """See `core.metrics.MetricsBook`. `broken` makes it a full disk."""

    def __init__(self) -> None:
        self.kept: list[RequestFigures] = []
        self.broken = False
        self._closed = False

    async def record(self, requests: Sequence[RequestFigures]) -> None:
        self._check()
        self.kept += requests

    async def sums(self, since: float = 0.0) -> Sums:
        self._check()
        kept = [each for each in self.kept if each.time >= since]
        return Sums(_requests(kept), _stages(kept), _times(kept))

    async def stamp(self) -> str:
        self._check()
        return str([each.time for each in self.kept]) if self.kept else ""

    async def latest(self, most: int) -> Sequence[RequestFigures]:
        self._check()
        return tuple(self.kept[-most:]) if most else ()

    async def forget(self, selection: Selection) -> int:
        self._check()
        if selection.file or selection.session or selection.id or selection.kinds:
            return 0
        since = selection.since if selection.since is not None else 0.0
        before = selection.before if selection.before is not None else float("inf")
        left = [each for each in self.kept if not since <= each.time < before]
        gone = len(self.kept) - len(left)
        self.kept = left
        return gone

    def notices(self) -> tuple[Notice, ...]:
        return ()

    async def close(self) -> None:
        self._closed = True

    def _check(self) -> None:
        if self._closed or self.broken:
            message = "The store is closed."
            raise ServiceError(message)


def _day(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).astimezone().strftime("%Y-%m-%d")


def _requests(kept: Sequence[RequestFigures]) -> tuple[RequestSum, ...]:
    sums: dict[tuple[object, ...], RequestSum] = {}
    for each in kept:
        change = each.change or ChangeFigures(offered=False)
        one = RequestSum(
            day=_day(each.time),
            kind=each.kind,
            surface=each.surface,
            ending=each.ending,
            offered=change.offered,
            rung=change.rung,
            failed=change.failed,
            count=1,
            seconds=each.seconds,
            findings=each.findings,
            attempts=change.attempts,
            joules=each.energy.joules if each.energy else 0.0,
            measured=each.energy is not None,
            source=each.energy.source if each.energy else "",
        )
        key = (one.day, one.kind, one.surface, one.ending, one.offered, one.rung, one.failed)
        before = sums.get((*key, one.source))
        sums[*key, one.source] = one if before is None else _together(before, one)
    return tuple(sums[key] for key in sorted(sums, key=str))


def _together(a: RequestSum, b: RequestSum) -> RequestSum:
    return replace(
        a,
        count=a.count + b.count,
        seconds=a.seconds + b.seconds,
        findings=a.findings + b.findings,
        attempts=a.attempts + b.attempts,
        joules=a.joules + b.joules,
        measured=a.measured + b.measured,
    )


def _stages(kept: Sequence[RequestFigures]) -> tuple[StageSum, ...]:
    sums: dict[tuple[object, ...], StageSum] = {}
    for each in kept:
        for run in each.stages:
            one = StageSum(
                _day(each.time),
                each.kind,
                each.surface,
                run.stage,
                run.model,
                run.digest,
                run.leaves,
                run.costs,
            )
            key = (one.day, one.kind, one.surface, one.stage, one.model, one.digest, one.leaves)
            before = sums.get(key)
            sums[key] = one if before is None else replace(one, costs=before.costs + one.costs)
    return tuple(sums[key] for key in sorted(sums, key=str))


def _times(kept: Sequence[RequestFigures]) -> tuple[Times, ...]:
    found: dict[tuple[str, str, str, str], tuple[dict[int, int], dict[int, int]]] = defaultdict(
        lambda: ({}, {})
    )

    def count(key: tuple[str, str, str, str], which: int, seconds: float) -> None:
        histogram = found[key][which]
        histogram[bucket_of(seconds)] = histogram.get(bucket_of(seconds), 0) + 1

    for each in kept:
        if each.surface is Surface.AHEAD:
            continue
        day = _day(each.time)
        count((day, each.kind, "", ""), 1, each.seconds)
        for run in each.stages:
            key = (day, each.kind, run.stage, run.model)
            if run.costs.runs and not run.costs.failures:
                count(key, 1, run.costs.seconds)
            if run.first_token_seconds is not None:
                count(key, 0, run.first_token_seconds)
    return tuple(Times(*key, *found[key]) for key in sorted(found))


class FakeMeter:
    """See `core.metrics.EnergyMeter`. It tells what is in `readings`, one after the other."""

    source = "processor"

    def __init__(self, readings: Sequence[float | None]) -> None:
        self._readings = list(readings)

    def joules(self) -> float | None:
        return self._readings.pop(0)
