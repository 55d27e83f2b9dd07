"""What was said before is not asked again, by this process or the next."""

from dataclasses import replace
from pathlib import Path

from fakes.asking import SMALL, Aside, Listening, said
from fakes.clock import FakeClock
from fakes.replies import FakeReplyBook
from mirador_lsp.core.dialogue import KeptReply
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Event, FindingReported, NoticeKind, ReviewFinished
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.engine.engine import Engine
from mirador_lsp.settings import Settings, review_policy
from mirador_lsp.settings.paths import private_folder
from mirador_lsp.store import SqliteReplyBook

CODE = "def mean(values):\n    return sum(values) / len(values)\n"
FILE = Snapshot("file:///a.py", "a.py", "python", CODE)
FINDS = said(SMALL, "- bug: It divides by zero for none. Code: `return sum(values) / len(values)`")
MODEL = f'[[model]]\nname = "{SMALL}"\nparameters = 0.5\n'


def engine(
    folder: Path, book: FakeReplyBook | SqliteReplyBook, digest: str = "a" * 64
) -> tuple[Engine, Listening]:
    """An engine of a process that has just begun, over a model that finds something."""
    path = folder / "script.toml"
    path.write_text(f'{MODEL}digest = "{digest}"\n{FINDS}')
    backend, parser = Listening(path), Aside()
    made = Engine(
        backend=backend,
        outliner=parser,
        syntax=parser,
        analyzers=[],
        clock=FakeClock(),
        replies=book,
    )
    return made, backend


async def review(asked: Engine, snapshot: Snapshot = FILE) -> list[Event]:
    """Review with the quick stage."""
    events: list[Event] = []
    policy = replace(review_policy(Settings()), stages=("quick",))
    await asked.review(ReviewRequest(snapshot, policy, Trigger.OPEN), events.append)
    return events


def findings(events: list[Event]) -> list[str]:
    """What was reported."""
    return [event.finding.message for event in events if isinstance(event, FindingReported)]


async def test_an_unchanged_file_is_reviewed_after_a_restart_without_a_model(
    tmp_path: Path,
) -> None:
    """The same findings, and not one prompt."""
    folder = tmp_path / "replies"
    book = SqliteReplyBook(folder / "replies.db", make_folder=private_folder)
    first, backend = engine(tmp_path, book)
    before = findings(await review(first))
    await book.close()
    assert before
    assert backend.prompts

    again = SqliteReplyBook(folder / "replies.db", make_folder=private_folder)
    second, quiet = engine(tmp_path, again)
    assert findings(await review(second)) == before
    assert quiet.prompts == []
    await again.close()


async def test_what_was_edited_is_asked_anew(tmp_path: Path) -> None:
    """Other code is another key."""
    book = FakeReplyBook()
    first, _ = engine(tmp_path, book)
    await review(first)
    second, backend = engine(tmp_path, book)
    await review(second, replace(FILE, text=CODE.replace("values", "prices")))

    assert len(backend.prompts) == 1


async def test_another_model_under_the_same_name_is_asked_anew(tmp_path: Path) -> None:
    """The digest is part of the key; without one nothing is written down."""
    book = FakeReplyBook()
    await review(engine(tmp_path, book)[0])
    other, backend = engine(tmp_path, book, "b" * 64)
    await review(other)
    assert len(backend.prompts) == 1

    kept = dict(book.kept)
    nameless, _ = engine(tmp_path, book, "")
    await review(nameless)
    assert book.kept == kept


async def test_a_book_that_cannot_be_used_is_told_once_and_does_no_harm(tmp_path: Path) -> None:
    """The review goes on with the model; the disk is not asked for each question again."""
    book = FakeReplyBook()
    book.broken = True
    asked, _ = engine(tmp_path, book)
    events = await review(asked)
    more = await review(asked, replace(FILE, text=CODE.replace("values", "prices")))

    assert findings(events)
    finished = [event for event in (*events, *more) if isinstance(event, ReviewFinished)]
    assert all(event.reviewed for event in finished)
    told = [
        notice
        for event in finished
        for notice in event.notices
        if notice.kind is NoticeKind.UNAVAILABLE
    ]
    assert len(told) == 1
    assert book.asked == 1


async def test_what_was_said_before_a_cancel_is_kept_when_the_engine_closes(tmp_path: Path) -> None:
    """Closing writes what no finished review has written."""
    book = FakeReplyBook()
    asked, _ = engine(tmp_path, book)
    (card,) = await asked._tools.backend.cards()
    asked._tools.recall.keep(card, "key", KeptReply(("No findings.",), (0.9,)))
    assert book.kept == {}
    await asked.close()

    assert list(book.kept) == ["key"]


async def test_how_fast_a_model_reads_is_known_to_the_next_process(tmp_path: Path) -> None:
    """What it is shown depends on it, and what it said is kept under what it was shown."""
    book = FakeReplyBook()
    first, _ = engine(tmp_path, book)
    (card,) = await first._tools.backend.cards()
    reading = first._tools.stock.reading
    reading.settle(card, 1900.0)
    await review(first)
    second, _ = engine(tmp_path, book)
    await review(second)

    assert second._tools.stock.reading.settled(card) == 1900.0
    reading.settle(card, 3.0)
    assert reading.settled(card) == 1900.0
