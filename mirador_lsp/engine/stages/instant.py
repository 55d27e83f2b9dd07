"""The instant stage: facts from analyzers, no model."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.policy import INSTANT
from mirador_lsp.core.ports import Analysis, Analyzer
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.core.text import Span
from mirador_lsp.engine.changed.newly import found_again, newly_found
from mirador_lsp.engine.stages.job import Desk, Tools

_CLEARED = 0.12
"""What is left of the confidence of a pattern in a place that data flow has cleared. Measured: see
docs/quality.md."""
_KIN = (
    frozenset({"CWE-77", "CWE-78", "CWE-88"}),
    frozenset({"CWE-94", "CWE-95"}),
    frozenset({"CWE-89", "CWE-564", "CWE-943"}),
    frozenset({"CWE-22", "CWE-23", "CWE-36"}),
    frozenset({"CWE-79", "CWE-80"}),
)
"""Weaknesses that are the same one to whoever mends it: analyzers differ in how exactly they say
which, along the tree of CWE."""


@dataclass(frozen=True)
class Survey:
    """What can be known of a file without a model."""

    outline: Outline
    analyses: tuple[Analysis, ...]
    failures: tuple[AnalyzerError, ...]
    """Of the analyzers that could not look."""
    before: tuple[Finding, ...] | None = None
    """What they find in the text before the change that is reviewed; None where that is not known.
    """


async def survey(request: ReviewRequest, tools: Tools) -> Survey:
    """Ask every analyzer for the language, and for the outline, all at the same time."""
    analyzers, snapshot = analyzers_for(request, tools), request.snapshot
    former = replace(snapshot, text=request.before or "")
    async with asyncio.TaskGroup() as group:
        outline = group.create_task(tools.outliner.outline(snapshot))
        tasks = [group.create_task(_look(a, snapshot)) for a in analyzers]
        compared = request.before is not None and request.only is not None
        earlier = [group.create_task(_look(a, former)) for a in analyzers if compared]
    results = [task.result() for task in tasks]
    then = [task.result() for task in earlier]
    whole = compared and all(isinstance(each, Analysis) for each in then)
    return Survey(
        outline.result(),
        tuple(result for result in results if isinstance(result, Analysis)),
        tuple(result for result in results if isinstance(result, AnalyzerError)),
        tuple(f for each in then if isinstance(each, Analysis) for f in each.findings)
        if whole
        else None,
    )


def report(known: Survey, request: ReviewRequest, desk: Desk) -> None:
    """Tell what a survey found. Raises `AnalyzerError` when not one analyzer could look."""
    for failure in known.failures:
        desk.emit(Notice(NoticeKind.UNAVAILABLE, failure.sentence(), stage=INSTANT))
    if known.failures and not known.analyses:
        raise known.failures[0]
    lenses = request.policy.lenses
    found = (finding for analysis in known.analyses for finding in analysis.findings)
    # What does not parse is said whichever lens was asked for: no lens can look there.
    wanted = [f for f in found if f.lens in lenses or f.rule.endswith("/syntax-error")]
    cleared = [each for analysis in known.analyses for each in analysis.cleared]
    findings = doubted(joined(wanted), cleared)
    newly = newly_found(request, findings, known.before) if known.before is not None else ()
    old = {id(each) for each, _ in newly}
    again, others = found_again(request, [each for each in findings if id(each) not in old])
    old |= {id(each) for each in again}
    here = [finding for finding in findings if id(finding) not in old]
    caused = (*request.caused, *(told for _, told in newly), *again)
    desk.ledger.record_facts(INSTANT, here, known.outline, caused)
    desk.ledger.carry(INSTANT, others)
    for notice in (notice for analysis in known.analyses for notice in analysis.notices):
        desk.emit(notice)


def joined(findings: Sequence[Finding]) -> list[Finding]:
    """The findings; what a pattern says of a place is a second voice for the flow that ends there
    with the same weakness: one place, one finding.
    """
    flows = [finding for finding in findings if finding.stations and finding.cwe]
    voices: dict[str, list[Finding]] = {}
    kept: list[Finding] = []
    for finding in findings:
        flow = next(
            (
                each
                for each in flows
                if not finding.stations and _alike(finding, each) and _meet(finding, each)
            ),
            None,
        )
        if flow is None:
            kept.append(finding)
        else:
            voices.setdefault(flow.id, []).append(finding)
    return [_confirmed(each, voices.get(each.id, [])) for each in kept]


def doubted(findings: Sequence[Finding], cleared: Sequence[tuple[Span, str]]) -> list[Finding]:
    """The findings; what a pattern says of a place is hardly believed where all that gets there was
    followed to where it comes from, and none of it is from outside. It is withheld, and counted.
    """
    return [
        replace(each, confidence=round(each.confidence * _CLEARED, 3))
        if not each.stations
        and any(cwe == each.cwe and span.overlaps(each.span) for span, cwe in cleared)
        else each
        for each in findings
    ]


def _alike(finding: Finding, flow: Finding) -> bool:
    both = {finding.cwe, flow.cwe}
    return len(both) == 1 or any(both <= kin for kin in _KIN)


def _meet(finding: Finding, flow: Finding) -> bool:
    return any(station.span.overlaps(finding.span) for station in flow.stations if not station.name)


def _confirmed(finding: Finding, voices: Sequence[Finding]) -> Finding:
    if not voices or not finding.stations:
        return finding
    surest = max(finding.confidence, *(voice.confidence for voice in voices))
    return replace(
        finding,
        confidence=round(surest, 3),
        severity=min((finding, *voices), key=lambda each: each.severity.rank).severity,
        confirmed_by=tuple(dict.fromkeys(voice.rule for voice in voices)),
    )


def analyzers_for(request: ReviewRequest, tools: Tools) -> list[Analyzer]:
    """The analyzers with something to say about the document's language."""
    return [a for a in tools.analyzers if a.handles(request.snapshot.language)]


async def _look(analyzer: Analyzer, snapshot: Snapshot) -> Analysis | AnalyzerError:
    try:
        return await analyzer.analyze(snapshot)
    except AnalyzerError as error:
        return error
