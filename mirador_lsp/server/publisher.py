"""Events in, diagnostics out: versioned, gathered, and quiet when nothing changed.

What is shown of a document is its *board*. When a new review begins, findings about code that did
not change are carried over to where that code now is. Each stage of the new review that looks at
all of it replaces what the same stage had said before; what a stage said that fails, is not run or
leaves something out stays. So neither a save nor a missing model makes a deep finding vanish.
"""

import asyncio
from collections.abc import Callable, Iterable
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
    Notice,
    ReviewFinished,
    ReviewStarted,
    StageFailed,
    StageFinished,
    StageProgressed,
    StageStarted,
    StreamToken,
)
from mirador_lsp.core.findings import Finding, ranked
from mirador_lsp.core.policy import STAGES, SYNTHESIS, ReviewPolicy
from mirador_lsp.server import carry, to_lsp
from mirador_lsp.server.session import Session

GATHER_SECONDS = 0.08
"""Findings that arrive within this time are published together."""

Send = Callable[[types.PublishDiagnosticsParams], None]


class Board:
    """What is known about one document and what its client was told of it."""

    def __init__(self, snapshot: Snapshot, policy: ReviewPolicy) -> None:
        self.snapshot = snapshot
        self.policy = policy
        self.found: dict[str, Finding] = {}
        """What the latest review says, by finding id."""
        self.carried: dict[str, Finding] = {}
        """What earlier reviews said and the latest has not yet spoken about, or never will."""
        self.found_by: dict[str, str] = {}
        """By id, the stage that found each of `found`; synthesis only judges what others found."""
        self.carried_by: dict[str, str] = {}
        """The same of `carried`."""
        self.published: list[types.Diagnostic] | None = None
        """The last set sent; None before the first."""
        self.published_version: int | None = None
        self.timer: asyncio.TimerHandle | None = None

    def renew(self, snapshot: Snapshot, policy: ReviewPolicy) -> None:
        """A new review begins."""
        known = {f.id: f for f in self._known()}
        finders = self.carried_by | {
            i: self.found_by[i] for i, f in self.found.items() if known[i] is f
        }
        self.carried = carry.over(known.values(), self.snapshot, snapshot)
        self.carried_by = {i: finders[i] for i in self.carried}
        self.found, self.found_by = {}, {}
        self.snapshot = snapshot
        self.policy = policy

    def hear(self, event: Event) -> None:
        """Take in what the latest review says."""
        match event:
            case FindingReported(finding=finding) | FindingRevised(finding=finding):
                self.found[finding.id] = finding
                self._trace(finding)
            case FindingWithdrawn(finding_id=finding_id):
                self.found.pop(finding_id, None)
                self.carried.pop(finding_id, None)
            case StageFinished(stage=stage, not_reviewed=0):
                self.carried = {
                    i: f for i, f in self.carried.items() if self._answers_for(f) != stage
                }
            case ReviewFinished(findings=findings):
                self.found = {f.id: f for f in findings}
                for finding in findings:
                    self._trace(finding)
            case Notice() | ReviewStarted() | StageStarted() | StageProgressed():
                pass
            case StreamToken() | StageFailed() | StageFinished() | EvidenceHeard():
                pass
            case _:
                assert_never(event)

    def shown(self) -> list[Finding]:
        """What the user sees: above the gate, worst first, at most the cap."""
        sure = [f for f in self._known() if f.confidence >= self.policy.gate]
        return ranked(sure)[: self.policy.max_findings_per_file]

    def _trace(self, finding: Finding) -> None:
        stage = finding.origin.stage
        if stage == SYNTHESIS:
            self.found_by.setdefault(finding.id, stage)
        else:
            self.found_by[finding.id] = stage

    def _answers_for(self, carried: Finding) -> str:
        """The stage whose word replaces `carried`: who found it or, once it was found again, who
        worded it last.
        """
        return carried.origin.stage if carried.id in self.found else self.carried_by[carried.id]

    def _known(self) -> Iterable[Finding]:
        """All findings; where both reviews have one, the later stage's wording."""
        known = self.found | {
            i: f
            for i, f in self.carried.items()
            if i not in self.found or _order(f) > _order(self.found[i])
        }
        return known.values()


class Publisher:
    """Keeps each client-side list of diagnostics equal to its board, with few messages."""

    def __init__(self, session: Session, send: Send, congested: Callable[[], bool]) -> None:
        self._session = session
        self._send = send
        self._congested = congested
        self._boards: dict[str, Board] = {}
        self._latest: dict[str, object] = {}
        """Identity of the latest review of each document; what earlier ones say is not heard."""

    def listen(self, snapshot: Snapshot, policy: ReviewPolicy) -> Emit:
        """A listener for a review that begins now."""
        uri = snapshot.uri
        board = self._boards.get(uri)
        if board is None:
            board = self._boards[uri] = Board(snapshot, policy)
        else:
            board.renew(snapshot, policy)
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

    def forget(self, uri: str, version: int | None) -> None:
        """The document was closed: its diagnostics are the server's to clear."""
        self._latest.pop(uri, None)
        board = self._boards.pop(uri, None)
        if board is not None and board.timer is not None:
            board.timer.cancel()
        self._send(types.PublishDiagnosticsParams(uri=uri, diagnostics=[], version=version))

    def close(self) -> None:
        """Send nothing any more."""
        for board in self._boards.values():
            if board.timer is not None:
                board.timer.cancel()
        self._boards.clear()
        self._latest.clear()

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
            case EvidenceHeard():
                pass
            case _:
                assert_never(event)

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
        rendered = [to_lsp.diagnostic(f, board.snapshot, client) for f in board.shown()]
        told = board.published_version == board.snapshot.version
        if rendered == board.published and (told or not rendered):
            # An equal set about a new version is sent: an edit that was taken back may have cost
            # the client its marks. An empty one is sent when the review ends, not before.
            return
        board.published = rendered
        board.published_version = board.snapshot.version
        self._send(
            types.PublishDiagnosticsParams(
                uri=board.snapshot.uri, version=board.snapshot.version, diagnostics=rendered
            )
        )


def _order(finding: Finding) -> int:
    stage = finding.origin.stage
    return STAGES.index(stage) if stage in STAGES else -1
