"""What preferences change, and what they leave as it is."""

from dataclasses import replace
from pathlib import Path

import pytest

from fakes.asking import ONE_MODEL, SMALL, Asker, said
from fakes.clock import FakeClock
from fakes.events import shop
from fakes.preferences import FakePreferenceBook, preference
from mirador_lsp.core.answers import AnswerRequest, Topic
from mirador_lsp.core.changes import ChangeRequest, Intent
from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.events import Event, Notice, NoticeKind, ReviewFinished, ReviewStarted
from mirador_lsp.core.policy import ReviewPolicy
from mirador_lsp.core.preferences import (
    NAMES,
    Depth,
    Evidence,
    Pace,
    Preferences,
    Verbosity,
)
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.text import Span
from mirador_lsp.engine.dna.applied import effects, in_words, to_answer, to_change, to_review
from mirador_lsp.engine.engine import Engine
from mirador_lsp.engine.stages.material import standing_text
from mirador_lsp.settings import Layer, Settings, answer_policy, resolve, review_policy

CLAIM = (
    "- bug: The list is shared by all calls of this. "
    "Code: `def find_orders(db: sqlite3.Connection, customer: str, seen=[]):`"
)


def review(policy: ReviewPolicy | None = None) -> ReviewRequest:
    """A review as a save asks for it."""
    return ReviewRequest(shop(), policy or review_policy(Settings()), Trigger.SAVE)


def answer() -> AnswerRequest:
    """An explanation as an editor asks for it."""
    return AnswerRequest(shop(), Topic.EXPLAIN, answer_policy(Settings()), max_tokens=320)


def given(**sections: dict[str, object]) -> ReviewPolicy:
    """The policy where somebody set these, be it to their defaults."""
    settings, problems = resolve([Layer("user", sections)])
    assert problems == ()
    return review_policy(settings)


def test_the_defaults_change_nothing() -> None:
    """Whoever prefers nothing is served as before, to the letter."""
    change = ChangeRequest(shop(), Intent.FIX, review().policy, Span(0, 1))

    assert to_review(review(), Preferences()) == review()
    assert to_answer(answer(), Preferences()) == answer()
    assert to_change(change, Preferences()) == change


def test_verbosity_changes_the_length_of_answers() -> None:
    """A review's replies are never shortened: they would break off in the middle of a finding."""
    terse, detailed = (Preferences(verbosity=v) for v in (Verbosity.TERSE, Verbosity.DETAILED))

    assert to_answer(answer(), terse).max_tokens == 160
    assert to_answer(answer(), detailed).max_tokens == 640
    deep = review().policy.stage("deep").max_tokens
    assert to_review(review(), terse).policy.stage("deep").max_tokens == deep
    assert to_review(review(), detailed).policy.stage("deep").max_tokens > deep


def test_depth_changes_the_stages() -> None:
    """Shallow is a first look; deep spares none, and takes more findings of a reply."""
    shallow, deep = (Preferences(depth=d) for d in (Depth.SHALLOW, Depth.DEEP))

    assert to_review(review(), shallow).policy.stages == ("instant", "quick")
    assert to_answer(answer(), shallow).policy.stages == ("instant", "quick")
    thorough = to_review(review(), deep).policy
    assert thorough.stages == review().policy.stages
    assert (review().policy.automatic, thorough.automatic) == (True, False)
    assert thorough.max_findings_per_reply > review().policy.max_findings_per_reply


def test_pace_changes_the_time_of_every_stage() -> None:
    """Of changes too."""
    change = ChangeRequest(shop(), Intent.FIX, review().policy, Span(0, 1))
    fast = Preferences(pace=Pace.FAST)

    assert to_review(review(), fast).policy.stage("deep").seconds == 150
    assert to_answer(answer(), fast).policy.stage("quick").seconds == 60
    assert to_change(change, fast).policy.stage("deep").seconds == 150


def test_evidence_moves_the_gate() -> None:
    """Never against its own direction: a gate that is low already is not raised by asking for
    little.
    """
    low, high = (Preferences(evidence=e) for e in (Evidence.LOW, Evidence.HIGH))
    open_gate = replace(review(), policy=replace(review().policy, gate=0.1))

    assert to_review(review(), low).policy.gate == 0.2
    assert to_review(review(), high).policy.gate == 0.65
    assert to_review(open_gate, low).policy.gate == 0.1


@pytest.mark.parametrize(
    ("sections", "likes", "same"),
    [
        ({"review": {"gate": 0.35}}, Preferences(evidence=Evidence.HIGH), "gate"),
        ({"review": {"stages": ["deep"]}}, Preferences(depth=Depth.SHALLOW), "stages"),
        (
            {"review": {"max_findings_per_reply": 3}},
            Preferences(depth=Depth.DEEP),
            "max_findings_per_reply",
        ),
    ],
)
def test_what_the_user_set_by_name_stays(
    sections: dict[str, dict[str, object]], likes: Preferences, same: str
) -> None:
    """Even where it was set to its default."""
    policy = given(**sections)

    assert getattr(to_review(review(policy), likes).policy, same) == getattr(policy, same)


def test_the_limits_of_one_stage_stay_where_they_were_set() -> None:
    """The others follow the preference."""
    policy = given(stages={"deep": {"seconds": 300.0, "max_tokens": 320}})
    likes = Preferences(pace=Pace.THOROUGH, verbosity=Verbosity.DETAILED)
    changed = to_review(review(policy), likes).policy

    assert (changed.stage("deep").seconds, changed.stage("deep").max_tokens) == (300, 320)
    assert (changed.stage("quick").seconds, changed.stage("quick").max_tokens) == (120, 288)


def test_stages_named_for_one_review_stay() -> None:
    """As with `--stages` on the command line."""
    policy = review_policy(Settings(), stages=["instant", "deep", "quick"])

    changed = to_review(review(policy), Preferences(depth=Depth.SHALLOW)).policy
    assert changed.stages == ("instant", "quick", "deep")


def test_the_standing_text_is_the_same_for_every_request_and_stage() -> None:
    """Or a model would read code again that it has read before."""
    likes = Preferences(
        verbosity=Verbosity.TERSE, frameworks=("django",), expertise=("python", "sql")
    )
    policies = [to_review(review(), likes).policy, to_answer(answer(), likes).policy]
    texts = {standing_text(stage).text for policy in policies for stage in policy.models}

    (text,) = texts
    assert text.startswith(standing_text(review().policy.stage("deep")).text)
    assert "brief" in text
    assert "django" in text
    assert "python, sql" in text


def test_every_preference_says_what_it_does() -> None:
    """In the order of the names; what differs from the defaults in a few words."""
    likes = Preferences(depth=Depth.DEEP, frameworks=("flask", "htmx"))

    assert [effect.name for effect in effects(likes)] == list(NAMES)
    held = effects(likes, frozenset({"review.stages", "review.gate"}))
    assert [effect.name for effect in held if "stays as it is set" in effect.does] == ["depth"]
    assert in_words(likes) == "depth deep, frameworks flask and htmx"
    assert in_words(Preferences()) == ""


def asker(folder: Path, script: str, book: FakePreferenceBook) -> Asker:
    """An engine over a script for a user with preferences."""
    made = Asker(folder, script)
    made.engine = Engine(
        backend=made.backend,
        outliner=made.parser,
        syntax=made.parser,
        analyzers=[],
        clock=FakeClock(),
        dna=book,
    )
    return made


async def test_a_model_is_asked_for_the_length_that_the_user_likes(tmp_path: Path) -> None:
    """From the next request on, without a restart; what was answered in another manner is not
    repeated.
    """
    script = (
        ONE_MODEL
        + said(SMALL, "It finds orders.", question="one short sentence")
        + said(SMALL, "It finds, in order: a, b and c.", question="eight sentences or more")
    )
    book = FakePreferenceBook(preference("verbosity", "terse"))
    mine = asker(tmp_path, script, book)
    request = mine.request(shop(), "query", stages=("quick",))

    short = await mine.ask(request)
    await book.keep([preference("verbosity", "detailed")])
    long = await mine.ask(request)

    assert short.answer is not None
    assert long.answer is not None
    assert (short.answer.text, long.answer.text) == (
        "It finds orders.",
        "It finds, in order: a, b and c.",
    )
    assert [limits.max_tokens for limits in mine.backend.limits] == [160, 640]


async def test_a_review_says_which_preferences_it_follows(tmp_path: Path) -> None:
    """And shows what the wanted evidence lets through."""
    script = ONE_MODEL + said(SMALL, CLAIM)
    book = FakePreferenceBook(preference("evidence", "high"), preference("depth", "shallow"))
    events: list[Event] = []

    await asker(tmp_path, script, book).engine.review(review(), events.append)

    (started,) = [event for event in events if isinstance(event, ReviewStarted)]
    (finished,) = [event for event in events if isinstance(event, ReviewFinished)]
    assert started.stages == ("instant", "quick")
    assert started.reason.endswith("your preferences: depth shallow, evidence high")
    assert finished.findings == ()
    assert [found.lens.value for found in finished.withheld] == ["bug"]


async def test_without_preferences_the_same_review_shows_it(tmp_path: Path) -> None:
    """The proof that the gate made the difference."""
    script = ONE_MODEL + said(SMALL, CLAIM)
    events: list[Event] = []

    await asker(tmp_path, script, FakePreferenceBook()).engine.review(review(), events.append)

    (finished,) = [event for event in events if isinstance(event, ReviewFinished)]
    assert [found.lens.value for found in finished.findings] == ["bug"]


async def test_a_book_that_cannot_be_read_is_told_once_and_changes_nothing(tmp_path: Path) -> None:
    """Reviews and answers go on as usual."""
    book = FakePreferenceBook(preference("verbosity", "terse"))
    book.broken = "The disk is full."
    mine = asker(tmp_path, ONE_MODEL + said(SMALL, "It finds orders."), book)

    told = []
    for _ in range(2):
        finished = await mine.ask(mine.request(shop(), "query", stages=("quick",)))
        assert finished.answer is not None
        told += mine.of(Notice)
    events: list[Event] = []
    await mine.engine.review(review(), events.append)
    told += [event for event in events if isinstance(event, Notice)]

    troubles = [each for each in told if "you prefer" in each.message]
    assert [each.kind for each in troubles] == [NoticeKind.UNAVAILABLE]
    assert "The disk is full." in troubles[0].message


async def test_what_is_read_ahead_begins_as_the_question_will(tmp_path: Path) -> None:
    """A warmed model has read the sentences of the user's manner."""
    script = ONE_MODEL + said(SMALL, "It finds orders.")
    mine = asker(tmp_path, script, FakePreferenceBook(preference("verbosity", "terse")))
    warm = FakeWarm(mine)

    await warm.load()
    await mine.ask(mine.request(shop(), "query", stages=("quick",)))

    first, second = (prompt.system for prompt in mine.backend.prompts)
    assert first == second


class FakeWarm:
    """Warms the model of an asker, which is one of ours."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        cards = asker.backend.cards

        async def ours() -> list[ModelCard]:
            return [replace(card, backend="embedded") for card in await cards()]

        asker.backend.cards = ours  # type: ignore[method-assign] # the script's are never warmed

    async def load(self) -> None:
        """Load the model of the first stage."""
        policy = review_policy(Settings(), stages=["quick"])
        assert await self._asker.engine.warmer.load(policy) == SMALL
