"""The report as JSON, for programs. `review.schema.json` beside this file describes it.

Fields may be added within a version; one that goes or changes its meaning raises the version.
"""

import json
from collections.abc import Collection, Iterator

from mirador_lsp import __version__
from mirador_lsp.cli import places, wording
from mirador_lsp.cli.report import FileReport, Report, StageReport
from mirador_lsp.core import clean
from mirador_lsp.core.events import Hush, Hushed, ModelAsked, Notice
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.retrieval import account
from mirador_lsp.core.stations import stops

VERSION = 1
_NAME = 4096


def render(
    report: Report, *, show_withheld: bool, exit_code: int, show_context: bool = False
) -> str:
    """The whole report as one JSON document, ASCII only, with a final line end."""
    known = report.compared.held if report.compared is not None else ()
    document: dict[str, object] = {
        "version": VERSION,
        "tool": {"name": "mirador", "version": __version__},
        "started": report.started_utc,
        "seconds": round(report.seconds, 3),
        "interrupted": report.interrupted,
        "exit_code": exit_code,
        "overview": _overview(report),
        "baseline": _compared(report),
        "cut": report.cut,
        "files": [_file(file) for file in report.files],
        "findings": [
            _finding(file, finding, known, withheld=withheld, hushed=hushed)
            for file in report.files
            for finding, withheld, hushed in _shown(file, show_withheld=show_withheld)
        ],
        "stages": [_stage(file, stage) for file in report.files for stage in file.stages],
        "notices": [
            *(_notice("", notice) for notice in report.notices),
            *(
                _notice(clean.plain(file.snapshot.name, _NAME), notice)
                for file in report.files
                for notice in file.notices
            ),
        ],
        "skipped": [
            {
                "name": clean.plain(entry.name, _NAME),
                "reason": clean.plain(entry.reason),
                "kind": entry.kind,
            }
            for entry in report.skipped
        ],
    }
    if show_context:
        document["prompts"] = [_asked(file, asked) for file in report.files for asked in file.asked]
    return json.dumps(document, indent=2) + "\n"


def _asked(file: FileReport, asked: ModelAsked) -> dict[str, object]:
    """A question as it was put, to the letter."""
    prompt, context = asked.prompt, asked.context
    return {
        "file": clean.plain(file.snapshot.name, _NAME),
        "stage": asked.stage,
        "model": clean.plain(asked.model, 200),
        "unit": clean.plain(asked.unit, 400),
        "lens": asked.lens,
        "kept": asked.kept,
        "version": prompt.version,
        "system": prompt.system,
        "material": prompt.material,
        "question": prompt.question,
        "context": None if context is None else account(context),
    }


def _shown(
    file: FileReport, *, show_withheld: bool
) -> Iterator[tuple[Finding, bool, Hushed | None]]:
    yield from ((finding, False, None) for finding in file.findings)
    if show_withheld:
        yield from ((finding, True, None) for finding in file.withheld)
        yield from ((hushed.finding, True, hushed) for hushed in file.hushed)


def _file(file: FileReport) -> dict[str, object]:
    return {
        "name": clean.plain(file.snapshot.name, _NAME),
        "uri": clean.plain(file.snapshot.uri, _NAME),
        "language": file.snapshot.language,
        "content_hash": file.snapshot.content_hash,
        "state": wording.verdict(file) or "findings",
        "summary": clean.plain(file.summary),
        "reviewed": file.reviewed,
        "broken": file.broken,
        "interrupted": file.interrupted,
        "seconds": round(file.seconds, 3),
        "findings": len(file.findings),
        "withheld": len(file.withheld),
        "suppressed": file.end.suppressed if file.end else 0,
        "dismissed": file.end.dismissed if file.end else 0,
        "ignored": file.end.hushed_by(Hush.RULE) if file.end else 0,
        "known": file.end.hushed_by(Hush.BASELINE) if file.end else 0,
        "learned": file.end.hushed_by(Hush.LEARNED) if file.end else 0,
        "over_cap": file.end.over_cap if file.end else 0,
        "cut": len(file.cut),
        "withdrawn": len(file.withdrawals),
    }


def _finding(
    file: FileReport,
    finding: Finding,
    known: Collection[tuple[str, str]],
    *,
    withheld: bool,
    hushed: Hushed | None,
) -> dict[str, object]:
    line, column, end_line, end_column = places.code_points(file.snapshot, finding.span)
    return {
        "id": finding.id,
        "file": clean.plain(file.snapshot.name, _NAME),
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "severity": finding.severity.value,
        "lens": finding.lens.value,
        "confidence": round(finding.confidence, 4),
        "band": finding.band.value,
        "message": clean.plain(finding.message),
        "rule": clean.plain(finding.rule, 200),
        "symbol": clean.plain(finding.symbol, 400),
        "quote": clean.plain(finding.quote),
        "help_uri": finding.help_uri,
        "cwe": finding.cwe,
        "stage": finding.origin.stage,
        "tool": clean.plain(finding.origin.tool, 200),
        "digest": finding.origin.digest,
        "confirmed_by": [clean.plain(name, 200) for name in finding.confirmed_by],
        "known": (file.snapshot.name, finding.id) in known,
        "stations": _stations(file, finding),
        "fix": _fix(file, finding),
        "favoured": finding.favoured,
        "lesson": clean.plain(finding.lesson),
        "withheld": withheld,
        "hushed_by": hushed.by.value if hushed else "",
        "hushed_why": clean.plain(hushed.reason) if hushed else "",
    }


def _stations(file: FileReport, finding: Finding) -> list[dict[str, object]]:
    """The way of data, the source first and the sink last."""
    own = clean.plain(file.snapshot.name, _NAME)
    return [
        {
            "role": stop.role,
            "file": stop.file or own,
            "line": stop.line,
            "column": stop.column,
            "says": stop.says,
            "quote": stop.quote,
        }
        for stop in stops(finding, file.snapshot)
    ]


def _fix(file: FileReport, finding: Finding) -> dict[str, object] | None:
    """How the analyzer would mend it; the edits speak of the reviewed text."""
    if finding.fix is None:
        return None
    edits = []
    for edit in finding.fix.edits:
        line, column, end_line, end_column = places.code_points(file.snapshot, edit.span)
        edits.append(
            {
                "line": line,
                "column": column,
                "end_line": end_line,
                "end_column": end_column,
                "text": edit.text,
            }
        )
    title = clean.plain(finding.fix.title)
    return {"title": title, "safe": finding.fix.safe, "edits": edits}


def _stage(file: FileReport, stage: StageReport) -> dict[str, object]:
    usage = stage.usage
    first, rate = usage.first_token_seconds, stage.pace.tokens_per_second
    return {
        "file": clean.plain(file.snapshot.name, _NAME),
        "stage": stage.stage,
        "outcome": stage.outcome.value,
        "model": clean.plain(stage.model, 200),
        "reason": clean.plain(stage.reason),
        "message": clean.plain(stage.message),
        "remedy": clean.plain(stage.remedy),
        "seconds": round(stage.seconds, 3),
        "first_token_seconds": None if first is None else round(first, 3),
        "tokens_per_second": None if rate is None else round(rate, 2),
        "prompt_tokens": usage.prompt_tokens,
        "cached_tokens": usage.cached_tokens,
        "completion_tokens": usage.completion_tokens,
        "units": stage.units,
        "not_reviewed": stage.not_reviewed,
        "rejected": stage.rejected,
        "reported": stage.reported,
        "revised": stage.revised,
        "withdrawn": stage.withdrawn,
    }


def _overview(report: Report) -> dict[str, object] | None:
    """What a reviewed change does and how risky it is."""
    overview = report.overview
    if overview is None:
        return None
    return {
        "title": clean.plain(overview.title),
        "sentences": [clean.plain(sentence) for sentence in overview.sentences],
        "risk": overview.risk.value,
        "reasons": [clean.plain(reason) for reason in overview.reasons],
    }


def _compared(report: Report) -> dict[str, object] | None:
    """What a baseline knows of the findings."""
    compared = report.compared
    if compared is None:
        return None
    return {
        "name": clean.plain(compared.name, _NAME),
        "known": compared.known,
        "new": compared.new,
        "moved": [
            {"rule": entry.rule, "from": clean.plain(entry.path, _NAME), "to": path}
            for entry, path in ((e, clean.plain(p, _NAME)) for e, p in compared.moved)
        ],
        "gone": [
            {"path": clean.plain(entry.path, _NAME), "rule": entry.rule, "id": entry.id}
            for entry in compared.gone
        ],
    }


def _notice(name: str, notice: Notice) -> dict[str, object]:
    return {
        "file": name,
        "stage": notice.stage,
        "kind": notice.kind.value,
        "message": clean.plain(notice.message),
        "count": notice.count,
    }
