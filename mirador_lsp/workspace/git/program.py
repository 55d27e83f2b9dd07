"""git, run so that nothing of a repository takes part but its objects and its index.

A repository can name programs in its configuration, and nobody has vouched for it: hooks,
file-system monitors, filters, `textconv`, external diffs, pagers, helpers for credentials. git is
only ever asked what it answers without any of them; it may not reach any network, nor fetch what a
partial clone lacks; it gets an environment of our own, and no more time and room than is needed.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError

SECONDS = 5.0
"""How long git may take over one file."""
LONG_SECONDS = 120.0
"""How long it may take over a whole tree."""
_MOST_BYTES = 8_000_000
_MOST_COMPLAINT = 4_000
_QUIET = (
    "--no-pager",
    "--literal-pathspecs",
    "--no-replace-objects",
    "--no-optional-locks",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.untrackedCache=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", f"core.attributesFile={os.devnull}"),
    *("-c", "protocol.allow=never"),
    *("-c", "submodule.recurse=false"),
)


@dataclass(frozen=True)
class Said:
    """How git answered."""

    status: int
    """Its exit status; below 0 where a signal ended it."""
    out: bytes
    complaint: str = ""
    """What it wrote to the side, one plain line; may be "" for a failure, too."""


@dataclass(frozen=True)
class Git:
    """A git program that is asked in a folder."""

    program: str
    folder: Path
    settings: tuple[str, ...] = ()
    """More of `-c NAME=VALUE`."""
    env: Mapping[str, str] = field(default_factory=dict)
    """What its environment holds besides ours."""

    async def ask(
        self,
        *words: str,
        stdin: bytes = b"",
        most: int = _MOST_BYTES,
        seconds: float | None = None,
    ) -> Said:
        """What git says to these words.

        Raises `UserError` when it cannot be run, says more than `most` bytes or takes longer than
        `seconds` (`SECONDS` unless said otherwise). Cancelled, it ends git.
        """
        limit = SECONDS if seconds is None else seconds
        process = await self._start(words)
        try:
            async with asyncio.timeout(limit), asyncio.TaskGroup() as group:
                out = group.create_task(_read(process.stdout, most, process))
                complaint = group.create_task(_read(process.stderr, None, process))
                group.create_task(_feed(process.stdin, stdin))
            async with asyncio.timeout(limit):
                status = await process.wait()
        except TimeoutError as error:
            message = f"git did not answer within {limit:g} seconds."
            raise UserError(message, remedy="Ask for a smaller change.") from error
        finally:
            await asyncio.shield(_end(process))
        if len(out.result()) > most:
            message = f"git said more than {most // 1_000_000} MB."
            raise UserError(message, remedy="Ask for a smaller change.")
        said = plain(complaint.result().decode("utf-8", "replace"), 400)
        return Said(status, out.result(), said)

    async def _start(self, words: tuple[str, ...]) -> asyncio.subprocess.Process:
        settings = [part for setting in self.settings for part in ("-c", setting)]
        try:
            return await asyncio.create_subprocess_exec(
                self.program,
                *_QUIET,
                *settings,
                *words,
                cwd=self.folder,
                env={**_environment(), **self.env},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            message = "git cannot be run."
            raise UserError(message, remedy="Install git, and see that `git` starts it.") from error


def find_git(env: Mapping[str, str]) -> str | None:
    """The git on PATH, relative folders left out: one of them could be the workspace."""
    for folder in env.get("PATH", "").split(os.pathsep):
        candidate = Path(folder) / "git"
        if candidate.is_absolute() and os.access(candidate, os.X_OK) and candidate.is_file():
            return str(candidate)
    return None


async def _read(
    stream: asyncio.StreamReader | None, most: int | None, process: asyncio.subprocess.Process
) -> bytes:
    """What comes; a process that says more than `most` is killed. Of a complaint, the beginning."""
    content = bytearray()
    while stream is not None and (piece := await stream.read(1 << 16)):
        if most is None:
            content += piece[: _MOST_COMPLAINT - len(content)]
            continue
        content += piece
        if len(content) > most:
            _kill(process)
            break
    return bytes(content)


async def _feed(stream: asyncio.StreamWriter | None, content: bytes) -> None:
    if stream is None:
        return
    # A process that ends before it has read everything has its reasons; its status says so.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for at in range(0, len(content), 1 << 16):
            stream.write(content[at : at + (1 << 16)])
            await stream.drain()
        stream.close()
        await stream.wait_closed()


async def _end(process: asyncio.subprocess.Process) -> None:
    """End git and whatever it may have started."""
    if process.returncode is None:
        _kill(process)
    if process.stdin is not None:
        process.stdin.close()
    # The pipes are closed once they were read to their ends.
    for stream in (process.stdout, process.stderr):
        while stream is not None and await stream.read(1 << 16):
            pass
    await process.wait()


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _environment() -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "false",
        "GIT_PAGER": "cat",
    }
