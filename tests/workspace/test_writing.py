"""A changed text goes back into its file whole, as it was encoded, or not at all."""

import codecs
import os
import stat
from pathlib import Path

import pytest

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import ServiceError, UserError
from mirador_lsp.workspace.reading import read_source
from mirador_lsp.workspace.sources import Source
from mirador_lsp.workspace.writing import write_back


def read(path: Path) -> Snapshot:
    """The document that a file is."""
    found = read_source(path)
    assert isinstance(found, Source)
    return found.snapshot


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a = 'é'\n".encode(), "b = 'é'\n".encode()),
        (codecs.BOM_UTF8 + b"a = 1\r\n", codecs.BOM_UTF8 + b"b = 1\r\n"),
        (
            codecs.BOM_UTF16_LE + "a = 'é'\n".encode("utf-16-le"),
            codecs.BOM_UTF16_LE + "b = 'é'\n".encode("utf-16-le"),
        ),
        (
            b"# -*- coding: latin-1 -*-\na = '\xe9'\n",
            b"# -*- coding: latin-1 -*-\nb = '\xe9'\n",
        ),
    ],
)
def test_a_file_keeps_its_encoding_and_its_mark(
    tmp_path: Path, content: bytes, expected: bytes
) -> None:
    """What was read as Latin-1 or UTF-16 is written as such."""
    file = tmp_path / "a.py"
    file.write_bytes(content)
    snapshot = read(file)

    write_back(snapshot, snapshot.text.replace("a =", "b ="))

    assert file.read_bytes() == expected


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    """What a link leads to is replaced, with the permissions it had."""
    file, link = tmp_path / "real.py", tmp_path / "link.py"
    file.write_text("a = 1\n")
    file.chmod(0o754)
    link.symlink_to(file)

    write_back(read(link), "b = 1\n")

    assert link.is_symlink()
    assert file.read_text() == "b = 1\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o754
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.py", "real.py"]


def test_a_file_that_has_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    """Somebody else's edit is worth more than ours."""
    file = tmp_path / "a.py"
    file.write_text("a = 1\n")
    snapshot = read(file)
    file.write_text("a = 2\n")

    with pytest.raises(UserError, match="changed meanwhile"):
        write_back(snapshot, "b = 1\n")

    assert file.read_text() == "a = 2\n"


def test_a_text_that_the_encoding_cannot_hold_is_refused(tmp_path: Path) -> None:
    """Nothing is written in part."""
    file = tmp_path / "a.py"
    file.write_bytes(b"# -*- coding: ascii -*-\na = 1\n")
    snapshot = read(file)

    with pytest.raises(UserError, match="ascii cannot hold"):
        write_back(snapshot, snapshot.text + "b = 'é'\n")

    assert file.read_bytes() == b"# -*- coding: ascii -*-\na = 1\n"


def test_text_without_a_file_and_a_file_that_is_gone_are_refused(tmp_path: Path) -> None:
    """There is nothing to write to."""
    with pytest.raises(UserError, match="is no file"):
        write_back(Snapshot("stdin:a.py", "a.py", "python", "a = 1\n"), "b = 1\n")
    file = tmp_path / "a.py"
    file.write_text("a = 1\n")
    snapshot = read(file)
    file.unlink()

    with pytest.raises(UserError, match="does not exist"):
        write_back(snapshot, "b = 1\n")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to_is_told(tmp_path: Path) -> None:
    """The remedy is in the sentence."""
    file = tmp_path / "a.py"
    file.write_text("a = 1\n")
    snapshot = read(file)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(ServiceError, match="cannot be written"):
            write_back(snapshot, "b = 1\n")
    finally:
        tmp_path.chmod(0o700)
