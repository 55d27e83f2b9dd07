"""The folder that holds model files, and which of them may be used.

A file may be used once its SHA-256 was seen to be the catalogue's. That is remembered in a stamp
beside the file, so that the next start does not read half a gigabyte again; a file that changed
since is read again. What has a wrong checksum is reported and never used.
"""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.models.catalogue import CHAT_SUFFIX, Entry, load_catalogue

MAGIC = b"GGUF"
"""The first bytes of every file of a model that can be asked."""
_BLOCK = 1 << 20

Progressed = Callable[[int, int], None]
"""Told (bytes done, bytes in all)."""


class Presence(StrEnum):
    """What the folder holds of a model."""

    VERIFIED = "verified"
    """Usable: the checksum was seen to be right, and the file has not changed since."""
    UNVERIFIED = "unverified"
    """There, but its checksum was not looked at yet."""
    BROKEN = "broken"
    """There, but not the file the catalogue names. Never used."""
    PARTIAL = "partial"
    """A download was begun and can go on."""
    ABSENT = "absent"


@dataclass(frozen=True)
class Status:
    """A model and what the folder holds of it."""

    entry: Entry
    presence: Presence
    path: Path
    bytes_present: int = 0
    detail: str = ""
    """What is wrong, in one line; empty when nothing is."""


@dataclass(frozen=True)
class Installed:
    """A model that is there and whose checksum is right."""

    entry: Entry
    path: Path


class _Stamp(msgspec.Struct, frozen=True):
    """What a file was when its checksum was computed."""

    size: int
    mtime_ns: int
    inode: int
    sha256: str


class ModelStore:
    """The models folder. Several processes may use one folder at the same time."""

    def __init__(self, folder: Path, catalogue: tuple[Entry, ...] | None = None) -> None:
        """`catalogue` is what is looked for; Mirador's own when left out."""
        self.folder = folder
        self.catalogue = load_catalogue() if catalogue is None else catalogue
        self._seen: dict[str, _Stamp] = {}  # for folders in which no stamp can be written

    def path_of(self, entry: Entry) -> Path:
        """Where the model's file is, or would be."""
        return self.folder / entry.file_name

    def partial_path(self, entry: Entry) -> Path:
        """Where an unfinished download of the model is kept."""
        return self.folder / f"{entry.file_name}.part"

    def make_folder(self) -> None:
        """Create the folder for the user alone. Raises `ServiceError` when that cannot be."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            message = f"The models folder {self.folder} cannot be made: {error.strerror}."
            raise ServiceError(message, remedy="Set models.folder to a folder of yours.") from error

    def look(self, entry: Entry) -> Status:
        """What is there, without reading the file: a matter of microseconds."""
        path = self.path_of(entry)
        facts = _facts(path)
        if facts is None:
            return self._absent(entry)
        problem = _obvious_problem(path, facts, entry)
        if problem:
            return Status(entry, Presence.BROKEN, path, facts.st_size, problem)
        stamp = self._stamp(entry)
        if stamp is None or not _same(stamp, facts):
            return Status(entry, Presence.UNVERIFIED, path, facts.st_size, "not verified yet")
        if stamp.sha256 != entry.sha256:
            return Status(entry, Presence.BROKEN, path, facts.st_size, _wrong(stamp.sha256))
        return Status(entry, Presence.VERIFIED, path, facts.st_size)

    def look_all(self) -> tuple[Status, ...]:
        """`look` at every model of the catalogue, in its order."""
        return tuple(self.look(entry) for entry in self.catalogue)

    def verify(self, entry: Entry, on_progress: Progressed | None = None) -> Status:
        """Read the whole file and compare its SHA-256, whatever its stamp says. Blocks, about a
        second for a gigabyte; call it in a thread. The outcome is stamped.
        """
        path = self.path_of(entry)
        facts = _facts(path)
        if facts is None:
            return self._absent(entry)
        problem = _obvious_problem(path, facts, entry)
        if problem:
            return Status(entry, Presence.BROKEN, path, facts.st_size, problem)
        try:
            digest, read = _digest(path, on_progress)
        except OSError as error:
            detail = f"cannot be read: {error.strerror}"
            return Status(entry, Presence.BROKEN, path, facts.st_size, detail)
        if not _same(_stamp_of(facts, ""), read):
            return Status(
                entry, Presence.UNVERIFIED, path, read.st_size, "changed while it was read"
            )
        self._write_stamp(entry, _stamp_of(read, digest))
        return self.look(entry)

    def ensure(self, entry: Entry) -> Status:
        """`look`, and `verify` where that is still open. Blocks only the first time for a file."""
        status = self.look(entry)
        return self.verify(entry) if status.presence is Presence.UNVERIFIED else status

    def installed(self) -> tuple[Installed, ...]:
        """The models that may be used, in the order of the catalogue.

        A file without a stamp is verified now, which blocks about a second for a gigabyte once:
        call it in a thread.
        """
        states = (self.ensure(entry) for entry in self.catalogue)
        return tuple(
            Installed(status.entry, status.path)
            for status in states
            if status.presence is Presence.VERIFIED
        )

    def accept(self, entry: Entry, path: Path) -> Installed:
        """Move `path`, whose SHA-256 the caller has seen to be right, into its place."""
        target = self.path_of(entry)
        path.replace(target)
        self._write_stamp(entry, _stamp_of(target.stat(), entry.sha256))
        return Installed(entry, target)

    def remove(self, entry: Entry) -> int:
        """Delete the model, its stamp and what is there of a download. Bytes given back.

        A link is deleted, never what it points to. Raises `ServiceError` when something stays.
        """
        freed = 0
        for path in (self.path_of(entry), self.partial_path(entry), self._stamp_path(entry)):
            try:
                facts = path.lstat()
                path.unlink()
            except FileNotFoundError:
                continue
            except OSError as error:
                message = f"{path} cannot be removed: {error.strerror}."
                raise ServiceError(message) from error
            freed += facts.st_size if stat.S_ISREG(facts.st_mode) else 0
        self._seen.pop(entry.name, None)
        return freed

    def foreign(self) -> tuple[Path, ...]:
        """Model files in the folder that no catalogue entry names. They are never used."""
        known = {entry.file_name for entry in self.catalogue}
        try:
            return tuple(sorted(p for p in self.folder.glob("*.gguf") if p.name not in known))
        except OSError:
            return ()

    def _absent(self, entry: Entry) -> Status:
        part = self.partial_path(entry)
        facts = _facts(part)
        if facts is not None and stat.S_ISREG(facts.st_mode) and facts.st_size:
            return Status(entry, Presence.PARTIAL, part, facts.st_size, "download not finished")
        return Status(entry, Presence.ABSENT, self.path_of(entry))

    def _stamp_path(self, entry: Entry) -> Path:
        return self.folder / f"{entry.file_name}.verified"

    def _stamp(self, entry: Entry) -> _Stamp | None:
        try:
            with self._stamp_path(entry).open("rb") as file:
                return msgspec.json.decode(file.read(4096), type=_Stamp)
        except (OSError, msgspec.DecodeError):
            return self._seen.get(entry.name)

    def _write_stamp(self, entry: Entry, stamp: _Stamp) -> None:
        self._seen[entry.name] = stamp
        path = self._stamp_path(entry)
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        # A folder that cannot be written to (a shared, read-only one) still serves its models; they
        # are then verified once per process.
        with suppress(OSError):
            fresh.write_bytes(msgspec.json.encode(stamp))
            fresh.replace(path)


def _facts(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (OSError, ValueError):
        return None


def _stamp_of(facts: os.stat_result, sha256: str) -> _Stamp:
    return _Stamp(facts.st_size, facts.st_mtime_ns, facts.st_ino, sha256)


def _same(stamp: _Stamp, facts: os.stat_result) -> bool:
    return (stamp.size, stamp.mtime_ns, stamp.inode) == (
        facts.st_size,
        facts.st_mtime_ns,
        facts.st_ino,
    )


def _obvious_problem(path: Path, facts: os.stat_result, entry: Entry) -> str:
    """What can be seen without reading the whole file; "" when nothing is wrong."""
    if not stat.S_ISREG(facts.st_mode):
        return "not a file"
    if facts.st_size != entry.size:
        return f"{facts.st_size} bytes, not {entry.size}"
    if not entry.file_name.endswith(CHAT_SUFFIX):
        return ""
    try:
        with path.open("rb") as file:
            start = file.read(len(MAGIC))
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return "" if start == MAGIC else "not a GGUF file"


def _wrong(sha256: str) -> str:
    return f"wrong checksum {sha256[:12]}…"


def _digest(path: Path, on_progress: Progressed | None) -> tuple[str, os.stat_result]:
    """The SHA-256 of the file and what it was when the last byte was read."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb", buffering=0) as file:
        total = os.fstat(file.fileno()).st_size
        for block in _blocks(file.read):
            digest.update(block)
            done += len(block)
            if on_progress is not None:
                on_progress(done, total)
        return digest.hexdigest(), os.fstat(file.fileno())


def _blocks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while block := read(_BLOCK):
        yield block
