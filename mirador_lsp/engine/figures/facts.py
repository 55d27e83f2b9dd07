"""Figures as plain data: for programs, for pages and for editors."""

from dataclasses import asdict
from datetime import UTC, datetime

from mirador_lsp.core.figures import Acceptance, StageRow, Summary
from mirador_lsp.core.metrics import RequestFigures, StageCosts

Facts = dict[str, object]
VERSION = 1
"""Of the form of this data; it grows when a name changes its meaning or goes."""


def summary_facts(summary: Summary) -> Facts:
    """Everything there is about a span of time. Seconds, tokens, joules and US dollars."""
    return {
        "version": VERSION,
        "since": summary.since,
        "until": summary.until,
        "model": summary.model,
        "requests": summary.requests,
        "kinds": [asdict(row) for row in summary.kinds],
        "stages": [_stage(row) for row in summary.stages],
        "days": [{**asdict(row), "costs": _costs(row.costs)} for row in summary.days],
        "findings": asdict(summary.findings),
        "fixes": [asdict(row) for row in summary.fixes],
        "acceptance": _acceptance(summary.acceptance),
        "by_tool": [_acceptance(row) for row in summary.by_tool],
        "energy": asdict(summary.energy),
        "here": _costs(summary.here),
        "away": _costs(summary.away),
        "savings": [
            {**asdict(each.price), "dollars": round(each.dollars, 6)} for each in summary.savings
        ],
        "latest": [request_facts(each) for each in summary.latest],
    }


def request_facts(request: RequestFigures) -> Facts:
    """One request: also a line of the exported JSONL."""
    stages = [
        {
            "stage": run.stage,
            "model": run.model,
            "digest": run.digest,
            "leaves": run.leaves,
            "first_token_seconds": run.first_token_seconds,
            **_costs(run.costs),
        }
        for run in request.stages
    ]
    moment = datetime.fromtimestamp(request.time, UTC).isoformat(timespec="milliseconds")
    return {
        "time": moment.replace("+00:00", "Z"),
        "kind": request.kind,
        "surface": request.surface.value,
        "language": request.language,
        "ending": request.ending.value,
        "seconds": round(request.seconds, 6),
        "stages": stages,
        "findings": asdict(request.findings),
        "change": asdict(request.change) if request.change is not None else None,
        "energy": asdict(request.energy) if request.energy is not None else None,
    }


def _stage(row: StageRow) -> Facts:
    return {
        "stage": row.stage,
        "model": row.model,
        "digests": list(row.digests),
        "leaves": row.leaves,
        "costs": _costs(row.costs),
        "first_token": asdict(row.first_token),
        "took": asdict(row.took),
        "reuse": row.reuse,
        "hits": row.hits,
    }


def _costs(costs: StageCosts) -> Facts:
    return {
        name: round(value, 6) if isinstance(value, float) else value
        for name, value in asdict(costs).items()
    }


def _acceptance(row: Acceptance) -> Facts:
    return {**asdict(row), "rate": row.rate, "line_rate": row.line_rate}
