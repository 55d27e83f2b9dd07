"""Figures of requests, kept in SQLite: the `MetricsBook` that Mirador runs. Figures only."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from typing import Any

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
from mirador_lsp.store import metrics_tables as tables
from mirador_lsp.store.database import Database, Row, Statement

MOST = 10_000
"""Requests that are kept one by one, about 1 KB each with their stages."""
_SLACK = 500
"""So many more may be there before the oldest become sums: that reads and writes a lot."""
_DAYS = 730
"""Sums of days that are kept."""
_LONGEST = 200
_SECONDS_OF_DAY = timedelta(days=1).total_seconds()

_REQUEST_COLUMNS = (
    "time",
    "language",
    "bucket",
    "change",
    *tables.REQUEST_KEY,
    *tables.REQUEST_SUMS,
)
_STAGE_COLUMNS = (
    "request",
    "time",
    "bucket",
    "first_token",
    "first_bucket",
    *tables.STAGE_KEY,
    *tables.STAGE_SUMS,
)
_PUT_REQUEST = tables.insert("metric_requests", _REQUEST_COLUMNS)
# Inside one transaction the latest request is the one that was just put there.
_PUT_STAGE = tables.insert(
    "metric_stages", _STAGE_COLUMNS, "(SELECT max(id) FROM metric_requests), "
)
_SPAN = "SELECT coalesce(max(id) - min(id) + 1, 0) FROM metric_requests"
# Sums of days change only when requests become sums, and then the first one is another.
_ENDS = "SELECT min(id), max(id), count(*) FROM metric_requests"
_LATEST = f"""
SELECT id, {", ".join(_REQUEST_COLUMNS)} FROM metric_requests ORDER BY id DESC LIMIT ?
"""  # noqa: S608 — names of ours
_STAGES_OF = f"""
SELECT {", ".join(_STAGE_COLUMNS)} FROM metric_stages WHERE request >= ? ORDER BY request, rowid
"""  # noqa: S608 — names of ours
_TIME = "time >= ? AND time < ?"
_DAY = "day >= ? AND day < ?"
_COUNT = f"""
SELECT (SELECT count(*) FROM metric_requests WHERE {_TIME})
     + (SELECT coalesce(sum(count), 0) FROM metric_request_days WHERE {_DAY})
"""  # noqa: S608 — conditions of ours
_END = 1e15
_DAY_TABLES = ("metric_request_days", "metric_stage_days", "metric_time_days")


class SqliteMetricsBook:
    """See `core.metrics.MetricsBook`."""

    def __init__(self, database: Database, *, most: int = MOST) -> None:
        """`database` is shared with other books, and closed by whoever made it."""
        self._database = database
        self._most = most
        self._unchecked = _SLACK
        """Requests recorded since it was last seen to that there are not too many."""

    async def record(self, requests: Sequence[RequestFigures]) -> None:
        """See the port. A cancelled call records what it was at all the same."""
        if not requests:
            return
        statements = [each for request in requests for each in _statements(request)]
        await self._database.transact(statements)
        self._unchecked += len(requests)
        if self._unchecked >= _SLACK:
            self._unchecked = 0
            await self._roll_up(requests[-1].time)

    async def sums(self, since: float = 0.0) -> Sums:
        """See the port. Where nothing was counted no file is made."""
        if not await self._database.exists():
            return Sums()
        day = _day(since)
        requests = await self._database.read(tables.READ_REQUESTS, (since, day))
        stages = await self._database.read(tables.READ_STAGES, (since, day))
        times = await self._database.read(tables.READ_TIMES, (since, since, since, day))
        return Sums(
            tuple(_request_sum(row) for row in requests),
            tuple(_stage_sum(row) for row in stages),
            _times(times),
        )

    async def stamp(self) -> str:
        """See the port."""
        if not await self._database.exists():
            return ""
        ((first, last, count),) = await self._database.read(_ENDS)
        return f"{first} {last} {count}"

    async def latest(self, most: int) -> Sequence[RequestFigures]:
        """See the port. Where nothing was counted no file is made."""
        if not await self._database.exists():
            return ()
        rows = await self._database.read(_LATEST, (most,))
        if not rows:
            return ()
        stages: dict[int, list[StageRun]] = {}
        for row in await self._database.read(_STAGES_OF, (rows[-1][0],)):
            stages.setdefault(row[0], []).append(_stage_run(row))
        return tuple(_request(row, stages.get(row[0], [])) for row in reversed(rows))

    async def forget(self, selection: Selection) -> int:
        """See the port."""
        named = selection.file or selection.session or selection.id or selection.kinds
        if named or not await self._database.exists():
            return 0
        since, before = selection.since, selection.before
        times = (since if since is not None else 0.0, before if before is not None else _END)
        # A day that the selection begins or ends in is more than what is meant.
        days = (
            _day(since + _SECONDS_OF_DAY) if since is not None else "",
            _day(before) if before is not None else "9999",
        )
        ((count,),) = await self._database.read(_COUNT, (*times, *days))
        statements: list[Statement] = [
            (f"DELETE FROM metric_stages WHERE {_TIME}", times),  # noqa: S608
            (f"DELETE FROM metric_requests WHERE {_TIME}", times),  # noqa: S608
            *((f"DELETE FROM {table} WHERE {_DAY}", days) for table in _DAY_TABLES),  # noqa: S608
        ]
        await self._database.transact(statements)
        return int(count)

    def notices(self) -> tuple[Notice, ...]:
        """See the port. What happens to the file is told by whoever made it."""
        return ()

    async def close(self) -> None:
        """See the port. The file is closed by whoever opened it."""

    async def _roll_up(self, now: float) -> None:
        """Make sums of the oldest requests where there are too many, and let old sums go."""
        ((span,),) = await self._database.read(_SPAN)
        if span <= self._most + _SLACK:
            return
        times, *others = tables.ROLL_UP
        latest_gone = _day(now - _DAYS * _SECONDS_OF_DAY)
        statements: list[Statement] = [
            (times, (self._most,) * 3),
            *((each, (self._most,)) for each in others),
            *((f"DELETE FROM {table} WHERE day < ?", (latest_gone,)) for table in _DAY_TABLES),  # noqa: S608
        ]
        await self._database.transact(statements)


def _statements(request: RequestFigures) -> list[Statement]:
    day = _day(request.time)
    change = request.change or ChangeFigures(offered=False)
    energy = request.energy
    values = (
        request.time,
        _text(request.language),
        bucket_of(request.seconds),
        request.change is not None,
        day,
        _text(request.kind),
        request.surface.value,
        request.ending.value,
        change.offered,
        _text(change.rung),
        _text(change.failed),
        _text(energy.source) if energy is not None else "",
        1,
        request.seconds,
        *astuple(request.findings),
        change.attempts,
        energy.joules if energy is not None else 0.0,
        energy is not None,
    )
    return [
        (_PUT_REQUEST, values),
        *((_PUT_STAGE, _row(run, request, day)) for run in request.stages),
    ]


def _row(run: StageRun, request: RequestFigures, day: str) -> tuple[Any, ...]:
    first = run.first_token_seconds
    return (
        request.time,
        bucket_of(run.costs.seconds),
        first,
        bucket_of(first) if first is not None else None,
        day,
        _text(request.kind),
        request.surface.value,
        _text(run.stage),
        _text(run.model),
        _text(run.digest),
        run.leaves,
        *astuple(run.costs),
    )


def _request_sum(row: Row) -> RequestSum:
    day, kind, surface, ending, offered, rung, failed, source, count, seconds, *rest = row
    *findings, attempts, joules, measured = rest
    return RequestSum(
        day=day,
        kind=kind,
        surface=Surface(surface),
        ending=Ending(ending),
        offered=bool(offered),
        rung=rung,
        failed=failed,
        count=count,
        seconds=float(seconds),
        findings=FindingCounts(*findings),
        attempts=attempts,
        joules=float(joules),
        measured=measured,
        source=source,
    )


def _stage_sum(row: Row) -> StageSum:
    day, kind, surface, stage, model, digest, leaves, *costs = row
    return StageSum(
        day, kind, Surface(surface), stage, model, digest, bool(leaves), StageCosts(*costs)
    )


def _times(rows: Iterable[Row]) -> tuple[Times, ...]:
    found: dict[tuple[str, str, str, str], dict[str, dict[int, int]]] = {}
    for day, kind, stage, model, measure, bucket, count in rows:
        both = found.setdefault((day, kind, stage, model), {"first": {}, "total": {}})
        both[measure][bucket] = count
    return tuple(Times(*key, both["first"], both["total"]) for key, both in found.items())


def _request(row: Row, stages: list[StageRun]) -> RequestFigures:
    _, time, language, _, change, *summed = row
    of = _request_sum(tuple(summed))
    return RequestFigures(
        kind=of.kind,
        surface=of.surface,
        language=language,
        ending=of.ending,
        seconds=of.seconds,
        time=time,
        stages=tuple(stages),
        findings=of.findings,
        change=ChangeFigures(of.offered, of.rung, of.failed, of.attempts) if change else None,
        energy=Energy(of.joules, of.source) if of.measured else None,
    )


def _stage_run(row: Row) -> StageRun:
    _, _, _, first, _, *summed = row
    of = _stage_sum(tuple(summed))
    return StageRun(of.stage, of.model, of.digest, of.leaves, first, of.costs)


def _day(time: float) -> str:
    """The day of a moment, in the zone of the user who looks at it."""
    earliest = max(time, _SECONDS_OF_DAY)
    return datetime.fromtimestamp(earliest, UTC).astimezone().strftime("%Y-%m-%d")


def _text(text: str) -> str:
    # A server names its models as it likes; a lone surrogate has no form in the file.
    return text[:_LONGEST].encode("utf-8", "backslashreplace").decode("utf-8")
