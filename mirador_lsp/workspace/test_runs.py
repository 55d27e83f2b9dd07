"""Runs a project's tests with one document changed, in a copy that is thrown away.

The command is the user's own and runs with the user's rights: this is no prison for it. It is
there for a workspace the user trusts, so what is looked after here is that nothing of the user's is
changed by a draft, that nothing is left behind, and that the command ends.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mirador_lsp.core.changes import TestRun
from mirador_lsp.core.clean import stream_safe
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.core.text import utf8
from mirador_lsp.workspace.copying import LEFT_OUT, Copied, Limits, StoppedError, copy_folder
from mirador_lsp.workspace.test_counts import passed_in, without_colours

MOST_SHOWN: Final = 4000
"""Characters of a run's output that are kept."""
_MOST_READ: Final = 1 << 18
_PIECE: Final = 1 << 16
_GRACE: Final = 2.0
_KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "USER", "SHELL", "SYSTEMROOT")
_NOT_STARTED: Final = 127
_SET_DEATH_SIGNAL: Final = (
    "import ctypes, os, sys\n"
    "try:\n"
    "    ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)\n"
    "except (AttributeError, OSError):\n"
    "    pass\n"
    "try:\n"
    "    os.execvp(sys.argv[1], sys.argv[1:])\n"
    "except OSError as error:\n"
    "    print(f'mirador: {sys.argv[1]}: {error.strerror}', end='')\n"
    "    sys.exit(127)\n"
)
"""The command goes when the server is killed: Linux tells it so."""


@dataclass(frozen=True)
class ProjectTests:
    """The tests of one folder. Calling it is `core.changes.RunTests`."""

    folder: Path
    command: Sequence[str]
    """A program and its arguments; no shell reads them."""
    seconds: float
    """Time for one run, copying left out."""
    scratch: Path
    """A folder of Mirador's own, in which the copies live."""
    limits: Limits | None = None

    async def __call__(self, snapshot: Snapshot, text: str) -> TestRun:
        """Run the command with `snapshot`'s file holding `text`. Cancelling it ends the command.

        What is not saved in other editors is not part of it. A run in which no test ran has failed.
        Raises `AnalyzerError` when the tests cannot be run.
        """
        place = _place_of(snapshot, self.folder)
        home = await asyncio.to_thread(_make_home, self.scratch)
        given = self.limits or Limits()
        limits = Limits(given.files, given.size, threading.Event())
        copying = asyncio.get_running_loop().run_in_executor(
            None, _prepare, self.folder, home / "copy", limits
        )
        try:
            copied = await asyncio.shield(copying)
            await asyncio.to_thread(_overlay, home / "copy" / place, text)
            return await self._run(home, copied)
        finally:
            limits.stop.set()
            with contextlib.suppress(AnalyzerError, StoppedError):
                await copying
            await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)

    async def _run(self, home: Path, copied: Copied) -> TestRun:
        started = time.monotonic()
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", "-c", _SET_DEATH_SIGNAL),
                *self.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                cwd=home / "copy",
                env=_environment(home),
                start_new_session=True,
            )
        except OSError as error:
            message = f"The tests could not be started: {error.strerror or error}."
            raise AnalyzerError(message, remedy="Check fix.tests in the settings.") from error
        end = bytearray()
        late = False
        try:
            async with asyncio.timeout(self.seconds):
                await _read(process, end)
                await process.wait()
        except TimeoutError:
            late = True
        finally:
            await _end(process)
        said = without_colours(end.decode("utf-8", "replace"))
        if process.returncode == _NOT_STARTED and said.startswith(f"mirador: {self.command[0]}: "):
            message = f"The tests could not be started: {said.removeprefix('mirador: ')}."
            raise AnalyzerError(message, remedy="Check fix.tests in the settings.")
        passed = passed_in(said)
        ok = process.returncode == 0 and not late and passed != 0
        return TestRun(
            ok,
            passed,
            _told(said, self.seconds, copied, late=late, passed=passed),
            time.monotonic() - started,
        )


def _place_of(snapshot: Snapshot, folder: Path) -> Path:
    """Where in the folder the document lies."""
    root = Path(os.path.realpath(folder))
    path = Path(os.path.realpath(snapshot.path)) if snapshot.path else None
    if path is None or not path.is_relative_to(root) or path == root:
        message = f"The tests were not run: {snapshot.name} is not a file of {folder}."
        raise AnalyzerError(message)
    place = path.relative_to(root)
    # Never into a folder that the copy only refers to.
    if LEFT_OUT.intersection(place.parts):
        message = f"The tests were not run: {snapshot.name} is not part of what is tested."
        raise AnalyzerError(message)
    return place


def _make_home(scratch: Path) -> Path:
    """A fresh folder; those of processes that were killed go."""
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in scratch.iterdir():
        owner = left.name.partition("-")[0]
        if owner.isdigit() and not _lives(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=scratch))


def _lives(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _prepare(folder: Path, target: Path, limits: Limits) -> Copied:
    target.mkdir(mode=0o700)
    (target.parent / "tmp").mkdir(mode=0o700)
    return copy_folder(Path(os.path.realpath(folder)), target, limits)


def _overlay(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(utf8(text))


def _environment(home: Path) -> dict[str, str]:
    """Little: what a tool needs to find itself, and that the copy comes before what is installed
    in development mode, which would be the code as it was.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    copy = home / "copy"
    return kept | {
        "PYTHONPATH": os.pathsep.join((str(copy / "src"), str(copy))),
        "TMPDIR": str(home / "tmp"),
        "CI": "1",
        "NO_COLOR": "1",
        "TERM": "dumb",
    }


async def _read(process: asyncio.subprocess.Process, end: bytearray) -> None:
    """The end of what the command says, as it says it."""
    if process.stdout is None:  # cannot be: it is a pipe
        return
    while piece := await process.stdout.read(_PIECE):
        end += piece
        del end[:-_MOST_READ]


async def _end(process: asyncio.subprocess.Process) -> None:
    """The command and whatever it has started are gone, and its pipe is closed."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    try:
        async with asyncio.timeout(_GRACE):
            while process.stdout is not None and await process.stdout.read(_PIECE):
                pass
            await process.wait()
    except TimeoutError:
        # A child that left the group holds the pipe; it is not ours to hunt.
        return


def _told(said: str, seconds: float, copied: Copied, *, late: bool, passed: int | None) -> str:
    """The end of the output in visible characters, and what a reader must know besides."""
    remarks = []
    if late:
        remarks.append(f"Stopped after {seconds:g} seconds.")
    if passed == 0:
        remarks.append("No test passed.")
    if copied.links:
        remarks.append(f"{copied.links} links or unreadable files were not part of the run.")
    rest = " ".join(remarks)
    text = "\n".join(stream_safe(line) for line in said.replace("\r\n", "\n").split("\n")).strip()
    room = MOST_SHOWN - len(rest) - 1
    return f"{text[-room:]}\n{rest}".strip()
