"""What every `ComparisonBook` promises, asked of each of them."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from fakes.comparisons import FakeComparisonBook, compared
from fakes.stores import store_at
from mirador_lsp.core.behaviour import ComparisonBook
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.routing import Outcome
from mirador_lsp.store import SqliteComparisonBook

Make = Callable[[Path], ComparisonBook]


def _sqlite(folder: Path) -> ComparisonBook:
    return SqliteComparisonBook(store_at(folder / "store" / "mirador.db"))


def _fake(_folder: Path) -> ComparisonBook:
    return FakeComparisonBook()


@pytest.fixture(params=[_sqlite, _fake], ids=["sqlite", "fake"])
async def book(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ComparisonBook]:
    """Each book in turn, empty."""
    make: Make = request.param
    made = make(tmp_path)
    yield made
    await made.close()


async def test_an_empty_book_compares_nothing(book: ComparisonBook) -> None:
    """Nothing and no notices before anything was kept."""
    assert tuple(await book.latest(10)) == ()
    assert book.notices() == ()


async def test_the_latest_rows_come_back_oldest_first(book: ComparisonBook) -> None:
    """Every field of them, and no more than were asked for."""
    rows = [compared(name, outcome) for name, outcome in zip("abcd", Outcome, strict=True)]
    await book.keep(rows[:2])
    await book.keep(rows[2:])

    assert tuple(await book.latest(10)) == tuple(rows)
    assert tuple(await book.latest(2)) == tuple(rows[2:])


async def test_a_model_has_one_row_in_a_run(book: ComparisonBook) -> None:
    """A second one is not kept; in another run it is."""
    await book.keep([compared(claims=1)])
    await book.keep([compared(claims=2), compared(run="r2")])

    assert [(row.run, row.claims) for row in await book.latest(10)] == [("r1", 1), ("r2", 1)]


async def test_a_closed_book_refuses(book: ComparisonBook) -> None:
    """After `close` nothing is kept in silence."""
    await book.close()

    with pytest.raises(ServiceError):
        await book.keep([compared()])
