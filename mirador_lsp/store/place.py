"""Where a database file lies, what lies beside it, and how another file takes its place.

Everything here blocks and is meant for a thread. A file is exchanged in two steps, of which a kill
may come between any two system calls: the new file is made whole under another name (`next`, or
`mended` where the old one is to be kept aside), and that name is the commitment; then it is moved
into its place, by whoever opens the store first. Whoever has the old file open compares its
`identity` inside every transaction, finds the other one, and opens that.

SQLite drops all its locks when this process closes any other descriptor of the same file, so
nothing here may open the database file itself while this process has a connection to it.
"""

import contextlib
import fcntl
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mirador_lsp.core.errors import ServiceError

BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite puts beside a file."""
_POLL_SECONDS = 0.01
RESERVE_BYTES = 4 * 1024 * 1024
_RESERVE_FREE = 256 * 1024 * 1024
"""Only where so much is free is some of it set aside."""


@dataclass(frozen=True)
class Place:
    """A database file and what belongs to it."""

    file: Path

    def beside(self, ending: str) -> Path:
        """The file of that name and ending."""
        return self.file.with_name(f"{self.file.name}{ending}")

    @property
    def part(self) -> Path:
        """A file in the making; worthless after a kill."""
        return self.beside(".part")

    @property
    def next(self) -> Path:
        """A whole file that replaces the one there is."""
        return self.beside(".next")

    @property
    def mended(self) -> Path:
        """A whole file that replaces the one there is, which is kept aside as damaged."""
        return self.beside(".mended")

    @property
    def seal(self) -> Path:
        """Says with which key the file is encrypted; not there where it is not."""
        return self.beside(".seal")

    @property
    def reserve(self) -> Path:
        """Room on the disk that is given back when it is full."""
        return self.beside(".reserve")

    @property
    def backups(self) -> Path:
        """The folder of the backups."""
        return self.file.parent / "backups"

    def damaged(self) -> tuple[Path, ...]:
        """The damaged files that were kept aside."""
        return tuple(sorted(self.file.parent.glob(f"{self.file.name}.damaged-*")))


def identity(place: Place) -> tuple[int, int] | None:
    """Which file lies there: device and inode. None for none, and while another takes its place."""
    try:
        facts = place.file.lstat()
    except OSError:
        return None
    waits = os.path.lexists(place.next) or os.path.lexists(place.mended)
    return None if waits else (facts.st_dev, facts.st_ino)


@contextmanager
def only_one(place: Place) -> Iterator[None]:
    """One process at a time, and one thread of it, opens, mends or exchanges the file."""
    with _locked(place.beside(".lock")) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


@contextmanager
def if_nobody_else(place: Place, ending: str) -> Iterator[bool]:
    """Whether this process alone does now what `ending` names; does not wait."""
    with _locked(place.beside(ending)) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def _locked(file: Path) -> Iterator[int]:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(file, flags, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def take_turn(place: Place, seconds: float) -> int:
    """Wait for the turn to use a file that has no log; what `end_turn` takes.

    Raises the error of a busy database after `seconds`.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(place.beside(".turn"), flags, 0o600)
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < until:
                time.sleep(_POLL_SECONDS)
                continue
            os.close(descriptor)
            error = sqlite3.OperationalError("another process has its turn")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error from None
        return descriptor


def end_turn(descriptor: int) -> None:
    """Let the next one."""
    os.close(descriptor)


def finish_exchange(place: Place) -> Path | None:
    """Move a file that waits to take the place. Where the old one went, if it was kept.

    Called under `only_one`. It may be stopped anywhere and called again.
    """
    place.part.unlink(missing_ok=True)
    for ending in BESIDE:
        place.part.with_name(f"{place.part.name}{ending}").unlink(missing_ok=True)
    if place.next.exists():
        # The log of the old file would be played into the new one.
        _remove_beside(place.file)
        place.next.replace(place.file)
        sync_folder(place.file.parent)
        return None
    if not place.mended.exists():
        return None
    aside = _move_aside(place)
    place.mended.replace(place.file)
    sync_folder(place.file.parent)
    return aside


def commit_exchange(place: Place, into: Path) -> None:
    """Turn the finished `place.part` into `into`, which is `place.next` or `place.mended`."""
    sync_file(place.part)
    place.part.replace(into)
    sync_folder(into.parent)


def has_leftover_log(place: Place) -> bool:
    """Whether a log lies there that no process has open, as after a crash. Linux tells; elsewhere
    the answer is no.
    """
    try:
        if place.beside("-wal").stat().st_size == 0:
            return False
        number = place.beside("-shm").stat().st_ino
    except OSError:
        # Without shared memory beside it, nobody has it open.
        return place.beside("-wal").exists()
    try:
        held = Path("/proc/locks").read_text().split()
    except OSError:
        return False
    return not any(word.endswith(f":{number}") for word in held)


def make_private(file: Path) -> None:
    """See that the file is there and nobody else's, and so will those be that SQLite puts beside.

    Raises `ServiceError` for a link and for somebody else's file, `OSError` for a disk's trouble.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(file, flags, 0o600)
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.geteuid():
            message = f"{file} is no file of yours."
            raise ServiceError(message, remedy="Move it away.")
        if stat.S_IMODE(facts.st_mode) != 0o600:
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def throw_away(file: Path) -> None:
    """Remove a database file that is of no use, and what SQLite put beside it."""
    _remove_beside(file)
    file.unlink(missing_ok=True)


def wipe(file: Path) -> None:
    """Overwrite a file that holds somebody's words in the clear, and remove it.

    On a disk that writes elsewhere what is overwritten, old blocks may outlive this.
    """
    with contextlib.suppress(FileNotFoundError):
        descriptor = os.open(file, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            left = os.fstat(descriptor).st_size
            while left > 0:
                left -= os.write(descriptor, bytes(min(left, 1 << 20)))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        file.unlink(missing_ok=True)


def keep_reserve(place: Place) -> None:
    """Set room aside for the day on which the disk is full, unless it nearly is already."""
    with contextlib.suppress(OSError):
        if place.reserve.exists():
            return
        free = os.statvfs(place.file.parent)
        if free.f_bavail * free.f_frsize < _RESERVE_FREE:
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(place.reserve, flags, 0o600)
        try:
            # Allocated without being written where the system can, so that it costs no time.
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
            else:
                os.write(descriptor, b"\x01" * RESERVE_BYTES)
        finally:
            os.close(descriptor)


def give_reserve(place: Place) -> bool:
    """Give that room back: even deleting needs some. Whether there was any."""
    try:
        place.reserve.unlink()
    except OSError:
        return False
    return True


def sync_file(file: Path) -> None:
    """See that what a file holds is on the disk."""
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """See that the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_beside(file: Path) -> None:
    for ending in BESIDE:
        file.with_name(f"{file.name}{ending}").unlink(missing_ok=True)


def _move_aside(place: Place) -> Path:
    number = 1
    while (aside := place.beside(f".damaged-{number}")).exists():
        number += 1
    # Its log first: after a kill between the two, the rest is still to be moved.
    for ending in (*BESIDE, ""):
        old = place.beside(ending)
        if old.exists():
            old.rename(aside.with_name(f"{aside.name}{ending}"))
    return aside
