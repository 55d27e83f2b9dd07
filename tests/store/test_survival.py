"""Kills, full disks and destroyed pages, many times over: no acknowledged row is lost."""

import asyncio
import shutil
from pathlib import Path

import pytest

from benchmarks.store import survival


def test_four_processes_killed_at_random_lose_nothing(tmp_path: Path) -> None:
    """Each writes its rows, whoever of them is killed meanwhile; the file is sound."""
    found = survival.four_writers(tmp_path, 120)

    assert found["rows"] == 4 * 120
    assert found["lost"] == 0
    assert found["integrity"] == "ok"


def test_kills_at_random_lose_nothing(tmp_path: Path) -> None:
    """The file is looked over after each one."""
    found = survival.kills(tmp_path, 10)

    assert (found["lost"], found["broken"], found["damaged files"]) == (0, 0, 0)


@pytest.mark.endurance
@pytest.mark.timeout(1800)
def test_a_thousand_kills_lose_nothing(tmp_path: Path) -> None:
    """Four processes, 1,000 rows each, then a thousand kills."""
    (tmp_path / "four").mkdir()
    four = survival.four_writers(tmp_path / "four", 1000)
    many = survival.kills(tmp_path, 1000)

    assert (four["rows"], four["lost"], four["integrity"]) == (4000, 0, "ok")
    assert (many["lost"], many["broken"], many["damaged files"]) == (0, 0, 0)


@pytest.mark.endurance
@pytest.mark.timeout(1800)
def test_a_hundred_full_disks_lose_nothing(tmp_path: Path) -> None:
    """In the midst of writing, at sizes that are chance."""
    found = survival.full(tmp_path, 100)

    assert (found["lost"], found["broken"]) == (0, 0)


@pytest.mark.endurance
@pytest.mark.timeout(1800)
def test_a_disk_that_fails_now_and_then_loses_nothing(tmp_path: Path) -> None:
    """2 % of all reads, writes and syncs fail."""
    if shutil.which("fiu-run") is None:
        pytest.skip("fiu-run is not installed (Debian: fiu-utils)")
    found = survival.failing_disk(tmp_path, 20)

    assert found is not None
    assert (found["lost"], found["broken"]) == (0, 0)


@pytest.mark.endurance
@pytest.mark.parametrize("seed", range(10))
def test_most_rows_are_saved_and_the_backup_has_the_rest(tmp_path: Path, seed: int) -> None:
    """0.3 % of the pages: all but at most a hundred rows, which are newer than the backup."""
    found = asyncio.run(survival.destroyed(tmp_path, 20_000, 0.003, seed))

    assert int(str(found["with the backup"])) >= 19_900
    assert found["told"] == 1
