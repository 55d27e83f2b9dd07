"""How a question goes through its stages, and what is remembered."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.asking import MIDDLE, ONE_MODEL, SMALL, TWO_MODELS, Asker, place, said
from fakes.events import shop, sql
from mirador_lsp.core.answers import (
    Answer,
    AnswerFinished,
    AnswerRevised,
    AnswerStarted,
    Topic,
    Turn,
)
from mirador_lsp.core.dialogue import Priority
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Event, NoticeKind, StageFinished, StageProgressed, StreamToken
from mirador_lsp.core.findings import Station
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.core.text import Span
from mirador_lsp.engine.answers.kept import Kept, KeptAnswers

TWO_SAY = said(SMALL, "It finds orders.") + said(MIDDLE, "It returns the orders of a customer.")
CART = """\
class Cart:
    \"\"\"A shopping cart.\"\"\"

    def __init__(self, owner):
        self.owner = owner
        self.items = []
        self.paid = False

    def total(self):
        prices = [item.price for item in self.items]
        if not prices:
            return 0
        return sum(prices)


def checkout(cart, account):
    amount = cart.total()
    account.charge(amount)
    cart.paid = True
    return amount
"""


def cart(text: str = CART) -> Snapshot:
    """A small class and a function that uses it."""
    return Snapshot("file:///work/cart.py", "cart.py", "python", text)


async def test_events_come_in_their_order(tmp_path: Path) -> None:
    """Started first, finished last; tokens before the answer they make up."""
    asker = Asker(tmp_path, TWO_MODELS + TWO_SAY)

    finished = await asker.ask(asker.request(shop(), "que|ry ="))

    assert isinstance(asker.events[0], AnswerStarted)
    assert [e for e in asker.events if isinstance(e, AnswerFinished)] == asker.events[-1:]
    revised = asker.of(AnswerRevised)
    assert [e.answer.stage for e in revised] == ["instant", "quick", "deep"]
    assert finished.answer == revised[-1].answer
    for event in revised[1:]:
        tokens = [t for t in asker.of(StreamToken) if t.stage == event.answer.stage]
        assert "".join(t.content for t in tokens) == event.answer.text
        assert asker.events.index(tokens[-1]) < asker.events.index(event)
        assert all(t.model == event.answer.model and t.metadata["unit"] for t in tokens)
    usage = asker.of(StageFinished)[-1].usage
    assert usage.completion_tokens == 7
    assert usage.first_token_seconds is not None
    assert asker.of(StageProgressed)


async def test_a_cancelled_question_stops_the_model(tmp_path: Path) -> None:
    """The backend hears of it, and nothing is said afterwards."""
    script = ONE_MODEL + said(SMALL, "It finds orders", hold="never", hold_after=2)
    asker = Asker(tmp_path, script)
    spoken = asyncio.Event()

    def hear(event: object) -> None:
        asker.events.append(event)  # type: ignore[arg-type]
        if isinstance(event, StreamToken):
            spoken.set()

    supervisor = Supervisor()
    asking = asker.engine.answer(asker.request(shop(), "que|ry ="), hear)
    task = supervisor.start(asking, "question")
    await spoken.wait()
    await supervisor.close()

    assert task.cancelled()
    assert not asker.of(AnswerFinished)
    assert asker.backend.heard == ["started", "cancelled"]


async def test_the_small_model_is_never_sure(tmp_path: Path) -> None:
    """Confidence is the ceiling times how usual the words were: below 0.6 for under a billion."""
    asker = Asker(
        tmp_path,
        TWO_MODELS
        + said(SMALL, "It finds orders.", logprob=-0.5)
        + said(MIDDLE, "It finds orders.", logprob=-0.01),
    )

    await asker.ask(asker.request(shop(), "que|ry ="))

    facts, small, middle = (e.answer.confidence for e in asker.of(AnswerRevised))
    assert facts == 1.0
    assert small == pytest.approx(0.6 * 0.607, abs=0.01)
    assert middle == pytest.approx(0.85 * 0.99, abs=0.01)


async def test_without_probabilities_it_is_half_as_sure_as_it_may_be(tmp_path: Path) -> None:
    """A backend that gives none cannot make an answer surer."""
    script = ONE_MODEL + "supports_logprobs = false\n" + said(SMALL, "It finds orders.")
    asker = Asker(tmp_path, script)

    finished = await asker.ask(asker.request(shop(), "que|ry ="))

    assert finished.answer is not None
    assert finished.answer.confidence == 0.3


async def test_the_priority_and_length_of_the_request_reach_the_model(tmp_path: Path) -> None:
    """An answer computed ahead gives way to everything else."""
    asker = Asker(tmp_path, ONE_MODEL + TWO_SAY)

    await asker.ask(asker.request(shop(), "que|ry =", priority=Priority.BACKGROUND, max_tokens=99))

    assert asker.backend.limits[0].priority is Priority.BACKGROUND
    assert asker.backend.limits[0].max_tokens == 99


async def test_a_better_answer_waits_for_saves(tmp_path: Path) -> None:
    """Once the first stage has answered, the next one is no more urgent than a review."""
    asker = Asker(tmp_path, TWO_MODELS + TWO_SAY)

    await asker.ask(asker.request(shop(), "que|ry ="))

    assert [limits.priority for limits in asker.backend.limits] == [
        Priority.INTERACTIVE,
        Priority.EXPLAIN,
    ]


async def test_the_prompt_begins_like_a_review_of_the_same_unit(tmp_path: Path) -> None:
    """The same standing text and material, to the letter: a kept prefix is met again."""
    asker = Asker(tmp_path, ONE_MODEL + TWO_SAY)
    request = asker.request(cart(), "pri|ces = [")
    events: list[Event] = []
    review = ReviewRequest(cart(), replace(request.policy, stages=("quick",)), Trigger.SAVE)

    await asker.engine.review(review, events.append)
    reviewed = {(p.system, p.material) for p in asker.backend.prompts}
    asker.backend.prompts.clear()
    await asker.ask(request)

    assert [(p.system, p.material) in reviewed for p in asker.backend.prompts] == [True]


async def test_a_kept_explanation_is_known_wherever_its_code_moves(tmp_path: Path) -> None:
    """Edits elsewhere do not matter; a change of the code or its context does."""
    asker = Asker(tmp_path, TWO_MODELS + TWO_SAY)
    await asker.ask(asker.request(cart(), "pri|ces = ["))

    moved = cart('"""Carts."""\n\n\n' + CART.replace("account.charge", "account.book"))
    known = await asker.known(moved, "return s|um(prices)")

    assert known is not None
    assert (known.stage, known.kept) == ("deep", True)
    assert known.text == "It returns the orders of a customer."
    assert await asker.known(cart(CART.replace("return 0", "return 1")), "pri|ces = [") is None
    assert await asker.known(cart(CART.replace("(self, owner)", "(self)")), "pri|ces = [") is None
    assert await asker.known(cart(), "am|ount =") is None


async def test_computed_ahead_it_answers_at_once(tmp_path: Path) -> None:
    """What the background filled in is replayed: no model is asked again."""
    asker = Asker(tmp_path, TWO_MODELS + TWO_SAY)
    ahead = asker.request(shop(), "que|ry =", stages=("quick",), priority=Priority.BACKGROUND)
    await asker.ask(ahead)

    await asker.ask(replace(ahead, priority=Priority.INTERACTIVE))

    assert len(asker.backend.prompts) == 1
    assert not asker.of(StreamToken)
    assert [e.answer.kept for e in asker.of(AnswerRevised)] == [True]


async def test_other_instructions_or_another_length_are_another_question(tmp_path: Path) -> None:
    """Everything the answer depends on is part of its key."""
    asker = Asker(tmp_path, ONE_MODEL + TWO_SAY)
    request = asker.request(shop(), "que|ry =", stages=("quick",))
    quick = request.policy.stage("quick")
    told = replace(
        request.policy,
        models=tuple(
            replace(quick, instructions="Speak Latin.") if m is quick else m
            for m in request.policy.models
        ),
    )

    for asked in (request, replace(request, policy=told), replace(request, max_tokens=10)):
        await asker.ask(asked)

    assert len(asker.backend.prompts) == 3
    assert asker.backend.prompts[1].system.endswith("\nSpeak Latin.")


async def test_an_answer_to_a_question_is_no_explanation(tmp_path: Path) -> None:
    """A hover must not show what was asked about something else."""
    asker = Asker(tmp_path, ONE_MODEL + TWO_SAY)

    await asker.ask(asker.request(shop(), "que|ry =", topic=Topic.ASK, question="Why?"))
    fact = sql(shop())
    await asker.ask(asker.request(shop(), fact.span, findings=(fact,)))

    assert await asker.known(shop(), "que|ry =") is None


async def test_a_finding_is_explained_by_its_own_question(tmp_path: Path) -> None:
    """The place asked about is the finding's place: the model is told what was found."""
    fact = sql(shop())
    asker = Asker(tmp_path, ONE_MODEL + TWO_SAY)

    await asker.ask(asker.request(shop(), fact.span, findings=(fact,)))

    assert asker.told[0] == "about shop.py: find_orders, ruff/S608: instant, quick"
    question = asker.backend.prompts[0].question
    assert "SQL text is built from a variable" in question
    assert "What can go wrong" in question


async def test_findings_are_facts_of_a_symbol_and_known_to_a_question(tmp_path: Path) -> None:
    """An explanation does not depend on them, so that it can be kept; a question does."""
    fact = sql(shop())
    asker = Asker(tmp_path, ONE_MODEL + TWO_SAY)

    await asker.ask(asker.request(shop(), "que|ry =", findings=(fact,)))
    assert "error, line 5: SQL text is built" in asker.of(AnswerRevised)[0].answer.text
    await asker.ask(
        asker.request(shop(), "que|ry =", topic=Topic.ASK, question="Safe?", findings=(fact,))
    )

    explain, ask = (prompt.question for prompt in asker.backend.prompts)
    assert "SQL text" not in explain
    assert "SQL text is built from a variable" in ask


async def test_earlier_turns_come_between_the_code_and_the_question(tmp_path: Path) -> None:
    """So the code stays the beginning of the prompt."""
    asker = Asker(tmp_path, ONE_MODEL + TWO_SAY)
    history = (Turn("What is seen?", "A list."), Turn("Of what?", "Of customers."))

    await asker.ask(
        asker.request(shop(), "que|ry =", topic=Topic.ASK, question="Why?", history=history)
    )

    question = asker.backend.prompts[0].question
    order = [question.index(t) for t in ("What is seen?", "A list.", "Of customers.", "Why?")]
    assert order == sorted(order)
    assert "seen?" not in asker.backend.prompts[0].material


async def test_synthesis_alone_says_why_nothing_comes(tmp_path: Path) -> None:
    """No answer is never silent."""
    asker = Asker(tmp_path, TWO_MODELS + TWO_SAY)

    finished = await asker.ask(asker.request(shop(), "que|ry =", stages=("synthesis",)))

    assert finished.answer is None
    assert [n.kind for n in finished.notices] == [NoticeKind.SKIPPED]


async def test_an_empty_document_has_an_answer_too(tmp_path: Path) -> None:
    """Nothing to show is no reason to fail."""
    asker = Asker(tmp_path, ONE_MODEL + TWO_SAY)

    finished = await asker.ask(asker.request(shop(text=""), Span(5, 9)))

    assert finished.answer is not None
    assert finished.answer.stage == "quick"


async def test_looking_up_costs_nothing_to_speak_of(tmp_path: Path) -> None:
    """No parser and no model is asked: the same outline and snapshot give the answer."""
    asker = Asker(tmp_path, ONE_MODEL + TWO_SAY)
    snapshot = cart()
    await asker.ask(asker.request(snapshot, "pri|ces = [", stages=("quick",)))
    outline = await asker.parser.outline(snapshot)
    await asker.backend.close()

    known = asker.engine.known_answer(snapshot, outline, place(snapshot, "pri|ces = ["))

    assert known is not None


def test_the_oldest_answers_are_forgotten() -> None:
    """The memory is bounded, and what it forgets it does not list any more."""
    kept = KeptAnswers(most=2)
    for number in range(3):
        said_ = Answer(f"text {number}", "quick", SMALL, 0.5)
        kept.keep(f"key {number}", Kept(said_, about=f"subject {number}"))

    assert len(kept) == 2
    assert kept.best("subject 0") is None
    assert kept.get("key 0") is None
    last = kept.best("subject 2")
    assert last is not None
    assert last.text == "text 2"


def test_a_later_explanation_of_the_same_stage_replaces_the_earlier() -> None:
    """And forgetting the earlier one does not take the later along."""
    kept = KeptAnswers(most=2)
    kept.keep("old", Kept(Answer("old", "quick", SMALL, 0.5), about="it"))
    kept.keep("new", Kept(Answer("new", "quick", MIDDLE, 0.5), about="it"))
    kept.keep("other", Kept(Answer("other", "quick", SMALL, 0.5), about="other"))

    best = kept.best("it")
    assert best is not None
    assert best.text == "new"


async def test_saying_the_same_to_a_further_question_is_no_answer(tmp_path: Path) -> None:
    """Small models do that; the next stage may know more."""
    asker = Asker(tmp_path, TWO_MODELS + TWO_SAY)
    history = (Turn("What is it?", "It finds orders."),)

    finished = await asker.ask(
        asker.request(shop(), "que|ry =", topic=Topic.ASK, question="Why?", history=history)
    )

    assert "quick fails: The model only said again what it had answered before." in asker.told
    assert finished.answer is not None
    assert finished.answer.model == MIDDLE


async def test_a_stand_in_does_not_replace_the_larger_model(tmp_path: Path) -> None:
    """The deep stage's model has answered in place of the quick one's: nobody is asked again."""
    asker = Asker(
        tmp_path,
        TWO_MODELS + said(SMALL, "", error="unavailable") + said(MIDDLE, "It returns orders."),
        settings=f'[stages.quick]\nmodels = ["{SMALL}", "{MIDDLE}"]\n',
    )

    finished = await asker.ask(asker.request(shop(), "que|ry ="))

    assert f"  skipped: The deep stage is left out: {MIDDLE} has answered already." in asker.told
    assert finished.answer is not None
    assert (finished.answer.stage, finished.answer.model) == ("quick", MIDDLE)
    assert len(asker.backend.prompts) == 2


async def test_the_model_of_a_later_stage_stands_in_only_where_it_is_named(tmp_path: Path) -> None:
    """The quick stage names the small model alone: the other one waits for its own stage."""
    asker = Asker(
        tmp_path,
        TWO_MODELS + said(SMALL, "", error="unavailable") + said(MIDDLE, "It returns orders."),
        settings=f'[stages.quick]\nmodels = ["{SMALL}"]\n',
    )

    finished = await asker.ask(asker.request(shop(), "que|ry ="))

    assert finished.answer is not None
    assert (finished.answer.stage, finished.answer.model) == ("deep", MIDDLE)


async def test_an_explanation_names_the_way_of_data(tmp_path: Path) -> None:
    """The steps of data to a line are shown at once, and given to the model."""
    file = shop()
    found = sql(file)
    header = file.text.index("customer")
    way = (
        Station(Span(header, header + 8), "comes in here", "def find_orders(customer):"),
        Station(found.span, "ends in a query", "rows = db.execute(query)"),
    )
    asker = Asker(tmp_path, ONE_MODEL + said(SMALL, "It can be made to say anything."))

    end = await asker.ask(
        asker.request(
            file, found.span, stages=("instant", "quick"), findings=(replace(found, stations=way),)
        )
    )

    first = next(e.answer for e in asker.events if isinstance(e, AnswerRevised))
    assert "source" in first.text
    assert "`def find_orders(customer):` comes in here" in first.text
    (prompt,) = asker.backend.prompts
    assert "Data gets there like this:" in prompt.question
    assert "`rows = db.execute(query)`: ends in a query" in prompt.question
    assert end.answer is not None
