"""An application that says what it was told to, in place of one with models and analyzers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fakes.rounds import FakeRoundBook
from mirador_lsp.analysis.worker import InlineParser
from mirador_lsp.core.dialogue import Limits, ModelCard, Prompt
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Emit, Event
from mirador_lsp.core.ports import Reply
from mirador_lsp.core.requests import ReviewRequest

Script = Callable[[Snapshot], Iterable[Event]]


class FakeCards:
    """A backend that has models but is never asked anything."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    async def cards(self) -> Sequence[ModelCard]:
        return [ModelCard(name, "fake", "", 4096, 1) for name in self._names]

    def open(
        self, model: str, prompt: Prompt, limits: Limits
    ) -> AbstractAsyncContextManager[Reply]:
        raise NotImplementedError

    async def close(self) -> None:
        return


class FakeReviewApp:
    """Emits `script(snapshot)` for each review; with `hold`, never comes to an end by itself."""

    def __init__(self, script: Script, *, models: Sequence[str] = (), hold: bool = False) -> None:
        self.backend = FakeCards(models)
        self.parser = InlineParser(budget_seconds=5)
        self.rounds = FakeRoundBook()
        self.requests: list[ReviewRequest] = []
        self.held = asyncio.Event()
        self.cancelled = False
        self._script = script
        self._hold = hold

    async def review(self, request: ReviewRequest, emit: Emit) -> None:
        self.requests.append(request)
        for event in self._script(request.snapshot):
            emit(event)
        if self._hold:
            self.held.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled = True
                raise

    @asynccontextmanager
    async def opened(self, _settings: object) -> AsyncIterator["FakeReviewApp"]:
        """Stands where `open_app` does."""
        yield self
