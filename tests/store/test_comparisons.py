"""The file of comparisons: appended to, bounded, and readable whatever lies in it."""

import stat
from pathlib import Path

import pytest

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.routing import Comparison, Outcome
from mirador_lsp.settings.paths import private_folder
from mirador_lsp.store import comparisons


def row(model: str = "small", claims: int = 1) -> Comparison:
    """One model's answer."""
    return Comparison(
        "r1", "review.quick", model, "d", 1.5, 0.2, 300, 20, Outcome.HELD, claims, 0, 1.7e9
    )


def test_what_was_kept_is_read_again(tmp_path: Path) -> None:
    """In order, in a file of the user's alone."""
    file = tmp_path / "state" / "comparisons.jsonl"

    comparisons.keep(file, [row("a"), row("b")], private_folder)
    comparisons.keep(file, [row("c")], private_folder)

    assert [r.model for r in comparisons.read(file).rows] == ["a", "b", "c"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_no_file_is_nothing_compared(tmp_path: Path) -> None:
    """And reading makes none."""
    assert comparisons.read(tmp_path / "none.jsonl") == comparisons.Comparisons((), 0)
    assert list(tmp_path.iterdir()) == []


def test_lines_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    """The others count; a hostile one does no harm."""
    file = tmp_path / "comparisons.jsonl"
    comparisons.keep(file, [row()], private_folder)
    with file.open("ab") as opened:
        opened.write(b'{"run": 3}\n\xff\xfe\n' + b"[" * 50_000 + b"\n")

    found = comparisons.read(file)

    assert (len(found.rows), found.unreadable) == (1, 3)


def test_a_large_file_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is older than the one put aside goes."""
    monkeypatch.setattr(comparisons, "_MOST_BYTES", 300)
    file = tmp_path / "comparisons.jsonl"
    for number in range(20):
        comparisons.keep(file, [row(f"m{number}")], private_folder)

    kept = [r.model for r in comparisons.read(file).rows]

    assert kept[-1] == "m19"
    assert len(kept) < 10
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "comparisons.jsonl",
        "comparisons.jsonl.1",
    ]


def test_a_folder_in_its_place_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    """Never a traceback."""
    (tmp_path / "comparisons.jsonl").mkdir()

    with pytest.raises(ServiceError):
        comparisons.keep(tmp_path / "comparisons.jsonl", [row()], private_folder)
    with pytest.raises(ServiceError):
        comparisons.read(tmp_path / "comparisons.jsonl")
