"""The key of a model server: from a variable, or from a file that its owner alone may read."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from mirador_lsp.core.errors import UserError
from mirador_lsp.core.servers import ModelServer

_MOST = 4096


def find_key(server: ModelServer, env: Mapping[str, str]) -> str:
    """The key, or "" where the server is said to need none. Raises `UserError`."""
    if server.key_env:
        key = env.get(server.key_env, "").strip()
        if not key:
            message = f"The variable {server.key_env}, the key of {server.name}, is not set."
            raise UserError(message, remedy="Set it, or remove key_env.")
    elif server.key_file:
        key = _read(Path(server.key_file), server.name)
    else:
        key = ""
    if key and not (key.isascii() and key.isprintable()):
        message = f"The key of {server.name} holds what no key holds."
        raise UserError(message, remedy="It is one line of ASCII letters, digits and signs.")
    return key


def _read(path: Path, server: str) -> str:
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                message = f"The key file of {server} is not a file: {path}."
                raise UserError(message, remedy="Correct key_file.")
            if about.st_uid != os.geteuid() or about.st_mode & 0o077:
                message = f"The key file of {server} can be read by others: {path}."
                raise UserError(message, remedy=f"Make it yours alone: chmod 600 {path}")
            data = file.read(_MOST)
    except OSError as error:
        message = f"The key file of {server} cannot be read: {error.strerror} ({path})."
        raise UserError(message, remedy="Correct key_file, or remove it.") from error
    key = data.decode("utf-8", "replace").strip()
    if not key:
        message = f"The key file of {server} is empty: {path}."
        raise UserError(message, remedy="Write the key into it.")
    return key


def _without_waiting(name: str, flags: int) -> int:
    """A pipe has no other end to wait for."""
    return os.open(name, flags | os.O_NONBLOCK | os.O_CLOEXEC)
