"""Figures are kept without a request waiting for them, and a store that fails costs one line."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from fakes.clock import FakeClock
from fakes.metrics import FakeMeter, FakeMetricsBook
from mirador_lsp.books import open_books
from mirador_lsp.core import history
from mirador_lsp.core.answers import AnswerFinished, AnswerRequest, Topic
from mirador_lsp.core.changes import ChangeFinished, ChangeRequest, Intent
from mirador_lsp.core.dialogue import Priority, Usage
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Event, Notice, ReviewFinished, StageFinished, StageStarted
from mirador_lsp.core.history import Visit
from mirador_lsp.core.metrics import Ending, Energy, RequestFigures, Surface
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.text import Span
from mirador_lsp.engine.figures.energy import SharedMeter
from mirador_lsp.engine.figures.recording import Figures
from mirador_lsp.measuring import count_requests
from mirador_lsp.settings import Settings, paths, review_policy
from mirador_lsp.settings.settings import MetricsSettings

SNAPSHOT = Snapshot("file:///work/cart.py", "cart.py", "python", "x = 1\n")
POLICY = review_policy(Settings())
END = ReviewFinished(1.0, (), (), 0, 0, reviewed=True)


class Bench:
    """A recorder over a book in memory."""

    def __init__(self, readings: Sequence[float | None] = ()) -> None:
        self.book = FakeMetricsBook()
        self.clock = FakeClock()
        self.heard: list[Event] = []
        meter = FakeMeter(readings) if readings else None
        self.figures = Figures(self.book, self.clock, SharedMeter(lambda: meter))

    async def review(self, seconds: float = 2.0) -> None:
        """A review that takes so long."""
        request = ReviewRequest(SNAPSHOT, POLICY, Trigger.SAVE)
        async with self.figures.of_review(request, self.heard.append) as tell:
            self.clock.advance(seconds)
            tell(StageStarted("deep", "small", "", 1))
            tell(StageFinished("deep", "small", 1.0, Usage()))
            tell(END)

    async def kept(self) -> list[RequestFigures]:
        """What is in the book once everything is written."""
        await self.figures.close()
        return self.book.kept


@pytest.mark.parametrize("surface", [Surface.EDITOR, Surface.CLI])
async def test_a_review_is_kept_with_where_it_came_from(surface: Surface) -> None:
    """Its listener hears all that was said, in order; the clock measures the whole of it."""
    bench = Bench()
    bench.figures.attend(Visit("", history.Surface(surface.value), ""))
    await bench.review(seconds=3.0)

    (kept,) = await bench.kept()
    assert (kept.kind, kept.surface, kept.language) == ("review", surface, "python")
    assert (kept.seconds, kept.ending) == (3.0, Ending.DONE)
    assert [type(event) for event in bench.heard] == [StageStarted, StageFinished, ReviewFinished]


async def test_answers_and_changes_are_kept_under_what_was_asked() -> None:
    """What is computed ahead of any question is told apart."""
    bench = Bench()
    for priority in (Priority.INTERACTIVE, Priority.SPECULATION):
        asked = AnswerRequest(SNAPSHOT, Topic.EXPLAIN, POLICY, priority=priority)
        async with bench.figures.of_answer(asked, lambda _: None) as answer:
            answer(AnswerFinished(None, 1.0))
    wish = ChangeRequest(SNAPSHOT, Intent.DOCUMENT, POLICY, Span(0, 0))
    async with bench.figures.of_change(wish, lambda _: None) as change:
        change(ChangeFinished(None, "", 1.0))

    kept = await bench.kept()
    assert [(each.kind, each.surface) for each in kept] == [
        ("explain", Surface.CLI),
        ("explain", Surface.AHEAD),
        ("document", Surface.CLI),
    ]


async def test_a_cancelled_request_is_counted_as_stopped() -> None:
    """And the cancellation goes on its way."""
    bench = Bench()
    begun = asyncio.Event()

    async def hang() -> None:
        request = ReviewRequest(SNAPSHOT, POLICY, Trigger.SAVE)
        async with bench.figures.of_review(request, bench.heard.append) as tell:
            tell(StageStarted("deep", "small", "", 1))
            begun.set()
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        work = group.create_task(hang())
        await begun.wait()
        work.cancel()

    assert work.cancelled()
    (kept,) = await bench.kept()
    assert kept.ending is Ending.STOPPED


async def test_a_store_that_cannot_be_written_is_told_once_and_hurts_no_request() -> None:
    """With the next request, as one line; after that nothing is counted and nothing is said."""
    bench = Bench()
    bench.book.broken = True
    await bench.review()
    await bench.figures.flush()
    for _ in range(20):  # the write that failed runs when nobody waits
        await asyncio.sleep(0)
    for _ in range(3):
        await bench.review()

    notices = [event for event in bench.heard if isinstance(event, Notice)]
    assert len(notices) == 1
    assert notices[0].message.startswith("Requests are not counted any more.")
    assert [event for event in bench.heard if isinstance(event, ReviewFinished)] == [END] * 4
    assert await bench.kept() == []


async def test_without_a_book_events_go_straight_through() -> None:
    """Nothing is counted, and nothing stands between."""
    figures = Figures(None, FakeClock(), SharedMeter(lambda: None))
    heard: list[Event] = []
    listener = heard.append
    request = ReviewRequest(SNAPSHOT, POLICY, Trigger.SAVE)
    async with figures.of_review(request, listener) as tell:
        assert tell == listener
    await figures.close()


async def test_energy_is_that_of_the_request() -> None:
    """What the meter counted between its beginning and its end."""
    bench = Bench(readings=[100.0, 130.0])
    await bench.review()

    (kept,) = await bench.kept()
    assert kept.energy == Energy(30.0, "processor")


async def test_energy_is_shared_by_those_who_run_at_the_same_time() -> None:
    """What is taken while two run is split between them."""
    fake = FakeMeter([0.0, 10.0, 30.0, 35.0])
    meter = SharedMeter(lambda: fake)
    first = await meter.begin()
    second = await meter.begin()

    assert await meter.end(first) == Energy(20.0, "processor")
    assert await meter.end(second) == Energy(15.0, "processor")


async def test_energy_that_could_not_be_read_in_between_is_not_guessed() -> None:
    """One reading is missing: the whole request has none."""
    bench = Bench(readings=[5.0, None])
    await bench.review()

    (kept,) = await bench.kept()
    assert kept.energy is None


async def test_a_user_who_wants_none_has_none(tmp_path: Path) -> None:
    """Then no request is counted, and the store is not asked."""
    async with AsyncExitStack() as stack:
        books = open_books(paths({"MIRADOR_STATE_DIR": str(tmp_path)}, Settings()), stack)
        off = Settings(metrics=MetricsSettings(enabled=False))
        heard: list[Event] = []
        request = ReviewRequest(SNAPSHOT, POLICY, Trigger.SAVE)
        async with count_requests(off, books, stack).of_review(request, heard.append) as tell:
            tell(END)
        await asyncio.sleep(0)

        assert (await books.metrics.sums()).requests == ()
        async with count_requests(Settings(), books, stack).of_review(request, tell) as counted:
            counted(END)
    assert heard == [END, END]
    async with AsyncExitStack() as stack:
        books = open_books(paths({"MIRADOR_STATE_DIR": str(tmp_path)}, Settings()), stack)
        assert sum(each.count for each in (await books.metrics.sums()).requests) == 1
