"""Answers a question stage by stage: what is known, a small model, a larger one.

Each stage replaces what the one before it said. What was answered before, about the same code and
context, is not asked again.
"""

from dataclasses import dataclass, replace

from mirador_lsp.core.answers import (
    Answer,
    AnswerEvent,
    AnswerFinished,
    AnswerRequest,
    AnswerRevised,
    AnswerStarted,
    EmitAnswer,
    Topic,
)
from mirador_lsp.core.dialogue import ModelCard, Priority, Usage
from mirador_lsp.core.errors import BadReply, ContextOverflow
from mirador_lsp.core.events import Notice, NoticeKind, StageFinished, StageProgressed, StageStarted
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.policy import INSTANT, StagePolicy
from mirador_lsp.core.routing import Circumstances, answer_task
from mirador_lsp.engine.absent import absences
from mirador_lsp.engine.answers.facts import facts
from mirador_lsp.engine.answers.joining import all_answers
from mirador_lsp.engine.answers.kept import Kept, KeptAnswers
from mirador_lsp.engine.answers.memory import SHARES, AnswerMemory, limits_of
from mirador_lsp.engine.answers.planning import MODEL_STAGES, plan_answer
from mirador_lsp.engine.answers.speaking import Cut, Spoken, Voice, speak
from mirador_lsp.engine.answers.subject import Subject, find_subject
from mirador_lsp.engine.answers.wording import Shown, Wording, explained_finding, word
from mirador_lsp.engine.border import behind_border, on_first_that_can
from mirador_lsp.engine.context.gathering import Gathering
from mirador_lsp.engine.router import Choice, ceiling, choose, worth
from mirador_lsp.engine.stages.job import Tally, Tools
from mirador_lsp.engine.together import on_all, seat
from mirador_lsp.engine.units import show
from mirador_lsp.engine.voices import trusts


async def answer(request: AnswerRequest, tools: Tools, kept: KeptAnswers, emit: EmitAnswer) -> None:
    """Answer a question, telling `emit` everything as it happens; `AnswerFinished` is last.

    Cancelling the task stops the model and ends without it.
    """
    started = tools.clock.monotonic()
    outline = await tools.outliner.outline(request.snapshot)
    subject = find_subject(request.snapshot, outline, request.span)
    troubles = await tools.meter.refresh()
    cards = await tools.backend.cards() if set(request.policy.stages) & set(MODEL_STAGES) else ()
    await tools.recall.settle(cards, tools.stock.reading)
    async with Gathering(tools.stock, request.snapshot, outline) as gathering:
        run = _Run(request, subject, tuple(cards), tools, kept, gathering, emit)
        await run.stages(outline, troubles)
        tools.recall.keep_settled(cards, tools.stock.reading)
        for notice in await tools.recall.write():
            run.tell(notice)
    seconds = tools.clock.monotonic() - started
    emit(AnswerFinished(run.holds, seconds, tuple(run.notices)))


@dataclass(frozen=True)
class _Attempt:
    """One model in one stage."""

    policy: StagePolicy
    card: ModelCard
    deadline: float
    """Of the monotonic clock."""
    tally: Tally
    aloud: bool = True
    """Its words are told as they come."""


class _Run:
    """One question on its way through the stages."""

    def __init__(
        self,
        request: AnswerRequest,
        subject: Subject,
        cards: tuple[ModelCard, ...],
        tools: Tools,
        kept: KeptAnswers,
        gathering: Gathering,
        emit: EmitAnswer,
    ) -> None:
        self._request = request
        self._subject = subject
        self._cards = cards
        self._tools = tools
        self._memory = AnswerMemory(request, subject, tools, kept)
        self._gathering = gathering
        self._emit = emit
        self._finding = explained_finding(request)
        self._shown: dict[tuple[str, str], Shown] = {}
        """By stage and model."""
        self._answered: set[str] = set()
        """Names of the models that have answered."""
        self.holds: Answer | None = None
        """What the latest stage said."""
        self.notices: list[Notice] = []

    async def stages(self, outline: Outline, troubles: tuple[Notice, ...]) -> None:
        """Run the stages; one that fails is told, and the others go on."""
        absent = await absences(self._request.policy, self._cards, self._tools.backend)
        plan = plan_answer(self._request, self._cards, self._tools.meter.insight, absent)
        asked = tuple(name for name in plan.stages if name != INSTANT)
        for policy in [self._request.policy.stage(name) for name in asked]:
            await self._prepare(policy, self._choose(policy).cards[0])
        models = await self._from_latest_kept(asked)
        first = tuple(name for name in plan.stages if name == INSTANT)
        title = self._subject.title
        if self._finding is not None:
            title = f"{title}, {self._finding.rule}"
        self.tell(AnswerStarted(title, self._subject.span, first + models))
        for notice in (*troubles, *plan.notices, *self._gathering.notices()):
            self.tell(notice)
        if first:
            await self._facts(outline)
        policies = [self._request.policy.stage(name) for name in models]
        if self._request.policy.panel and policies:
            await self._panel(policies[-1])
            return
        for number, policy in enumerate(policies, 1):
            later = {self._choose(each).cards[0].name for each in policies[number:]}
            await self._model_stage(policy, later)

    def tell(self, event: AnswerEvent) -> None:
        """Say what happens, and keep what the end has to repeat."""
        if isinstance(event, Notice):
            self.notices.append(event)
        elif isinstance(event, AnswerRevised):
            self.holds = event.answer
        self._emit(event)

    async def _prepare(self, policy: StagePolicy, card: ModelCard) -> None:
        """Have the code ready as the model is to be shown it, context included."""
        if (policy.name, card.name) in self._shown:
            return
        bare = show(self._request.snapshot, self._subject.unit)
        shown = await self._gathering.shown(bare, card, policy)
        reach = ""
        if self._finding is not None:
            reach = await self._gathering.reaching(shown, self._finding.span, card, policy)
        elif self._request.topic is Topic.ASK:
            said = "\n".join(f"{t.question}\n{t.answer}" for t in self._request.history)
            reach = await self._gathering.said_before(self._request.question, said, card, policy)
        self._shown[policy.name, card.name] = Shown(shown, reach)

    async def _facts(self, outline: Outline) -> None:
        clock = self._tools.clock
        started = clock.monotonic()
        self.tell(StageStarted(INSTANT, "", "what is known without a model", units=1))

        async def work() -> None:
            said = facts(self._subject, outline, self._request.findings)
            self.tell(AnswerRevised(said))

        if await behind_border(INSTANT, "", started, clock, self.tell, work) is None:
            self.tell(StageFinished(INSTANT, "", clock.monotonic() - started, Usage()))

    async def _from_latest_kept(self, stages: tuple[str, ...]) -> tuple[str, ...]:
        """The stages from the latest on whose answer is known already: it replaces the others'."""
        for number in range(len(stages) - 1, 0, -1):
            policy = self._request.policy.stage(stages[number])
            if await self._known(policy, self._choose(policy).cards[0]) is not None:
                return stages[number:]
        return stages

    async def _model_stage(self, policy: StagePolicy, later: set[str]) -> None:
        """Ask the models of a stage in turn until one answers; none answers twice. Unless the user
        names it here, none of `later`, whose own stage is to come, stands in.
        """
        choice = self._choose(policy)
        first = choice.cards[0].name
        done = self._answered | (later - {first, *policy.models})
        left = tuple(card for card in choice.cards if card.name not in done)
        if first in self._answered:  # the next ones are there to stand in, not to contradict it
            text = f"The {policy.name} stage is left out: {first} has answered already."
            self.tell(Notice(NoticeKind.SKIPPED, text, stage=policy.name))
            return
        clock = self._tools.clock
        deadline = clock.monotonic() + policy.seconds

        async def work(card: ModelCard, tally: Tally) -> None:
            self._say(await self._ask(_Attempt(policy, card, deadline, tally)))
            self._answered.add(card.name)

        left_choice = Choice(left, choice.reason)
        within = self._circumstances()
        await on_first_that_can(policy.name, left_choice, 1, clock, self.tell, work, within)

    async def _panel(self, policy: StagePolicy) -> None:
        """Let several models answer. Each answer is told with those before it, the best one first;
        word by word only the first model's, for those of two would mix.
        """
        clock, panel = self._tools.clock, seat(self._request.policy.panel, self._cards)
        task = answer_task(self._request.topic, policy.name)
        trust = trusts(worth(task, policy.name, panel.there, self._tools.meter.insight))
        said: list[Answer] = []

        async def work(card: ModelCard, tally: Tally) -> None:
            deadline = clock.monotonic() + policy.seconds
            aloud = card is panel.there[0]
            kept = await self._ask(_Attempt(policy, card, deadline, tally, aloud))
            said.append(kept.answer)
            self._say(replace(kept, answer=all_answers(said, trust)))

        within = self._circumstances()
        await on_all(policy.name, panel, 1, clock, self.tell, work, within)

    def _circumstances(self) -> Circumstances:
        request = self._request
        return Circumstances(stages=request.policy.stages, language=request.snapshot.language)

    async def _ask(self, attempt: _Attempt) -> Kept:
        """One model's answer; where its context is exceeded, about a smaller part of the code."""
        await self._prepare(attempt.policy, attempt.card)
        for notice in self._gathering.notices():
            self.tell(notice)
        known = await self._known(attempt.policy, attempt.card)
        if known is None:
            shown = self._as_shown(attempt.policy, attempt.card)
            known = await self._memory.similar(attempt.policy, attempt.card, shown)
        if known is not None:
            return known
        for share in SHARES:
            wording = self._word(attempt.policy, attempt.card, share)
            try:
                spoken = await self._speak(attempt, wording)
            except ContextOverflow:
                continue
            fresh = self._answer(attempt, wording, spoken)
            shown = self._as_shown(attempt.policy, attempt.card)
            await self._memory.keep(attempt.policy, attempt.card, shown, wording, fresh)
            return fresh
        message = f"The question does not fit {attempt.card.name}."
        raise ContextOverflow(message)

    async def _speak(self, attempt: _Attempt, wording: Wording) -> Spoken:
        policy, card, tools = attempt.policy, attempt.card, self._tools
        title = self._subject.title
        at = StageProgressed(policy.name, 0, 1, title)
        self.tell(at)
        labels = {"unit": title, "lens": ""}
        tell = self.tell if attempt.aloud else _in_silence
        voice = Voice(policy.name, card, labels, ceiling(policy, card), tell)
        left = max(0.1, attempt.deadline - tools.clock.monotonic())

        def waiting(before: int) -> None:
            self.tell(replace(at, before=before or None))

        limits = replace(limits_of(self._request, policy, card), seconds=left, on_wait=waiting)
        if self._answered:  # there is something to read meanwhile
            limits = replace(limits, priority=max(limits.priority, Priority.EXPLAIN))
        task = answer_task(self._request.topic, policy.name)
        with tools.meter.weighing(task, card, attempt.tally, limits.priority):
            spoken = await speak(
                voice, wording.prompt, limits, tools.backend, tools.clock, attempt.tally
            )
            tools.stock.learn(card, wording.prompt, attempt.tally.last)
            if any(spoken.text == turn.answer.strip() for turn in self._request.history):
                message = "The model only said again what it had answered before."
                raise BadReply(message, remedy="Ask in other words, or ask a larger model.")
        return spoken

    def _answer(self, attempt: _Attempt, wording: Wording, spoken: Spoken) -> Kept:
        """What was said, with how sure it is and what has to be said of it.

        Confidence is the stage's ceiling times the mean probability of the tokens. That is how
        usual the words are, not how true: it is not calibrated, and for a small model it is low.
        """
        policy, card = attempt.policy, attempt.card
        said = Answer(
            text=spoken.text,
            stage=policy.name,
            model=card.name,
            confidence=round(ceiling(policy, card) * spoken.sureness, 3),
            digest=card.digest,
        )
        notices = wording.notices
        if spoken.cut is not None:
            notices = (*notices, self._cut(spoken.cut, policy, card))
        return Kept(said, self._memory.about, notices)

    def _cut(self, cut: Cut, policy: StagePolicy, card: ModelCard) -> Notice:
        text = f"{card.name} began to repeat itself, so its answer ends before that."
        if cut is Cut.LENGTH:
            text = (
                f"The answer of {card.name} was cut at {self._request.max_tokens} tokens "
                "(answers.max_tokens sets it)."
            )
        return Notice(NoticeKind.TRUNCATED, text, stage=policy.name)

    def _say(self, kept: Kept) -> None:
        for notice in kept.notices:
            self.tell(notice)
        self.tell(AnswerRevised(kept.answer))

    def _choose(self, policy: StagePolicy) -> Choice:
        task = answer_task(self._request.topic, policy.name)
        return choose(task, policy, self._cards, self._tools.meter.insight)

    async def _known(self, policy: StagePolicy, card: ModelCard) -> Kept | None:
        return await self._memory.known(policy, card, self._as_shown(policy, card))

    def _as_shown(self, policy: StagePolicy, card: ModelCard) -> Shown:
        known = self._shown.get((policy.name, card.name))
        return known or Shown(show(self._request.snapshot, self._subject.unit))

    def _word(self, policy: StagePolicy, card: ModelCard, share: float) -> Wording:
        shown = self._as_shown(policy, card)
        return word(self._request, self._subject, shown, policy, card, share)


def _in_silence(_event: AnswerEvent) -> None:
    """For words that nobody is to hear before all are said."""
