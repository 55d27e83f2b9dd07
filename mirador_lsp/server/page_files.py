"""Pages as files: in a folder of this server's own, for its user's eyes alone and not for long."""

import fcntl
import logging
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.text import utf8
from mirador_lsp.settings.paths import private_folder

_PREFIX = "session-"
_LOCK = "lock"
_SUFFIX = ".md"
_log = logging.getLogger(__name__)


class PageFiles:
    """The files of one server. Every method touches the disk: call them in a thread, one by one."""

    def __init__(self, above: Path) -> None:
        """`above` is the folder that all servers of this user share."""
        self._above = above
        self._folder: Path | None = None
        self._lock = -1

    def write(self, name: str, text: str) -> Path:
        """Write a file whole, so that no reader sees half of it. Returns its path.

        Raises `ServiceError` when the disk does not let us.
        """
        try:
            folder = self._own_folder()
            part = folder / f"{name}.part"
            descriptor = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(utf8(text))
            path = folder / f"{name}{_SUFFIX}"
            part.replace(path)
        except OSError as error:
            message = f"The page could not be written: {error.strerror}."
            raise ServiceError(message, remedy="Make room in Mirador's cache folder.") from error
        return path

    def remove(self, name: str) -> None:
        """Remove a file; one that is gone already is no error."""
        if self._folder is not None:
            (self._folder / f"{name}{_SUFFIX}").unlink(missing_ok=True)

    def close(self) -> None:
        """Remove everything of this server."""
        folder, self._folder = self._folder, None
        if folder is not None:
            _remove(folder)
            os.close(self._lock)

    def sweep(self) -> int:
        """Remove what servers left that were killed; returns how many folders went."""
        try:
            with _held(self._above / _LOCK):
                folders = [Path(entry.path) for entry in os.scandir(self._above) if _ours(entry)]
                return sum(_sweep(folder) for folder in folders)
        except OSError:
            return 0

    def _own_folder(self) -> Path:
        if self._folder is None:
            above = private_folder(self._above)
            with _held(above / _LOCK):  # nobody sweeps the folder away before its lock is taken
                folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=above))
                self._lock = _open_lock(folder / _LOCK)
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._folder = folder
        return self._folder


def _ours(entry: "os.DirEntry[str]") -> bool:
    return entry.name.startswith(_PREFIX) and entry.is_dir(follow_symlinks=False)


@contextmanager
def _held(lock: Path) -> Iterator[None]:
    """Hold a lock that servers hold for moments only."""
    descriptor = _open_lock(lock)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _sweep(folder: Path) -> bool:
    """Remove the folder of a server that does not run any more: nobody holds its lock."""
    try:
        lock = _open_lock(folder / _LOCK)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return _remove(folder)
    finally:
        os.close(lock)


def _remove(folder: Path) -> bool:
    """Remove a folder with the plain files in it; anything else in there keeps it."""
    try:
        for entry in os.scandir(folder):
            if stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                Path(entry.path).unlink()
        folder.rmdir()
    except OSError as error:
        _log.info("a folder of pages stays: %s", error.strerror)
        return False
    return True
