"""What every `MetricsBook` promises, asked of each of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fakes.metrics import DAY, NOON, FakeMetricsBook, request, stage_run
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.history import EVERYTHING, Selection
from mirador_lsp.core.metrics import (
    ChangeFigures,
    Ending,
    Energy,
    FindingCounts,
    MetricsBook,
    Sums,
    Surface,
    bucket_of,
)
from mirador_lsp.settings.paths import private_folder
from mirador_lsp.store import MIGRATIONS, Database
from mirador_lsp.store.metrics import SqliteMetricsBook


@pytest.fixture(params=["sqlite", "fake"])
async def book(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[MetricsBook]:
    """Each in turn, empty."""
    if request.param == "fake":
        yield FakeMetricsBook()
        return
    database = Database(tmp_path / "store" / "m.db", MIGRATIONS, make_folder=private_folder)
    yield SqliteMetricsBook(database)
    await database.close()


async def test_nothing_counted_sums_to_nothing(book: MetricsBook) -> None:
    """No sums, no requests and nothing to forget, nor after recording nothing."""
    await book.record([])

    assert await book.sums() == Sums()
    assert tuple(await book.latest(5)) == ()
    assert await book.forget(EVERYTHING) == 0
    assert book.notices() == ()


async def test_requests_come_back_as_they_were(book: MetricsBook) -> None:
    """With their stages, what became of findings, the change and the energy; oldest first."""
    change = ChangeFigures(offered=True, rung="clean", attempts=2)
    plain = request()
    rich = request(
        "fix",
        NOON + 1,
        surface=Surface.AHEAD,
        ending=Ending.STOPPED,
        stages=(stage_run(leaves=True, misquoted=2, rejected=3), stage_run("quick", first=None)),
        findings=FindingCounts(),
        change=change,
        energy=Energy(12.5, "processor"),
    )
    await book.record([plain, rich])

    assert tuple(await book.latest(5)) == (plain, rich)
    assert tuple(await book.latest(1)) == (rich,)


async def test_alike_requests_of_a_day_are_one_sum(book: MetricsBook) -> None:
    """Counts, seconds and findings are added; another day is another sum."""
    await book.record([request(seconds=1.0), request(seconds=2.0), request(time=NOON + DAY)])

    first, second = (await book.sums()).requests

    assert (first.count, first.seconds, first.findings.reported) == (2, 3.0, 6)
    assert (second.count, second.day > first.day) == (1, True)


async def test_what_a_stage_cost_is_summed_by_model_and_version(book: MetricsBook) -> None:
    """Another digest of the same name is another sum."""
    runs = (stage_run(prompt_tokens=100), stage_run(prompt_tokens=20), stage_run(digest="e"))
    await book.record([request(stages=runs)])

    old, new = sorted((await book.sums()).stages, key=lambda each: each.digest)

    assert (old.digest, old.costs.runs, old.costs.prompt_tokens) == ("d" * 64, 2, 120)
    assert (new.digest, new.costs.runs) == ("e", 1)


async def test_times_are_counted_in_buckets(book: MetricsBook) -> None:
    """Of whole requests, of stages and of first tokens."""
    await book.record([request(seconds=4.0, stages=(stage_run(first=0.25, seconds=1.0),))])

    whole, stage = (await book.sums()).times

    assert (whole.stage, dict(whole.total)) == ("", {bucket_of(4.0): 1})
    assert dict(stage.first_token) == {bucket_of(0.25): 1}
    assert dict(stage.total) == {bucket_of(1.0): 1}


async def test_what_nobody_waited_for_has_no_times(book: MetricsBook) -> None:
    """Its tokens count, its seconds would make waiting look shorter than it was."""
    await book.record([request(surface=Surface.AHEAD)])

    sums = await book.sums()

    assert sums.times == ()
    assert sums.stages


async def test_only_what_came_since_is_summed(book: MetricsBook) -> None:
    """From the moment on, to the second."""
    await book.record([request(time=NOON - 1), request(time=NOON), request(time=NOON + 1)])

    assert [each.count for each in (await book.sums(NOON)).requests] == [2]


@pytest.mark.parametrize(
    ("selection", "left"),
    [
        (EVERYTHING, 0),
        (Selection(before=NOON), 2),
        (Selection(since=NOON), 1),
        (Selection(file="cart.py"), 3),
        (Selection(session="abc"), 3),
    ],
)
async def test_what_is_forgotten_is_gone(
    book: MetricsBook, selection: Selection, left: int
) -> None:
    """By time; where a file or a session is named nothing is meant, for figures know neither."""
    await book.record([request(time=NOON - 1), request(time=NOON), request(time=NOON + 1)])

    assert await book.forget(selection) == 3 - left
    assert sum(each.count for each in (await book.sums()).requests) == left
    assert len(await book.latest(9)) == left


async def test_the_stamp_tells_that_something_changed(book: MetricsBook) -> None:
    """After each record and each removal it is another one, and else the same."""
    stamps = [await book.stamp()]
    await book.record([request(time=NOON)])
    stamps.append(await book.stamp())
    await book.record([request(time=NOON + 1)])
    stamps.append(await book.stamp())
    await book.forget(Selection(before=NOON + 1))
    stamps.append(await book.stamp())

    assert len(set(stamps)) == 4
    assert await book.stamp() == stamps[-1]


async def test_hostile_names_are_kept_as_they_can_be(book: MetricsBook) -> None:
    """A server may name its models with half a character or a kilobyte."""
    await book.record([request(stages=(stage_run(model="a\udc80\x00" + "b" * 5000),))])

    (kept,) = await book.latest(1)
    assert kept.stages[0].model.startswith("a")


async def test_after_closing_it_says_so(tmp_path: Path) -> None:
    """As an error that a user can read."""
    database = Database(tmp_path / "store" / "m.db", MIGRATIONS, make_folder=private_folder)
    fake = FakeMetricsBook()
    await database.close()
    await fake.close()

    for closed in (SqliteMetricsBook(database), fake):
        with pytest.raises(ServiceError):
            await closed.record([request()])
