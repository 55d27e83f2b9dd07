"""Rows read from pages as they lie there: the same as SQLite reads, and no noise that harms."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mirador_lsp.store.leaves import rows_in

VALUES = (
    (None, 0, 1, -1, 127, -128, 300, -40000, 2**31, -(2**40), 2**62, -(2**63)),
    (
        0.5,
        -1e300,
        "",
        "short",
        "ü" * 50,
        "x" * 5000,
        b"",
        b"\x00\xff" * 3000,
        "z" * 70_000,
        None,
        7,
    ),
)


def made(file: Path, page: int = 4096) -> list[tuple[object, ...]]:
    """A file with values of every kind, and rows of both signs."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA page_size = {page}")
        connection.execute("CREATE TABLE things (value)")
        for number in range(40):
            rows = [(number * 100 + n - 500, v) for n, v in enumerate((*VALUES[0], *VALUES[1]))]
            connection.executemany("INSERT INTO things (rowid, value) VALUES (?, ?)", rows)
        connection.commit()
        return connection.execute("SELECT rowid, value FROM things").fetchall()


@pytest.mark.parametrize("page", [512, 4096, 65536])
def test_every_value_is_read_as_sqlite_reads_it(tmp_path: Path, page: int) -> None:
    """Integers of every length, fractions, texts and bytes, those over several pages included."""
    file = tmp_path / "things.db"
    wanted = made(file, page)

    found = [(row, *values) for row, values in rows_in(file) if len(values) == 1]

    assert sorted(found, key=lambda each: each[0]) == wanted


@pytest.mark.parametrize("seed", range(12))
def test_noise_is_passed_over(tmp_path: Path, seed: int) -> None:
    """Wherever bytes were changed, or the file was cut: what is read is rows, and it ends."""
    file = tmp_path / "things.db"
    made(file)
    dice = random.Random(seed)  # noqa: S311 — nothing secret
    data = bytearray(file.read_bytes())
    for _ in range(400):
        at = dice.randrange(len(data))
        data[at] = dice.randrange(256)
    file.write_bytes(data[: dice.randrange(len(data))] if seed % 3 == 0 else data)

    for row, values in rows_in(file):
        assert isinstance(row, int)
        assert isinstance(values, tuple)


def test_what_is_no_database_has_no_rows(tmp_path: Path) -> None:
    """Nothing, text, and noise."""
    file = tmp_path / "things.db"
    noise = random.Random(1).randbytes(50_000)  # noqa: S311
    for content in (b"", b"x", b"not a database" * 1000, noise):
        file.write_bytes(content)
        assert len(list(rows_in(file))) < 5
