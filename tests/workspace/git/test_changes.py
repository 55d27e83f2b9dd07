"""Changed lines: against the last commit, without a word of the repository's configuration."""

import asyncio
import os
import stat
import subprocess
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_lsp.core.document import Snapshot
from mirador_lsp.workspace.git.changes import changed_spans, changes_of
from mirador_lsp.workspace.git.program import find_git

GIT = find_git(os.environ)
needs_git = pytest.mark.skipif(GIT is None, reason="there is no git")
BEFORE = "one\ntwo\nthree\nfour\n"


def git(folder: Path, *words: str) -> None:
    """Run git as a developer does."""
    names = ["-c", "user.name=Dev", "-c", "user.email=dev@example.org"]
    subprocess.run([str(GIT), *names, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one committed file."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / "cart.py").write_text(BEFORE)
    git(tmp_path, "add", "cart.py")
    git(tmp_path, "commit", "--quiet", "--message", "begin")
    return tmp_path


def shot(folder: Path, text: str, name: str = "cart.py") -> Snapshot:
    """A document of the folder as an editor has it."""
    file = folder / name
    return Snapshot(file.as_uri(), name, "python", text, path=str(file))


def lines_of(text: str, *spans: object) -> list[str]:
    """The changed pieces."""
    return [text[s.start : s.end] for s in spans]  # type: ignore[attr-defined]


@needs_git
async def test_changes_are_against_the_last_commit(repository: Path) -> None:
    """What was opened, and what lies on the disk, does not matter."""
    text = "one\nTWO\nthree\nfour\nfive\n"
    changes = await changes_of(shot(repository, text), opened=text)

    assert changes.since == "the last commit"
    assert lines_of(text, *changes.spans) == ["TWO", "five\n"]


@needs_git
async def test_a_file_that_was_never_committed_is_new_as_a_whole(repository: Path) -> None:
    """All of it changed since the last commit, which does not have it."""
    changes = await changes_of(shot(repository, "a\nb\n", "fresh.py"), opened="a\nb\n")

    assert changes.since == "the last commit"
    assert lines_of("a\nb\n", *changes.spans) == ["a\nb\n"]


@needs_git
@pytest.mark.parametrize("commits", [False, True])
async def test_without_a_commit_it_is_what_changed_since_opening(
    tmp_path: Path, *, commits: bool
) -> None:
    """Outside of a repository, and in one that has no commit yet."""
    if commits:
        git(tmp_path, "init", "--quiet")
    changes = await changes_of(shot(tmp_path, "a\nB\n"), opened="a\nb\n")

    assert (changes.since, lines_of("a\nB\n", *changes.spans)) == ("it was opened", ["B"])


async def test_a_git_that_fails_or_hangs_is_one_that_knows_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a missing program nor one that sleeps keeps the user waiting for ever."""
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nsleep 1000\n")
    slow.chmod(0o700)
    monkeypatch.setattr("mirador_lsp.workspace.git.program.SECONDS", 0.2)

    for program in (str(slow), str(tmp_path / "missing"), "\0"):
        changes = await changes_of(shot(tmp_path, "b\n"), "a\n", git=program)
        assert changes.since == "it was opened"


async def test_cancelled_it_ends_git(tmp_path: Path) -> None:
    """No process is left behind."""
    slow, mark = tmp_path / "slow", tmp_path / "pid"
    slow.write_text(f"#!/bin/sh\necho $$ > {mark}\nexec sleep 1000\n")
    slow.chmod(0o700)
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(changes_of(shot(tmp_path, "b\n"), "a\n", git=str(slow)))
        async with asyncio.timeout(30):
            while not (mark.exists() and mark.read_text().strip()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        asking.cancel()

    pid = int(mark.read_text())
    async with asyncio.timeout(30):
        while psutil.pid_exists(pid):  # noqa: ASYNC110 — the other side is another process
            await asyncio.sleep(0.01)


@needs_git
async def test_no_program_of_the_repository_runs(repository: Path) -> None:
    """Monitors, filters, pagers, hooks, external diffs, aliases: each would leave a mark."""
    mark = repository / "mark"
    evil = repository / "evil.sh"
    evil.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    evil.chmod(0o700)
    for key in (
        *("core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "diff.external"),
        *("diff.evil.textconv", "filter.evil.smudge", "filter.evil.clean", "filter.evil.process"),
        *("alias.cat-file", "alias.rev-parse", "credential.helper", "gpg.program"),
    ):
        git(repository, "config", key, str(evil))
    git(repository, "config", "core.hooksPath", str(repository))
    git(repository, "config", "remote.origin.url", f"ext::{evil}")
    git(repository, "config", "remote.origin.promisor", "true")
    (repository / ".gitattributes").write_text("*.py filter=evil diff=evil\n")

    changes = await changes_of(shot(repository, "ONE\n" + BEFORE[4:]), opened="")

    assert changes.since == "the last commit"
    assert not mark.exists()


@needs_git
async def test_odd_names_and_encodings_are_only_names_and_bytes(repository: Path) -> None:
    """A name that looks like an option or a revision, and bytes that are no UTF-8."""
    for name in ("-x.py", "HEAD:a.py", "a b\n.py"):
        (repository / name).write_bytes(b"\xef\xbb\xbfa\r\n\xff\r\n")
        git(repository, "add", "--", name)
    git(repository, "commit", "--quiet", "--message", "odd")

    for name in ("-x.py", "HEAD:a.py", "a b\n.py"):
        changes = await changes_of(shot(repository, "a\r\nb\r\n", name), opened="")
        assert changes.since == "the last commit"
        assert lines_of("a\r\nb\r\n", *changes.spans) == ["b"]


def test_git_is_not_looked_for_in_the_workspace(tmp_path: Path) -> None:
    """A relative folder on PATH may be anything."""
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)

    assert find_git({"PATH": os.pathsep.join(["", ".", "bin"])}) is None
    assert find_git({"PATH": str(tmp_path)}) == str(program)
    assert find_git({}) is None


def test_line_ends_that_differ_throughout_do_not_count() -> None:
    """Git may keep other line ends than the editor."""
    assert changed_spans("a\nb\n", "a\r\nb\r\n") == ()
    assert changed_spans("a\r\nb\r\n", "a\nb\n") == ()


LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "  \n"]), max_size=8).map("".join)


@given(LINES, LINES)
def test_places_lie_in_the_text_in_order(old: str, new: str) -> None:
    """Whatever changed; and nothing changed exactly where there are none."""
    spans = changed_spans(old, new)

    assert all(0 <= span.start <= span.end <= len(new) for span in spans)
    assert list(spans) == sorted(spans)
    assert (spans == ()) == (old == new)
