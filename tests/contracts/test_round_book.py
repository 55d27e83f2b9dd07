"""What every `RoundBook` promises, asked of each of them."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.rounds import FakeRoundBook
from fakes.stores import store_at
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.findings import Finding, Lens, Origin, Severity
from mirador_lsp.core.rounds import Round, RoundBook
from mirador_lsp.core.text import Span
from mirador_lsp.store import SqliteRoundBook

Make = Callable[[Path], RoundBook]
FINDING = Finding(
    id="0123456789abcdef",
    rule="ruff/S307",
    lens=Lens.SECURITY,
    severity=Severity.ERROR,
    message="eval on what a user wrote",
    span=Span(3, 9),
    confidence=0.9,
    origin=Origin("instant", "ruff"),
    symbol="f",
    quote="eval(x)",
    cwe="CWE-95",
    confirmed_by=("small",),
)
DONE = Round(
    "/work/shop",
    "main",
    "a" * 40,
    1_700_000_000.0,
    {"cart.py": "x = 1\n\ud800", "gone.py": None, "empty.py": "", "caf\udce9.py": "y\n"},
    {"cart.py": (FINDING,), "clean.py": (replace(FINDING, id="f" * 16),)},
)


def _sqlite(folder: Path) -> RoundBook:
    return SqliteRoundBook(store_at(folder / "store" / "mirador.db"))


def _fake(_folder: Path) -> RoundBook:
    return FakeRoundBook()


@pytest.fixture(params=[_sqlite, _fake], ids=["sqlite", "fake"])
async def book(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RoundBook]:
    """Each book in turn, empty."""
    make: Make = request.param
    made = make(tmp_path)
    yield made
    await made.close()


async def test_before_the_first_round_there_is_none(book: RoundBook) -> None:
    """And nothing to be forgotten."""
    assert await book.latest("/work/shop", "main") is None
    assert await book.forget() == 0
    assert book.notices() == ()


async def test_the_latest_round_of_a_branch_comes_back_whole(book: RoundBook) -> None:
    """Texts with whatever they hold, files that were gone, findings with every field."""
    await book.keep(DONE)
    await book.keep(replace(DONE, branch="side", texts={}, findings={}))

    assert await book.latest("/work/shop", "main") == DONE
    assert await book.latest("/work/shop", "other") is None
    assert await book.latest("/work/else", "main") is None


async def test_a_round_takes_the_place_of_the_one_before(book: RoundBook) -> None:
    """With all its texts."""
    await book.keep(DONE)
    later = replace(DONE, head="b" * 40, texts={"late.py": "z\n"}, findings={})
    await book.keep(later)

    assert await book.latest("/work/shop", "main") == later


async def test_what_is_forgotten_is_gone_and_the_rest_stays(book: RoundBook) -> None:
    """By repository, or all of it."""
    await book.keep(DONE)
    await book.keep(replace(DONE, branch="side"))
    other = replace(DONE, repository="/work/else")
    await book.keep(other)

    assert await book.forget(["/work/shop", "/work/none"]) == 2
    assert await book.latest("/work/shop", "main") is None
    assert await book.latest("/work/else", "main") == other
    assert await book.forget() == 1


async def test_a_closed_book_says_so(book: RoundBook) -> None:
    """Nothing is kept in silence after that."""
    await book.keep(DONE)
    await book.close()

    with pytest.raises(ServiceError):
        await book.keep(DONE)
