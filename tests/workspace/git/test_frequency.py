"""How often files were changed, by a real git."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from mirador_lsp.workspace.git.frequency import frequencies

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder: Path, *words: str) -> None:
    """Run git as a user would."""
    env = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        **{
            f"GIT_{who}_{what}": "a@b"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
    }
    subprocess.run(["git", *words], cwd=folder, check=True, env=env, capture_output=True)  # noqa: S607


def commit(folder: Path, **texts: str) -> None:
    """Write files and commit them."""
    for name, text in texts.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "change")


async def test_commits_are_counted_for_each_file_below_the_folder(tmp_path: Path) -> None:
    """Names are relative to it, the first commit counts as well."""
    git(tmp_path, "init", "-q")
    commit(tmp_path, a="1", sub__b="1")
    commit(tmp_path, a="2")
    commit(tmp_path, a="3", sub__b="2")

    assert await frequencies(tmp_path) == {"a": 3, "sub/b": 2}
    assert await frequencies(tmp_path / "sub") == {"b": 2}


async def test_where_git_knows_nothing_nothing_is_said(tmp_path: Path) -> None:
    """No repository, no commit, no git."""
    assert await frequencies(tmp_path) == {}
    git(tmp_path, "init", "-q")
    assert await frequencies(tmp_path) == {}
    assert await frequencies(tmp_path, git="/nowhere/git") == {}


async def test_a_repository_cannot_have_a_program_run(tmp_path: Path) -> None:
    """Not by its configuration of diffs, signatures or monitors."""
    git(tmp_path, "init", "-q")
    commit(tmp_path, a="1")
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    for name in ("diff.external", "gpg.program", "core.fsmonitor", "core.pager", "diff.x.textconv"):
        git(tmp_path, "config", name, str(trap))
    git(tmp_path, "config", "log.showSignature", "true")
    (tmp_path / ".git" / "info" / "attributes").write_text("* diff=x\n")

    assert (await frequencies(tmp_path))["a"] == 1
    assert not (tmp_path / "sprung").exists()
