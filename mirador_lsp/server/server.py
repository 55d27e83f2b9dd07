"""The language server: its parts, and the dispatch border around every handler."""

import asyncio
import dataclasses
import inspect
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInternalError
from pygls.lsp.server import LanguageServer

from mirador_lsp import __version__
from mirador_lsp.core.answers import Turn
from mirador_lsp.core.clean import unlinked
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import MiradorError
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.server import from_lsp
from mirador_lsp.server.afterlife import Afterlife
from mirador_lsp.server.ahead import Ahead
from mirador_lsp.server.apphost import AppHost, Open
from mirador_lsp.server.conversations import Conversations
from mirador_lsp.server.converting import converter
from mirador_lsp.server.evidence import Evidence
from mirador_lsp.server.extensions import ReviewNews, Status, Stream
from mirador_lsp.server.feed import Feed
from mirador_lsp.server.indexing import Indexing
from mirador_lsp.server.jobs import Jobs
from mirador_lsp.server.lenses import Lenses
from mirador_lsp.server.looking import LookInside
from mirador_lsp.server.messages import Messages
from mirador_lsp.server.outlines import Outlines
from mirador_lsp.server.pages import Pages
from mirador_lsp.server.progress import ProgressBars
from mirador_lsp.server.protocol import Protocol
from mirador_lsp.server.publisher import Publisher
from mirador_lsp.server.refreshing import Refresher
from mirador_lsp.server.registrations import Registrations
from mirador_lsp.server.session import Session
from mirador_lsp.server.streams import Streams
from mirador_lsp.settings import Loaded, Settings

_log = logging.getLogger(__name__)

CONGESTED_BYTES = 4 * 1024 * 1024
"""With more than this unsent, the client does not read: what can wait, waits."""
REQUEST_FAILED = -32803
_BEGINNING = 4
"""Reviews that may be at their analyzers at a time: an editor that opens fifty files at once must
not start fifty of them."""

Handler = Callable[["MiradorServer", Any], Any]

Features = Sequence[tuple[str, Handler]]


class MiradorServer(LanguageServer):
    """One client's server. Must be made inside a running event loop."""

    protocol: Protocol

    def __init__(
        self,
        features: Features,
        open_app: Open,
        load: Callable[..., Loaded],
        set_log_level: Callable[[str], None],
    ) -> None:
        super().__init__("mirador", __version__, protocol_cls=Protocol, converter_factory=converter)
        self.supervisor = Supervisor()
        self.session = Session(self.supervisor)
        self.load = load
        self.set_log_level = set_log_level
        self.settings = Settings()
        self.origins: Mapping[str, str] = {}
        """By the name of a setting, the source it was taken from."""
        self.settled = asyncio.Event()
        """Set while `settings` are the user's and the application is theirs; reviews begin then."""
        self.settling = asyncio.Lock()
        """Held while settings change, so that the application is reopened by one at a time."""
        self.editor_settings: dict[str, object] = {}
        """What the editor sent last, unread."""
        self.paused = False
        """Nothing is reviewed, and no answer worked out, before the user asks for it."""
        self.chosen_models: dict[str, str] = {}
        """By stage, the model that the user chose for this session."""
        self.apps = AppHost(open_app, self.supervisor)
        self.beginning = asyncio.Semaphore(_BEGINNING)
        """Held by reviews until the analyzers are through; see `reviewing`."""
        self.backlog: Callable[[], int] = lambda: 0
        """Bytes that wait to be sent; the transport sets it."""
        self.exited = asyncio.get_running_loop().create_future()
        """Becomes the exit code once the client said `exit`, or the client is gone."""
        self.on_client_process: Callable[[int], None] = lambda _: None
        """Told the client's process id, for the watchdog."""
        self.on_review_end: Callable[[], None] = lambda: None
        """Called when a review has ended by itself: a model may have come or gone meanwhile."""
        self._make_parts()
        self._wire(features)

    def _make_parts(self) -> None:
        """What shows, runs and remembers; each part gets of the others what it needs."""
        self.refresher = Refresher(self._refresh_diagnostics, self.supervisor)
        self.publisher = Publisher(
            self.session,
            self.text_document_publish_diagnostics,
            self.refresher.soon,
            self.congested,
        )
        self.evidence = Evidence()
        self.registrations = Registrations(self)
        self.bars = ProgressBars(self, self.supervisor)
        self.messages = Messages(self._show, self._tell, self._note, self.session.said)
        self.streams = Streams(self._extension, self.congested)
        self.feed = Feed(self._extension, self.congested)
        self.look_inside = LookInside(self.apps, self.supervisor, self.streams)
        self.streams.on_end = self.look_inside.soon
        self.jobs = Jobs(
            self.supervisor, self.session, self.bars, self.streams, self.messages, self._pause
        )
        self.outlines = Outlines(self.apps, self.supervisor)
        self.ahead = Ahead(
            self.apps,
            self.outlines,
            self.supervisor,
            self.snapshot,
            lambda: self.paused or self._user_waits(),
        )
        self.indexing = Indexing(
            self.apps,
            self.supervisor,
            self.bars,
            self._user_waits,
            lambda words: self._note(types.MessageType.Info, words),
            lambda words: self.messages.once(words, types.MessageType.Info, words),
            lambda: self.session.client.progress,
        )
        self.lenses = Lenses(self, self.session, self.supervisor)
        self.publisher.on_change = self.lenses.refresh
        self.conversations = Conversations(self._earlier_turns)
        self.afterlife = Afterlife(self.apps, self.supervisor, self.messages, self._text_of)
        self.publisher.on_shown = self._has_shown
        self.pages = Pages(self, self.session, self.supervisor, self.congested)

    def congested(self) -> bool:
        """Whether the client is behind with reading."""
        return self.backlog() > CONGESTED_BYTES

    def snapshot(self, uri: str) -> Snapshot | None:
        """An open document as it is now; None when it is not open or its text is in doubt."""
        document = self.session.document(uri)
        if document is None or document.doubt:
            return None
        return from_lsp.snapshot(document, self.session.folders)

    def leave(self, code: int) -> None:
        """End the server's loop; the first reason counts."""
        if not self.exited.done():
            self.exited.set_result(code)

    async def close(self) -> None:
        """Stop all work and let go of the application, within one and a half seconds."""
        self.publisher.close()
        self.jobs.cancel()
        self.indexing.stop()
        self.lenses.close()
        await self.ahead.stop()
        await self.session.cancel_all(grace=0.7)
        await self.jobs.cancel_all(grace=0.1)
        await self.pages.close()
        await self.apps.close(grace=0.6)
        await self.supervisor.close(grace=0.2)

    async def _refresh_diagnostics(self) -> None:
        await self.workspace_diagnostic_refresh_async(None)

    async def create_progress(self, token: str | int) -> None:
        """Ask the client for a progress bar. Raises `JsonRpcException` when it declines."""
        await self.window_work_done_progress_create_async(types.WorkDoneProgressCreateParams(token))

    def send_progress(self, token: str | int, value: Any) -> None:
        """Send one `$/progress`."""
        self.protocol.notify(types.PROGRESS, types.ProgressParams(token, value))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Errors of the protocol are logged; a pop-up would punish the user for their client."""
        _log.warning("protocol: %s in %s", type(error).__name__, getattr(source, "__name__", ""))

    async def _earlier_turns(self, conversation: str, most: int) -> Sequence[Turn]:
        try:
            return await (await self.apps.get()).turns(conversation, most)
        except MiradorError:
            # What keeps the application from opening is told to whoever asks it for an answer.
            return ()

    def _has_shown(self, snapshot: Snapshot, findings: Sequence[Finding]) -> None:
        if (app := self.apps.current) is not None:
            app.shown(snapshot, findings)

    def _text_of(self, uri: str) -> str | None:
        document = self.session.document(uri)
        return document.text if document is not None else None

    def _pause(self) -> None:
        self.ahead.pause()
        self.indexing.poke()

    def _user_waits(self) -> bool:
        return bool(self.jobs.running()) or any(True for _ in self.session.runs())

    def _wire(self, features: Features) -> None:
        """Put our handlers in the place of pygls' own, which keep a second copy of each document
        with other line rules, and a future for each notification.
        """
        manager = self.protocol.fm
        manager.builtin_features.clear()
        for method, handler in features:
            manager.add_builtin_feature(method, self._guarded(method, handler))

    def _guarded(self, method: str, handler: Handler) -> Callable[[Any], Any]:
        """`handler` behind the dispatch border, as pygls calls it: with the parameters alone."""
        if inspect.iscoroutinefunction(handler):

            async def run_async(params: Any = None) -> Any:
                with _border(method):
                    return await handler(self, params)

            return run_async

        def run(params: Any = None) -> Any:
            with _border(method):
                return handler(self, params)

        return run

    def _show(self, kind: types.MessageType, text: str) -> None:
        self.window_show_message(types.ShowMessageParams(kind, unlinked(text)))

    def _tell(self, kind: types.MessageType, text: str) -> None:
        self.window_log_message(types.LogMessageParams(kind, text))

    def _note(self, kind: types.MessageType, text: str) -> None:
        _log.log(_LEVELS[kind], "%s", text)
        self._tell(kind, text)

    def _extension(self, method: str, value: Status | Stream | ReviewNews) -> None:
        self.protocol.notify(method, dataclasses.asdict(value))


_LEVELS = {
    types.MessageType.Error: logging.ERROR,
    types.MessageType.Warning: logging.WARNING,
    types.MessageType.Info: logging.INFO,
    types.MessageType.Log: logging.INFO,
    types.MessageType.Debug: logging.DEBUG,
}


@contextmanager
def _border(method: str) -> Iterator[None]:
    """The dispatch border: whatever a handler raises becomes one calm sentence."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 — border: a handler cannot stop the server
        raise _answer(method, error) from None


def _answer(method: str, error: Exception) -> JsonRpcException:
    """The error as the client is told it; the log has the whole story."""
    if isinstance(error, JsonRpcException):
        return error
    if isinstance(error, MiradorError):
        _log.log(error.level, "%s: %s", method, error)
        return JsonRpcException(error.sentence(), code=REQUEST_FAILED)
    _log.error("%s failed", method, exc_info=error)
    return JsonRpcInternalError(f"{method} failed inside Mirador; its log says why.")
