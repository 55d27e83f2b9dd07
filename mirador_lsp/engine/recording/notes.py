"""Notes of one running request, taken from its events."""

import difflib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import assert_never
from uuid import uuid4

from mirador_lsp.core.answers import (
    AnswerEvent,
    AnswerFinished,
    AnswerRequest,
    AnswerRevised,
    AnswerStarted,
    Topic,
)
from mirador_lsp.core.changes import (
    Attempted,
    ChangeEvent,
    ChangeFinished,
    ChangeRequest,
    ChangeStarted,
    Intent,
    Patch,
)
from mirador_lsp.core.events import (
    Event,
    Notice,
    StageFailed,
    StageFinished,
    StageProgressed,
    StageStarted,
    StreamToken,
)
from mirador_lsp.core.history import Ending, Exchange, Kind

Wall = Callable[[], float]
"""Seconds since the epoch."""

_TOPICS = {Topic.EXPLAIN: Kind.EXPLAIN, Topic.ASK: Kind.ASK, Topic.CUSTOM: Kind.ACTION}
_INTENTS = {
    Intent.FIX: Kind.FIX,
    Intent.DOCUMENT: Kind.DOCUMENT,
    Intent.TESTS: Kind.TESTS,
    Intent.CUSTOM: Kind.ACTION,
}


@dataclass
class Costs:
    """What the stages of a request came to."""

    stages: dict[str, str] = field(default_factory=dict)
    """Stage → the digest of its model."""
    model: str = ""
    """The last one that came to its end."""
    whole: set[str] = field(default_factory=set)
    """Stages that looked at all of their part."""
    prompt: int = 0
    cached: int = 0
    completion: int = 0
    first: float | None = None

    def hear(self, event: Event | AnswerEvent | ChangeEvent) -> None:
        """Take note of what stages say of themselves."""
        if isinstance(event, StageStarted):
            self.stages[event.stage] = event.digest
        elif isinstance(event, StageFinished):
            usage = event.usage
            self.model = event.model or self.model
            self.prompt += usage.prompt_tokens
            self.cached += usage.cached_tokens
            self.completion += usage.completion_tokens
            if self.first is None:
                self.first = usage.first_token_seconds
            if not event.not_reviewed:
                self.whole.add(event.stage)

    def put_on(self, exchange: Exchange) -> Exchange:
        """The exchange with its costs."""
        return replace(
            exchange,
            stages=tuple(self.stages),
            prompt_tokens=self.prompt,
            cached_tokens=self.cached,
            completion_tokens=self.completion,
            first_token_seconds=self.first,
        )


class AnswerNote:
    """Notes of a question and its answer."""

    def __init__(self, request: AnswerRequest, wall: Wall) -> None:
        self._request = request
        self._wall = wall
        self._began = wall()
        self._costs = Costs()
        self._title = ""
        self._said = AnswerFinished(None, 0.0)
        self._ended = False

    def hear(self, event: AnswerEvent) -> None:
        """Take note of an event."""
        self._costs.hear(event)
        match event:
            case AnswerStarted(title=title):
                self._title = title
            case AnswerFinished():
                self._said, self._ended = event, True
            case AnswerRevised(answer=answer):
                self._said = replace(self._said, answer=answer)
            case Notice() | StageStarted() | StageProgressed() | StreamToken():
                pass
            case StageFinished() | StageFailed():
                pass
            case _:
                assert_never(event)

    def exchange(self, session: str) -> Exchange:
        """What is kept of it."""
        request, answer = self._request, self._said.answer
        outcome = Ending.FINISHED if answer is not None else Ending.FAILED
        made = Exchange(
            id=uuid4().hex[:12],
            kind=_TOPICS[request.topic],
            document=request.snapshot.uri,
            name=request.snapshot.name,
            outcome=outcome if self._ended else Ending.STOPPED,
            time=self._began,
            session=session,
            question=request.question or self._title,
            response=answer.text if answer is not None else "",
            model=answer.model if answer is not None else "",
            digest=answer.digest if answer is not None else "",
            seconds=self._said.seconds or self._wall() - self._began,
            kept=answer is not None and answer.kept,
            conversation=request.conversation,
            findings=tuple(finding.id for finding in request.findings),
        )
        return self._costs.put_on(made)


class ChangeNote:
    """Notes of the wish for a change and of the patch that came of it."""

    def __init__(self, request: ChangeRequest, wall: Wall) -> None:
        self._request = request
        self._wall = wall
        self._began = wall()
        self._costs = Costs()
        self._title = ""
        self._end: ChangeFinished | None = None

    def hear(self, event: ChangeEvent) -> None:
        """Take note of an event."""
        self._costs.hear(event)
        match event:
            case ChangeStarted(title=title):
                self._title = title
            case ChangeFinished():
                self._end = event
            case Notice() | StageStarted() | StageProgressed() | StreamToken():
                pass
            case StageFinished() | StageFailed() | Attempted():
                pass
            case _:
                assert_never(event)

    def exchange(self, session: str) -> Exchange:
        """What is kept of it."""
        request, end = self._request, self._end
        patch = end.patch if end is not None else None
        outcome = Ending.FINISHED if patch is not None else Ending.FAILED
        made = Exchange(
            id=uuid4().hex[:12],
            kind=_INTENTS[request.intent],
            document=request.snapshot.uri,
            name=request.snapshot.name,
            outcome=outcome if end is not None else Ending.STOPPED,
            time=self._began,
            session=session,
            question=self._asked(patch),
            response=_diff(request, patch) if patch is not None else (end.why if end else ""),
            model=patch.model if patch is not None else self._costs.model,
            digest=patch.digest if patch is not None else "",
            seconds=end.seconds if end is not None else self._wall() - self._began,
            findings=(request.finding.id,) if request.finding is not None else (),
        )
        return self._costs.put_on(made)

    def _asked(self, patch: Patch | None) -> str:
        request = self._request
        finding = request.finding.message if request.finding is not None else ""
        title = patch.title if patch is not None else self._title
        words = (title, finding or request.question)
        return "\n".join(word for word in words if word)


def review_id(*parts: str) -> str:
    """One id for all reviews of which all that is told here is equal."""
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:12]


def _diff(request: ChangeRequest, patch: Patch) -> str:
    """What a patch does; the whole text of a new file."""
    if patch.creates:
        return patch.after
    name = request.snapshot.name
    before, after = request.snapshot.text, patch.after
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    lines = difflib.unified_diff(old, new, name, name)
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
