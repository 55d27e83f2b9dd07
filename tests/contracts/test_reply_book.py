"""What every `ReplyBook` promises, asked of each of them."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from fakes.replies import FakeReplyBook
from mirador_lsp.core.dialogue import KeptReply
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.ports import ReplyBook
from mirador_lsp.settings.paths import private_folder
from mirador_lsp.store import SqliteReplyBook

Make = Callable[[Path], ReplyBook]
SAID = KeptReply(("- bug: It divides by zero. Code: `a / b`", "x \U0001f600"), (0.75, 0.5))


def _sqlite(folder: Path) -> ReplyBook:
    return SqliteReplyBook(folder / "replies" / "replies.db", make_folder=private_folder)


def _fake(_folder: Path) -> ReplyBook:
    return FakeReplyBook()


@pytest.fixture(params=[_sqlite, _fake], ids=["sqlite", "fake"])
async def book(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ReplyBook]:
    """Each book in turn, empty."""
    make: Make = request.param
    made = make(tmp_path)
    yield made
    await made.close()


async def test_nothing_is_found_in_an_empty_book(book: ReplyBook) -> None:
    """No reply, no notice, and keeping nothing is no fault."""
    assert await book.find("k" * 64) is None
    await book.keep({})
    assert await book.find("k" * 64) is None
    assert book.notices() == ()


async def test_a_reply_comes_back_as_it_was(book: ReplyBook) -> None:
    """Every line with how sure the model was of it, under its own key alone."""
    await book.keep({"one": SAID, "none": KeptReply((), ())})

    assert await book.find("one") == SAID
    assert await book.find("none") == KeptReply((), ())
    assert await book.find("other") is None


async def test_a_later_reply_replaces_the_earlier_one(book: ReplyBook) -> None:
    """Of one key there is one reply."""
    await book.keep({"one": SAID})
    await book.keep({"one": KeptReply(("No findings.",), (1.0,))})

    assert await book.find("one") == KeptReply(("No findings.",), (1.0,))


async def test_a_closed_book_says_so(book: ReplyBook) -> None:
    """Asking and keeping raise `ServiceError` after `close`, which may be repeated."""
    await book.keep({"one": SAID})
    await book.close()
    await book.close()

    with pytest.raises(ServiceError):
        await book.find("one")
    with pytest.raises(ServiceError):
        await book.keep({"two": SAID})
