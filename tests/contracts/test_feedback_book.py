"""What every `FeedbackBook` promises, asked of each of them."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from fakes.feedback import FakeFeedbackBook, opinion
from fakes.stores import store_at
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.feedback import MOST_CHANGE, Verdict, Which
from mirador_lsp.core.findings import Lens, Severity
from mirador_lsp.core.ports import FeedbackBook
from mirador_lsp.store import SqliteFeedbackBook

Make = Callable[[Path], FeedbackBook]


def _sqlite(folder: Path) -> FeedbackBook:
    return SqliteFeedbackBook(store_at(folder / "store" / "mirador.db"))


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


async def test_the_finding_comes_back_with_the_opinion(book: FeedbackBook) -> None:
    """All that tells what it was about, the change that was accepted included."""
    mine = opinion(
        verdict=Verdict.RATED,
        rating=4,
        lens=Lens.BUG,
        severity=Severity.WARNING,
        message="This may divide by zero.",
        quote="return a / b",
        symbol="Cart.mean",
        language="python",
        cwe="CWE-369",
        lines=3,
        change="-return a / b\n+return a / b if b else 0\n",
    )
    await book.record(mine)

    assert await book.about(mine.uri) == (mine,)
    assert await book.latest(10, 10) == (mine,)


async def test_a_change_is_cut(book: FeedbackBook) -> None:
    """A long one would be a document."""
    await book.record(opinion(verdict=Verdict.ACCEPTED, change="x" * 9000))

    (kept,) = await book.latest(1, 1)
    assert kept.change == "x" * MOST_CHANGE


async def test_the_latest_come_newest_first_and_no_rule_crowds_others_out(
    book: FeedbackBook,
) -> None:
    """Across documents; of one rule only as many as are wanted."""
    await book.record(opinion("rare", rule="ruff/F401", time=1.0, uri="file:///work/other.py"))
    for number in range(6):
        await book.record(opinion(f"f{number}", time=10.0 + number))

    found = await book.latest(10, 3)
    assert [each.finding_id for each in found] == ["f5", "f4", "f3", "rare"]
    assert [each.finding_id for each in await book.latest(2, 3)] == ["f5", "f4"]


async def test_the_stamp_tells_of_every_change(book: FeedbackBook) -> None:
    """Recorded, replaced, removed: each time it is another one; else it stays."""
    stamps = [await book.stamp()]
    await book.record(opinion(time=1.0))
    stamps.append(await book.stamp())
    await book.record(opinion(verdict=Verdict.RESTORED, time=2.0))
    stamps += [await book.stamp(), await book.stamp()]
    await book.record(opinion("f2", time=2.0))
    stamps.append(await book.stamp())
    await book.forget(Which(ids=(opinion("f2").id,)))
    await book.forget(Which(ids=("unknown",)))

    assert stamps[2] == stamps[3]
    assert len(set(stamps)) == 4
    assert await book.stamp() != stamps[4]


@pytest.mark.parametrize(
    ("which", "left"),
    [
        (Which(ids=(opinion("a").id,)), ["b", "c"]),
        (Which(rule="ruff/F401"), ["a", "c"]),
        (Which(uri="file:///work/%6fther.py"), ["a", "b"]),
        (Which(before=3.0), ["c"]),
        (Which(rule="ruff/F401", before=1.0), ["a", "b", "c"]),
        (Which(), []),
    ],
)
async def test_what_is_forgotten_is_gone(book: FeedbackBook, which: Which, left: list[str]) -> None:
    """By name, rule, document or age, or all of it; how many there were is told."""
    await book.record(opinion("a", time=1.0))
    await book.record(opinion("b", rule="ruff/F401", time=2.0))
    await book.record(opinion("c", uri="file:///work/other.py", time=3.0))

    assert await book.forget(which) == 3 - len(left)
    assert sorted(each.finding_id for each in await book.latest(9, 9)) == left


async def test_any_number_can_be_forgotten_by_name(book: FeedbackBook) -> None:
    """Also more than a database takes parameters."""
    await book.record(opinion("kept"))
    named = [opinion(f"f{number}").id for number in range(40_000)]
    for number in (0, 39_999):
        await book.record(opinion(f"f{number}"))

    assert await book.forget(Which(ids=tuple(named))) == 2
    assert [each.finding_id for each in await book.latest(9, 9)] == ["kept"]


async def test_a_document_has_one_name(book: FeedbackBook) -> None:
    """Clients differ in what they escape; the name of an opinion is the same all the same."""
    await book.record(opinion(uri="file:///work/a%20b.py"))

    (kept,) = await book.latest(1, 1)
    (about,) = await book.about("file:///work/a b.py")
    assert kept.id == about.id == opinion(uri="file:///work/a%20b.py").id


async def test_vectors_are_kept_of_one_embedder(book: FeedbackBook) -> None:
    """Each under its key; another embedder's take their place, and forgetting removes them."""
    await book.record(opinion())
    many = {f"k{number}": [0.5, float(number)] for number in range(250)}
    await book.keep_vectors("minilm", many)

    known = await book.vectors("minilm", ["k0", "k249", "k250"])
    assert {key: list(vector) for key, vector in known.items()} == {
        "k0": [0.5, 0.0],
        "k249": [0.5, 249.0],
    }
    assert await book.vectors("other", ["k0"]) == {}

    await book.keep_vectors("other", {"k0": [1.0]})
    assert await book.vectors("minilm", ["k0"]) == {}
    await book.forget(Which())
    assert await book.vectors("other", ["k0"]) == {}


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
