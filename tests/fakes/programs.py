"""Programs of others that tests run where they are installed (`make tools`), and git."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from fakes.folders import own_folders

ROOT = Path(__file__).parents[2]


def program(name: str) -> str:
    """The path of a program; without it the test is skipped and says what would bring it."""
    places = os.pathsep.join([str(ROOT / "build/tools/bin"), os.environ.get("PATH", "")])
    found = shutil.which(name, path=places)
    if found is None:
        pytest.skip(f"{name} is not here: make tools")
    return found


def environment(folder: Path, **more: str) -> dict[str, str]:
    """What a job sees: this Mirador in the PATH, folders of its own, no settings of git's."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {
        **own_folders(folder / "own"),
        "PATH": path,
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.org",
        **more,
    }


def run(
    *words: str, folder: Path, env: Mapping[str, str], seconds: float = 100
) -> subprocess.CompletedProcess[str]:
    """A finished process with what it wrote."""
    return subprocess.run(
        words, cwd=folder, env=env, capture_output=True, text=True, timeout=seconds, check=False
    )


def repository(folder: Path, env: Mapping[str, str], files: Mapping[str, str]) -> Path:
    """A git repository with one commit of these files."""
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "first"]):
        done = run("git", *words, folder=folder, env=env)
        assert done.returncode == 0, done.stderr
    return folder
