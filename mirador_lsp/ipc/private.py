"""Folders and sockets that belong to this user alone."""

import os
import socket
import stat
import struct
from pathlib import Path

from mirador_lsp.core.errors import ServiceError

SOCKET_PATH_LIMIT = 100
"""Bytes a socket's path may have; the kernel allows 108 on Linux and 104 on macOS."""


def ensure_private(folder: Path) -> Path:
    """Make `folder`, or check the one that is there: ours, no link, closed to everyone else.

    Raises ServiceError when it is not, or cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = folder.lstat()
    except OSError as error:
        message = f"The folder {folder} cannot be used: {error.strerror}."
        raise ServiceError(message, remedy="Name another folder, or free its place.") from error
    if not stat.S_ISDIR(facts.st_mode):
        message = f"{folder} is not a folder."
        raise ServiceError(message, remedy=f"Remove it: rm {folder}")
    if facts.st_uid != os.getuid():
        message = f"The folder {folder} belongs to another user."
        raise ServiceError(message, remedy="Set XDG_RUNTIME_DIR to a folder of your own.")
    if stat.S_IMODE(facts.st_mode) & 0o077:
        message = f"The folder {folder} is open to other users."
        raise ServiceError(message, remedy=f"Close it: chmod 700 {folder}")
    return folder


def peer_uid(connection: socket.socket) -> int | None:
    """The user at the other end of a unix socket; None where the system cannot tell."""
    facts = _peer(connection)
    return None if facts is None else facts[1]


def peer_pid(connection: socket.socket) -> int:
    """The process at the other end of a unix socket; 0 where the system cannot tell."""
    facts = _peer(connection)
    return 0 if facts is None else facts[0]


def _peer(connection: socket.socket) -> tuple[int, int, int] | None:
    """Process, user and group at the other end, as they were when it connected."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    layout = struct.Struct("3i")
    pid, uid, gid = layout.unpack(connection.getsockopt(socket.SOL_SOCKET, option, layout.size))
    return int(pid), int(uid), int(gid)
