"""Puts one request to an engine and takes in what came of it, as figures."""

from dataclasses import dataclass, field, replace
from typing import Protocol, assert_never

from mirador_lsp.core.answers import AnswerEvent, AnswerFinished, AnswerRequest, EmitAnswer
from mirador_lsp.core.changes import ChangeEvent, ChangeFinished, ChangeRequest, EmitChange
from mirador_lsp.core.dialogue import Usage
from mirador_lsp.core.events import (
    Emit,
    Event,
    FindingReported,
    FindingWithdrawn,
    StageFailed,
    StageFinished,
)
from mirador_lsp.core.policy import INSTANT
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.core.routing import Outcome

Request = ReviewRequest | AnswerRequest | ChangeRequest


class Asked(Protocol):
    """What is asked: an engine."""

    async def review(self, request: ReviewRequest, emit: Emit) -> None:
        """As the engine does."""
        ...

    async def answer(self, request: AnswerRequest, emit: EmitAnswer) -> None:
        """The same."""
        ...

    async def change(self, request: ChangeRequest, emit: EmitChange) -> None:
        """The same."""
        ...


@dataclass
class Heard:
    """What came of a request."""

    lines: set[int] = field(default_factory=set)
    """Numbers of the lines, from 1, that a review claimed something of."""
    claimed: int = 0
    """What it claimed."""
    rejected: int = 0
    """Lines of its replies that were dropped."""
    broken: int = 0
    """Of those, the ones that broke the form or quote code that is not there."""
    words: int = 0
    """Of an answer."""
    text: str | None = None
    """The whole new text of a change that passed every check."""
    usages: list[Usage] = field(default_factory=list)
    """What the replies of each stage cost."""
    failed: bool = False
    """A stage could not do its work."""
    changes: bool = False
    """A change was asked for."""
    answers: bool = False
    """An answer was asked for."""

    @property
    def usage(self) -> Usage:
        """What all of it cost. The first token is that of the first stage."""
        first = self.usages[0] if self.usages else Usage()
        return Usage(
            prompt_tokens=sum(each.prompt_tokens for each in self.usages),
            cached_tokens=sum(each.cached_tokens for each in self.usages),
            completion_tokens=sum(each.completion_tokens for each in self.usages),
            wait_seconds=sum(each.wait_seconds for each in self.usages),
            first_token_seconds=first.first_token_seconds,
            seconds=sum(each.seconds for each in self.usages),
        )

    @property
    def outcome(self) -> Outcome:
        """How it ended, as is measured of replies."""
        if self.failed:
            return Outcome.FAILED
        lacks = (self.changes and self.text is None) or (self.answers and not self.words)
        garbled = bool(self.broken) and not self.claimed
        return Outcome.BROKEN if lacks or garbled else Outcome.HELD


async def hear(request: Request, asked: Asked, model: str) -> Heard:
    """Ask an engine that has that one model, and wait for the end. Cancelling stops the model.

    Whether a fix mends a claim is asked of the model that made it; here that is the one asked.
    """
    if isinstance(request, ChangeRequest) and request.finding is not None:
        origin = replace(request.finding.origin, tool=model)
        finding = replace(request.finding, origin=origin)
        request = replace(request, finding=finding, findings=(finding,))
    match request:
        case ReviewRequest():
            return await _review(request, asked)
        case AnswerRequest():
            return await _answer(request, asked)
        case ChangeRequest():
            return await _change(request, asked)
        case _:
            assert_never(request)


async def _review(request: ReviewRequest, asked: Asked) -> Heard:
    index, heard = request.snapshot.lines, Heard()
    lines: dict[str, int] = {}

    def take_in(event: Event) -> None:
        if isinstance(event, FindingReported) and event.stage != INSTANT:
            lines[event.finding.id] = index.line_of(event.finding.span.start) + 1
        elif isinstance(event, FindingWithdrawn):
            lines.pop(event.finding_id, None)
        elif isinstance(event, StageFinished) and event.stage != INSTANT:
            heard.usages.append(event.usage)
            heard.rejected += event.rejected
            heard.broken += event.misquoted + event.malformed
        elif isinstance(event, StageFailed):
            heard.failed = True

    await asked.review(request, take_in)
    heard.lines, heard.claimed = set(lines.values()), len(lines)
    return heard


async def _answer(request: AnswerRequest, asked: Asked) -> Heard:
    heard = Heard(answers=True)

    def take_in(event: AnswerEvent) -> None:
        if isinstance(event, StageFinished) and event.stage != INSTANT:
            heard.usages.append(event.usage)
        elif isinstance(event, StageFailed):
            heard.failed = True
        elif isinstance(event, AnswerFinished) and event.answer is not None and event.answer.model:
            heard.words = len(event.answer.text.split())

    await asked.answer(request, take_in)
    return heard


async def _change(request: ChangeRequest, asked: Asked) -> Heard:
    heard = Heard(changes=True)

    def take_in(event: ChangeEvent) -> None:
        if isinstance(event, StageFinished) and event.stage != INSTANT:
            heard.usages.append(event.usage)
        elif isinstance(event, StageFailed):
            heard.failed = True
        elif isinstance(event, ChangeFinished) and event.patch is not None:
            heard.text = event.patch.after

    await asked.change(request, take_in)
    return heard
