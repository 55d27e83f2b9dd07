"""The instant stage: facts from analyzers, no model."""

import asyncio

from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.policy import INSTANT
from mirador_lsp.core.ports import Analysis, Analyzer
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.engine.stages.job import Desk, Tools


async def run(request: ReviewRequest, tools: Tools, outline: Outline, desk: Desk) -> int:
    """Report what every analyzer for the language finds. Returns how many could not look.

    Raises `AnalyzerError` when none could.
    """
    analyzers = analyzers_for(request, tools)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_look(analyzer, request)) for analyzer in analyzers]
    results = [task.result() for task in tasks]
    failures = [result for result in results if isinstance(result, AnalyzerError)]
    analyses = [result for result in results if isinstance(result, Analysis)]
    for failure in failures:
        desk.emit(Notice(NoticeKind.UNAVAILABLE, failure.sentence(), stage=INSTANT))
    if failures and not analyses:
        raise failures[0]
    lenses = request.policy.lenses
    findings = [f for a in analyses for f in a.findings if f.lens in lenses]
    desk.ledger.record_facts(INSTANT, findings, outline)
    for notice in (notice for analysis in analyses for notice in analysis.notices):
        desk.emit(notice)
    return len(failures)


def analyzers_for(request: ReviewRequest, tools: Tools) -> list[Analyzer]:
    """The analyzers with something to say about the document's language."""
    return [a for a in tools.analyzers if a.handles(request.snapshot.language)]


async def _look(analyzer: Analyzer, request: ReviewRequest) -> Analysis | AnalyzerError:
    try:
        return await analyzer.analyze(request.snapshot)
    except AnalyzerError as error:
        return error
