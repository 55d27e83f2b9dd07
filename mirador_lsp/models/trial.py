"""Tries in a process of its own whether drafting replies ahead pays. See `speculation.py`."""

import asyncio
import os
import shutil
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path

import msgspec

from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.models.child import SPIN
from mirador_lsp.models.memory import available_bytes
from mirador_lsp.models.speculation import Trial
from mirador_lsp.models.wire import ModelSpec

TRIAL_COMMAND = (sys.executable, "-P", "-m", "mirador_lsp.models.trial_main")
_SECONDS = 300.0
_COPIES = 2
"""The model is loaded with guesses and without, so that both can take turns."""


async def try_model(
    spec: ModelSpec, runtime: Path, command: tuple[str, ...] = TRIAL_COMMAND
) -> Trial:
    """Load a model twice and compare. Takes up to a minute and all cores.

    `runtime` is the user's runtime folder. Raises ModelUnavailable. Cancelling ends the process.
    """
    needed = _COPIES * spec.size_bytes
    if (free := await asyncio.to_thread(available_bytes)) < needed:
        message = (
            f"Trying {spec.name} needs {needed >> 20} MiB of memory; {free >> 20} MiB are free."
        )
        raise ModelUnavailable(message, remedy="Close other programs, then try again.")
    folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="trial-", dir=runtime)
    try:
        return await _run(msgspec.structs.replace(spec, cache=folder), command)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _run(spec: ModelSpec, command: tuple[str, ...]) -> Trial:
    try:
        process = await asyncio.create_subprocess_exec(
            *(*command, f"--parent={os.getpid()}"),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env=os.environ | SPIN,
            cwd="/",
        )
    except OSError as error:
        message = f"The trial of {spec.name} cannot be started: {error.strerror}."
        raise ModelUnavailable(message) from error
    try:
        async with asyncio.timeout(_SECONDS):
            said, _ = await process.communicate(msgspec.json.encode(spec))
        return msgspec.json.decode(said, type=Trial)
    except TimeoutError as error:
        message = f"The trial of {spec.name} did not end within {_SECONDS:.0f} seconds."
        raise ModelUnavailable(message, remedy="Try again when the machine is idle.") from error
    except msgspec.MsgspecError as error:
        message = f"The trial of {spec.name} failed with status {process.returncode}."
        raise ModelUnavailable(message, remedy="Run `mirador models verify`.") from error
    finally:
        await _end(process)


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
