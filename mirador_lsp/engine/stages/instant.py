"""The instant stage: facts from analyzers, no model."""

import asyncio
from dataclasses import dataclass

from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.policy import INSTANT
from mirador_lsp.core.ports import Analysis, Analyzer
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.engine.stages.job import Desk, Tools


@dataclass(frozen=True)
class Survey:
    """What can be known of a file without a model."""

    outline: Outline
    analyses: tuple[Analysis, ...]
    failures: tuple[AnalyzerError, ...]
    """Of the analyzers that could not look."""


async def survey(request: ReviewRequest, tools: Tools) -> Survey:
    """Ask every analyzer for the language, and for the outline, all at the same time."""
    async with asyncio.TaskGroup() as group:
        outline = group.create_task(tools.outliner.outline(request.snapshot))
        tasks = [group.create_task(_look(a, request)) for a in analyzers_for(request, tools)]
    results = [task.result() for task in tasks]
    return Survey(
        outline.result(),
        tuple(result for result in results if isinstance(result, Analysis)),
        tuple(result for result in results if isinstance(result, AnalyzerError)),
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
    findings = [f for f in found if f.lens in lenses or f.rule.endswith("/syntax-error")]
    desk.ledger.record_facts(INSTANT, findings, known.outline)
    for notice in (notice for analysis in known.analyses for notice in analysis.notices):
        desk.emit(notice)


def analyzers_for(request: ReviewRequest, tools: Tools) -> list[Analyzer]:
    """The analyzers with something to say about the document's language."""
    return [a for a in tools.analyzers if a.handles(request.snapshot.language)]


async def _look(analyzer: Analyzer, request: ReviewRequest) -> Analysis | AnalyzerError:
    try:
        return await analyzer.analyze(request.snapshot)
    except AnalyzerError as error:
        return error
