"""An application whose reviews and answers do what a test says."""

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from pathlib import Path

from fakes.feedback import FakeFeedbackBook
from fakes.index import FakeIndex
from mirador_lsp.analysis.worker import InlineParser
from mirador_lsp.app import change_reviews
from mirador_lsp.core.answers import (
    Answer,
    AnswerFinished,
    AnswerRequest,
    AnswerRevised,
    AnswerStarted,
    EmitAnswer,
    Turn,
)
from mirador_lsp.core.changes import (
    Attempted,
    ChangeFinished,
    ChangeRequest,
    ChangeStarted,
    EmitChange,
    Patch,
    Rung,
    RunTests,
)
from mirador_lsp.core.dialogue import Usage
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import Edit, apply
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.events import (
    Emit,
    FindingReported,
    ReviewFinished,
    ReviewStarted,
    StageFinished,
    StageStarted,
    StreamToken,
)
from mirador_lsp.core.feedback import Opinion, Particulars, Verdict, opinion_on
from mirador_lsp.core.figures import Summary
from mirador_lsp.core.findings import Finding, Lens, Origin, Severity
from mirador_lsp.core.health import Check, Health
from mirador_lsp.core.history import Visit
from mirador_lsp.core.outline import Outline, Surroundings
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.core.retrieval import Memory
from mirador_lsp.core.routing import Workings
from mirador_lsp.core.text import Span
from mirador_lsp.settings import Loaded
from mirador_lsp.syntax.outline import outline_of
from mirador_lsp.syntax.parser import parse
from mirador_lsp.syntax.surroundings import surroundings_of
from mirador_lsp.workspace.git.changes import Changes, changed_spans

Script = Callable[[ReviewRequest, Emit], Awaitable[None]]
AnswerScript = Callable[[AnswerRequest, EmitAnswer], Awaitable[None]]
ChangeScript = Callable[[ChangeRequest, EmitChange], Awaitable[None]]
RUNGS = (Rung.APPLIES, Rung.PARSES, Rung.CLEAN)


def patch(
    request: ChangeRequest,
    edits: Iterable[Edit],
    *,
    title: str = "Fix: it (parses, lints clean)",
    rungs: tuple[Rung, ...] = RUNGS,
    model: str = "small",
) -> Patch:
    """A patch of the request's document, with defaults for what a test does not speak about."""
    shot, made = request.snapshot, tuple(sorted(edits))
    after = apply(shot.text, made)
    uri, base, version = shot.uri, shot.content_hash, shot.version
    return Patch(uri, base, version, made, title, rungs, request.intent, model, after=after)


def writing(text: str = "fixed", *, why: str = "") -> ChangeScript:
    """A script that puts `text` in the place of what is to be changed, or says `why` not."""

    async def script(request: ChangeRequest, emit: EmitChange) -> None:
        emit(ChangeStarted(f"{request.snapshot.name}: change it"))
        emit(StageStarted("deep", "small", "a test", 1))
        await asyncio.sleep(0)
        made = None if why else patch(request, [Edit(request.span, text)])
        attempt = Attempted(1, RUNGS if made else (), None if made else Rung.APPLIES, why)
        emit(attempt)
        emit(StageFinished("deep", "small", 0.0, Usage()))
        emit(ChangeFinished(made, why, 0.1, (attempt,)))

    return script


class FakeApp:
    """Records what it is asked and plays its script."""

    summary: Summary | None = None
    """What was counted."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or clean
        self.requests: list[ReviewRequest] = []
        self.cancelled: list[ReviewRequest] = []
        self.measured_days: list[int] = []
        self.opened: list[Loaded] = []
        self.closed = 0
        self.warmed = 0
        self.loaded = 0
        self.read: list[tuple[Snapshot, int]] = []
        """What was read ahead, and where the cursor was."""
        self.warms = asyncio.Event()
        """Cleared, it keeps everything warming up that does."""
        self.warms.set()
        self.gave_way: list[str] = []
        """What was warming up and was cancelled."""
        self.expected: list[str] = []
        """The languages with which a model was to be loaded that is likely to be wanted."""
        self.inside = Workings()
        self.answer_script: AnswerScript = answering()
        self.asked: list[AnswerRequest] = []
        self.stopped: list[AnswerRequest] = []
        """Questions whose answer was cancelled."""
        self.known: dict[str, Answer] = {}
        """Explanations that were given before, by the path of the symbol."""
        self.change_script: ChangeScript = writing()
        self.changes: list[ChangeRequest] = []
        self.dropped: list[ChangeRequest] = []
        """Changes that were cancelled."""
        self.checks: list[tuple[ChangeRequest, str]] = []
        self.checked = Attempted(1, RUNGS, None, "")
        """What every check of a ready text says."""
        self.test_folders: list[Path] = []
        self.models = True
        self.indexes: dict[Path, FakeIndex] = {}
        """The indexes of workspace folders."""
        self.book = FakeFeedbackBook()
        self.files: list[Snapshot | str] = []
        """What a review of the workspace finds there."""
        self.restarts = 0
        self.opinions: list[Opinion] = []
        """Every one that was told, in their order."""
        self.visits: list[Visit] = []
        self.talked: dict[str, tuple[Turn, ...]] = {}
        """What was said in conversations before, by their names."""
        self.seen: list[tuple[Snapshot, tuple[Finding, ...]]] = []
        """What was before the user's eyes."""
        self.outlined: list[Snapshot] = []
        self.parses = asyncio.Event()
        """Cleared, it holds every outline back."""
        self.parses.set()

    async def review(self, request: ReviewRequest, emit: Emit) -> None:
        self.requests.append(request)
        try:
            await self.script(request, emit)
        except asyncio.CancelledError:
            self.cancelled.append(request)
            raise

    async def answer(self, request: AnswerRequest, emit: EmitAnswer) -> None:
        self.asked.append(request)
        try:
            await self.answer_script(request, emit)
        except asyncio.CancelledError:
            self.stopped.append(request)
            raise

    def known_answer(
        self, snapshot: Snapshot, outline: Outline, span: Span | None
    ) -> Answer | None:
        symbol = outline.symbol_at(span.start) if span is not None else ""
        return self.known.get(symbol)

    async def outline(self, snapshot: Snapshot) -> Outline:
        self.outlined.append(snapshot)
        await self.parses.wait()
        # In a thread, because the parser reads its queries from disk once.
        return await asyncio.to_thread(_outline, snapshot)

    async def change(self, request: ChangeRequest, emit: EmitChange) -> None:
        self.changes.append(request)
        try:
            await self.change_script(request, emit)
        except asyncio.CancelledError:
            self.dropped.append(request)
            raise

    async def check_change(self, request: ChangeRequest, text: str) -> Attempted:
        self.checks.append((request, text))
        return self.checked

    async def safe_fixes(self, request: ChangeRequest) -> Patch | None:
        fixes = [f.fix for f in request.findings if f.fix is not None and f.fix.safe]
        edits = [edit for fix in fixes for edit in fix.edits]
        title = f"Make {len(fixes)} safe fixes"
        return patch(request, edits, title=title, model="") if edits else None

    async def surroundings(self, snapshot: Snapshot, span: Span) -> Surroundings:
        return await asyncio.to_thread(_surroundings, snapshot, span)

    def run_tests(self, folder: Path) -> RunTests | None:
        self.test_folders.append(folder)
        return None

    async def usable_model(self, name: str) -> str:
        if name not in ("small", "large"):
            message = f"There is no model {name}."
            raise UserError(message)
        return name

    async def has_models(self) -> bool:
        return self.models

    def index(self, folder: Path) -> FakeIndex:
        if folder not in self.indexes:
            message = "The index is switched off."
            raise UserError(message, remedy="Switch it on.")
        return self.indexes[folder]

    async def remember(self, folder: Path, memory: Memory) -> None:
        if folder in self.indexes:
            await self.indexes[folder].remember([memory])

    async def opine(
        self,
        uri: str,
        finding: Finding,
        verdict: Verdict,
        reason: str = "",
        more: Particulars | None = None,
    ) -> None:
        now = float(len(self.book.kept))
        said = opinion_on(finding, verdict, reason, uri=uri, time=now, more=more)
        self.opinions.append(said)
        await self.book.record(said)

    def attend(self, visit: Visit) -> None:
        self.visits.append(visit)

    async def turns(self, conversation: str, most: int) -> Sequence[Turn]:
        return self.talked.get(conversation, ())[-most:]

    def shown(self, snapshot: Snapshot, findings: Sequence[Finding]) -> None:
        self.seen.append((snapshot, tuple(findings)))

    async def changed_since(self, snapshot: Snapshot, opened: str) -> Changes:
        return Changes(changed_spans(opened, snapshot.text), "it was opened")

    async def changed_in(
        self, folder: Path, texts: Mapping[Path, str]
    ) -> change_reviews.Understood:
        parser = InlineParser(budget_seconds=5)
        return await change_reviews.understand_uncommitted(folder, texts, parser)

    def sources(self, folders: Sequence[Path]) -> Iterator[Snapshot | str]:
        yield from self.files

    async def restart_models(self) -> bool:
        self.restarts += 1
        return True

    async def warm_up(self) -> None:
        self.warmed += 1

    async def warm_models(self) -> None:
        self.loaded += 1
        await self._warm("start")

    async def read_ahead(self, snapshot: Snapshot, outline: Outline, cursor: int) -> bool:
        self.read.append((snapshot, cursor))
        await self._warm("read")
        return True

    async def _warm(self, what: str) -> None:
        try:
            await self.warms.wait()
        except asyncio.CancelledError:
            self.gave_way.append(what)
            raise

    async def load_expected(self, language: str) -> str:
        self.expected.append(language)
        await self._warm("expected")
        return ""

    async def measured(self, days: int) -> Summary | None:
        """What a test says was counted."""
        self.measured_days.append(days)
        return self.summary

    async def workings(self) -> Workings:
        return self.inside

    async def doctor(self) -> tuple[Check, ...]:
        return (Check("models", Health.OK, "one is installed"),)

    @asynccontextmanager
    async def open(self, loaded: Loaded) -> AsyncIterator["FakeApp"]:
        self.opened.append(loaded)
        try:
            yield self
        finally:
            self.closed += 1


def _surroundings(snapshot: Snapshot, span: Span) -> Surroundings:
    """Reads the queries of a language from the disk, so it runs in a thread."""
    return surroundings_of(parse(snapshot.text, snapshot.language), span)


async def clean(request: ReviewRequest, emit: Emit) -> None:
    """A review that looks and finds nothing."""
    emit(ReviewStarted(request.snapshot.name, ("instant",), "a test"))
    emit(StageStarted("instant", "", "always", 1))
    emit(StageFinished("instant", "", 0.0, Usage()))
    emit(finished())


def _outline(snapshot: Snapshot) -> Outline:
    return outline_of(parse(snapshot.text, snapshot.language))


def said(
    text: str = "It adds up.",
    *,
    stage: str = "quick",
    model: str = "small",
    confidence: float = 0.6,
) -> Answer:
    """An answer with defaults for what a test does not speak about."""
    return Answer(text, stage, model, confidence)


def answering(*answers: Answer) -> AnswerScript:
    """A script that says each of `answers` word by word, stage after stage."""
    stages = answers or (said(),)

    async def script(request: AnswerRequest, emit: EmitAnswer) -> None:
        name = request.snapshot.name
        subject = request.span or Span(0, len(request.snapshot.text))
        emit(AnswerStarted(f"{name}: it", subject, tuple(a.stage for a in stages)))
        for answer in stages:
            emit(StageStarted(answer.stage, answer.model, "a test", 1))
            for word in answer.text.split(" "):
                emit(_token(f"{word} ", answer))
                await asyncio.sleep(0)
            emit(AnswerRevised(answer))
            emit(StageFinished(answer.stage, answer.model, 0.0, Usage()))
        emit(AnswerFinished(stages[-1], 0.1))

    return script


async def never_said(request: AnswerRequest, emit: EmitAnswer) -> None:
    """An answer that begins and never ends by itself."""
    emit(AnswerStarted(f"{request.snapshot.name}: it", Span(0, 1), ("deep",)))
    emit(StageStarted("deep", "big-model", "the only one", 1))
    emit(_token("Well ", said(stage="deep", model="big-model")))
    await asyncio.Event().wait()


def _token(content: str, answer: Answer) -> StreamToken:
    return StreamToken(content, answer.confidence, answer.stage, answer.model, {}, 0.0)


async def endless(request: ReviewRequest, emit: Emit) -> None:
    """A review whose model stage never ends by itself."""
    emit(ReviewStarted(request.snapshot.name, ("instant", "deep"), "a test"))
    emit(StageStarted("deep", "big-model", "the only one", 3))
    await asyncio.Event().wait()


def finding(
    fid: str = "f1",
    *,
    start: int = 0,
    end: int = 1,
    stage: str = "instant",
    tool: str = "rules",
    confidence: float = 0.9,
    message: str = "Something is wrong.",
    rule: str = "rules/test",
    help_uri: str | None = "https://example.org/rule",
) -> Finding:
    """A finding with defaults for what a test does not speak about."""
    return Finding(
        id=fid,
        rule=rule,
        lens=Lens.BUG,
        severity=Severity.WARNING,
        message=message,
        span=Span(start, end),
        confidence=confidence,
        origin=Origin(stage, tool),
        help_uri=help_uri,
    )


def finished(*findings: Finding, reviewed: bool = True) -> ReviewFinished:
    """The end of a review."""
    return ReviewFinished(0.1, findings, (), 0, 0, reviewed)


def staged(*stages: tuple[str, tuple[Finding, ...]]) -> Script:
    """A script that reports the findings of each stage and ends with all of them."""

    async def script(request: ReviewRequest, emit: Emit) -> None:
        emit(ReviewStarted(request.snapshot.name, tuple(name for name, _ in stages), "a test"))
        everything: dict[str, Finding] = {}
        for name, findings in stages:
            model = "" if name == "instant" else "big-model"
            emit(StageStarted(name, model, "a test", 1))
            for one in findings:
                emit(FindingReported(name, one))
                everything[one.id] = one
            emit(StageFinished(name, model, 0.0, Usage()))
            await asyncio.sleep(0)
        emit(finished(*everything.values()))

    return script
