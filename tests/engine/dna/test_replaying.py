"""Requests of the past, put to several models on the documents as they are now."""

from pathlib import Path

import pytest

from fakes.asking import MIDDLE, SMALL, TWO_MODELS, Aside, said
from fakes.clock import FakeClock
from fakes.events import shop
from mirador_lsp.core.answers import AnswerRequest, Topic
from mirador_lsp.core.changes import ChangeRequest
from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.findings import Lens
from mirador_lsp.core.history import Ending, Exchange, Kind, Life
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.core.routing import Outcome
from mirador_lsp.engine.dna.alone import OneModel
from mirador_lsp.engine.dna.hearing import Request
from mirador_lsp.engine.dna.probing import Terms
from mirador_lsp.engine.dna.replaying import Rival, replay, request_of, task_of
from mirador_lsp.engine.engine import Engine
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.settings import Settings, review_policy

BUG = "- bug: Every call shares one list. Code: `seen.append(customer)`"


def terms() -> Terms:
    """One stage each."""
    quick = review_policy(Settings(), stages=["quick"])
    review = review_policy(Settings(), stages=["quick"], lenses=[Lens.BUG])
    return Terms(review, quick, quick, 320)


def exchange(kind: Kind, question: str = "", findings: tuple[str, ...] = ()) -> Exchange:
    """What was asked once."""
    return Exchange(
        id="e",
        kind=kind,
        document=shop().uri,
        name="shop.py",
        outcome=Ending.FINISHED,
        time=1.0,
        question=question,
        findings=findings,
    )


def life(quote: str) -> Life:
    """The finding that it was about."""
    return Life(
        document=shop().uri,
        name="shop.py",
        finding="f1",
        rule="model/bug",
        lens="bug",
        severity="warning",
        message="Every call shares one list.",
        quote=quote,
        tool=SMALL,
        stage="deep",
    )


def test_each_kind_becomes_the_request_it_was() -> None:
    """Under the terms of comparing, whatever held when it was asked."""
    review = request_of(exchange(Kind.REVIEW), shop(), [], terms())
    ask = request_of(exchange(Kind.ASK, "Is it safe?"), shop(), [], terms())
    explain = request_of(exchange(Kind.EXPLAIN, "shop.py"), shop(), [], terms())
    fix = request_of(exchange(Kind.FIX, findings=("f1",)), shop(), [life("seen=[]")], terms())

    assert isinstance(review, ReviewRequest)
    assert isinstance(ask, AnswerRequest)
    assert (ask.topic, ask.question) == (Topic.ASK, "Is it safe?")
    assert isinstance(explain, AnswerRequest)
    assert (explain.topic, explain.question) == (Topic.EXPLAIN, "")
    assert isinstance(fix, ChangeRequest)
    assert fix.finding is not None
    assert shop().text[fix.span.start : fix.span.end] == "seen=[]"
    tasks = [task_of(request) for request in (review, ask, explain, fix)]
    assert tasks == ["review.quick.faults", "ask.quick", "explain.quick", "fix"]


@pytest.mark.parametrize(
    ("asked", "lives"),
    [
        (exchange(Kind.TESTS), []),
        (exchange(Kind.ACTION, "my-action"), []),
        (exchange(Kind.ASK, "  "), []),
        (exchange(Kind.FIX, findings=("f1",)), []),
        (exchange(Kind.FIX, findings=("f1",)), [life("not there any more")]),
        (exchange(Kind.FIX, findings=("f1",)), [life("customer")]),
    ],
)
def test_what_cannot_be_put_again_is_none(asked: Exchange, lives: list[Life]) -> None:
    """As what it was about is gone, stands at several places, or was never kept."""
    assert request_of(asked, shop(), lives, terms()) is None


async def test_models_answer_one_after_the_other_and_are_held_against_each_other(
    tmp_path: Path,
) -> None:
    """Claims of the same line are shared; a reply that breaks the form is no finding."""
    other = BUG.replace("seen.append(customer)", "query =")
    script = said(SMALL, BUG, question="Which") + said(MIDDLE, f"{BUG}\n{other}", question="Which")
    (tmp_path / "script.toml").write_text(TWO_MODELS + script)
    backend = ScriptedBackend(tmp_path / "script.toml")
    rivals = [rival(backend, card) for card in await backend.cards()]
    request = request_of(exchange(Kind.REVIEW), shop(), [], terms())
    told: list[tuple[int, str]] = []

    rows = await replay(
        _there(request), rivals, 7.0, lambda place, card: told.append((place, card.name))
    )

    assert told == [(0, SMALL), (1, MIDDLE)]
    assert {row.run for row in rows} == {rows[0].run}
    assert [(row.model, row.claims, row.shared) for row in rows] == [(SMALL, 1, 1), (MIDDLE, 1, 1)]
    assert [row.outcome for row in rows] == [Outcome.HELD, Outcome.HELD]
    assert {row.time for row in rows} == {7.0}


async def test_a_model_that_fails_is_a_row_too(tmp_path: Path) -> None:
    """Its outcome says so; the others go on."""
    script = said(SMALL, "", error="unavailable") + said(MIDDLE, "It finds orders.")
    (tmp_path / "script.toml").write_text(TWO_MODELS + script)
    backend = ScriptedBackend(tmp_path / "script.toml")
    rivals = [rival(backend, card) for card in await backend.cards()]
    request = request_of(exchange(Kind.ASK, "What is it?"), shop(), [], terms())

    rows = await replay(_there(request), rivals, 7.0, lambda _place, _card: None)

    assert [row.outcome for row in rows] == [Outcome.FAILED, Outcome.HELD]


def rival(backend: ScriptedBackend, card: ModelCard) -> Rival:
    """A model with an engine of its own."""
    parser = Aside()
    engine = Engine(
        backend=OneModel(backend, card),
        outliner=parser,
        syntax=parser,
        analyzers=[],
        clock=FakeClock(),
    )
    return Rival(card, engine)


def _there(request: Request | None) -> Request:
    assert request is not None
    return request
