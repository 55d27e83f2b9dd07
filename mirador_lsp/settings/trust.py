"""Which workspace files the user has read and trusts.

Trust belongs to a place and to bytes: to the file's real path and the SHA-256 of its content. Any
changed byte ends it, so that a later commit cannot widen what was once agreed to.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.settings.paths import private_folder

_MAX_ENTRY = 16 * 1024


@dataclass(frozen=True)
class Trusted:
    """A workspace file the user trusts as long as it has this content."""

    path: Path
    sha256: str


class TrustStore:
    """The user's trust, one small file for each workspace file, so that writers never collide.

    An entry is named by the hash of the path and holds the hash of the content, a line end, and
    the path as the file system spells it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def is_trusted(self, path: Path, content: bytes) -> bool:
        """Whether exactly this content at this place is trusted. Any doubt means no."""
        found = self._read(self._entry(path))
        return found is not None and found == Trusted(_real(path), _digest(content))

    def trust(self, path: Path, content: bytes) -> None:
        """Trust `content`, the bytes the user was shown, at `path`.

        Raises `ServiceError` when that cannot be kept.
        """
        private_folder(self._folder)
        entry = self._entry(path)
        text = f"{_digest(content)}\n".encode() + os.fsencode(_real(path))
        beside = entry.with_suffix(f".{os.getpid()}.new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            with os.fdopen(os.open(beside, flags, 0o600), "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(entry)
        except OSError as error:
            message = f"Trust cannot be kept in {self._folder}: {error.strerror}."
            raise ServiceError(message, remedy="Make room there, or check who owns it.") from error

    def distrust(self, path: Path) -> bool:
        """Forget `path`. False when it was not trusted."""
        try:
            self._entry(path).unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            message = f"Trust cannot be taken back in {self._folder}: {error.strerror}."
            raise ServiceError(message, remedy="Check who owns the folder.") from error
        return True

    def entries(self) -> Iterator[Trusted]:
        """Everything trusted, in the order of the paths; files gone meanwhile are included."""
        try:
            names = list(self._folder.glob("*.trust"))
        except OSError:
            return
        found = [entry for entry in map(self._read, names) if entry is not None]
        yield from sorted(found, key=lambda entry: os.fsencode(entry.path))

    def _entry(self, path: Path) -> Path:
        name = hashlib.sha256(os.fsencode(_real(path))).hexdigest()
        return self._folder / f"{name}.trust"

    def _read(self, entry: Path) -> Trusted | None:
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            with open(entry, "rb", opener=lambda name, _: os.open(name, flags)) as file:
                facts = os.fstat(file.fileno())
                if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.geteuid():
                    return None
                digest, _, path = file.read(_MAX_ENTRY).partition(b"\n")
        except OSError:
            return None
        return Trusted(Path(os.fsdecode(path)), digest.decode("ascii", "replace"))


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
