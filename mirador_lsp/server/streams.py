"""Status and model text for clients that asked for them; silence for all others."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, assert_never

from mirador_lsp.core.answers import AnswerEvent, AnswerFinished, AnswerRevised, AnswerStarted
from mirador_lsp.core.changes import Attempted, ChangeEvent, ChangeFinished, ChangeStarted
from mirador_lsp.core.clean import plain
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import (
    Event,
    EvidenceHeard,
    FindingReported,
    FindingRevised,
    FindingWithdrawn,
    Hush,
    ModelAsked,
    Notice,
    NoticeKind,
    ReviewFinished,
    ReviewStarted,
    StageFailed,
    StageFinished,
    StageProgressed,
    StageStarted,
    StreamToken,
)
from mirador_lsp.core.routing import Workings
from mirador_lsp.server.extensions import STATUS, STREAM, Status, Stream

GATHER_SECONDS = 0.08
"""Tokens that arrive within this time travel together."""
_log = logging.getLogger(__name__)

Send = Callable[[str, Status | Stream], None]
_WHY_NOTHING = (NoticeKind.UNAVAILABLE, NoticeKind.SKIPPED, NoticeKind.TRUNCATED, NoticeKind.BROKEN)
"""Notices that explain why a review found less than it could have."""
_PAUSED = "Reviewing is paused: nothing is reviewed by itself."
_CALM = Status("normal", busy=False, message="Ready.", remedy="", uri="", stage="", model="")


class Streams:
    """Follows reviews and jobs for the client's status bar and stream view."""

    def __init__(self, send: Send, congested: Callable[[], bool]) -> None:
        self._send = send
        self._congested = congested
        self._sent = _CALM
        self._inside = Workings()
        self._paused = False
        self._rest = _CALM
        """What is said when nothing runs; trouble is said meanwhile too."""
        self._concluded: Status | None = None
        """What is to be said once the work that concluded has ended."""
        self._running: dict[Follower, Doing] = {}
        """What runs; what it was last said of is the last."""
        self.on_end: Callable[[], None] = lambda: None
        """Called when a review or job has ended: models may have come, gone or done better."""
        self._profile = ""
        self.wants_status = False
        self.wants_stream = False

    def follow(self, snapshot: Snapshot) -> "Follower":
        """A listener for one review."""
        doing = Doing(snapshot.uri, f"Reviewing {plain(snapshot.name, 80)}.")
        return Follower(self, doing, snapshot.version, snapshot.name)

    def follow_job(self, uri: str, title: str) -> "Follower":
        """A listener for one job. Its text reaches the client by other ways."""
        return Follower(self, Doing(uri, f"At work: {plain(title, 160)}."), None, "", texts=False)

    def doing(self, who: "Follower", what: "Doing") -> None:
        """A review or job begins, or one of its stages does."""
        self._running.pop(who, None)
        self._running[who] = what
        self._tell()

    def end(self, who: "Follower") -> None:
        """A review or job ended, in whatever way."""
        self._running.pop(who, None)
        self._rest, self._concluded = self._concluded or self._rest, None
        self._tell()
        self.on_end()

    def inside(self, workings: Workings) -> None:
        """Which models the stages run on, and what waits for them."""
        self._inside = workings
        self._tell()

    def name_profile(self, profile: str) -> None:
        """The profile that the settings name. It comes with the next status; only another than the
        first is news by itself.
        """
        if not self._profile:
            self._sent = replace(self._sent, profile=profile)
        self._profile = profile
        self._tell()

    def pause(self, *, paused: bool) -> None:
        """Whether reviews wait until the user resumes them."""
        self._paused = paused
        self._tell()

    def fail(self, message: str, remedy: str) -> None:
        """The main job does not work."""
        self._rest = replace(self._rest, kind="error", message=message, remedy=remedy)
        self._tell()

    def recover(self) -> None:
        """What was wrong is mended, or may be: a review went well, or settings changed."""
        if self._rest.kind != "normal":
            self._rest = _CALM
            self._tell()

    def conclude(self, uri: str, message: str) -> None:
        """A review went well; the message says what came of it, or why nothing did."""
        # Told with the end of the work, which is a moment away: one message instead of two.
        self._concluded = replace(_CALM, message=message, uri=uri)

    def degrade(self, uri: str, message: str, remedy: str) -> None:
        """Mirador works, but less well."""
        self._rest = replace(_CALM, kind="warning", message=message, remedy=remedy, uri=uri)
        self._tell()

    def send_stream(self, stream: Stream) -> bool:
        """Send gathered text. Returns False where the client does not read: it is dropped."""
        if self._congested():
            return False
        self._send(STREAM, stream)
        return True

    def _tell(self) -> None:
        status = self._rest
        if self._paused and status.kind == "normal":
            status = replace(status, message=_PAUSED)
        if self._running:
            doing = next(reversed(self._running.values()))
            status = replace(
                status,
                busy=True,
                uri=doing.uri,
                stage=doing.stage,
                model=doing.model,
                reason=doing.reason,
                waiting=doing.before,
            )
            if status.kind == "normal":
                status = replace(status, message=doing.in_words())
        status = replace(
            status,
            stages=self._inside.chosen,
            queues=self._inside.queues,
            profile=self._profile,
            paused=self._paused,
        )
        if status != self._sent:
            self._sent = status
            if self.wants_status:
                self._send(STATUS, status)


@dataclass(frozen=True)
class Doing:
    """What a review or job is at."""

    uri: str
    message: str
    """One plain sentence."""
    stage: str = ""
    model: str = ""
    reason: str = ""
    """Why this model."""
    before: int = 0
    """How many requests go first."""

    def in_words(self) -> str:
        """What the user reads."""
        return f"{self.message} Waiting: {self.before} before you." if self.before else self.message


class Follower:
    """Follows one review or job until it ends or is stopped."""

    def __init__(
        self,
        streams: Streams,
        doing: Doing,
        version: int | None,
        name: str,
        *,
        texts: bool = True,
    ) -> None:
        self._streams = streams
        self._doing = doing
        self._uri = doing.uri
        self._name = name
        self._texts = texts
        self._gatherer = _Gatherer(streams, doing.uri, version)
        self._troubled = False
        self._stopped = False

    def begin(self) -> None:
        """It begins."""
        self._streams.doing(self, self._doing)

    def end(self) -> None:
        """It ended, in whatever way."""
        self.stop()
        self._streams.end(self)

    def stop(self) -> None:
        """It was stopped or is over: what is gathered is dropped, what it says is not heard."""
        self._stopped = True
        self._gatherer.drop()

    def hear(self, event: Event | AnswerEvent | ChangeEvent) -> None:
        """Follow the work."""
        if not self._stopped:
            self._take(event)

    def _take(self, event: Event | AnswerEvent | ChangeEvent) -> None:
        match event:
            case StageStarted(stage=stage, model=model, reason=reason):
                self._now(stage=stage, model=model, reason=reason, before=0)
            case StageProgressed(before=before):
                self._now(before=before or 0)
            case StreamToken():
                if self._streams.wants_stream and self._texts:
                    self._gatherer.take(event)
            case StageFailed(message=message, remedy=remedy):
                self._gatherer.flush()
                self._trouble(message, remedy)
            case Notice(kind=kind, message=message):
                if kind is NoticeKind.UNAVAILABLE:
                    self._trouble(message, "")
            case StageFinished() | ReviewFinished():
                self._ended(event)
            case (
                ReviewStarted()
                | FindingReported()
                | FindingRevised()
                | FindingWithdrawn()
                | EvidenceHeard()
                | ModelAsked()
                | AnswerStarted()
                | AnswerRevised()
                | AnswerFinished()
                | ChangeStarted()
                | Attempted()
                | ChangeFinished()
            ):
                pass
            case _:
                assert_never(event)

    def _now(self, **news: Any) -> None:
        doing = replace(self._doing, **news)
        if doing != self._doing or "stage" in news:
            self._doing = doing
            self._streams.doing(self, doing)

    def _ended(self, event: StageFinished | ReviewFinished) -> None:
        self._gatherer.flush()
        if isinstance(event, ReviewFinished) and not self._troubled:
            self._streams.conclude(self._uri, outcome_in_words(self._name, event))

    def _trouble(self, message: str, remedy: str) -> None:
        self._troubled = True
        self._streams.degrade(self._uri, message, remedy)


def outcome_in_words(name: str, end: ReviewFinished) -> str:
    """What came of a review; where nothing did, why: one plain sentence."""
    if end.findings:
        count = len(end.findings)
        return f"{name}: {count} finding{'s' * (count > 1)}."
    why = next((n.message for n in end.notices if n.kind in _WHY_NOTHING), "")
    why = plain(why.removeprefix(f"{name}: ")).rstrip(".")
    if not end.reviewed:
        return f"{name} was not reviewed{f': {why}' if why else ''}."
    unseen = [
        f"{count} {what}"
        for count, what in (
            (len(end.withheld), "withheld as too unsure"),
            (end.suppressed, "suppressed by comments"),
            (end.dismissed, "dismissed"),
            (end.hushed_by(Hush.RULE), "ignored by rules for the path"),
            (end.hushed_by(Hush.LEARNED), "like others that you dismissed"),
        )
        if count
    ]
    if unseen:
        return f"{name}: nothing to show; {', '.join(unseen)}."
    return f"{name}: nothing found{f'; {why}' if why else ''}."


class _Gatherer:
    """Puts the tokens of one reply together; a token alone is too small a message."""

    def __init__(self, streams: Streams, uri: str, version: int | None) -> None:
        self._streams = streams
        self._uri = uri
        self._version = version
        self._tokens: list[StreamToken] = []
        self._timer: asyncio.TimerHandle | None = None
        self._dropped = 0

    def take(self, token: StreamToken) -> None:
        if self._tokens and _reply(token) != _reply(self._tokens[0]):
            self.flush()
        self._tokens.append(token)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER_SECONDS, self.flush)

    def drop(self) -> list[StreamToken]:
        """Forget what is gathered and return it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        tokens, self._tokens = self._tokens, []
        return tokens

    def flush(self) -> None:
        tokens = self.drop()
        if not tokens:
            return
        first = tokens[0]
        stream = Stream(
            uri=self._uri,
            version=self._version,
            stage=first.stage,
            model=first.model,
            unit=first.metadata.get("unit", ""),
            lens=first.metadata.get("lens", ""),
            content="".join(t.content for t in tokens),
            confidence=sum(t.confidence for t in tokens) / len(tokens),
        )
        if not self._streams.send_stream(stream):
            self._dropped += len(tokens)
            _log.info("%d streamed tokens dropped: the client does not read", self._dropped)


def _reply(token: StreamToken) -> tuple[str, str, str, str]:
    metadata = token.metadata
    return token.stage, token.model, metadata.get("unit", ""), metadata.get("lens", "")
