"""Where a host process of a user is found, and the lock that there is only one."""

import fcntl
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from mirador_lsp import __version__
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.ipc.private import SOCKET_PATH_LIMIT, ensure_private

READY = "ready"
"""Said by a host that listens now."""
TAKEN = "taken"
"""Said by a host that found another one alive."""

PACKAGE = Path(__file__).resolve().parents[1]
"""Where the code lies that runs here."""


@dataclass(frozen=True)
class Places:
    """The files of the host in the runtime folder.

    Their names hold Mirador's version and a short form of where it is installed: hosts of two
    versions, or of two installations of one, live side by side, and each serves its own clients
    and leaves when they are gone. So no host has to understand the clients of other code.
    """

    runtime: Path
    package: Path = PACKAGE
    """The installation whose host it is."""
    name: str = "engine"
    """Which host: there is one of each name. Short, for it is part of the socket's path."""

    @property
    def socket(self) -> Path:
        """Where the host listens."""
        return self._file("sock")

    @property
    def lock(self) -> Path:
        """Held by the living host; contains its process id."""
        return self._file("lock")

    @property
    def log(self) -> Path:
        """What the host and its workers have to say; never any code."""
        return self._file("log")

    def _file(self, kind: str) -> Path:
        where = hashlib.sha256(os.fsencode(self.package)).hexdigest()[:8]
        return self.runtime / f"{self.name}-{__version__}-{where}.{kind}"

    def ensure(self) -> None:
        """Check or make the folder. Raises ServiceError."""
        ensure_private(self.runtime)
        if len(os.fsencode(self.socket)) > SOCKET_PATH_LIMIT:
            message = f"The path {self.socket} is too long for a socket."
            raise ServiceError(message, remedy="Set XDG_RUNTIME_DIR to a folder with a short path.")

    def take_lock(self) -> int | None:
        """Become the host: the open lock file, to be kept open; None when there is one already.

        The system lets go of the lock when its holder dies, however it dies.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        handle = os.open(self.lock, flags, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        return handle

    def holder(self) -> int | None:
        """The process id of the living host; None when there is none."""
        try:
            handle = os.open(self.lock, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.read(handle, 20)
            return int(text) if text.isdigit() else None
        finally:
            os.close(handle)
        return None
