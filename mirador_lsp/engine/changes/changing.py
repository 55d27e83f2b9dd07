"""What a request for a change goes through, whatever it is for."""

from mirador_lsp.core.changes import ChangeEvent, ChangeFinished, ChangeRequest, EmitChange, Intent
from mirador_lsp.core.errors import AnalyzerError, ModelError
from mirador_lsp.core.events import Notice
from mirador_lsp.engine.changes import custom, document, fix, tests
from mirador_lsp.engine.changes.attempts import Outcome
from mirador_lsp.engine.stages.job import Tools


async def change(request: ChangeRequest, tools: Tools, emit: EmitChange) -> None:
    """Write the change and check it; `ChangeFinished` is the last event."""
    started = tools.clock.monotonic()
    notices: list[Notice] = []

    def tell(event: ChangeEvent) -> None:
        if isinstance(event, Notice):
            notices.append(event)
        emit(event)

    try:
        outcome = await _run(request, tools, tell)
    except (AnalyzerError, ModelError) as error:
        outcome = Outcome(None, error.sentence())
    seconds = tools.clock.monotonic() - started
    emit(ChangeFinished(outcome.patch, outcome.why, seconds, outcome.attempts, tuple(notices)))


async def _run(request: ChangeRequest, tools: Tools, emit: EmitChange) -> Outcome:
    match request.intent:
        case Intent.FIX:
            return await fix.run(request, tools, emit)
        case Intent.DOCUMENT:
            return await document.run(request, tools, emit)
        case Intent.CUSTOM:
            return await custom.run(request, tools, emit)
        case Intent.TESTS:
            return await tests.run(request, tools, emit)
