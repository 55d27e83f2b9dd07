"""How an answer is seen while it is made: in parts by our own clients, as a page by others."""

import asyncio
from collections.abc import Callable
from typing import assert_never

from mirador_lsp.core.answers import (
    Answer,
    AnswerEvent,
    AnswerFinished,
    AnswerRevised,
    AnswerStarted,
    Turn,
)
from mirador_lsp.core.events import (
    Notice,
    StageFailed,
    StageFinished,
    StageProgressed,
    StageStarted,
    StreamToken,
)
from mirador_lsp.server import markdown
from mirador_lsp.server.answering import Outcome, sentence
from mirador_lsp.server.extensions import AnswerPart, NoticePart, Part, StagePart, TextPart
from mirador_lsp.server.jobs import Ending
from mirador_lsp.server.pages import Page, Pages

GATHER_SECONDS = 0.08
"""Tokens that arrive within this time travel together."""


class Silent:
    """For a client that wants the result alone."""

    def hear(self, event: AnswerEvent) -> None:
        """See `Listener`."""

    async def end(self, outcome: Outcome) -> None:
        """See `Listener`."""


class Parts:
    """Sends an answer piece by piece. To a client that does not read, text is not sent: the whole
    answer of the stage follows anyway.
    """

    def __init__(self, send: Callable[[Part], None], congested: Callable[[], bool]) -> None:
        self._send = send
        self._congested = congested
        self._tokens: list[StreamToken] = []
        self._timer: asyncio.TimerHandle | None = None
        self._ended = False

    def hear(self, event: AnswerEvent) -> None:
        """See `Listener`."""
        match event:
            case StreamToken():
                self._gather(event)
            case StageStarted(stage=stage, model=model, reason=reason):
                self._now(StagePart(stage, model, reason))
            case AnswerRevised(answer=said):
                self._now(AnswerPart(said.stage, said.model, said.text, round(said.confidence, 4)))
            case Notice() | StageFailed():
                self._now(NoticePart(sentence(event)))
            case AnswerStarted() | StageProgressed() | StageFinished() | AnswerFinished():
                pass
            case _:
                assert_never(event)

    async def end(self, outcome: Outcome) -> None:
        """See `Listener`. What is gathered of an answer that was stopped is not sent."""
        if outcome.ending is Ending.STOPPED:
            self._tokens.clear()
        self._flush()
        self._ended = True

    def _gather(self, token: StreamToken) -> None:
        if self._tokens and self._tokens[0].stage != token.stage:
            self._flush()
        self._tokens.append(token)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._flush)

    def _now(self, part: Part) -> None:
        self._flush()
        self._send(part)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        tokens, self._tokens = self._tokens, []
        if not tokens or self._ended or self._congested():
            return
        content = "".join(token.content for token in tokens)
        sure = sum(token.confidence for token in tokens) / len(tokens)
        self._send(TextPart(tokens[0].stage, tokens[0].model, content, round(sure, 4)))


class OnPage:
    """Writes an answer into a page, which shows it while it grows."""

    def __init__(
        self, pages: Pages, kind: str, about: str, question: str, history: tuple[Turn, ...] = ()
    ) -> None:
        """`about` tells pages of the same title apart; `question` is shown above its answer."""
        self._pages = pages
        self._kind = kind
        self._about = about
        self._history = history
        self._question = question
        self._title = ""
        self._page: Page | None = None
        self._holds: Answer | None = None
        self._speaker: StageStarted | None = None
        self._draft = ""
        self._notices: list[str] = []

    def hear(self, event: AnswerEvent) -> None:
        """See `Listener`."""
        match event:
            case AnswerStarted(title=title):
                self._title = title
                self._page = self._pages.page(self._kind, title, self._about)
            case StageStarted():
                self._speaker, self._draft = event, ""
            case StreamToken(content=content):
                self._draft += content
            case AnswerRevised(answer=said):
                self._holds, self._draft = said, ""
            case Notice() | StageFailed():
                self._notices.append(sentence(event))
            case StageProgressed() | StageFinished() | AnswerFinished():
                return
            case _:
                assert_never(event)
        if self._page is not None and (self._holds is not None or self._draft):
            self._page.write(self._text(self._working()))

    async def end(self, outcome: Outcome) -> None:
        """See `Listener`."""
        if self._page is None:
            return
        self._draft = self._draft if self._holds is None else ""
        words = f"{outcome.ending.value} after {outcome.seconds:.1f} s"
        if outcome.ending is Ending.FINISHED and not outcome.answered:
            words = "Nobody could answer."
        await self._page.finish(self._text(words))

    def _text(self, state: str) -> str:
        parts = [f"# {markdown.words(self._title)}"]
        for turn in self._history:
            parts += [f"> {markdown.words(turn.question)}", markdown.answer(turn.answer)]
        if self._question:
            parts.append(f"> {markdown.words(self._question)}")
        if self._holds is not None:
            parts += [markdown.answer(self._holds.text), _by(self._holds)]
        if self._draft:
            parts.append(markdown.answer(self._draft))
        parts += [f"- {markdown.words(notice)}" for notice in self._notices]
        parts.append(f"_{state}_")
        return "\n\n".join(parts) + "\n"

    def _working(self) -> str:
        who = self._speaker
        words = "working …"
        if who is not None and who.model:
            words = f"{who.stage} ({markdown.words(who.model)}) is working …"
        if not self._pages.session.client.text_content:
            # A file, and not every editor looks whether one has changed.
            words += " Reload this page if your editor does not."
        return words


def _by(said: Answer) -> str:
    """Who says so and how sure: "— deep, qwen2.5-coder-1.5b, **medium** (62 %)"."""
    who = ", ".join(markdown.words(part) for part in (said.stage, said.model) if part)
    return f"— {who}, {markdown.sureness(said.confidence, html=False)}"
