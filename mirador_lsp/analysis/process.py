"""Runs a small tool to its end: bounded in time and output, and dead when nobody waits for it."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mirador_lsp.core.errors import AnalyzerError

_PIECE: Final = 1 << 16
_MAX_ERRORS: Final = 1 << 13
_GRACE: Final = 1.0
_ROOT: Final = "/" if os.name == "posix" else None


@dataclass(frozen=True)
class Finished:
    """What a tool said."""

    status: int
    """Exit status; negative when a signal ended it."""
    output: bytes
    errors: str
    """The start of its standard error."""
    cut: bool
    """The output was longer than allowed; the tool was ended."""


async def run_to_end(
    command: Sequence[str], payload: bytes, *, seconds: float, max_output: int, what: str
) -> Finished:
    """Give `payload` to the standard input of `command` and wait for its answer.

    The tool gets an empty environment and the root folder, so nothing outside the command line
    steers it. Cancelling ends it. Raises `AnalyzerError`, in which `what` names the tool, when it
    cannot be started or takes longer than `seconds`.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=_ROOT,
            env=_bare_environment(),
            limit=_PIECE,
        )
    except OSError as error:
        message = f"{what} could not be started: {error.strerror or error}."
        remedy = f"Check that {command[0]} exists and may be run."
        raise AnalyzerError(message, remedy=remedy) from error
    try:
        async with asyncio.timeout(seconds):
            return await _talk(process, payload, max_output)
    except TimeoutError as error:
        message = f"{what} did not finish within {seconds:g} seconds."
        raise AnalyzerError(message) from error
    finally:
        await _end(process)


async def _talk(process: asyncio.subprocess.Process, payload: bytes, max_output: int) -> Finished:
    stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
    if stdin is None or stdout is None or stderr is None:  # pragma: no cover — all three are pipes
        message = "a pipe is missing"
        raise AssertionError(message)
    async with asyncio.TaskGroup() as group:
        group.create_task(_feed(stdin, payload))
        errors = group.create_task(_collect(stderr, _MAX_ERRORS, go_on=True))
        # The output is read here: one task less for what every review waits for.
        output = await _collect(stdout, max_output + 1, go_on=False)
        cut = len(output) > max_output
        if cut:
            process.kill()
    status = await process.wait()
    return Finished(status, output[:max_output], errors.result().decode("utf-8", "replace"), cut)


async def _feed(stdin: asyncio.StreamWriter, payload: bytes) -> None:
    try:
        stdin.write(payload)
        await stdin.drain()
        stdin.close()
        await stdin.wait_closed()
    except (BrokenPipeError, ConnectionResetError):
        # It left without reading everything; its exit status and stderr say why.
        return


async def _collect(stream: asyncio.StreamReader, limit: int, *, go_on: bool) -> bytes:
    """The first `limit` bytes; with `go_on` the rest is read and dropped, so the writer can end."""
    pieces: list[bytes] = []
    size = 0
    while (go_on or size < limit) and (piece := await stream.read(_PIECE)):
        if size < limit:
            pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)[:limit]


async def _end(process: asyncio.subprocess.Process) -> None:
    """Make sure the process is gone and its pipes are closed, whatever happened before."""
    if process.returncode is None:
        process.kill()
    try:
        async with asyncio.timeout(_GRACE):
            for stream in (process.stdout, process.stderr):
                while stream is not None and await stream.read(_PIECE):
                    pass
            await process.wait()
    except TimeoutError:
        # A child of the tool holds its pipes open. It is not ours to hunt; the loop closes them.
        return


def _bare_environment() -> dict[str, str]:
    # Windows programs do not start without SYSTEMROOT.
    return {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
