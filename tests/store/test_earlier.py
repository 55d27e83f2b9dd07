"""What earlier versions kept in files of their own is taken over, once and whole."""

import sqlite3
from contextlib import closing
from pathlib import Path

from fakes.feedback import opinion
from fakes.measurements import measurement
from fakes.stores import store_at
from mirador_lsp.core.feedback import Verdict
from mirador_lsp.core.routing import Circumstances
from mirador_lsp.settings.paths import private_folder
from mirador_lsp.store import SqliteFeedbackBook, SqliteMeasurements

OPINIONS = """
CREATE TABLE opinions (
    document TEXT NOT NULL, finding TEXT NOT NULL, rule TEXT NOT NULL, verdict TEXT NOT NULL,
    reason TEXT NOT NULL, tool TEXT NOT NULL, time REAL NOT NULL, UNIQUE (document, finding)
)
"""
REPLIES = """
CREATE TABLE replies (
    task TEXT NOT NULL, model TEXT NOT NULL, digest TEXT NOT NULL, seconds REAL NOT NULL,
    first_token_seconds REAL, prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL,
    outcome TEXT NOT NULL, time REAL NOT NULL
)
"""


def made(file: Path, table: str, *rows: tuple[object, ...]) -> None:
    """A file of an earlier version, its last rows still in the write-ahead log."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(table)
        name = table.split()[2]
        places = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO {name} VALUES ({places})", rows)  # noqa: S608
        connection.commit()


async def test_rows_are_taken_over_and_the_files_go(tmp_path: Path) -> None:
    """Opinions and figures are there; one that was measured before reasons were kept has none."""
    folder = private_folder(tmp_path / "store")
    made(
        folder / "feedback.db",
        OPINIONS,
        ("file:///work/cart.py", "f1", "rules/eval", "dismissed", "tests only", "rules", 7.0),
    )
    made(
        folder / "models.db",
        REPLIES,
        ("review.deep", "small", "d", 1.0, None, 9, 4, "held", 5.0),
    )
    store = store_at(folder / "mirador.db")

    (kept,) = await SqliteFeedbackBook(store).about("file:///work/cart.py")
    book = SqliteMeasurements(store)
    await book.record([measurement(model="large")])
    old, new = await book.recent(2)
    await store.close()

    assert (kept.verdict, kept.reason, kept.time) == (Verdict.DISMISSED, "tests only", 7.0)
    assert (old.model, old.circumstances) == ("small", Circumstances())
    assert new.model == "large"
    assert not list(folder.glob("feedback.db*"))
    assert not list(folder.glob("models.db*"))


async def test_a_file_that_cannot_be_read_stays(tmp_path: Path) -> None:
    """The rest is taken over all the same, and new rows go into the store."""
    folder = private_folder(tmp_path / "store")
    (folder / "feedback.db").write_bytes(b"not a database" * 100)
    made(folder / "models.db", REPLIES, ("t", "small", "d", 1.0, None, 9, 4, "held", 5.0))
    store = store_at(folder / "mirador.db")

    await SqliteFeedbackBook(store).record(opinion())
    (old,) = await SqliteMeasurements(store).recent(5)
    await store.close()

    assert old.model == "small"
    assert (folder / "feedback.db").read_bytes() == b"not a database" * 100
    assert not (folder / "models.db").exists()


async def test_a_file_whose_rows_are_in_is_removed_later(tmp_path: Path) -> None:
    """A kill between the commit and the removal brings no row in twice."""
    folder = private_folder(tmp_path / "store")
    made(folder / "models.db", REPLIES, ("t", "small", "d", 1.0, None, 9, 4, "held", 5.0))
    copy = (folder / "models.db").read_bytes()
    store = store_at(folder / "mirador.db")
    await SqliteMeasurements(store).recent(1)
    await store.execute("INSERT INTO taken_over VALUES ('models.db')")
    await store.close()
    (folder / "models.db").write_bytes(copy)

    store = store_at(folder / "mirador.db")
    found = await SqliteMeasurements(store).recent(5)
    await store.close()

    assert len(found) == 1
    assert not (folder / "models.db").exists()
