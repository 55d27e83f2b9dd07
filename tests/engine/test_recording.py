"""What requests say becomes history: whole, once, later, and never at the request's expense."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from fakes.app import answering, finding, finished, said, writing
from fakes.clock import FakeClock
from fakes.history import NOW, VISIT, FakeHistoryBook, exchange, life
from mirador_lsp.core.answers import AnswerEvent, AnswerRequest, Topic
from mirador_lsp.core.changes import ChangeEvent, ChangeRequest, Intent
from mirador_lsp.core.dialogue import Priority, Usage
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import (
    Event,
    FindingReported,
    FindingRevised,
    FindingWithdrawn,
    Hush,
    Hushed,
    Notice,
    ReviewFinished,
    ReviewStarted,
    StageFinished,
    StageStarted,
)
from mirador_lsp.core.feedback import Verdict
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.history import (
    EVERYTHING,
    Ending,
    Kept,
    Kind,
    Page,
    Retention,
    Step,
    Surface,
    Visit,
)
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.retrieval import Collection, Memory
from mirador_lsp.core.text import Span
from mirador_lsp.engine.recording.recorder import WRITE_SECONDS, Keeping, Recorder
from mirador_lsp.settings import Settings, review_policy

TEXT = "def mean(prices):\n    return sum(prices) / len(prices)\n"
URI = "file:///work/cart.py"
POLICY = review_policy(Settings())
WHERE = TEXT.index("return")
FOUND = finding("f1", start=WHERE, end=WHERE + 6, stage="quick", tool="small")
USED = Usage(prompt_tokens=10, cached_tokens=4, completion_tokens=3, first_token_seconds=0.5)


def snapshot(text: str = TEXT) -> Snapshot:
    """The document."""
    return Snapshot(URI, "cart.py", "python", text)


class Bench:
    """A recorder over a fake book, with its clock."""

    def __init__(self) -> None:
        self.book = FakeHistoryBook()
        self.clock = FakeClock()
        self.recorder = Recorder(self.book, self.clock)
        self.recorder.attend(VISIT)
        self.told: list[object] = []

    async def review(
        self, *events: Event, text: str = TEXT, only: tuple[Span, ...] | None = None
    ) -> None:
        """A review that says these things between its beginning and its end."""
        request = ReviewRequest(snapshot(text), POLICY, Trigger.SAVE, only=only)
        with self.recorder.review(request, self.told.append) as tell:
            tell(ReviewStarted("cart.py", ("quick",), "a test"))
            tell(StageStarted("quick", "small", "a test", 1, "digest"))
            for event in events:
                tell(event)
        await self.recorder.write()

    async def answer(self, request: AnswerRequest, script: object = None) -> None:
        """An answer as the script gives it."""
        with self.recorder.answer(request, self.told.append) as tell:
            await (script or answering(said()))(request, tell)  # type: ignore[operator]
        await self.recorder.write()

    async def steps(self, which: str = "f1") -> list[Step]:
        """What happened to a finding."""
        lives = await self.book.lives_of(URI, [which])
        return [moment.step for each in lives for moment in each.moments]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A bench that is closed in the end."""
    made = Bench()
    yield made
    await made.recorder.close()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a task of the recorder's own."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 — nothing else tells
            await asyncio.sleep(0)


def ended(*findings: Finding) -> tuple[Event, ...]:
    """The end of a review that looked at all."""
    return StageFinished("quick", "small", 1.0, USED), finished(*findings)


async def test_a_review_becomes_a_request_and_lives(bench: Bench) -> None:
    """Its costs, what it spoke of, and each step with its reason."""
    revised = finding("f1", start=WHERE, end=WHERE + 6, stage="quick", message="By zero.")
    await bench.review(
        FindingReported("quick", FOUND),
        FindingRevised("quick", revised, "said again"),
        *ended(revised),
    )

    (kept,) = await bench.book.exchanges(EVERYTHING, 9)
    assert (kept.kind, kept.outcome, kept.question) == (Kind.REVIEW, Ending.FINISHED, "save")
    assert (kept.model, kept.digest, kept.stages) == ("small", "digest", ("quick",))
    assert (kept.prompt_tokens, kept.cached_tokens, kept.completion_tokens) == (10, 4, 3)
    assert (kept.first_token_seconds, kept.findings) == (0.5, ("f1",))
    (lived,) = await bench.book.lives(EVERYTHING, 9)
    assert (lived.message, lived.quote) == ("By zero.", "    return sum(prices) / len(prices)")
    reported, again = lived.moments
    assert (reported.step, reported.stage, reported.confidence) == (Step.REPORTED, "quick", 0.9)
    assert (again.step, again.reason, again.message) == (Step.REVISED, "said again", "By zero.")
    (session,) = await bench.book.sessions(EVERYTHING, 9)
    assert (session.visit, session.exchanges) == (VISIT, 1)


async def test_the_same_review_again_changes_nothing_but_a_count(bench: Bench) -> None:
    """However often unchanged code is saved."""
    for _ in range(5):
        await bench.review(FindingReported("quick", FOUND), *ended(FOUND))

    (kept,) = await bench.book.exchanges(EVERYTHING, 9)
    assert kept.repeats == 4
    assert await bench.steps() == [Step.REPORTED]


async def test_what_is_not_shown_says_why(bench: Bench) -> None:
    """Below the gate, or hushed; what is withdrawn, too."""
    low, hidden = finding("low", stage="quick"), finding("hidden", stage="quick")
    hushed = Hushed(hidden, Hush.DISMISSED, "we check it above")
    end = ReviewFinished(0.1, (), (low,), 0, 1, True, hushed=(hushed,))
    withdrawn = FindingWithdrawn("quick", "f1", "it is checked")
    await bench.review(FindingReported("quick", FOUND), withdrawn, end)

    assert await bench.steps() == [Step.REPORTED, Step.WITHDRAWN]
    assert await bench.steps("low") == [Step.WITHHELD]
    (lived,) = await bench.book.lives_of(URI, ["hidden"])
    assert lived.moments[0].reason == "dismissed: we check it above"


async def test_on_the_command_line_the_end_of_a_review_is_seen(bench: Bench) -> None:
    """In an editor the editor says what it shows."""
    bench.recorder.attend(Visit("/work", Surface.CLI, ""))
    await bench.review(FindingReported("quick", FOUND), *ended(FOUND))
    assert await bench.steps() == [Step.REPORTED, Step.SHOWN]

    bench.recorder.attend(VISIT)
    other = finding("f2", stage="quick")
    await bench.review(FindingReported("quick", other), *ended(other))
    assert await bench.steps("f2") == [Step.REPORTED]
    bench.recorder.shown(snapshot(), [other])
    bench.recorder.shown(snapshot(), [other])
    await bench.recorder.write()
    assert await bench.steps("f2") == [Step.REPORTED, Step.SHOWN]


@pytest.mark.parametrize(
    ("text", "others", "step"),
    [
        ("def mean(prices):\n    return 1\n", (), Step.FIXED),
        ("def mean(prices):\n    return 1\n", (finding("f2", stage="quick"),), Step.GONE),
        (f"import os\n\n{TEXT}", (), Step.GONE),
    ],
    ids=["edited", "found anew", "still there"],
)
async def test_a_finding_that_a_review_does_not_find_any_more(
    bench: Bench, text: str, others: Sequence[Finding], step: Step
) -> None:
    """Is fixed where its lines were edited and nothing of the kind is there, else gone."""
    await bench.review(FindingReported("quick", FOUND), *ended(FOUND))
    reports = [FindingReported("quick", other) for other in others]
    await bench.review(*reports, *ended(*others), text=text)

    assert await bench.steps() == [Step.REPORTED, step]


@pytest.mark.parametrize("how", ["part", "unfinished", "other stage", "stopped"])
async def test_a_review_that_did_not_look_says_nothing_of_what_it_did_not_find(
    bench: Bench, how: str
) -> None:
    """Of places alone, with units left out, without the stage, or cancelled."""
    stage = "deep" if how == "other stage" else "quick"
    mine = finding("f1", stage=stage)
    await bench.review(FindingReported(stage, mine), *ended(mine))
    left = StageFinished("quick", "small", 1.0, USED, not_reviewed=1)
    events: dict[str, tuple[Event, ...]] = {
        "unfinished": (left, finished()),
        "stopped": (StageFinished("quick", "small", 1.0, USED),),
    }
    only = (Span(0, 1),) if how == "part" else None
    await bench.review(*events.get(how, ended()), text="x = 1\n", only=only)

    assert await bench.steps() == [Step.REPORTED]


async def test_an_answer_is_kept_with_its_question(bench: Bench) -> None:
    """Under its conversation, from which it comes back."""
    request = AnswerRequest(
        snapshot(), Topic.ASK, POLICY, question="Why?", conversation="c1", findings=(FOUND,)
    )
    await bench.answer(request, answering(said("At first."), said("Because.", model="large")))

    (kept,) = await bench.book.exchanges(EVERYTHING, 9)
    assert (kept.kind, kept.question, kept.response) == (Kind.ASK, "Why?", "Because.")
    assert (kept.model, kept.outcome, kept.findings) == ("large", Ending.FINISHED, ("f1",))
    (turn,) = await bench.recorder.turns("c1", 5)
    assert (turn.question, turn.answer) == ("Why?", "Because.")
    assert list(await bench.recorder.turns("c2", 5)) == []


async def test_what_was_said_before_a_cancel_is_kept_as_stopped(bench: Bench) -> None:
    """As far as a stage had come to its end."""
    request = AnswerRequest(snapshot(), Topic.EXPLAIN, POLICY)

    async def cancelled(_request: AnswerRequest, _emit: object) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await bench.answer(request, cancelled)
    await bench.recorder.write()

    (kept,) = await bench.book.exchanges(EVERYTHING, 9)
    assert (kept.kind, kept.outcome, kept.response) == (Kind.EXPLAIN, Ending.STOPPED, "")


async def test_what_nobody_asked_is_not_kept(bench: Bench) -> None:
    """Explanations that are worked out ahead are no part of the past."""
    request = AnswerRequest(snapshot(), Topic.EXPLAIN, POLICY, priority=Priority.SPECULATION)
    await bench.answer(request)

    assert bench.book.pages == []


@pytest.mark.parametrize(("why", "outcome"), [("", Ending.FINISHED), ("no", Ending.FAILED)])
async def test_a_change_is_kept_as_its_difference(bench: Bench, why: str, outcome: Ending) -> None:
    """Or with the reason why there is none."""
    request = ChangeRequest(snapshot(), Intent.FIX, POLICY, FOUND.span, finding=FOUND)
    events: list[ChangeEvent] = []
    with bench.recorder.change(request, events.append) as tell:
        await writing("yield", why=why)(request, tell)
    await bench.recorder.write()

    (kept,) = await bench.book.exchanges(EVERYTHING, 9)
    assert (kept.kind, kept.outcome, kept.findings) == (Kind.FIX, outcome, ("f1",))
    expected = why or "+    yield sum(prices) / len(prices)"
    assert expected in kept.response
    assert "Something is wrong." in kept.question


async def test_decisions_are_steps(bench: Bench) -> None:
    """Every verdict there is."""
    for verdict in Verdict:
        bench.recorder.decided(URI, FOUND, verdict, "mine")
        await bench.recorder.write()

    steps = set(await bench.steps())
    assert {Step.DISMISSED, Step.RESTORED, Step.FIXED, Step.EDITED, Step.UNDONE} < steps


async def test_a_memory_belongs_to_what_was_asked(bench: Bench) -> None:
    """So that it can be taken back with it."""
    await bench.answer(AnswerRequest(snapshot(), Topic.ASK, POLICY, question="Why?"))
    memory = Memory(Collection.TALK, "m1", "Why?", "Because.", "cart.py", NOW)
    bench.recorder.remembered("/work", memory)
    await bench.recorder.write()

    (kept,) = await bench.book.exchanges(EVERYTHING, 9)
    gone = await bench.book.forget(EVERYTHING)
    assert gone.memories == (Kept("m1", "/work", "cart.py", NOW, kept.id, kept.session),)


async def test_of_a_long_review_what_is_known_is_written_meanwhile(bench: Bench) -> None:
    """A kill costs two seconds of it, not all."""
    request = ReviewRequest(snapshot(), POLICY, Trigger.SAVE)
    with bench.recorder.review(request, bench.told.append) as tell:
        tell(ReviewStarted("cart.py", ("quick",), "a test"))
        tell(FindingReported("quick", FOUND))
        assert bench.book.pages == []
        bench.clock.advance(WRITE_SECONDS)
        tell(FindingReported("quick", finding("f2")))
        await until(lambda: bool(bench.book.pages))
        assert {each.finding for each in bench.book.pages[0].lives} == {"f1", "f2"}


async def test_a_book_that_cannot_be_written_costs_one_notice(bench: Bench) -> None:
    """And no review: the notice comes with the next request, and nothing is tried again."""
    bench.book.broken = "The disk is full."
    for _ in range(3):
        await bench.review(FindingReported("quick", FOUND), *ended(FOUND))
    bench.recorder.decided(URI, FOUND, Verdict.DISMISSED, "")
    await bench.recorder.write()

    notices = [each.message for each in bench.told if isinstance(each, Notice)]
    assert notices == ["Nothing is kept in the history from now on. The disk is full."]
    assert list(await bench.recorder.turns("c1", 5)) == []
    assert bench.recorder.untold() == ()


async def test_without_a_book_requests_are_as_they_are() -> None:
    """Where the user wants nothing kept, nothing is even wrapped."""
    recorder = Recorder(None, FakeClock())
    told: list[AnswerEvent] = []
    request = AnswerRequest(snapshot(), Topic.ASK, POLICY)
    with recorder.answer(request, told.append) as tell:
        assert tell == told.append
    recorder.decided(URI, FOUND, Verdict.DISMISSED, "")
    assert list(await recorder.turns("c1", 5)) == []
    await recorder.close()


async def test_a_session_that_is_over_is_followed_by_another(bench: Bench) -> None:
    """An editor that is open for days."""
    await bench.review(*ended())
    bench.clock.advance(9 * 3600)
    await bench.review(*ended())

    assert len(await bench.book.sessions(EVERYTHING, 9)) == 2


async def test_what_is_too_old_goes_with_its_memories() -> None:
    """Once, in the background; what an index would not let go stays known."""
    clock, book = FakeClock(), FakeHistoryBook()
    old = clock.wall() - 10 * 86_400
    memories = (Kept("m1", "/a", "x.py", old), Kept("m2", "/b", "y.py", old))
    page = Page(None, (exchange(time=old),), (life("f1", Step.REPORTED, time=old),), memories)
    await book.keep(page)
    asked: list[Sequence[Kept]] = []

    async def release(gone: Sequence[Kept]) -> Sequence[Kept]:
        asked.append(gone)
        return [each for each in gone if each.folder == "/b"]

    recorder = Recorder(book, clock, Keeping(8, Retention(9, 10**6)), release)
    with recorder.review(ReviewRequest(snapshot(), POLICY, Trigger.SAVE), lambda _: None) as tell:
        tell(finished())
    await recorder.write()
    await until(lambda: len(book.pages) == 3)
    await recorder.close()

    assert [each.id for each in asked[0]] == ["m1", "m2"]
    assert (await book.meant(EVERYTHING)).memories == (memories[1],)
    assert [each.kind for each in await book.exchanges(EVERYTHING, 9)] == [Kind.REVIEW]
