"""An application with a real engine whose one analyzer finds words, for commands that review."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fakes.analyzer import FakeAnalyzer
from fakes.clock import FakeClock
from fakes.review_app import FakeCards
from mirador_lsp.analysis.worker import InlineParser
from mirador_lsp.core.events import Emit
from mirador_lsp.core.findings import Severity
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.engine.engine import Engine


class EngineApp:
    """Reviews with the analyzers' stage alone; findings are of the rules `ruff/WORD`."""

    def __init__(self, words: Sequence[str], severity: Severity = Severity.WARNING) -> None:
        self.backend = FakeCards(())
        self._engine = Engine(
            backend=self.backend,
            outliner=InlineParser(),
            syntax=InlineParser(),
            analyzers=[FakeAnalyzer("ruff", words=words, severity=severity)],
            clock=FakeClock(),
        )

    async def review(self, request: ReviewRequest, emit: Emit) -> None:
        await self._engine.review(request, emit)

    @asynccontextmanager
    async def opened(self, _settings: object) -> AsyncIterator["EngineApp"]:
        """Stands where `open_app` does."""
        yield self
