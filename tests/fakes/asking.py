"""Questions put to an engine over a scripted backend, and what it says, as lines."""

import asyncio
import tomllib
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, assert_never

from fakes.clock import FakeClock
from mirador_lsp.analysis.worker import InlineParser
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
from mirador_lsp.core.dialogue import Limits, Priority, Prompt
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import (
    Notice,
    StageFailed,
    StageFinished,
    StageProgressed,
    StageStarted,
    StreamToken,
)
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.ports import Reply
from mirador_lsp.core.text import Span
from mirador_lsp.engine.engine import Engine
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.settings import Layer, resolve, review_policy

T = TypeVar("T")

SMALL = "qwen2.5-coder-0.5b"
MIDDLE = "qwen2.5-coder-1.5b"
TWO_MODELS = f"""
[[model]]
name = "{SMALL}"
parameters = 0.5
digest = "{"a" * 64}"
[[model]]
name = "{MIDDLE}"
parameters = 1.5
digest = "{"b" * 64}"
"""
ONE_MODEL = TWO_MODELS[: TWO_MODELS.rindex("[[model]]")]


def said(model: str, text: str, **more: object) -> str:
    """A reply of a script. What does not vary is quoted as TOML wants it."""
    lines = [f"{key} = {_toml(value)}" for key, value in more.items()]
    return "\n".join(["[[reply]]", f'model = "{model}"', f"text = {_toml(text)}", *lines, ""])


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'
    return str(value)


class Aside(InlineParser):
    """Parses in a thread, so that the event loop does not wait."""

    async def outline(self, snapshot: Snapshot) -> Outline:
        return await asyncio.to_thread(asyncio.run, super().outline(snapshot))


class Listening(ScriptedBackend):
    """Remembers the prompts it was asked."""

    def __init__(self, script: Path) -> None:
        super().__init__(script)
        self.prompts: list[Prompt] = []
        self.limits: list[Limits] = []
        self.heard: list[str] = []
        """How each call began and ended."""

    def note(self, model: str, prompt: Prompt, event: str) -> None:
        self.heard.append(event)

    def open(
        self, model: str, prompt: Prompt, limits: Limits
    ) -> AbstractAsyncContextManager[Reply]:
        self.prompts.append(prompt)
        self.limits.append(limits)
        return super().open(model, prompt, limits)


@dataclass
class Asker:
    """An engine that can be asked again and again."""

    folder: Path
    script: str = TWO_MODELS
    settings: str = ""
    events: list[AnswerEvent] = field(default_factory=list)
    """Of the latest question."""

    def __post_init__(self) -> None:
        path = self.folder / "script.toml"
        path.write_text(self.script)
        self.backend = Listening(path)
        self.parser = Aside()
        self.engine = Engine(
            backend=self.backend,
            outliner=self.parser,
            syntax=self.parser,
            analyzers=[],
            clock=FakeClock(),
        )

    def request(
        self,
        snapshot: Snapshot,
        at: str | Span | None = "",
        *,
        topic: Topic = Topic.EXPLAIN,
        stages: tuple[str, ...] = ("instant", "quick", "deep"),
        question: str = "",
        history: tuple[Turn, ...] = (),
        findings: tuple[Finding, ...] = (),
        priority: Priority = Priority.INTERACTIVE,
        max_tokens: int = 320,
    ) -> AnswerRequest:
        """A question about the place where a text stands; a `|` in it is the cursor."""
        settings, problems = resolve([Layer("test", tomllib.loads(self.settings))])
        assert problems == ()
        return AnswerRequest(
            snapshot,
            topic,
            review_policy(settings, stages=stages),
            place(snapshot, at) if isinstance(at, str) else at,
            question,
            history,
            findings,
            priority,
            max_tokens,
        )

    async def ask(self, request: AnswerRequest) -> AnswerFinished:
        """Ask, and give the last event."""
        self.events = []
        await self.engine.answer(request, self.events.append)
        finished = self.events[-1]
        assert isinstance(finished, AnswerFinished)
        return finished

    async def known(self, snapshot: Snapshot, at: str | None) -> Answer | None:
        """What is known of a place."""
        outline = await self.parser.outline(snapshot)
        span = None if at is None else place(snapshot, at)
        return self.engine.known_answer(snapshot, outline, span)

    @property
    def streamed(self) -> str:
        """The text that came as tokens."""
        return "".join(e.content for e in self.events if isinstance(e, StreamToken))

    @property
    def told(self) -> list[str]:
        """The events as lines, tokens and progress left out."""
        return [line for event in self.events if (line := told(event))]

    def of(self, kind: type[T]) -> list[T]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]


def place(snapshot: Snapshot, at: str) -> Span:
    """The span of a text in a document; the empty one at a `|` in it."""
    cursor = at.find("|")
    text = at.replace("|", "", 1)
    start = snapshot.text.index(text)
    if cursor >= 0 or not text:
        return Span(start + max(cursor, 0), start + max(cursor, 0))
    return Span(start, start + len(text))


def told(event: AnswerEvent) -> str:  # noqa: PLR0911 — a case for each event
    """An event as a line; "" for tokens and progress."""
    match event:
        case AnswerStarted():
            return f"about {event.title}: {', '.join(event.stages)}"
        case StageStarted():
            return f"{event.stage} begins: {event.model or 'facts'} ({event.reason})"
        case AnswerRevised():
            answer = event.answer
            text = answer.text.replace("\n", " / ")
            kept = " kept" if answer.kept else ""
            return f"  {answer.model or 'facts'} {answer.confidence:.2f}{kept} [{text}]"
        case StageFinished():
            return f"{event.stage} ends"
        case StageFailed():
            return f"{event.stage} fails: {event.message}"
        case Notice():
            return f"  {event.kind.value}: {event.message}"
        case AnswerFinished():
            return f"end: {event.answer.stage if event.answer else 'no answer'}"
        case StreamToken() | StageProgressed():
            return ""
        case _:
            assert_never(event)
