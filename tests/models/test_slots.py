"""Prefixes on disk."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mirador_lsp.models.slots import SlotFiles
from mirador_lsp.models.templates import Assembled

_SYSTEM = tuple(range(100))
_MIB = 1024 * 1024


def _prompt(material: int, question: int = 0, length: int = 300) -> Assembled:
    """A prompt of 100 system tokens, `length` tokens of material and 10 of question."""
    tokens = (*_SYSTEM, *[1000 + material] * length, *[5000 + question] * 10)
    return Assembled(tokens, system_end=100, prefix_end=100 + length)


def _save(folder: Path, size: int = 1000) -> Callable[[str], None]:
    return lambda name: (folder / name).write_bytes(os.urandom(size)) and None


@pytest.fixture
def files(tmp_path: Path) -> SlotFiles:
    """An empty folder with room for one MiB."""
    return SlotFiles(tmp_path, 1, "weights")


def test_kept_prefix_is_found_for_any_question(files: SlotFiles, tmp_path: Path) -> None:
    """What was kept after one question serves every other about the same material."""
    files.keep(_prompt(1), "v", _save(tmp_path))
    kept = files.find(_prompt(1, question=9), "v", 0)
    assert kept is not None
    assert kept.tokens == 400


def test_instructions_alone_are_worth_loading(files: SlotFiles, tmp_path: Path) -> None:
    """For other material the shared standing instructions are still saved."""
    files.keep(_prompt(1), "v", _save(tmp_path))
    kept = files.find(_prompt(2), "v", 0)
    assert kept is not None
    assert kept.tokens == 100


def test_what_memory_holds_is_not_loaded_again(files: SlotFiles, tmp_path: Path) -> None:
    """A file that saves next to nothing is left alone."""
    files.keep(_prompt(1), "v", _save(tmp_path))
    assert files.find(_prompt(1), "v", 390) is None
    assert files.find(_prompt(2), "v", 100) is None


def test_other_circumstances_find_nothing(files: SlotFiles, tmp_path: Path) -> None:
    """Another prompt version, other weights: the state does not fit."""
    files.keep(_prompt(1), "v", _save(tmp_path))
    assert files.find(_prompt(1), "w", 0) is None
    assert SlotFiles(tmp_path, 1, "other weights").find(_prompt(1), "v", 0) is None


def test_changed_bytes_are_removed(files: SlotFiles, tmp_path: Path) -> None:
    """A file that is not what its name says is deleted and never handed out."""
    files.keep(_prompt(1), "v", _save(tmp_path))
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert files.find(_prompt(1), "v", 0) is None
    assert not path.exists()


def test_least_used_goes_first(files: SlotFiles, tmp_path: Path) -> None:
    """Above the limit the files that were not used for longest are removed."""
    for material in range(3):
        files.keep(_prompt(material), "v", _save(tmp_path, _MIB // 3))
    for path in tmp_path.iterdir():
        os.utime(path, (1, 1))
    assert files.find(_prompt(0), "v", 0) is not None
    files.keep(_prompt(3), "v", _save(tmp_path, _MIB // 3))
    tokens = [kept.tokens if (kept := files.find(_prompt(n), "v", 0)) else 0 for n in range(4)]
    assert tokens[0] == tokens[3] == 400
    assert tokens[1:3].count(400) == 1


def test_failed_save_leaves_nothing(files: SlotFiles, tmp_path: Path) -> None:
    """A save that fails half-way leaves no file that could be taken for a whole one."""

    def save(name: str) -> None:
        (tmp_path / name).write_bytes(b"half")
        raise OSError(28, "no space")

    with pytest.raises(OSError, match="no space"):
        files.keep(_prompt(1), "v", save)
    assert not list(tmp_path.iterdir())


def test_little_is_not_kept(files: SlotFiles, tmp_path: Path) -> None:
    """Short prefixes, and prefixes that were mostly known, are not worth a file."""
    assert files.wants(_prompt(1), "v", 400)
    assert not files.wants(_prompt(1), "v", 20)
    assert not files.wants(_prompt(1, length=5), "v", 115)
    files.keep(_prompt(1), "v", _save(tmp_path))
    assert not files.wants(_prompt(1), "v", 400)
    assert not SlotFiles(tmp_path, 0, "weights").wants(_prompt(2), "v", 400)
