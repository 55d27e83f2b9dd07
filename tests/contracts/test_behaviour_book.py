"""What every `BehaviourBook` promises, asked of each of them."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from fakes.behaviours import FakeBehaviourBook, behaviour
from fakes.stores import store_at
from mirador_lsp.core.behaviour import BehaviourBook
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.store import SqliteBehaviourBook

Make = Callable[[Path], BehaviourBook]


def _sqlite(folder: Path) -> BehaviourBook:
    return SqliteBehaviourBook(store_at(folder / "store" / "mirador.db"))


def _fake(_folder: Path) -> BehaviourBook:
    return FakeBehaviourBook()


@pytest.fixture(params=[_sqlite, _fake], ids=["sqlite", "fake"])
async def book(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[BehaviourBook]:
    """Each book in turn, empty."""
    make: Make = request.param
    made = make(tmp_path)
    yield made
    await made.close()


async def test_an_empty_book_knows_no_model(book: BehaviourBook) -> None:
    """Nothing and no notices before anything was measured."""
    assert tuple(await book.all()) == ()
    assert book.notices() == ()


async def test_every_figure_comes_back_the_latest_first(book: BehaviourBook) -> None:
    """As it was measured."""
    early, late = behaviour("small", time=1.0), behaviour("large", time=2.0, claims=())
    await book.keep(early)
    await book.keep(late)

    assert tuple(await book.all()) == (late, early)


async def test_a_version_of_a_model_is_kept_once_for_each_set_of_questions(
    book: BehaviourBook,
) -> None:
    """Measured again, the later figures hold; another digest or set is another thing."""
    await book.keep(behaviour(time=1.0, found=0))
    await book.keep(behaviour(time=2.0, found=4))
    await book.keep(behaviour(time=3.0, digest="e" * 64))
    await book.keep(behaviour(time=4.0, probes="p2"))

    kept = [(each.time, each.found) for each in await book.all()]
    assert kept == [(4.0, 2), (3.0, 2), (2.0, 4)]


async def test_a_closed_book_refuses(book: BehaviourBook) -> None:
    """After `close` nothing is kept in silence."""
    await book.close()

    with pytest.raises(ServiceError):
        await book.keep(behaviour())
