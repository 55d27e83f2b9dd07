"""How far a long run is survives its end, and counts only for a run like it."""

from pathlib import Path

import pytest

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.settings.paths import private_folder
from mirador_lsp.workspace.journal import Journal

DAY = 24 * 3600.0


def journal(folder: Path, manner: str = "all", now: float = 1000.0) -> Journal:
    """The journal of a run over one and the same workspace."""
    return Journal(folder / "reviews", Path("/work/shop"), manner, now, private_folder)


def test_what_was_noted_is_known_to_the_next_run(tmp_path: Path) -> None:
    """Each file with the hash it had; the later one counts."""
    first = journal(tmp_path)
    first.begin()
    first.note("a\n.py", "1")
    first.note("b.py", "2")
    first.note("b.py", "3")

    assert journal(tmp_path, now=1000 + DAY).done() == {"a\n.py": "1", "b.py": "3"}


def test_another_manner_or_an_old_run_is_another_run(tmp_path: Path) -> None:
    """So is one that seems to be of the future."""
    first = journal(tmp_path)
    first.begin()
    first.note("a.py", "1")

    assert journal(tmp_path, manner="other").done() == {}
    assert journal(tmp_path, now=1000 + 8 * DAY).done() == {}
    assert journal(tmp_path, now=10).done() == {}


def test_the_end_leaves_nothing_and_a_new_run_begins_anew(tmp_path: Path) -> None:
    """There is nothing to go on with."""
    first = journal(tmp_path)
    first.begin()
    first.note("a.py", "1")
    first.begin()
    assert first.done() == {}
    first.note("a.py", "1")
    first.end()

    assert first.done() == {}
    assert list((tmp_path / "reviews").iterdir()) == []
    first.end()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\n",
        b"[]\n",
        b'{"manner": "all"}\n',
        b"[" * 5000,
        b'{"manner": "all", "began": "x"}',
    ],
)
def test_a_file_that_is_no_journal_counts_as_none(tmp_path: Path, content: bytes) -> None:
    """Whatever stands in it."""
    first = journal(tmp_path)
    first.begin()
    (file,) = (tmp_path / "reviews").iterdir()
    file.write_bytes(content)

    assert first.done() == {}


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    """The run was killed while it was written."""
    first = journal(tmp_path)
    first.begin()
    first.note("a.py", "1")
    (file,) = (tmp_path / "reviews").iterdir()
    file.write_bytes(file.read_bytes() + b'{"name": "b.py", "ha')

    assert first.done() == {"a.py": "1"}


def test_a_journal_is_the_users_alone_and_follows_no_link(tmp_path: Path) -> None:
    """It names the files of a workspace."""
    first = journal(tmp_path)
    first.begin()
    (file,) = (tmp_path / "reviews").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    target = tmp_path / "elsewhere"
    target.write_text("mine")
    file.unlink()
    file.symlink_to(target)

    with pytest.raises(ServiceError, match="cannot be kept"):
        first.note("a.py", "1")
    assert target.read_text() == "mine"
