"""What every `FeedbackBook` promises, asked of each of them."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from fakes.feedback import FakeFeedbackBook, opinion
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.feedback import Verdict
from mirador_lsp.core.ports import FeedbackBook
from mirador_lsp.settings.paths import private_folder
from mirador_lsp.store import SqliteFeedbackBook

Make = Callable[[Path], FeedbackBook]


def _sqlite(folder: Path) -> FeedbackBook:
    return SqliteFeedbackBook(folder / "store" / "feedback.db", make_folder=private_folder)


def _fake(_folder: Path) -> FeedbackBook:
    return FakeFeedbackBook()


@pytest.fixture(params=[_sqlite, _fake], ids=["sqlite", "fake"])
async def book(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[FeedbackBook]:
    """Each book in turn, empty."""
    make: Make = request.param
    made = make(tmp_path)
    yield made
    await made.close()


async def test_an_empty_book_says_nothing(book: FeedbackBook) -> None:
    """No opinions and no notices before anything was recorded."""
    assert await book.about("file:///work/cart.py") == ()
    assert book.notices() == ()


async def test_what_was_recorded_is_said_of_its_document_alone(book: FeedbackBook) -> None:
    """Every field comes back, and other documents know nothing of it."""
    mine = opinion(reason="wrong: \U0001f600 it is checked above")
    await book.record(mine)
    await book.record(opinion(uri="file:///work/other.py"))

    assert await book.about(mine.uri) == (mine,)


async def test_a_later_opinion_replaces_the_earlier_one(book: FeedbackBook) -> None:
    """Of one finding of one document there is one opinion."""
    await book.record(opinion(time=1.0))
    await book.record(opinion(verdict=Verdict.RESTORED, time=2.0))

    assert [o.verdict for o in await book.about("file:///work/cart.py")] == [Verdict.RESTORED]


async def test_opinions_come_oldest_first(book: FeedbackBook) -> None:
    """By the time they carry."""
    for finding_id, time in (("c", 3.0), ("a", 1.0), ("b", 2.0)):
        await book.record(opinion(finding_id, time=time))

    assert [o.finding_id for o in await book.about("file:///work/cart.py")] == ["a", "b", "c"]


async def test_a_reason_is_cut_at_five_hundred_characters(book: FeedbackBook) -> None:
    """Longer ones would be a document."""
    await book.record(opinion(reason="x" * 600))

    (kept,) = await book.about("file:///work/cart.py")
    assert kept.reason == "x" * 500


async def test_hostile_names_are_only_names(book: FeedbackBook) -> None:
    """Quotes, statements and lone surrogates in a URI or an id change nothing else."""
    nasty = "file:///work/'; DROP TABLE opinions; --\ud800.py"
    await book.record(opinion("x'); --", uri=nasty))
    await book.record(opinion())

    assert len(await book.about(nasty)) == 1
    assert len(await book.about("file:///work/cart.py")) == 1


async def test_a_closed_book_refuses(book: FeedbackBook) -> None:
    """After `close` nothing is kept in silence."""
    await book.record(opinion())
    await book.close()

    with pytest.raises(ServiceError):
        await book.record(opinion("f2"))
