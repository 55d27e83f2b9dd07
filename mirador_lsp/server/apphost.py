"""The application behind one session: opened after `initialize`, reopened when settings ask."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from mirador_lsp.core.answers import Answer, AnswerRequest, EmitAnswer, Turn
from mirador_lsp.core.changes import Attempted, ChangeRequest, EmitChange, Patch, RunTests
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import MiradorError, ServiceError
from mirador_lsp.core.events import Emit
from mirador_lsp.core.feedback import Particulars, Verdict
from mirador_lsp.core.figures import Summary
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.health import Check
from mirador_lsp.core.history import Surface, Visit
from mirador_lsp.core.outline import Outline, Surroundings
from mirador_lsp.core.ports import CodeIndex
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.core.retrieval import IndexReport, Memory
from mirador_lsp.core.routing import Workings
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.core.text import Span
from mirador_lsp.engine.changed.overview import Understood
from mirador_lsp.settings import Loaded

_log = logging.getLogger(__name__)


class Changed(Protocol):
    """What changed in a document."""

    @property
    def spans(self) -> tuple[Span, ...]:
        """Places in the document."""
        ...

    @property
    def since(self) -> str:
        """In words: "the last commit"."""
        ...


class WorkspaceIndex(CodeIndex, Protocol):
    """An index that the editor keeps going."""

    def follow(self) -> AsyncIterator[IndexReport]:
        """The report, and each later one when it has changed. Raises `IndexUnavailable`."""
        ...

    async def opened(self, names: Sequence[str]) -> None:
        """The user looks at these files: they come before others."""
        ...

    async def build(self, *, asked: bool) -> None:
        """Have every file looked at again; `asked` by the user."""
        ...

    async def pause(self) -> None:
        """Build no more until the user asks for it."""
        ...


class Reviewer(Protocol):
    """What the server needs of the application."""

    async def review(self, request: ReviewRequest, emit: Emit) -> None:
        """Review, telling `emit` what happens. Cancelling it stops the model."""
        ...

    async def answer(self, request: AnswerRequest, emit: EmitAnswer) -> None:
        """Answer a question about code, telling `emit` what happens. Cancelling stops the model."""
        ...

    def known_answer(
        self, snapshot: Snapshot, outline: Outline, span: Span | None
    ) -> Answer | None:
        """What was explained before of the code that `span` means; no model and no parser works."""
        ...

    async def outline(self, snapshot: Snapshot) -> Outline:
        """The symbols of a document. Never raises for what the text holds."""
        ...

    async def change(self, request: ChangeRequest, emit: EmitChange) -> None:
        """Write a change and check it, telling `emit` what happens. Cancelling stops the model."""
        ...

    async def check_change(self, request: ChangeRequest, text: str) -> Attempted:
        """How far a text that is ready gets as the new text of a document. No model works."""
        ...

    async def safe_fixes(self, request: ChangeRequest) -> Patch | None:
        """Every safe analyzer fix among the request's findings, checked, as one patch."""
        ...

    async def surroundings(self, snapshot: Snapshot, span: Span) -> Surroundings:
        """What stands around a place. Raises `AnalyzerError` when the parser is lost."""
        ...

    def run_tests(self, folder: Path) -> RunTests | None:
        """Runs the tests of a workspace folder; None where the user does not want that."""
        ...

    def index(self, folder: Path) -> WorkspaceIndex:
        """The index of a workspace folder. Raises `UserError` where the user wants none."""
        ...

    async def remember(self, folder: Path, memory: Memory) -> None:
        """Have a memory of now found in a workspace folder later, where there is an index."""
        ...

    async def opine(
        self,
        uri: str,
        finding: Finding,
        verdict: Verdict,
        reason: str = "",
        more: Particulars | None = None,
    ) -> None:
        """Keep what the user thinks of a finding. Raises `ServiceError` where it cannot be kept."""
        ...

    def attend(self, visit: Visit) -> None:
        """Who works where from now on; said before the first request."""
        ...

    async def turns(self, conversation: str, most: int) -> Sequence[Turn]:
        """What was said in a conversation of this session, also before a restart, oldest first."""
        ...

    def shown(self, snapshot: Snapshot, findings: Sequence[Finding]) -> None:
        """Findings of a document are before the user's eyes."""
        ...

    async def changed_since(self, snapshot: Snapshot, opened: str) -> Changed:
        """What differs from the last commit or, without one, from the text it was `opened` with."""
        ...

    async def changed_in(self, folder: Path, texts: Mapping[Path, str]) -> Understood:
        """What is not committed yet in a folder, understood; `texts` stand in place of those on the
        disk. Raises `UserError` where git cannot tell.
        """
        ...

    def sources(self, folders: Sequence[Path]) -> Iterator[Snapshot | str]:
        """The source files in folders, and in words what is left out. Reads as it is advanced."""
        ...

    async def restart_models(self) -> bool:
        """End the engine for all of Mirador; the next question starts it. False: it did not run."""
        ...

    async def usable_model(self, name: str) -> str:
        """The full name of a model that can be used now, from it or an alias. Raises `UserError`
        where there is none.
        """
        ...

    async def has_models(self) -> bool:
        """Whether any model can be used now."""
        ...

    async def warm_up(self) -> None:
        """Start what the first review would have to wait for."""
        ...

    async def warm_models(self) -> None:
        """Load the model that is needed first, where that is wanted."""
        ...

    async def read_ahead(self, snapshot: Snapshot, outline: Outline, cursor: int) -> bool:
        """Have a model read the code around a place before anybody asks. Cancelling stops it.

        False where it was not done or need not be.
        """
        ...

    async def load_expected(self, language: str) -> str:
        """Load the model that is likely to be wanted next, if any is; its name, or ""."""
        ...

    async def measured(self, days: int) -> Summary | None:
        """What was counted in the last days; None where nothing is counted."""
        ...

    async def workings(self) -> Workings:
        """Which model each stage would run on and why, and who waits for what."""
        ...

    async def doctor(self) -> tuple[Check, ...]:
        """Look at everything the main job needs."""
        ...


Open = Callable[[Loaded], AbstractAsyncContextManager[Reviewer]]


class AppHost:
    """Holds the open application. Reviews that come before it is open wait for it."""

    def __init__(self, open_app: Open, supervisor: Supervisor) -> None:
        self.visit = Visit("", Surface.EDITOR, "")
        """Who works where; known once the client has introduced itself."""
        self._open_app = open_app
        self._supervisor = supervisor
        self._app: asyncio.Future[Reviewer] = asyncio.get_running_loop().create_future()
        self._stop = asyncio.Event()
        self._holder: asyncio.Task[None] | None = None
        self._loading: asyncio.Task[None] | None = None
        """Loads models before anybody asks."""

    def open(self, loaded: Loaded) -> None:
        """Begin to open; returns at once."""
        self._stop = asyncio.Event()
        self._holder = self._supervisor.start(
            self._hold(loaded, self._app, self._stop), "application"
        )

    async def get(self) -> Reviewer:
        """The application, once it is open. Raises the `MiradorError` that kept it from opening."""
        return await asyncio.shield(self._app)

    @property
    def current(self) -> Reviewer | None:
        """The application, if it is open at this moment."""
        ready = self._app.done() and self._app.exception() is None
        return self._app.result() if ready else None

    def stop_loading(self) -> None:
        """The user does something: no model is loaded that nobody has asked for."""
        if self._loading is not None:
            self._loading.cancel()

    async def close(self, grace: float = 1.0) -> None:
        """Close it and wait, at most `grace` seconds, until it has let go of everything.

        Who asks for it from now on waits until it is opened again.
        """
        self._app = asyncio.get_running_loop().create_future()
        self._stop.set()
        if self._holder is not None:
            _, late = await asyncio.wait({self._holder}, timeout=grace)
            for task in late:
                _log.error("the application did not close in time")
                task.cancel()

    async def _hold(
        self, loaded: Loaded, ready: asyncio.Future[Reviewer], stop: asyncio.Event
    ) -> None:
        """Open and close in one task, as a context manager with task groups in it demands."""
        try:
            async with self._open_app(loaded) as app:
                app.attend(self.visit)
                ready.set_result(app)
                warming = self._supervisor.start(self._warm(app), "warm up")
                await stop.wait()
                warming.cancel()
                self.stop_loading()
        except MiradorError as error:
            if ready.done():
                raise
            _fail(ready, error)
        finally:
            if not ready.done():
                _fail(ready, ServiceError("Mirador could not be opened; its log says why."))

    async def _warm(self, app: Reviewer) -> None:
        await app.warm_up()
        self._loading = self._supervisor.start(app.warm_models(), "load models")


def _fail(ready: asyncio.Future[Reviewer], error: MiradorError) -> None:
    ready.set_exception(error)
    ready.exception()  # in a session without a review nobody asks; that is no fault
