"""What every `Measurements` promises, asked of each of them."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from fakes.measurements import FakeMeasurements, measurement
from fakes.stores import store_at
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.ports import Measurements
from mirador_lsp.core.routing import Circumstances, Outcome, Standing
from mirador_lsp.store import SqliteMeasurements

Make = Callable[[Path], Measurements]


def _sqlite(folder: Path) -> Measurements:
    return SqliteMeasurements(store_at(folder / "store" / "mirador.db"))


def _fake(_folder: Path) -> Measurements:
    return FakeMeasurements()


@pytest.fixture(params=[_sqlite, _fake], ids=["sqlite", "fake"])
async def book(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Measurements]:
    """Each in turn, empty."""
    make: Make = request.param
    made = make(tmp_path)
    yield made
    await made.close()


async def test_nothing_measured_amounts_to_nothing(book: Measurements) -> None:
    """No standings and no notices at the beginning, nor after recording nothing."""
    await book.record([])

    assert tuple(await book.standings()) == ()
    assert book.notices() == ()


async def test_replies_are_counted_by_task_model_and_version(book: Measurements) -> None:
    """Each combination stands for itself; what held is counted, and time is the average."""
    await book.record([measurement(seconds=1.0), measurement(outcome=Outcome.LATE, seconds=3.0)])
    await book.record([measurement(digest="other"), measurement(task="fix", model="a/b:7b")])

    assert tuple(await book.standings()) == (
        Standing("fix", "a/b:7b", "d" * 64, 1, 1, 2.0),
        Standing("review.deep", "qwen2.5-coder-1.5b", "d" * 64, 2, 1, 2.0),
        Standing("review.deep", "qwen2.5-coder-1.5b", "other", 1, 1, 2.0),
    )


async def test_a_reply_keeps_why_its_model_was_chosen(book: Measurements) -> None:
    """The reason, the stages of the request and the language come back as they were."""
    within = Circumstances("larger; 19 of 20 held", ("instant", "deep"), "typescript")
    await book.record([measurement(within=within), measurement(within=Circumstances())])

    assert [each.circumstances for each in await book.recent(2)] == [within, Circumstances()]


async def test_the_latest_replies_are_told_in_their_order(book: Measurements) -> None:
    """As they were recorded, oldest first, and no more than asked for."""
    replies = [measurement(seconds=float(n), outcome=Outcome.LATE) for n in range(5)]
    assert tuple(await book.recent(3)) == ()
    await book.record(replies)

    assert tuple(await book.recent(3)) == tuple(replies[2:])
    assert tuple(await book.recent(9)) == tuple(replies)


async def test_the_latest_two_hundred_replies_count(book: Measurements) -> None:
    """A model that has become better is not held to its past."""
    await book.record([measurement(outcome=Outcome.BROKEN)] * 150)
    await book.record([measurement(outcome=Outcome.HELD)] * 190)

    (standing,) = await book.standings()
    assert (standing.replies, standing.held) == (200, 190)


@pytest.mark.parametrize("outcome", list(Outcome))
async def test_only_what_could_be_used_held(book: Measurements, outcome: Outcome) -> None:
    """Broken, late and failed replies are all no success."""
    await book.record([measurement(outcome=outcome)])

    (standing,) = await book.standings()
    assert standing.held == (outcome is Outcome.HELD)


async def test_after_closing_it_says_so(book: Measurements) -> None:
    """As an error that a user can read."""
    await book.close()

    with pytest.raises(ServiceError):
        await book.record([measurement()])
