"""Having the embedder of this machine: fetch what it is made from, make it, put it in its place."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import DownloadError
from mirador_lsp.models.download import alone, pull
from mirador_lsp.models.embedder_files import UNFINISHED, EmbedderFiles, EmbedderStatus
from mirador_lsp.models.pulling import OnProgress, Phase, Report
from mirador_lsp.models.storage import Installed, Presence

COMMAND = (sys.executable, "-P", "-m", "mirador_lsp.models.conversion_main")
"""-P, because the working folder may hold modules of strangers."""


async def pull_embedder(
    files: EmbedderFiles,
    on_progress: OnProgress,
    *,
    environ: Mapping[str, str] | None = None,
    command: tuple[str, ...] = COMMAND,
) -> EmbedderStatus:
    """Have the embedder. Returns at once when it is there and as it was made.

    Raises `DownloadError` when it cannot be fetched or made, `ServiceError` when the folder cannot
    be made. Whatever ends it leaves a state from which the next call goes on.
    """
    status = await asyncio.to_thread(files.verify)
    if status.presence is Presence.VERIFIED:
        return status
    await asyncio.to_thread(files.store.make_folder)
    report = Report(files.entry.name, files.entry.size, on_progress)
    try:
        async with alone(files.folder / ".minilm.lock", files.path, report):
            status = await asyncio.to_thread(files.verify)
            if status.presence is not Presence.VERIFIED:  # nobody that was waited for has made it
                await _have(files, on_progress, report, environ, command)
            return await asyncio.to_thread(files.verify)
    except OSError as error:
        message = f"The embedder cannot be stored in {files.folder}: {error.strerror or error}."
        raise DownloadError(message) from error


async def _have(
    files: EmbedderFiles,
    on_progress: OnProgress,
    report: Report,
    environ: Mapping[str, str] | None,
    command: tuple[str, ...],
) -> None:
    source = await _fetched(files, on_progress, report, environ)
    await asyncio.to_thread(files.clear_unfinished)
    made = Path(await asyncio.to_thread(mkdtemp, dir=files.folder, prefix=UNFINISHED))
    try:
        await _convert(source.path, made, report, command)
        await asyncio.to_thread(_put, made, files.path)
    finally:
        await asyncio.to_thread(shutil.rmtree, made, ignore_errors=True)
    # What it was made from is four times as large, and of no more use.
    for entry in files.store.catalogue:
        await asyncio.to_thread(files.store.remove, entry)


async def _fetched(
    files: EmbedderFiles,
    on_progress: OnProgress,
    report: Report,
    environ: Mapping[str, str] | None,
) -> Installed:
    """The first of the things it can be made from that can be had."""
    failures: list[DownloadError] = []
    entries = files.store.catalogue
    for place, entry in enumerate(entries):
        try:
            return await pull(entry, files.store, on_progress, environ=environ)
        except DownloadError as error:
            failures.append(error)
            for other in entries[place + 1 : place + 2]:
                report.say(f"trying {other.title} instead, which is slower")
    message = " ".join(str(error) for error in failures)
    raise DownloadError(message, remedy=failures[0].remedy)


async def _convert(source: Path, made: Path, report: Report, command: tuple[str, ...]) -> None:
    """Run the program that makes it. It does not outlive the call."""
    report(0, Phase.MAKING)
    process = await asyncio.create_subprocess_exec(
        *command,
        f"--parent={os.getpid()}",
        str(source),
        str(made),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd="/",
        start_new_session=True,  # Ctrl-C in a terminal is for Mirador, which then ends it
    )
    try:
        async with asyncio.TaskGroup() as group:
            errors = group.create_task(_last_words(process.stderr))
            await _follow(process.stdout, report)
        status = await process.wait()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if status != 0:
        said = plain(errors.result(), 200) or f"it ended with {status}"
        message = f"The embedder could not be made: {said}."
        raise DownloadError(message, remedy="Run `mirador models pull minilm` again.")
    report(report.total, Phase.STORING)


async def _follow(output: asyncio.StreamReader | None, report: Report) -> None:
    while output is not None and (line := await output.readline()):
        done, _, total = line.decode().partition(" ")
        if done.isdecimal() and total.strip().isdecimal():
            report(report.total * int(done) // max(1, int(total)), Phase.MAKING)


async def _last_words(errors: asyncio.StreamReader | None) -> str:
    said = (await errors.read()).decode("utf-8", "replace") if errors is not None else ""
    return said.strip().rpartition("\n")[2]


def _put(made: Path, place: Path) -> None:
    """Move a folder into its place, whatever is there."""
    if place.exists():
        shutil.rmtree(place)
    for path in made.iterdir():
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    made.rename(place)
