"""What every `HistoryBook` promises, asked of each of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fakes.history import NOW, URI, VISIT, FakeHistoryBook, exchange, life
from fakes.stores import store_at
from mirador_lsp.core.answers import Turn
from mirador_lsp.core.history import (
    EVERYTHING,
    Extent,
    Forgotten,
    HistoryBook,
    Kept,
    Kind,
    Moment,
    Page,
    Retention,
    Selection,
    Step,
    Surface,
    Visit,
)
from mirador_lsp.store import SqliteHistoryBook

DAY = 86_400.0


@pytest.fixture(params=["sqlite", "fake"])
async def book(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[HistoryBook]:
    """Each book in turn, empty."""
    if request.param == "fake":
        yield FakeHistoryBook()
        return
    store = store_at(tmp_path / "store" / "mirador.db")
    yield SqliteHistoryBook(store)
    await store.close()


async def steps_of(book: HistoryBook, finding: str = "f1") -> list[Step]:
    """What happened to a finding, oldest first."""
    (found,) = await book.lives_of(URI, [finding])
    return [moment.step for moment in found.moments]


async def test_an_empty_book_says_nothing(book: HistoryBook) -> None:
    """Nothing of anything before something was kept."""
    assert list(await book.sessions(EVERYTHING, 10)) == []
    assert list(await book.exchanges(EVERYTHING, 10)) == []
    assert list(await book.lives(EVERYTHING, 10)) == []
    assert list(await book.turns("c", "s", 10)) == []
    assert [list(each) for each in await book.search("word", 10)] == [[], []]
    assert await book.extent() == Extent()
    assert await book.forget(EVERYTHING) == Forgotten()


async def test_a_session_goes_on_within_its_hours(book: HistoryBook) -> None:
    """The same client in the same workspace; later, or elsewhere, another one begins."""
    first = await book.attend(VISIT, NOW, 8)
    again = await book.attend(VISIT, NOW + 7 * 3600, 8)
    still = await book.attend(VISIT, NOW + 14 * 3600, 8)
    later = await book.attend(VISIT, NOW + 23 * 3600, 8)
    others = [
        await book.attend(Visit(*visit), NOW, 8)
        for visit in (("/work", Surface.CLI, "vim"), ("/else", Surface.EDITOR, "vim"))
    ]

    assert first.id == again.id == still.id
    assert (still.began, still.last) == (NOW, NOW + 14 * 3600)
    assert len({first.id, later.id, *(other.id for other in others)}) == 4


async def test_what_was_kept_comes_back(book: HistoryBook) -> None:
    """Every field of an exchange, the latest first, with the findings that it is about."""
    session = await book.attend(VISIT, NOW, 8)
    one = exchange(
        session=session.id,
        model="small",
        digest="d",
        stages=("instant", "quick"),
        prompt_tokens=5,
        cached_tokens=2,
        completion_tokens=3,
        first_token_seconds=0.25,
        seconds=1.5,
        kept=True,
        conversation="c1",
        findings=("f1",),
    )
    await book.keep(Page(session, (one,), (life("f1", Step.REPORTED),)))
    await book.keep(Page(session, (exchange("e2", time=NOW + 1, session=session.id),)))

    found = await book.exchanges(EVERYTHING, 10)
    assert [each.id for each in found] == ["e2", "e1"]
    assert found[1] == one
    (kept,) = await book.sessions(EVERYTHING, 10)
    assert (kept.visit, kept.exchanges) == (VISIT, 2)


async def test_the_same_exchange_again_is_a_repetition(book: HistoryBook) -> None:
    """A review of unchanged code makes no second row."""
    for _ in range(3):
        await book.keep(Page(exchanges=(exchange(),)))

    (kept,) = await book.exchanges(EVERYTHING, 10)
    assert kept.repeats == 2


@pytest.mark.parametrize(
    ("which", "wanted"),
    [
        (Selection(kinds=(Kind.FIX,)), {"fix"}),
        (Selection(file="cart.py"), {"old", "fix"}),
        (Selection(file="work/cart.py"), {"old", "fix"}),
        (Selection(file="art.py"), set()),
        (Selection(since=NOW), {"fix", "tax"}),
        (Selection(before=NOW), {"old"}),
        (Selection(session="s2"), {"tax"}),
        (Selection(id="ol"), {"old"}),
        (Selection(since=NOW, file="cart.py"), {"fix"}),
        (EVERYTHING, {"old", "fix", "tax"}),
    ],
)
async def test_a_selection_means_what_fits_all_of_it(
    book: HistoryBook, which: Selection, wanted: set[str]
) -> None:
    """By kind, file, time, session and id, alike for listing and for forgetting."""
    tax = "file:///work/tax.py"
    every = (
        exchange("old", time=NOW - DAY),
        exchange("fix", kind=Kind.FIX),
        exchange("tax", document=tax, name="tax.py", session="s2"),
    )
    await book.keep(Page(exchanges=every))

    assert {each.id for each in await book.exchanges(which, 10)} == wanted
    assert (await book.forget(which)).exchanges == len(wanted)
    left = {each.id for each in await book.exchanges(EVERYTHING, 10)}
    assert left == {"old", "fix", "tax"} - wanted


async def test_a_step_that_is_known_is_not_kept_twice(book: HistoryBook) -> None:
    """However often a review says the same; a decision begins a new part of the life."""
    for again in range(3):
        steps = (Step.REPORTED, Step.REVISED, Step.SHOWN)
        await book.keep(Page(lives=(life("f1", *steps, time=NOW + again),)))
    assert await steps_of(book) == [Step.REPORTED, Step.REVISED, Step.SHOWN]

    for step in (Step.DISMISSED, Step.DISMISSED, Step.RESTORED, Step.REPORTED, Step.REPORTED):
        await book.keep(Page(lives=(life("f1", step, time=NOW + 9),)))
    assert await steps_of(book) == [
        *(Step.REPORTED, Step.REVISED, Step.SHOWN),
        *(Step.DISMISSED, Step.RESTORED, Step.REPORTED),
    ]


async def test_open_is_what_stands(book: HistoryBook) -> None:
    """Not what was withdrawn, dismissed, fixed or is gone."""
    for step in Step:
        await book.keep(Page(lives=(life(step.value, Step.REPORTED, step),)))

    found = {each.finding for each in await book.open_lives(URI)}
    assert found == {"reported", "revised", "shown", "restored", "rated", "undone"}


async def test_a_finding_is_one_of_its_document(book: HistoryBook) -> None:
    """The same id elsewhere is another one; its latest wording holds."""
    await book.keep(Page(lives=(life("f1", Step.REPORTED),)))
    await book.keep(Page(lives=(life("f1", Step.REVISED, message="By zero."),)))
    await book.keep(Page(lives=(life("f1", Step.REPORTED, document="file:///else/x.py"),)))

    assert len(await book.lives(EVERYTHING, 10)) == 2
    (mine,) = await book.lives_of(URI, ["f1"])
    assert (mine.message, mine.first, mine.last) == ("By zero.", NOW, NOW)
    assert mine.moments[0] == Moment(Step.REPORTED, NOW, "quick")


async def test_turns_are_of_one_conversation_and_one_session(book: HistoryBook) -> None:
    """The latest ones, oldest first."""
    for number in range(4):
        asked = exchange(
            f"e{number}", time=NOW + number, conversation="c1", question=f"q{number}", response="a"
        )
        await book.keep(Page(exchanges=(asked,)))
    await book.keep(Page(exchanges=(exchange("x", conversation="c2"), exchange("y"))))

    assert list(await book.turns("c1", "s1", 2)) == [Turn("q2", "a"), Turn("q3", "a")]
    assert list(await book.turns("c1", "s2", 2)) == []
    assert list(await book.turns("", "s1", 2)) == []


async def test_words_are_found_wherever_they_stand(book: HistoryBook) -> None:
    """In questions, answers and messages; all words count, and signs are no operators."""
    await book.keep(Page(exchanges=(exchange(),), lives=(life("f1", Step.REPORTED),)))

    for words, asked, lived in (
        ("list", 1, 0),
        ("prices repe", 1, 0),
        ("list zero", 0, 0),
        ("divides", 0, 1),
        ('" OR *', 0, 0),
        ("", 0, 0),
    ):
        exchanges, lives = await book.search(words, 10)
        assert (len(exchanges), len(lives)) == (asked, lived), words


async def test_what_goes_takes_along_what_is_only_about_it(book: HistoryBook) -> None:
    """A finding that another exchange is about stays; so does a session that has another one."""
    session = await book.attend(VISIT, NOW, 8)
    first = exchange(findings=("f1", "f2"), session=session.id)
    second = exchange("e2", findings=("f2",), session=session.id)
    lives = (life("f1", Step.REPORTED, Step.SHOWN), life("f2", Step.REPORTED))
    memory = Kept("m1", "/work", "cart.py", NOW, "e1", session.id)
    await book.keep(Page(session, (first, second), lives, (memory,)))

    assert await book.meant(Selection(id="e1")) == Forgotten(0, 1, 1, 2, (memory,))
    gone = await book.forget(Selection(id="e1"))
    assert gone == Forgotten(0, 1, 1, 2, (memory,))
    assert [each.finding for each in await book.lives(EVERYTHING, 10)] == ["f2"]
    rest = await book.forget(Selection(session=session.id))
    assert rest == Forgotten(1, 1, 1, 1)
    assert await book.extent() == Extent()


@pytest.mark.parametrize("file", ["cart.py", "/work/cart.py"])
async def test_a_file_is_forgotten_with_its_findings_and_memories(
    book: HistoryBook, file: str
) -> None:
    """By its name or by where it lies; other files stay as they are."""
    other = {"document": "file:///work/tax.py", "name": "tax.py"}
    memories = (Kept("m1", "/work", "cart.py", NOW), Kept("m2", "/work", "tax.py", NOW))
    lives = (life("f1", Step.REPORTED), life("f2", Step.REPORTED, **other))
    await book.keep(Page(None, (exchange(), exchange("e2", **other)), lives, memories))

    gone = await book.forget(Selection(file=file))
    assert (gone.exchanges, gone.findings, [m.id for m in gone.memories]) == (1, 1, ["m1"])
    assert [each.name for each in await book.lives(EVERYTHING, 10)] == ["tax.py"]


async def test_words_that_were_forgotten_are_not_found(book: HistoryBook) -> None:
    """Neither by search nor otherwise."""
    await book.keep(Page(exchanges=(exchange(),), lives=(life("f1", Step.REPORTED),)))
    await book.forget(EVERYTHING)

    assert [list(each) for each in await book.search("prices", 10)] == [[], []]
    assert [list(each) for each in await book.search("divides", 10)] == [[], []]


async def test_a_session_that_was_forgotten_begins_again(book: HistoryBook) -> None:
    """The editor that is in it goes on keeping."""
    session = await book.attend(VISIT, NOW, 8)
    await book.forget(EVERYTHING)
    await book.keep(Page(session, (exchange(session=session.id),)))

    assert [each.id for each in await book.sessions(EVERYTHING, 10)] == [session.id]


async def test_what_is_too_old_goes_once_a_day(book: HistoryBook) -> None:
    """By the days that are wanted; what went is counted."""
    old = life("f1", Step.REPORTED, time=NOW - 91 * DAY)
    await book.keep(Page(exchanges=(exchange("e0", time=NOW - 91 * DAY), exchange()), lives=(old,)))
    keep = Retention(90, 10**6)

    gone = await book.tend(keep, NOW)
    assert gone is not None
    assert (gone.exchanges, gone.findings) == (1, 1)
    assert await book.tend(keep, NOW + DAY / 2) is None
    assert await book.tend(keep, NOW + 2 * DAY) == Forgotten()
    assert (await book.extent()).exchanges == 1


async def test_what_is_too_much_goes_from_the_oldest_on(book: HistoryBook) -> None:
    """Until the words fit."""
    every = [exchange(f"e{n}", time=NOW + n, response="x" * 100, question="") for n in range(5)]
    await book.keep(Page(exchanges=tuple(every)))

    gone = await book.tend(Retention(90, 250), NOW)
    assert gone is not None
    assert gone.exchanges == 3
    assert {each.id for each in await book.exchanges(EVERYTHING, 9)} == {"e3", "e4"}
    extent = await book.extent()
    assert (extent.bytes, extent.tended, extent.removed) == (200, NOW, 3)
