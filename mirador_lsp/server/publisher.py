"""Events in, diagnostics out: versioned, gathered, and quiet when nothing changed.

There is one channel for a client and never two: a client that asks for diagnostics, and can be told
to ask again, is told so; to every other they are pushed. What is shown of a document is on its
`Board`.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from typing import assert_never

from lsprotocol import types

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import (
    Emit,
    Event,
    EvidenceHeard,
    FindingReported,
    FindingRevised,
    FindingWithdrawn,
    ModelAsked,
    Notice,
    ReviewFinished,
    ReviewStarted,
    StageFailed,
    StageFinished,
    StageProgressed,
    StageStarted,
    StreamToken,
)
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.policy import ReviewPolicy
from mirador_lsp.core.text import Span
from mirador_lsp.server import carry, from_lsp, to_lsp
from mirador_lsp.server.board import Aside, Board
from mirador_lsp.server.session import Session

GATHER_SECONDS = 0.08
"""Findings that arrive within this time are published together."""

Send = Callable[[types.PublishDiagnosticsParams], None]


class Publisher:
    """Keeps each client-side list of diagnostics equal to its board, with few messages."""

    def __init__(
        self,
        session: Session,
        send: Send,
        refresh: Callable[[], None],
        congested: Callable[[], bool],
    ) -> None:
        """`send` pushes a set; `refresh` makes a client that pulls ask again, soon."""
        self._session = session
        self._send = send
        self._refresh = refresh
        self._congested = congested
        self.on_change: Callable[[], None] = lambda: None
        """Called when what is shown changed."""
        self.on_shown: Callable[[Snapshot, Sequence[Finding]], None] = lambda _shot, _shown: None
        """Told what the user sees of a document, whenever that is another set."""
        self._boards: dict[str, Board] = {}
        self._latest: dict[str, object] = {}
        """Identity of the latest review of each document; what earlier ones say is not heard."""
        self._closed: set[str] = set()
        """Documents that are not open and whose findings were pushed."""

    def listen(
        self, snapshot: Snapshot, policy: ReviewPolicy, only: tuple[Span, ...] | None = None
    ) -> Emit:
        """A listener for a review that begins now, of all of the document or of places in it."""
        uri = snapshot.uri
        self._closed.discard(uri)
        board = self._boards.get(uri)
        if board is None:
            board = self._boards[uri] = Board(snapshot, policy, only)
        board.renew(snapshot, policy, only)
        me = self._latest[uri] = object()

        def hear(event: Event) -> None:
            if self._latest.get(uri) is me:
                board.hear(event)
                self._after(event, board)

        return hear

    def shown(self, snapshot: Snapshot) -> tuple[Finding, ...]:
        """What the user sees of a document, worst first, at its places in `snapshot`.

        Where the text was edited since its review began, what lies in the edited part is left out.
        """
        board = self._boards.get(snapshot.uri)
        if board is None:
            return ()
        return tuple(carry.over(board.shown(), board.snapshot, snapshot).values())

    def is_moved(self, snapshot: Snapshot) -> bool:
        """Whether the text was edited since its latest review began."""
        board = self._boards.get(snapshot.uri)
        return board is not None and board.snapshot.content_hash != snapshot.content_hash

    def aside(self, snapshot: Snapshot) -> Aside:
        """What is known of a document and not shown."""
        board = self._boards.get(snapshot.uri)
        return board.aside() if board is not None else Aside()

    def dismiss(self, uri: str, finding_id: str, reason: str) -> None:
        """Show a finding no longer."""
        if (board := self._boards.get(uri)) is not None:
            board.dismiss(finding_id, reason)
            self._decided(board)

    def restore(self, uri: str, finding_id: str) -> Finding | None:
        """Show a finding again; None where it is not known any more."""
        board = self._boards.get(uri)
        if board is None:
            return None
        finding = board.restore(finding_id)
        self._decided(board)
        return finding

    def report(self, snapshot: Snapshot) -> tuple[str, list[types.Diagnostic]]:
        """What a client that pulls is answered, and a name for it: equal names, equal sets."""
        client = self._session.client
        shown = self.shown(snapshot) if client.pulls_diagnostics else ()
        rendered = [to_lsp.diagnostic(finding, snapshot, client) for finding in shown]
        name = hashlib.sha256(repr(rendered).encode("utf-8", "backslashreplace")).hexdigest()
        return name[:16], rendered

    def show_closed(self, snapshot: Snapshot, findings: tuple[Finding, ...]) -> None:
        """Push what was found in a file that is not open. A client that pulls asks for open
        documents alone.
        """
        if self._session.client.pulls_diagnostics or snapshot.uri in self._boards:
            return
        if findings or snapshot.uri in self._closed:
            client = self._session.client
            rendered = [to_lsp.diagnostic(f, snapshot, client) for f in findings]
            self._send(types.PublishDiagnosticsParams(uri=snapshot.uri, diagnostics=rendered))
        if findings:
            self._closed.add(snapshot.uri)
        else:
            self._closed.discard(snapshot.uri)

    def forget(self, uri: str, version: int | None) -> None:
        """The document was closed: diagnostics that were pushed are the server's to clear."""
        self._latest.pop(uri, None)
        self._closed.discard(uri)
        board = self._boards.pop(uri, None)
        if board is not None and board.timer is not None:
            board.timer.cancel()
        if not self._session.client.pulls_diagnostics:
            self._send(types.PublishDiagnosticsParams(uri=uri, diagnostics=[], version=version))

    def close(self) -> None:
        """Send nothing any more."""
        for board in self._boards.values():
            if board.timer is not None:
                board.timer.cancel()
        self._boards.clear()
        self._latest.clear()
        self._closed.clear()

    def _after(self, event: Event, board: Board) -> None:
        """Decide when what was heard is shown: at the end of a stage at once, else soon."""
        match event:
            case StageFinished() | StageFailed():
                self._publish(board)
            case ReviewFinished():
                # Even "nothing found" is news about a version that was not spoken of before.
                if board.published_version != board.snapshot.version:
                    board.published = None
                self._publish(board)
            case FindingReported() | FindingRevised() | FindingWithdrawn():
                self._publish_soon(board)
            case Notice() | ReviewStarted() | StageStarted() | StageProgressed() | StreamToken():
                pass
            case EvidenceHeard() | ModelAsked():
                pass
            case _:
                assert_never(event)

    def _decided(self, board: Board) -> None:
        """The user decided what is shown, and sees that at once, also in a text that they have
        edited since its review began: findings are then told at their new places.
        """
        document = self._session.document(board.snapshot.uri)
        if document is None or document.doubt or self._session.is_current(board.snapshot):
            self._publish(board)
            return
        now = from_lsp.snapshot(document, self._session.folders)
        client, shown = self._session.client, self.shown(now)
        board.published = None
        self.on_change()
        self.on_shown(now, shown)
        if client.pulls_diagnostics:
            self._refresh()
        else:
            told = [to_lsp.diagnostic(finding, now, client) for finding in shown]
            self._send(types.PublishDiagnosticsParams(now.uri, told, now.version))

    def _publish_soon(self, board: Board) -> None:
        if board.timer is None:
            loop = asyncio.get_running_loop()
            board.timer = loop.call_later(GATHER_SECONDS, self._publish, board)

    def _publish(self, board: Board) -> None:
        """Send the board unless the client has it already or its text has moved on.

        Clients do not reliably drop diagnostics of an older version, so the server does. A client
        that does not read gets the latest state later instead of every state now.
        """
        if board.timer is not None:
            board.timer.cancel()
            board.timer = None
        if not self._session.is_current(board.snapshot):
            return
        if self._congested():
            self._publish_soon(board)
            return
        client = self._session.client
        shown = board.shown()
        rendered = [to_lsp.diagnostic(f, board.snapshot, client) for f in shown]
        told = board.published_version == board.snapshot.version
        if rendered == board.published and (told or not rendered):
            # An equal set about a new version is sent: an edit that was taken back may have cost
            # the client its marks. An empty one is sent when the review ends, not before.
            return
        board.published = rendered
        board.published_version = board.snapshot.version
        self.on_change()
        self.on_shown(board.snapshot, shown)
        if client.pulls_diagnostics:
            self._refresh()
            return
        self._send(
            types.PublishDiagnosticsParams(
                uri=board.snapshot.uri, version=board.snapshot.version, diagnostics=rendered
            )
        )
