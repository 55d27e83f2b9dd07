"""What every `PreferenceBook` promises, asked of each of them."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from fakes.preferences import FakePreferenceBook, preference
from fakes.stores import store_at
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.preferences import Preference, PreferenceBook, Source, SourceKind
from mirador_lsp.store import SqlitePreferenceBook

Make = Callable[[Path], PreferenceBook]


def _sqlite(folder: Path) -> PreferenceBook:
    return SqlitePreferenceBook(store_at(folder / "store" / "mirador.db"))


def _fake(_folder: Path) -> PreferenceBook:
    return FakePreferenceBook()


@pytest.fixture(params=[_sqlite, _fake], ids=["sqlite", "fake"])
async def book(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PreferenceBook]:
    """Each book in turn, empty."""
    make: Make = request.param
    made = make(tmp_path)
    yield made
    await made.close()


async def test_an_empty_book_has_nothing_to_say(book: PreferenceBook) -> None:
    """Nothing is preferred before anything was said."""
    assert await book.all() == ()
    assert book.notices() == ()
    await book.forget(["verbosity"])


async def test_what_was_kept_comes_back_with_where_it_is_from(book: PreferenceBook) -> None:
    """Every field, in the order of the names."""
    inferred = Preference("evidence", ("high",), Source(SourceKind.INFERRED, 31, 0.97, 1.7e9))
    named = preference("frameworks", "Django REST framework", "htmx")
    await book.keep([named, inferred])

    assert await book.all() == (inferred, named)


async def test_a_later_value_replaces_the_earlier_one(book: PreferenceBook) -> None:
    """Of a preference there is one value, be it an empty list."""
    await book.keep([preference("frameworks", "flask")])
    await book.keep([preference("frameworks")])

    assert [each.values for each in await book.all()] == [()]


async def test_what_is_forgotten_is_gone_and_the_rest_stays(book: PreferenceBook) -> None:
    """Names that were never kept do no harm."""
    await book.keep([preference("verbosity", "terse"), preference("pace", "fast")])
    await book.forget(["verbosity", "depth"])

    assert [each.name for each in await book.all()] == ["pace"]


async def test_a_closed_book_refuses(book: PreferenceBook) -> None:
    """After `close` nothing is kept in silence."""
    await book.close()

    with pytest.raises(ServiceError):
        await book.keep([preference("verbosity", "terse")])
