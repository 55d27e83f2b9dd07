"""A change as an engine makes it: real parser and analyzers, a scripted model."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from fakes.clock import FakeClock
from mirador_lsp.analysis.ruff import RuffAnalyzer
from mirador_lsp.analysis.worker import InlineParser
from mirador_lsp.core.changes import (
    Attempted,
    ChangeEvent,
    ChangeFinished,
    ChangeRequest,
    Intent,
    Patch,
)
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import apply
from mirador_lsp.core.events import Event, ReviewFinished
from mirador_lsp.core.feedback import Learning
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.ports import Analyzer, FeedbackBook
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.engine import prompts
from mirador_lsp.engine.engine import Engine
from mirador_lsp.engine.prompts.render import _load
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.settings import Settings, review_policy
from mirador_lsp.syntax.languages import language_of

MODEL = "qwen2.5-coder-0.5b"


@dataclass
class Said:
    """What listeners of a change were told."""

    events: list[ChangeEvent] = field(default_factory=list)

    @property
    def finished(self) -> ChangeFinished:
        last = self.events[-1]
        assert isinstance(last, ChangeFinished)
        return last

    @property
    def patch(self) -> Patch:
        assert self.finished.patch is not None, self.finished.why
        return self.finished.patch

    @property
    def why(self) -> str:
        assert self.finished.patch is None
        return self.finished.why

    @property
    def attempts(self) -> list[Attempted]:
        return [event for event in self.events if isinstance(event, Attempted)]


class Desk:
    """An engine over a scripted model, whose prompts can be read."""

    def __init__(
        self,
        folder: Path,
        replies: Sequence[str | dict[str, object]] = (),
        *,
        analyzers: Sequence[Analyzer] | None = None,
        models: Sequence[str] = (MODEL,),
        feedback: FeedbackBook | None = None,
        learning: Learning | None = None,
    ) -> None:
        """`replies` come one after the other; a dict is a `[[reply]]` of the script as it is."""
        parser = InlineParser(budget_seconds=5)
        _warm_up(parser)
        self.backend = ScriptedBackend(_script(folder, replies, models))
        self.prompts: list[str] = []
        self.engine = Engine(
            backend=_Listening(self.backend, self.prompts),
            outliner=parser,
            syntax=parser,
            analyzers=[parser, RuffAnalyzer()] if analyzers is None else analyzers,
            clock=FakeClock(),
            feedback=feedback,
            learning=learning,
        )
        self.policy = review_policy(Settings(), stages=["instant", "quick"])

    async def findings(self, snapshot: Snapshot) -> dict[str, Finding]:
        """What analyzers say of the text, by rule."""
        events: list[Event] = []
        instant = review_policy(Settings(), stages=["instant"])
        await self.engine.review(ReviewRequest(snapshot, instant, Trigger.CLI), events.append)
        last = events[-1]
        assert isinstance(last, ReviewFinished)
        return {finding.rule: finding for finding in last.findings}

    async def change(self, request: ChangeRequest) -> Said:
        """Make the change."""
        said = Said()
        try:
            await self.engine.change(request, said.events.append)
        finally:
            await self.backend.close()
        patch = said.finished.patch
        if patch is not None and not patch.creates:
            assert apply(request.snapshot.text, patch.edits) == patch.after
        return said

    def request(self, snapshot: Snapshot, finding: Finding, **options: object) -> ChangeRequest:
        """A request for a fix."""
        return ChangeRequest(
            snapshot=snapshot,
            intent=Intent.FIX,
            policy=self.policy,
            span=finding.span,
            finding=finding,
            **options,  # type: ignore[arg-type]
        )


def document(text: str, name: str = "app.py") -> Snapshot:
    """A document with this text; its language follows from its name."""
    return Snapshot(f"file:///work/{name}", name, language_of(name), text, version=7)


class _Listening:
    """The scripted backend, with an ear on what is asked."""

    def __init__(self, backend: ScriptedBackend, prompts: list[str]) -> None:
        self._backend = backend
        self._prompts = prompts
        self.cards = backend.cards
        self.close = backend.close

    def open(self, model, prompt, limits):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        self._prompts.append(f"{prompt.system}\n{prompt.material}\n{prompt.question}")
        return self._backend.open(model, prompt, limits)


def _warm_up(parser: InlineParser) -> None:
    """Have everything read that is read once: the engine must not wait for disks."""
    for file in files(prompts).iterdir():
        if file.name.endswith(".md"):
            _load(file.name.removesuffix(".md"))
    for language in ("python", "typescript"):
        parser._inspector.rules("x", language, 5, 1000)


def _script(
    folder: Path, replies: Sequence[str | dict[str, object]], models: Sequence[str]
) -> Path:
    lines = [f"[[model]]\nname = {json.dumps(name)}" for name in models]
    for reply in replies:
        facts = {"raw": reply, "text": "", "times": 1} if isinstance(reply, str) else reply
        lines.append("[[reply]]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in facts.items()]
    path = folder / "script.toml"
    path.write_text("\n".join(lines) + "\n")
    return path
