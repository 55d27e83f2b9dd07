"""How much memory a new process may take."""

from pathlib import Path

import pytest

from mirador_lsp.models.memory import available_memory

_MIB = 1 << 20


def _machine(folder: Path, mib: int) -> Path:
    file = folder / "meminfo"
    file.write_text(f"MemTotal: 99 kB\nMemAvailable:    {mib * 1024} kB\n")
    return file


def _container(folder: Path, limit: str, used: int, files: int) -> Path:
    group = folder / "group"
    group.mkdir()
    (group / "memory.max").write_text(f"{limit}\n")
    (group / "memory.current").write_text(f"{used * _MIB}\n")
    half = files * _MIB // 2
    (group / "memory.stat").write_text(f"anon 7\ninactive_file {half}\nactive_file {half}\n")
    return group


@pytest.mark.parametrize(
    ("limit", "used", "files", "free"),
    [
        ("max", 100, 0, 800),
        (str(500 * _MIB), 100, 0, 400),
        (str(500 * _MIB), 490, 400, 410),
        (str(500 * _MIB), 600, 0, 0),
        (str(4000 * _MIB), 100, 0, 800),
    ],
    ids=["no limit", "a limit", "files in memory give way", "beyond the limit", "the machine's"],
)
def test_the_smaller_of_machine_and_container_counts(
    tmp_path: Path, limit: str, used: int, files: int, free: int
) -> None:
    """A machine with 800 MiB to give, and a container on it."""
    proc, group = _machine(tmp_path, 800), _container(tmp_path, limit, used, files)
    assert available_memory(proc, group) == free * _MIB


def test_a_system_that_does_not_tell_is_not_known(tmp_path: Path) -> None:
    """Which is something else than none."""
    assert available_memory(tmp_path / "none", tmp_path / "none") is None
