"""Replies of models on disk."""

import sqlite3
from contextlib import closing
from pathlib import Path

from mirador_lsp.core.dialogue import KeptReply
from mirador_lsp.core.events import NoticeKind
from mirador_lsp.settings.paths import private_folder
from mirador_lsp.store import SqliteReplyBook

SAID = KeptReply(("No findings.",), (0.9,))


def _book(folder: Path, most: int = 1000) -> SqliteReplyBook:
    return SqliteReplyBook(folder / "replies.db", make_folder=private_folder, most=most)


async def test_the_next_process_finds_what_this_one_kept(tmp_path: Path) -> None:
    """What was kept outlives the book that kept it."""
    first = _book(tmp_path / "replies")
    await first.keep({"one": SAID})
    await first.close()
    second = _book(tmp_path / "replies")

    assert await second.find("one") == SAID
    await second.close()


async def test_nothing_is_made_where_nothing_was_kept(tmp_path: Path) -> None:
    """Looking for a reply leaves no file behind."""
    book = _book(tmp_path / "replies")

    assert await book.find("one") is None
    await book.close()
    assert not (tmp_path / "replies").exists()


async def test_the_oldest_go_when_there_are_too_many(tmp_path: Path) -> None:
    """The file stays bounded, and what was kept last is there."""
    book = _book(tmp_path / "replies", most=10)
    for number in range(450):
        await book.keep({f"{number}": SAID})
    await book.keep({f"many {number}": SAID for number in range(450)})

    assert await book.find("many 449") == SAID
    assert await book.find("many 430") is None
    assert await book.find("449") is None
    await book.close()


async def test_a_damaged_file_goes_and_is_told_once(tmp_path: Path) -> None:
    """It is a cache: a fresh one is begun, and no copy of the old one stays."""
    folder = private_folder(tmp_path / "replies")
    (folder / "replies.db").write_bytes(b"not a database" * 1000)
    book = _book(folder)

    assert await book.find("one") is None
    await book.keep({"one": SAID})
    assert await book.find("one") == SAID
    (notice,) = book.notices()
    assert notice.kind is NoticeKind.UNAVAILABLE
    assert book.notices() == ()
    await book.close()
    assert not list(folder.glob("*damaged*"))


async def test_what_cannot_be_read_is_asked_again(tmp_path: Path) -> None:
    """A row of another shape is no reply, and no fault of the user's."""
    folder = private_folder(tmp_path / "replies")
    book = _book(folder)
    await book.keep({"one": SAID})
    with closing(sqlite3.connect(folder / "replies.db")) as connection:
        connection.execute("UPDATE replies SET said = '[1, 2'")
        connection.commit()

    assert await book.find("one") is None
    await book.close()


async def test_half_a_surrogate_pair_does_no_harm(tmp_path: Path) -> None:
    """A reply cut in the middle of a character is kept all the same."""
    book = _book(tmp_path / "replies")
    await book.keep({"one": KeptReply(("a\ud800b",), (1.0,))})

    assert await book.find("one") == KeptReply(("a?b",), (1.0,))
    await book.close()
