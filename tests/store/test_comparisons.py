"""Comparisons in the store, and the file of earlier versions that they are taken over from."""

from pathlib import Path

import msgspec

from fakes.comparisons import compared
from fakes.stores import store_at
from mirador_lsp.core.routing import Comparison
from mirador_lsp.store import SqliteComparisonBook


def write(file: Path, *rows: Comparison) -> None:
    """A file as earlier versions kept it."""
    file.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))


async def test_rows_of_an_earlier_file_are_taken_over_once(tmp_path: Path) -> None:
    """Those that were put aside first; then the files are gone."""
    file = tmp_path / "comparisons.jsonl"
    write(tmp_path / "comparisons.jsonl.1", compared("old"))
    write(file, compared("young"))
    book = SqliteComparisonBook(store_at(tmp_path / "store" / "mirador.db"), file)

    assert [row.model for row in await book.latest(10)] == ["old", "young"]
    assert not file.exists()
    await book.close()
    again = SqliteComparisonBook(store_at(tmp_path / "store" / "mirador.db"), file)
    assert len(await again.latest(10)) == 2
    await again.close()


async def test_a_kill_while_taking_over_doubles_nothing(tmp_path: Path) -> None:
    """The file is still there, and its rows are in the store already."""
    file = tmp_path / "comparisons.jsonl"
    for _ in range(2):
        write(file, compared("small"))
        book = SqliteComparisonBook(store_at(tmp_path / "store" / "mirador.db"), file)
        assert [row.model for row in await book.latest(10)] == ["small"]
        await book.close()


async def test_lines_that_cannot_be_read_do_no_harm(tmp_path: Path) -> None:
    """The others count."""
    file = tmp_path / "comparisons.jsonl"
    write(file, compared())
    with file.open("ab") as opened:
        opened.write(b'{"run": 3}\n\xff\xfe\n' + b"[" * 50_000 + b"\n")
    book = SqliteComparisonBook(store_at(tmp_path / "store" / "mirador.db"), file)

    assert len(await book.latest(10)) == 1
    await book.close()


async def test_a_folder_in_its_place_is_left_alone(tmp_path: Path) -> None:
    """And nothing is made where nothing was compared."""
    (tmp_path / "comparisons.jsonl").mkdir()
    book = SqliteComparisonBook(
        store_at(tmp_path / "store" / "mirador.db"), tmp_path / "comparisons.jsonl"
    )

    assert await book.latest(10) == ()
    assert (tmp_path / "comparisons.jsonl").is_dir()
    assert not (tmp_path / "store").exists()
    await book.close()
