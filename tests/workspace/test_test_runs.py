"""A project's tests are run in a copy, end, and leave nothing behind."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from fakes.engine import until_gone
from mirador_lsp.core.changes import TestRun as Run
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.workspace.copying import Limits
from mirador_lsp.workspace.test_counts import passed_in
from mirador_lsp.workspace.test_runs import MOST_SHOWN, ProjectTests

BEFORE = "def half(n):\n    return n // 3\n"
AFTER = "def half(n):\n    return n // 2\n"
CHECK = """\
import unittest

from half import half


class Halves(unittest.TestCase):
    def test_even(self):
        self.assertEqual(half(8), 4)

    def test_zero(self):
        self.assertEqual(half(0), 0)


unittest.main()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a module that is wrong, and tests that say so."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "half.py").write_text(BEFORE)
    (folder / "check.py").write_text(CHECK)
    return folder


def _document(folder: Path, name: str = "half.py") -> Snapshot:
    path = folder / name
    return Snapshot(path.as_uri(), name, "python", BEFORE, path=str(path))


def _tests(
    folder: Path, *command: str, seconds: float = 60, limits: Limits | None = None
) -> ProjectTests:
    scratch = folder.parent / "scratch"
    return ProjectTests(folder, command or (sys.executable, "check.py"), seconds, scratch, limits)


def _script(folder: Path, code: str, **options: float) -> ProjectTests:
    (folder / "script.py").write_text(code)
    return _tests(folder, sys.executable, "script.py", **options)  # type: ignore[arg-type]


def _left(folder: Path) -> list[Path]:
    return list((folder.parent / "scratch").iterdir())


async def test_the_changed_text_is_what_is_tested(project: Path) -> None:
    """The draft passes, the file as it is fails; the user's own file stays as it is."""
    tests = _tests(project)

    good, bad = await tests(_document(project), AFTER), await tests(_document(project), BEFORE)

    assert (good.ok, good.passed) == (True, 2)
    assert (bad.ok, bad.passed) == (False, 1)
    assert "FAILED (failures=1)" in bad.output
    assert (project / "half.py").read_text() == BEFORE
    assert _left(project) == []


async def test_data_and_scripts_are_part_of_the_copy(project: Path) -> None:
    """Files of every kind come along, hidden and executable ones too."""
    (project / "data").mkdir()
    (project / "data" / ".secret.bin").write_bytes(b"\0\1")
    runner = project / "run"
    runner.write_text("#!/bin/sh\ntest -f data/.secret.bin && echo '3 passed in 0.1s'\n")
    runner.chmod(0o700)

    run = await _tests(project, "./run")(_document(project), AFTER)

    assert (run.ok, run.passed) == (True, 3)


async def test_no_link_leads_out_of_the_copy(project: Path, tmp_path: Path) -> None:
    """Links are left out and it is said, folders and files alike."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_text("secret")
    (project / "folder").symlink_to(tmp_path / "outside")
    (project / "file.txt").symlink_to(tmp_path / "outside" / "secret.txt")
    os.mkfifo(project / "pipe")
    code = "import os; print(sorted(os.listdir('.')))"

    run = await _script(project, code)(_document(project), AFTER)

    assert "['check.py', 'half.py', 'script.py']" in run.output
    assert "3 links or unreadable files were not part of the run." in run.output


async def test_history_and_packages_are_not_copied(project: Path) -> None:
    """Of version control and installed packages nothing is copied; packages can still be read."""
    for name in (".git", "node_modules", "__pycache__", "pkg"):
        (project / name).mkdir()
        (project / name / "x").write_text("x")
    code = (
        "import os; print(sorted(os.listdir('.')), os.path.islink('node_modules'),"
        " open('node_modules/x').read())"
    )

    run = await _script(project, code)(_document(project), AFTER)

    assert "['check.py', 'half.py', 'node_modules', 'pkg', 'script.py'] True x" in run.output
    assert (project / "node_modules" / "x").exists()


async def test_a_document_among_installed_packages_is_not_tested(project: Path) -> None:
    """A draft is never written into what the copy only refers to."""
    (project / "node_modules").mkdir()
    (project / "node_modules" / "half.py").write_text(BEFORE)

    with pytest.raises(AnalyzerError, match="not part of what is tested"):
        await _tests(project)(_document(project, "node_modules/half.py"), AFTER)

    assert (project / "node_modules" / "half.py").read_text() == BEFORE


@pytest.mark.parametrize("name", ["../other.py", ""])
async def test_a_document_elsewhere_is_not_tested(project: Path, name: str) -> None:
    """Only a file of the folder can be tested in its copy."""
    with pytest.raises(AnalyzerError, match="not a file of"):
        await _tests(project)(_document(project, name), AFTER)


async def test_a_new_file_is_part_of_the_run(project: Path) -> None:
    """A document that does not exist yet is there in the copy, and only there."""
    text = "print('1 passed in 0.1s')\n"
    tests = _tests(project, sys.executable, "tests/new.py")

    run = await tests(_document(project, "tests/new.py"), text)

    assert (run.ok, run.passed) == (True, 1)
    assert not (project / "tests").exists()


async def test_the_environment_holds_nothing_of_ours(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command sees where programs and the home folder are, and no variable of Mirador's."""
    monkeypatch.setenv("MIRADOR_TOKEN", "hidden")
    monkeypatch.setenv("API_KEY", "hidden")
    code = "import os; print(*sorted(os.environ.items()), sep='\\n')"

    run = await _script(project, code)(_document(project), AFTER)

    assert "hidden" not in run.output
    assert "'PATH'" in run.output


async def test_too_large_a_folder_is_not_copied(project: Path) -> None:
    """More files or bytes than allowed is said, with a remedy; nothing is left behind."""
    for limits in (Limits(files=1), Limits(size=10)):
        with pytest.raises(AnalyzerError, match="more than") as caught:
            await _tests(project, limits=limits)(_document(project), AFTER)
        assert caught.value.remedy

    assert _left(project) == []


async def test_a_command_that_does_not_end_is_ended(project: Path) -> None:
    """After its time the command and its children are gone, and the run has failed."""
    code = (
        "import os, pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print('pid', child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )

    run = await _script(project, code, seconds=4)(_document(project), AFTER)

    assert not run.ok
    assert "Stopped after 4 seconds." in run.output
    await until_gone(int(run.output.split()[1]))
    assert _left(project) == []


async def test_cancelling_ends_the_command(project: Path, tmp_path: Path) -> None:
    """Whoever no longer waits leaves no process and no copy behind."""
    told = tmp_path / "told"
    os.mkfifo(told)
    code = f"import os, time\nopen({str(told)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
    async with asyncio.TaskGroup() as group:
        work = group.create_task(_script(project, code)(_document(project), AFTER))
        pid = int(await asyncio.to_thread(told.read_text))
        work.cancel()

    await until_gone(pid)
    assert work.cancelled()
    assert _left(project) == []


async def test_a_run_without_tests_has_failed(project: Path) -> None:
    """A command that ends well without testing anything proves nothing."""
    run = await _script(project, "print('no tests ran in 0.01s')")(_document(project), AFTER)

    assert (run.ok, run.passed) == (False, 0)
    assert "No test passed." in run.output


async def test_what_cannot_be_started_is_an_error_of_the_settings(project: Path) -> None:
    """A program that is not there is named; it is no test that fails."""
    with pytest.raises(AnalyzerError, match=r"be started: no-such-program: No such") as caught:
        await _tests(project, "no-such-program")(_document(project), AFTER)

    assert "fix.tests" in caught.value.remedy


async def test_a_command_that_ends_with_127_itself_has_failed(project: Path) -> None:
    """A script that misses a program is the project's own affair."""
    run = await _script(project, "raise SystemExit(127)")(_document(project), AFTER)

    assert not run.ok


async def test_output_is_bounded_and_plain(project: Path) -> None:
    """Of a loud command the end is kept, without escapes and control characters."""
    code = "print('x' * 3_000_000)\nprint('\\x1b[31m12 passed\\x1b[0m in 0.1s\\x07\\u202e')\n"

    run = await _script(project, code)(_document(project), AFTER)

    assert run == Run(True, 12, run.output, run.seconds)
    assert len(run.output) <= MOST_SHOWN
    assert run.output.endswith("12 passed in 0.1s")


async def test_what_a_killed_process_left_is_removed(project: Path) -> None:
    """Copies of processes that are no more go with the next run; those of living ones stay."""
    scratch = project.parent / "scratch"
    (scratch / "999999999-old").mkdir(parents=True)
    (scratch / f"{os.getpid()}-mine").mkdir()

    await _tests(project)(_document(project), AFTER)

    assert [path.name for path in _left(project)] == [f"{os.getpid()}-mine"]


@pytest.mark.parametrize(
    ("output", "passed"),
    [
        ("=== 12 passed in 0.05s ===", 12),
        ("12 passed, 1 warning in 0.05s", 12),
        ("== 1 failed, 11 passed, 2 skipped in 3.20s ==", 11),
        ("=== 2 failed in 0.05s ===", 0),
        ("no tests ran in 0.01s", 0),
        ("Ran 5 tests in 0.001s\n\nOK", 5),
        ("Ran 5 tests in 0.001s\n\nOK (skipped=2)", 3),
        ("Ran 5 tests in 0.001s\n\nFAILED (failures=1, errors=1)", 3),
        ("Ran 0 tests in 0.000s\n\nOK", 0),
        ("Tests:       1 failed, 12 passed, 13 total", 12),
        ("Tests:       7 passed, 7 total", 7),
        (" Test Files  1 passed (1)\n      Tests  3 passed (3)", 3),
        ("  5 passing (10ms)\n  1 failing", 5),
        ("test result: ok. 3 passed; 0 failed;\ntest result: ok. 4 passed; 0 failed;", 7),
        ("--- PASS: TestA (0.00s)\n    --- PASS: TestA/b (0.00s)\n--- PASS: TestC (0.00s)", 2),
        ("ok  \texample.com/pkg\t0.01s", None),
        ("all good, 3 passed the door", None),
        ("", None),
    ],
)
def test_the_number_of_tests_is_read(output: str, passed: int | None) -> None:
    """What common tools print is understood; what is not understood is no number."""
    assert passed_in(output) == passed
