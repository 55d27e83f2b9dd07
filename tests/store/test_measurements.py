"""Measurements in a file: small, private, without code, and alive after damage."""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

from fakes.measurements import measurement
from mirador_lsp.core.routing import Circumstances
from mirador_lsp.settings.paths import private_folder
from mirador_lsp.store import SqliteMeasurements, opening
from mirador_lsp.store.measurements import MIGRATIONS


def book_at(file: Path) -> SqliteMeasurements:
    """The book of that file."""
    return SqliteMeasurements(file, make_folder=private_folder)


async def test_asking_makes_no_file(tmp_path: Path) -> None:
    """A review in a home that cannot be written to needs none."""
    file = tmp_path / "store" / "models.db"
    book = book_at(file)

    assert await book.standings() == ()
    await book.close()
    assert not file.parent.exists()


async def test_what_was_recorded_is_there_the_next_time(tmp_path: Path) -> None:
    """Closed and opened again, in a file of the user's alone; a hostile name does no harm."""
    file = tmp_path / "store" / "models.db"
    book = book_at(file)
    await book.record([measurement(model="x'); DROP TABLE replies;--\ud800" + "y" * 500)] * 250)
    await book.close()

    again = book_at(file)
    (standing,) = await again.standings()
    await again.close()
    assert standing.replies == 200
    assert standing.model.startswith("x'); DROP TABLE replies;--")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_a_file_of_the_first_schema_goes_on(tmp_path: Path) -> None:
    """What was measured before reasons were kept still counts; it merely has none."""
    file = tmp_path / "store" / "models.db"
    private_folder(file.parent)
    opening.make_ready(file, MIGRATIONS[:1])
    with closing(sqlite3.connect(file)) as connection:
        figures = ("review.deep", "small", "d", 1.0, None, 9, 4, "held", 5.0)
        connection.execute("INSERT INTO replies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", figures)
        connection.commit()

    book = book_at(file)
    await book.record([measurement(model="large")])
    old, new = await book.recent(2)
    await book.close()

    assert (old.model, old.circumstances) == ("small", Circumstances())
    assert (new.model, new.circumstances.language) == ("large", "python")


async def test_the_file_does_not_grow_for_ever(tmp_path: Path) -> None:
    """The oldest replies go."""
    file = tmp_path / "models.db"
    book = book_at(file)
    for _ in range(21):
        await book.record([measurement()] * 1000)
    await book.close()

    with closing(sqlite3.connect(file)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM replies").fetchone()
    assert count == 20_000


async def test_a_damaged_file_is_kept_aside_and_told(tmp_path: Path) -> None:
    """A fresh one is begun; nobody loses more than figures."""
    file = tmp_path / "models.db"
    file.write_bytes(b"this is no database" * 100)
    book = book_at(file)

    await book.record([measurement()])

    (notice,) = book.notices()
    await book.close()
    assert "damaged" in notice.message
    assert file.with_name("models.db.damaged-1").exists()
