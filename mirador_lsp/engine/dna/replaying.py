"""Puts requests of the past to several models, so that they can be compared on the user's own code.

What they say is not shown to anybody and not kept; figures are.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mirador_lsp.core.answers import AnswerRequest, Topic
from mirador_lsp.core.changes import ChangeRequest, Intent
from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Finding, Lens, Origin, Severity
from mirador_lsp.core.history import Exchange, Kind, Life
from mirador_lsp.core.policy import DEEP
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.routing import Comparison, Task, answer_task, change_task, review_task
from mirador_lsp.core.text import Span
from mirador_lsp.engine.dna.hearing import Asked, Heard, Request, hear
from mirador_lsp.engine.dna.probing import Progress, Terms

REPLAYED = (Kind.REVIEW, Kind.EXPLAIN, Kind.ASK, Kind.FIX)
"""Kinds of requests that can be put again."""


@dataclass(frozen=True)
class Rival:
    """A model and an engine that has no other."""

    card: ModelCard
    engine: Asked


def request_of(
    exchange: Exchange, snapshot: Snapshot, lives: Sequence[Life], terms: Terms
) -> Request | None:
    """A request of the past on the document as it is now; None where it cannot be put again.

    Where in the document the user was is not kept: an answer is about the whole file.
    """
    match exchange.kind:
        case Kind.REVIEW:
            return ReviewRequest(snapshot, terms.review, Trigger.COMMAND)
        case Kind.EXPLAIN | Kind.ASK:
            asked = exchange.kind is Kind.ASK
            if asked and not exchange.question.strip():
                return None
            return AnswerRequest(
                snapshot=snapshot,
                topic=Topic.ASK if asked else Topic.EXPLAIN,
                policy=terms.answer,
                question=exchange.question if asked else "",
                max_tokens=terms.max_tokens,
            )
        case Kind.FIX:
            return _fix(exchange, snapshot, lives, terms)
        case Kind.ACTION | Kind.DOCUMENT | Kind.TESTS:
            return None


def task_of(request: Request) -> Task:
    """What is compared under this name."""
    match request:
        case ReviewRequest():
            return review_task(request.policy.stages[-1], request.policy.lenses)
        case AnswerRequest():
            return answer_task(request.topic, request.policy.stages[-1])
        case ChangeRequest():
            return change_task(request.intent)


async def replay(
    request: Request, rivals: Sequence[Rival], now: float, tell: Callable[[int, ModelCard], None]
) -> tuple[Comparison, ...]:
    """Put a request to one model after the other, of which `tell` hears the place and the card.

    Cancelling stops it.
    """
    heard: list[Heard] = []
    for place, rival in enumerate(rivals):
        tell(place, rival.card)
        heard.append(await hear(request, rival.engine, rival.card.name))
    run, task = uuid.uuid4().hex, task_of(request)
    return tuple(
        _row(run, task, rival.card, each, [other for other in heard if other is not each], now)
        for rival, each in zip(rivals, heard, strict=True)
    )


def progress(model: str, done: int, total: int, request: Request) -> Progress:
    """Where a replay is, for people."""
    return Progress(model, done, total, f"{task_of(request)} {request.snapshot.name}")


def _row(
    run: str, task: Task, card: ModelCard, heard: Heard, others: Sequence[Heard], now: float
) -> Comparison:
    cost = heard.usage
    elsewhere = {line for other in others for line in other.lines}
    first = cost.first_token_seconds
    if first is not None:
        first = round(max(0.0, first - cost.wait_seconds), 3)
    return Comparison(
        run=run,
        task=task,
        model=card.name,
        digest=card.digest,
        seconds=round(max(0.0, cost.seconds - cost.wait_seconds), 3),
        first_token_seconds=None
        if first is None
        else round(max(0.0, first - cost.wait_seconds), 3),
        prompt_tokens=cost.prompt_tokens,
        completion_tokens=cost.completion_tokens,
        outcome=heard.outcome,
        claims=len(heard.lines),
        shared=len(heard.lines & elsewhere),
        time=now,
    )


def _fix(
    exchange: Exchange, snapshot: Snapshot, lives: Sequence[Life], terms: Terms
) -> ChangeRequest | None:
    """The fix of the finding that it was about, where that is still at one place of the text."""
    life = next((each for each in lives if each.finding in exchange.findings), None)
    quote = life.quote.strip() if life is not None else ""
    if life is None or not quote or snapshot.text.count(quote) != 1:
        return None
    start = snapshot.text.index(quote)
    lens = Lens(life.lens) if life.lens in tuple(Lens) else Lens.BUG
    finding = Finding(
        id=life.finding,
        rule=life.rule,
        lens=lens,
        severity=Severity.WARNING,
        message=life.message,
        span=Span(start, start + len(quote)),
        confidence=0.9,
        origin=Origin(life.stage or DEEP, life.tool),
        symbol=life.symbol,
        quote=quote,
    )
    return ChangeRequest(
        snapshot=snapshot,
        intent=Intent.FIX,
        policy=terms.change,
        span=finding.span,
        finding=finding,
        findings=(finding,),
        repairs=0,
    )
