"""One answer in the editor: what was asked, told as it comes, and how it ended."""

import asyncio
from dataclasses import dataclass, replace
from typing import Protocol, assert_never

from mirador_lsp.core.answers import (
    Answer,
    AnswerEvent,
    AnswerFinished,
    AnswerRequest,
    AnswerRevised,
    AnswerStarted,
    Topic,
    Turn,
)
from mirador_lsp.core.changes import Attempted, ChangeFinished, ChangeStarted
from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import MiradorError
from mirador_lsp.core.events import (
    Notice,
    StageFailed,
    StageFinished,
    StageProgressed,
    StageStarted,
    StreamToken,
)
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.text import Span
from mirador_lsp.server.asked import Asked
from mirador_lsp.server.extensions import Answered
from mirador_lsp.server.jobs import Emit, Ending, Job, JobEvent, Kind
from mirador_lsp.server.server import MiradorServer
from mirador_lsp.settings import answer_policy

_KINDS: dict[Topic, Kind] = {Topic.EXPLAIN: "explain", Topic.ASK: "ask", Topic.CUSTOM: "action"}
_MOST_FINDINGS = 20


@dataclass(frozen=True)
class Wanted:
    """What is wanted of a place."""

    topic: Topic
    question: str = ""
    """The user's words, or the text of an action's prompt file."""
    title: str = ""
    """What the user calls it, for an action of their own."""
    history: tuple[Turn, ...] = ()
    conversation: str = ""
    """Its name, where the question belongs to one."""
    models: tuple[str, ...] = ()
    """Those that all answer; empty for one after the other, as the stages have them."""


class Listener(Protocol):
    """Shows an answer while it is made."""

    def hear(self, event: AnswerEvent) -> None:
        """Take in what is said; returns at once."""
        ...

    async def end(self, outcome: "Outcome") -> None:
        """The answer is over, in whatever way."""
        ...


@dataclass
class Outcome:
    """How an answer ended; filled in while it is made."""

    title: str
    asks_model: bool = False
    """What is known without a model is no answer to it."""
    ending: Ending = Ending.STOPPED
    answer: Answer | None = None
    """What holds by now."""
    seconds: float = 0.0
    notices: tuple[str, ...] = ()

    def hear(self, event: AnswerEvent) -> None:
        """Take note of what counts in the end."""
        match event:
            case AnswerStarted(title=title):
                self.title = title
            case AnswerRevised(answer=answer):
                self.answer = answer
            case Notice() | StageFailed():
                self.notices = (*self.notices, sentence(event))
            case AnswerFinished(answer=answer, seconds=seconds):
                self.answer = answer
                self.seconds = seconds
            case StageStarted() | StageProgressed() | StreamToken() | StageFinished():
                pass
            case _:
                assert_never(event)

    @property
    def answered(self) -> bool:
        """Whether somebody said what was wanted."""
        return self.answer is not None and bool(self.answer.model or not self.asks_model)

    def result(self, *, with_text: bool, conversation: str = "") -> Answered:
        """What the client is answered."""
        state = self.ending
        if state is Ending.FINISHED and not self.answered:
            state = Ending.FAILED
        said = self.answer or Answer("", "", "", 0.0)
        return Answered(
            state=state.value,
            title=self.title,
            stage=said.stage,
            model=said.model,
            confidence=round(said.confidence, 4),
            seconds=round(self.seconds, 3),
            text=said.text if with_text else "",
            notices=self.notices,
            conversation=conversation,
        )


async def answer(ls: MiradorServer, ask: Asked, wanted: Wanted, listener: Listener) -> Outcome:
    """Answer what is `wanted` of the place that was asked about, and return how it ended.

    Cancelling it stops the model; so does a newer question of the same kind.
    """
    outcome = Outcome(ask.snapshot.name, asks_model=wanted.topic is not Topic.EXPLAIN)
    clock = asyncio.get_running_loop().time
    began = clock()

    async def work(emit: Emit) -> None:
        try:
            await ls.settled.wait()
            app = await ls.apps.get()
            await app.answer(_request(ls, ask, wanted), emit)
        except MiradorError as error:
            outcome.notices = (*outcome.notices, error.sentence())
            raise

    job = Job(_KINDS[wanted.topic], _job_title(ask, wanted), ask.snapshot.uri)
    hear = only_answers(outcome, listener)
    try:
        outcome.ending = await ls.jobs.run(job, work, hear, work_done_token=ask.token)
    except asyncio.CancelledError:
        # Whoever cancels is answered at once, however long the client takes for the last word.
        outcome.seconds = clock() - began
        ls.supervisor.start(listener.end(outcome), "last word")
        raise
    except BaseException:
        await listener.end(outcome)
        raise
    outcome.seconds = outcome.seconds or clock() - began
    await listener.end(outcome)
    return outcome


def only_answers(outcome: Outcome, listener: Listener) -> Emit:
    """A listener of a job that passes on what belongs to an answer."""

    def hear(event: JobEvent) -> None:
        if not isinstance(event, ChangeStarted | Attempted | ChangeFinished):
            outcome.hear(event)
            listener.hear(event)

    return hear


def sentence(event: Notice | StageFailed) -> str:
    """What was left out or failed, in one line."""
    text = event.message
    if isinstance(event, StageFailed):
        text = f"{event.stage}: {event.message} {event.remedy}"
    return plain(text)


def _job_title(ask: Asked, wanted: Wanted) -> str:
    if wanted.topic is Topic.CUSTOM:
        return f"{plain(wanted.title, 60)}: {ask.snapshot.name}"
    return f"{wanted.topic.value} {ask.snapshot.name}"


def _request(ls: MiradorServer, ask: Asked, wanted: Wanted) -> AnswerRequest:
    request = AnswerRequest(
        snapshot=ask.snapshot,
        topic=wanted.topic,
        policy=replace(answer_policy(ls.settings), panel=wanted.models),
        span=ask.span,
        question=wanted.question,
        history=wanted.history,
        conversation=wanted.conversation,
        findings=_findings(ls, ask),
        max_tokens=ls.settings.answers.max_tokens,
    )
    if ask.finding is not None:
        return replace(request, findings=(ask.finding,), span=ask.finding.span)
    return request


def _findings(ls: MiradorServer, ask: Asked) -> tuple[Finding, ...]:
    """What is known to be wrong with the code that is meant."""
    shown = ls.publisher.shown(ask.snapshot)
    if ask.span is None:
        return shown[:_MOST_FINDINGS]
    around = ask.span
    outline = ls.outlines.known(ask.snapshot)
    symbol = outline.innermost(ask.span.start) if outline is not None else None
    if symbol is not None:
        around = Span(min(around.start, symbol.span.start), max(around.end, symbol.span.end))
    return tuple(f for f in shown if f.span.overlaps(around))[:_MOST_FINDINGS]
