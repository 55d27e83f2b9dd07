"""Measurements in a file: small, private, without code, and alive after damage."""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

from fakes.measurements import measurement
from fakes.stores import store_at
from mirador_lsp.store import SqliteMeasurements


def book_at(file: Path) -> SqliteMeasurements:
    """The book of that file."""
    return SqliteMeasurements(store_at(file))


async def test_asking_makes_no_file(tmp_path: Path) -> None:
    """A review in a home that cannot be written to needs none."""
    file = tmp_path / "store" / "mirador.db"
    book = book_at(file)

    assert await book.standings() == ()
    await book.close()
    assert not file.parent.exists()


async def test_what_was_recorded_is_there_the_next_time(tmp_path: Path) -> None:
    """Closed and opened again, in a file of the user's alone; a hostile name does no harm."""
    file = tmp_path / "store" / "mirador.db"
    book = book_at(file)
    await book.record(
        [measurement(model="x'); DROP TABLE measurements;--\ud800" + "y" * 500)] * 250
    )
    await book.close()

    again = book_at(file)
    (standing,) = await again.standings()
    await again.close()
    assert standing.replies == 200
    assert standing.model.startswith("x'); DROP TABLE measurements;--")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_the_file_does_not_grow_for_ever(tmp_path: Path) -> None:
    """The oldest replies go."""
    file = tmp_path / "mirador.db"
    book = book_at(file)
    for _ in range(21):
        await book.record([measurement()] * 1000)
    await book.close()

    with closing(sqlite3.connect(file)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM measurements").fetchone()
    assert count == 20_000


async def test_a_damaged_file_is_kept_aside_and_told(tmp_path: Path) -> None:
    """A fresh one is begun; nobody loses more than figures."""
    file = tmp_path / "mirador.db"
    file.write_bytes(b"this is no database" * 100)
    book = book_at(file)

    await book.record([measurement()])

    (notice,) = book.notices()
    await book.close()
    assert "damaged" in notice.message
    assert file.with_name("mirador.db.damaged-1").exists()
