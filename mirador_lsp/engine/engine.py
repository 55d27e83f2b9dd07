"""The engine's front: what can be asked, each as one method."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from mirador_lsp.core.answers import Answer, AnswerRequest, EmitAnswer
from mirador_lsp.core.changes import Attempted, ChangeRequest, EmitChange, Patch
from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.events import (
    Emit,
    Event,
    Notice,
    NoticeKind,
    ReviewFinished,
    ReviewStarted,
)
from mirador_lsp.core.feedback import Learning, Opinion
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.policy import DEEP, INSTANT, ReviewPolicy
from mirador_lsp.core.ports import (
    Analyzer,
    Clock,
    FeedbackBook,
    Measurements,
    ModelBackend,
    Outliner,
    ReplyBook,
    Slicer,
    Syntax,
    TokenCounter,
)
from mirador_lsp.core.preferences import PreferenceBook
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.core.routing import Matrix, review_task
from mirador_lsp.core.text import Span
from mirador_lsp.engine.absent import absences
from mirador_lsp.engine.answers.guessing import Room, answer_as_meant, no_room
from mirador_lsp.engine.answers.kept import KeptAnswers
from mirador_lsp.engine.answers.subject import find_subject
from mirador_lsp.engine.capabilities import shipped_matrix
from mirador_lsp.engine.carrying import DeepVoice
from mirador_lsp.engine.changes import changing, ready
from mirador_lsp.engine.comparing import Comparing
from mirador_lsp.engine.context.stock import Stock, WorkplaceOf, nowhere
from mirador_lsp.engine.difficulty import Difficulty, can_be_judged, judge
from mirador_lsp.engine.dna import applied
from mirador_lsp.engine.elsewhere import Farewells
from mirador_lsp.engine.learning.examples import Examples
from mirador_lsp.engine.learning.learner import Learner
from mirador_lsp.engine.learning.lessons import Lessons
from mirador_lsp.engine.ledger import Ledger
from mirador_lsp.engine.meter import Meter
from mirador_lsp.engine.orchestrator import Outcome, run_plan
from mirador_lsp.engine.plan import make_plan
from mirador_lsp.engine.quiet import Quiet, in_words
from mirador_lsp.engine.recall import Recall
from mirador_lsp.engine.router import Choice, choose
from mirador_lsp.engine.scope import Scope
from mirador_lsp.engine.silencing import Ran, Silencer, narrowed, stale
from mirador_lsp.engine.stages.job import Desk, Tools
from mirador_lsp.engine.voices import Voices
from mirador_lsp.engine.warming import Warmer


class Engine:
    """Reviews documents. Holds ports and the replies of this process, nothing of a request."""

    def __init__(
        self,
        *,
        backend: ModelBackend,
        outliner: Outliner,
        syntax: Syntax,
        analyzers: Sequence[Analyzer],
        clock: Clock,
        feedback: FeedbackBook | None = None,
        matrix: Matrix | None = None,
        measurements: Measurements | None = None,
        compare_every: int = 0,
        replies: ReplyBook | None = None,
        workplace_of: WorkplaceOf = nowhere,
        slicer: Slicer | None = None,
        counter: TokenCounter | None = None,
        preferences: str = "",
        room: Room = no_room,
        dna: PreferenceBook | None = None,
        learning: Learning | None = None,
    ) -> None:
        """Without `feedback` nothing is known to be dismissed; without a `matrix` the shipped one
        says which model is for what, without `measurements` nothing is learned of them, and without
        a book of `replies` everything is asked anew by the next process.

        What questions carry besides the code is gathered from the other four: the workspace of a
        document, slices of its code, the user's `preferences`. Without them it is from the file
        alone, and without a `counter` tokens are estimated.

        `room` tells how many more requests for a model its engine would work on at once, and `dna`
        how the user likes to be helped. `learning` bounds what follows from their opinions.
        """
        self._room = room
        self._feedback = feedback
        self._learner = Learner(feedback, clock, learning) if feedback is not None else None
        self._meter = Meter(matrix or shipped_matrix(), clock, measurements)
        self.comparing = Comparing(backend, self._meter, clock, compare_every)
        """What is to be done when a review has ended, if the caller has somebody to do it."""
        ports = (backend, outliner, syntax, tuple(analyzers), clock)
        stock = Stock(workplace_of, slicer, counter, preferences)
        examples = Examples(self._learner, learning or Learning())
        self._tools = Tools(*ports, Recall(replies), self._meter, self.comparing, stock, examples)
        self._answers = KeptAnswers()
        self._farewells = Farewells()
        self._dna = applied.Dna(dna)
        self.warmer = Warmer(self._tools, self._dna)
        """What models can do before anybody asks."""

    async def answer(self, request: AnswerRequest, emit: EmitAnswer) -> None:
        """Answer a question about code, telling `emit` everything as it happens.

        Returns after `AnswerFinished`. Cancelling the task stops the model and ends without it.
        """
        before, held = self._dna.held, await self._dna.read()
        if before != held:  # what was explained in another manner is not what is wanted now
            self._answers = KeptAnswers()
        request = applied.to_answer(request, held)
        tell = self._dna.telling(self._farewells.once(emit))
        await answer_as_meant(request, self._tools, self._answers, tell, self._room)

    def known_answer(
        self, snapshot: Snapshot, outline: Outline, span: Span | None
    ) -> Answer | None:
        """The explanation of what `span` means that a later stage gave before, if any did.

        It holds for the code and its context, wherever in the file they stand. No model, no parser.
        """
        return self._answers.best(find_subject(snapshot, outline, span).key)

    async def change(self, request: ChangeRequest, emit: EmitChange) -> None:
        """Write a change and check it, telling `emit` everything as it happens.

        Returns after `ChangeFinished`, which holds a patch only if it passed the ladder. Cancelling
        the task stops the model and the tests, and ends without it.
        """
        request = applied.to_change(request, await self._dna.read())
        tell = self._dna.telling(self._farewells.once(emit))
        await changing.change(request, self._tools, tell)

    async def check(self, request: ChangeRequest, text: str) -> Attempted:
        """How far up the ladder `text` gets as the new text of the request's document. No model.

        Raises `AnalyzerError` when the parser is lost.
        """
        return await ready.check(request, text, self._tools)

    async def safe_fixes(self, request: ChangeRequest) -> Patch | None:
        """Every safe analyzer fix among the request's findings, as one patch; None where there is
        none. No model.

        Raises `UserError` when they do not hold together, `AnalyzerError` when the parser is lost.
        """
        return await ready.safe_fixes(request, self._tools)

    async def review(self, request: ReviewRequest, emit: Emit) -> None:
        """Review a document, telling `emit` everything as it happens.

        Returns after `ReviewFinished`. Cancelling the task stops the model and ends without it.
        """
        tools, emit = self._tools, self._farewells.once(emit)
        started = tools.clock.monotonic()
        likes = await self._dna.read()
        request, narrower = narrowed(applied.to_review(request, likes))
        policy = request.policy
        notices: list[Notice] = []
        deep, ran = DeepVoice(), Ran(request)

        def tell(event: Event) -> None:
            deep.hear(event)
            ran(event)
            if isinstance(event, Notice):
                notices.append(event)
            emit(event)

        troubles = (*self._dna.notices(), *await self._meter.refresh())
        cards = await tools.backend.cards() if set(policy.stages) - {INSTANT} else ()
        await tools.recall.settle(cards, tools.stock.reading)
        difficulty = await self._difficulty(request, cards)
        absent = await absences(policy, cards, tools.backend)
        plan = make_plan(request, cards, self._meter.insight, difficulty, absent)
        why = "; your preferences: ".join(filter(None, (plan.reason, applied.in_words(likes))))
        tell(ReviewStarted(request.snapshot.name, plan.stages, why, plan.spared))
        for notice in (*troubles, *plan.notices, *narrower):
            tell(notice)
        quiet = await self._quiet(request, tell)
        scope = Scope(request.only, request.snapshot.lines)
        ledger = Ledger(tell, policy.gate, request.snapshot.lines, quiet, scope)
        desk = Desk(tell, ledger, deep, Voices() if policy.panel else None)
        outcome = await run_plan(plan, request, cards, tools, desk)
        if request.only is None and DEEP in plan.turns:
            said = tuple(f for f in ledger.findings() if f.id in deep.ids)
            tools.recall.carried.keep(request.snapshot, said)
        tools.recall.keep_settled(cards, tools.stock.reading)
        for notice in await tools.recall.write():
            tell(notice)
        idle = stale(request.snapshot, quiet.idle(), ran)
        for notice in (*_left_out(request, ledger, scope), *idle):
            tell(notice)
        seconds = tools.clock.monotonic() - started
        end = _finished(request, ledger, outcome, seconds, tuple(notices))
        emit(replace(end, silences=quiet.silences(ran)))

    async def choices(self, policy: ReviewPolicy) -> Mapping[str, Choice]:
        """For each model stage of a review under `policy`, the models it would run on and why; no
        stage without any model.
        """
        await self._meter.refresh()
        cards = await self._tools.backend.cards()
        found = {
            name: choose(
                review_task(name, policy.lenses), policy.stage(name), cards, self._meter.insight
            )
            for name in policy.stages
            if name != INSTANT
        }
        return {name: choice for name, choice in found.items() if choice.cards}

    async def close(self) -> None:
        """Write what was measured and said and is not on disk yet. Never raises for a disk that is
        full.
        """
        await self._tools.recall.write()
        with contextlib.suppress(ServiceError):
            await self._meter.flush()

    async def _difficulty(
        self, request: ReviewRequest, cards: Sequence[ModelCard]
    ) -> Difficulty | None:
        """How hard the change is; None where every stage that is asked for runs in any case."""
        if request.focus is None or not can_be_judged(request):
            return None
        outline = await self._tools.outliner.outline(request.snapshot)
        difficulty = judge(request.snapshot, request.focus, outline)
        # Only a stage that has spoken, and would by the same model, can repeat what it said.
        spoke = self._tools.recall.spoke
        same = all(spoke.get(s) == self._first(s, request, cards) for s in difficulty.spared)
        return difficulty if same else None

    def _first(self, stage: str, request: ReviewRequest, cards: Sequence[ModelCard]) -> str | None:
        task = review_task(stage, request.policy.lenses)
        chosen = choose(task, request.policy.stage(stage), cards, self._meter.insight).cards
        return chosen[0].name if chosen else None

    async def _quiet(self, request: ReviewRequest, tell: Emit) -> Quiet:
        """What the user dismissed. A book that cannot be read is told, and all is shown."""
        silencer = Silencer.of(request)
        if self._feedback is None or self._learner is None:
            return Quiet((), request.snapshot.lines, silencer)
        opinions: Sequence[Opinion] = ()
        lessons: Lessons | None = None
        place = self._tools.stock.workplace_of(request.snapshot)
        index = place.index if place is not None else None
        try:
            opinions = await self._feedback.about(request.snapshot.uri)
            lessons = await self._learner.lessons(opinions, request.policy.gate, index)
        except ServiceError as error:
            tell(Notice(NoticeKind.UNAVAILABLE, error.sentence()))
        for notice in self._feedback.notices():
            tell(notice)
        return Quiet(opinions, request.snapshot.lines, silencer, lessons)


def _left_out(request: ReviewRequest, ledger: Ledger, scope: Scope) -> Iterator[Notice]:
    name = request.snapshot.name
    if scope.left_out:
        text = f"{name}: {scope.summary()} outside of what was asked for left out."
        yield Notice(NoticeKind.OUTSIDE, text, count=scope.left_out)
    if hushed := ledger.hushed():
        yield Notice(NoticeKind.HUSHED, f"{name}: {in_words(hushed)}.", count=len(hushed))


def _finished(
    request: ReviewRequest,
    ledger: Ledger,
    outcome: Outcome,
    seconds: float,
    notices: tuple[Notice, ...],
) -> ReviewFinished:
    shown = ledger.shown()
    cap = request.policy.max_findings_per_file
    return ReviewFinished(
        seconds=seconds,
        findings=tuple(shown[:cap]),
        withheld=tuple(ledger.withheld()),
        over_cap=max(0, len(shown) - cap),
        withdrawn=ledger.withdrawn,
        reviewed=bool(outcome.finished),
        notices=notices,
        summary=outcome.summary,
        hushed=tuple(ledger.hushed()),
    )
