"""The one mutable room of the server: what the editor has open and what runs for it.

Everything else receives frozen values. What a review says is shown only while it is the latest of
its document and the document's text is still the one it looked at.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from mirador_lsp.core.clean import plain
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Event, ReviewFinished, ReviewStarted
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.requests import Trigger
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.core.text import Span
from mirador_lsp.server.client import Client
from mirador_lsp.server.documents import Change, OpenDocument

_log = logging.getLogger(__name__)


class Stage(Enum):
    """Where the life of the session stands; LSP allows other requests in each."""

    NEW = "new"
    RUNNING = "running"
    SHUT_DOWN = "shut down"


@dataclass
class Outcome:
    """How a review ended; filled in by its listener."""

    finished: ReviewFinished | None = None
    """None while it runs, and for ever when it was stopped."""
    spared: bool = False
    """Some stages only repeat what they said before."""

    @property
    def thorough(self) -> bool:
        """Whether all was looked at, by every stage."""
        return self.finished is not None and self.finished.reviewed and not self.spared

    def hear(self, event: Event) -> None:
        """Take note of the beginning and the end."""
        if isinstance(event, ReviewStarted):
            self.spared = bool(event.spared)
        elif isinstance(event, ReviewFinished):
            self.finished = event


@dataclass(frozen=True)
class Part:
    """Places of a text that are to be reviewed alone."""

    spans: tuple[Span, ...]
    words: str
    """What the user calls them: "the selection"."""
    content_hash: str
    """Of the text whose places they are."""
    before: str | None = None
    """The text before they were changed, where that is known."""
    caused: tuple[Finding, ...] = ()
    """What the change of another file causes in this one."""


@dataclass(frozen=True)
class Wish:
    """What a review was asked for, so that it can be asked for again."""

    trigger: Trigger
    stages: Sequence[str] | None = None
    """None for those of the settings."""
    lenses: Sequence[str] | None = None
    """None for those of the settings."""
    models: tuple[str, ...] = ()
    """Those that are all asked, to be merged; empty for one at a time."""
    part: Part | None = None
    """None for the whole document. Of a document that was edited since, all is reviewed."""


@dataclass(frozen=True)
class Run:
    """A review of one document."""

    snapshot: Snapshot
    wish: Wish
    task: asyncio.Task[None]
    outcome: Outcome
    silence: Callable[[], None]
    """Called when it is stopped; what it says while it unwinds is not worth hearing."""


class Session:
    """Open documents, running reviews and the client, for one connection."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.stage = Stage.NEW
        self.client = Client()
        self.folders: tuple[Path, ...] = ()
        """Workspace folders on this machine's disk, the first one the main one."""
        self.said: set[str] = set()
        """What the user was told in a pop-up and is not told again."""
        self.wanted: dict[str, Wish] = {}
        """Reviews, by URI, that begin once the settings are known."""
        self.mended: dict[str, str] = {}
        """By URI, the text that a document has once the client has applied our change to it."""
        self._supervisor = supervisor
        self._documents: dict[str, OpenDocument] = {}
        self._runs: dict[str, Run] = {}
        """The latest review of each document."""
        self._tasks: set[asyncio.Task[None]] = set()
        """Every review that has not ended, those that were stopped and still unwind included."""
        self._edits: dict[str, asyncio.Event] = {}
        """By URI, what is set at its next edit; only where somebody waits for one."""
        self._seen: dict[str, Snapshot] = {}
        self._known: set[str] = set()

    def open(self, document: OpenDocument) -> None:
        """A document was opened. Opened twice, the later text holds."""
        if document.uri in self._documents:
            _log.warning("opened twice: %s", _shown(document.uri))
        self._documents[document.uri] = document
        self._told(document.uri)

    def change(self, uri: str, changes: list[Change], version: int) -> None:
        """Edit an open document; for one that is not open it is logged and ignored."""
        document = self._documents.get(uri)
        if document is None:
            _log.warning("changed but not open: %s", _shown(uri))
            return
        for odd in document.apply(changes, version, self.client.encoding):
            _log.warning("%s: %s", _shown(uri), odd)
        self._told(uri)

    def doubt(self, uri: str, why: str) -> None:
        """The text of `uri` may differ from the editor's until the next full text."""
        document = self._documents.get(uri)
        if document is not None:
            document.doubt = why
        _log.warning("%s: %s", _shown(uri), why)

    def saved(self, uri: str, text: str | None) -> bool:
        """A document was saved, `text` being what was written if the client sent it.

        Returns whether the document is open. A text that differs from ours replaces it.
        """
        document = self._documents.get(uri)
        if document is None:
            _log.warning("saved but not open: %s", _shown(uri))
            return False
        if text is not None and (document.doubt or text != document.text):
            _log.warning("%s: taken over as saved", _shown(uri))
            document.replace(text)
            self._told(uri)
        return True

    def close(self, uri: str) -> None:
        """A document was closed: its review stops and it is forgotten."""
        self.cancel(uri)
        self._seen.pop(uri, None)
        self._known.discard(uri)
        self.mended.pop(uri, None)
        if self._documents.pop(uri, None) is None:
            _log.warning("closed but not open: %s", _shown(uri))
        self._told(uri)

    async def edited(self, uri: str) -> None:
        """Wait until the client tells of the next edit of a document, or that it was closed."""
        await self._edits.setdefault(uri, asyncio.Event()).wait()

    def _told(self, uri: str) -> None:
        if (event := self._edits.pop(uri, None)) is not None:
            event.set()

    def document(self, uri: str) -> OpenDocument | None:
        """The open document of that URI."""
        return self._documents.get(uri)

    def uris(self) -> tuple[str, ...]:
        """Every open document, in the order of opening."""
        return tuple(self._documents)

    def restart(
        self,
        snapshot: Snapshot,
        wish: Wish,
        work: Coroutine[Any, Any, None],
        outcome: Outcome,
        silence: Callable[[], None],
    ) -> Run:
        """Run `work` as the review of `snapshot`; an earlier review of it stops."""
        self.cancel(snapshot.uri)
        self._seen.setdefault(snapshot.uri, snapshot)
        task = self._supervisor.start(work, f"review {snapshot.name}")
        run = Run(snapshot, wish, task, outcome, silence)
        self._runs[snapshot.uri] = run
        self._tasks.add(task)
        task.add_done_callback(lambda _: self._forget(run))
        return run

    def reviewed(self, snapshot: Snapshot) -> None:
        """All of `snapshot` was looked at."""
        if snapshot.uri in self._documents:
            self._seen[snapshot.uri] = snapshot
            self._known.add(snapshot.uri)

    def known(self, uri: str) -> bool:
        """Whether all that was not edited since `seen` was looked at."""
        return uri in self._known

    def seen(self, uri: str) -> Snapshot | None:
        """What edits are measured against: the text last reviewed to the end or, before there is
        one, the first that a review began with. None for a document that was never reviewed.
        """
        return self._seen.get(uri)

    def run_of(self, uri: str) -> Run | None:
        """The review that runs for that URI."""
        return self._runs.get(uri)

    def runs(self) -> Iterator[Run]:
        """Every running review."""
        return iter(tuple(self._runs.values()))

    def is_current(self, snapshot: Snapshot) -> bool:
        """Whether the editor still shows exactly the text of `snapshot`."""
        document = self._documents.get(snapshot.uri)
        return (
            document is not None
            and document.version == snapshot.version
            and document.text == snapshot.text
        )

    def cancel(self, uri: str) -> bool:
        """Stop the review of a document, or give up the wish for one. Returns whether there was."""
        wanted = self.wanted.pop(uri, None)
        run = self._runs.get(uri)
        if run is not None:
            self.stop(run)
        return run is not None or wanted is not None

    def stop(self, run: Run) -> None:
        """Stop this review, whether or not it is the latest of its document."""
        run.silence()
        run.task.cancel()
        if self._runs.get(run.snapshot.uri) is run:
            del self._runs[run.snapshot.uri]

    async def cancel_all(self, grace: float = 1.5) -> None:
        """Stop every review and wait until they have let go of their models."""
        for uri in (*self._runs, *self.wanted):
            self.cancel(uri)
        await self._unwound(grace)

    async def suspend(self, grace: float = 1.5) -> None:
        """Stop every review as `cancel_all` does, and want each of them again."""
        for run in self.runs():
            self.stop(run)
            self.wanted[run.snapshot.uri] = run.wish
        await self._unwound(grace)

    async def _unwound(self, grace: float) -> None:
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace)
            for task in late:
                _log.error("%s did not end when cancelled", task.get_name())

    def _forget(self, run: Run) -> None:
        self._tasks.discard(run.task)
        if self._runs.get(run.snapshot.uri) is run:
            del self._runs[run.snapshot.uri]


def _shown(uri: str) -> str:
    """A URI as a log may hold it: one line of visible characters."""
    return plain(uri, 200)
