"""The folders Mirador keeps its own files in. None of them lies in a workspace."""

import os
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.settings.settings import Settings

_SOCKET_PATH_BYTES = 103
"""What fits into the shortest `sockaddr_un` in use (macOS), its final NUL left out."""
_LONGEST_SOCKET_NAME = 40
_TOO_OPEN = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True)
class Paths:
    """Where things lie, as absolute paths. Nothing has to exist."""

    config_file: Path
    """The user's own settings."""
    cache: Path
    """What can be had again: prompt caches, downloads."""
    models: Path
    """Model files."""
    state: Path
    """What is kept for the user: which workspaces are trusted, the log."""
    runtime: Path
    """Sockets and locks of running processes. Use `private_folder` before the first file."""
    encrypt: bool = False
    """Whether what is remembered is to be encrypted: whoever opens it has to know."""

    @property
    def log(self) -> Path:
        """The log file of background processes."""
        return self.state / "mirador.log"

    @property
    def store(self) -> Path:
        """The file of everything that is remembered for the user; backups lie beside it."""
        return self.state / "store" / "mirador.db"

    @property
    def keys(self) -> Path:
        """The folder of the keys of encrypted files, on a system without a keyring."""
        return self.state / "keys"

    @property
    def replies(self) -> Path:
        """The file of what models said, to be said again of unchanged code."""
        return self.cache / "replies" / "replies.db"

    @property
    def comparisons(self) -> Path:
        """The file of how models compared."""
        return self.state / "comparisons.jsonl"

    @property
    def index(self) -> Path:
        """The folder of the indexes, one folder for each workspace."""
        return self.cache / "index"

    @property
    def trust(self) -> Path:
        """The folder of the trust store."""
        return self.state / "trust"


def paths(env: Mapping[str, str], settings: Settings | None = None) -> Paths:
    """The folders of this user. Touches no disk but to see whether a runtime folder is there.

    `MIRADOR_CONFIG_DIR`, `MIRADOR_CACHE_DIR`, `MIRADOR_STATE_DIR` and `MIRADOR_RUNTIME_DIR` in
    `env` come first, then the conventions of the platform. `settings` may move the models folder.
    """
    cache = _named(env, "MIRADOR_CACHE_DIR") or platformdirs.user_cache_path("mirador")
    config = _named(env, "MIRADOR_CONFIG_DIR") or platformdirs.user_config_path("mirador")
    folder = settings.models.folder if settings is not None else ""
    return Paths(
        config_file=config / "config.toml",
        cache=cache,
        models=Path(folder) if folder else cache / "models",
        state=_named(env, "MIRADOR_STATE_DIR") or platformdirs.user_state_path("mirador"),
        runtime=_named(env, "MIRADOR_RUNTIME_DIR") or _runtime(env),
        encrypt=settings is not None and settings.store.encryption == "on",
    )


def private_folder(folder: Path) -> Path:
    """Make sure that `folder` exists and is the user's alone, and return it.

    Raises `ServiceError` when it cannot be made, is a symbolic link or no folder, belongs to
    somebody else, or could have been written to by others: whoever can write there could stand in
    for Mirador's own processes.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = folder.lstat()
    except OSError as error:
        message = f"The folder {folder} cannot be used: {error.strerror}."
        raise ServiceError(message, remedy=_ELSEWHERE) from error
    if stat.S_ISLNK(facts.st_mode) or not stat.S_ISDIR(facts.st_mode):
        message = f"{folder} is not a folder of its own."
        raise ServiceError(message, remedy=f"Remove it. {_ELSEWHERE}")
    if facts.st_uid != os.geteuid():
        message = f"The folder {folder} belongs to another user."
        raise ServiceError(message, remedy=_ELSEWHERE)
    if facts.st_mode & _TOO_OPEN:
        message = f"Other users can write to the folder {folder}."
        raise ServiceError(message, remedy=f"Check what is in it, then: chmod 700 {folder}")
    if stat.S_IMODE(facts.st_mode) != 0o700:
        folder.chmod(0o700)
    return folder


_ELSEWHERE = "Name another folder in MIRADOR_RUNTIME_DIR or MIRADOR_STATE_DIR."


def _named(env: Mapping[str, str], variable: str) -> Path | None:
    text = env.get(variable, "").strip()
    return Path(text).absolute() if text and "\0" not in text else None


def _runtime(env: Mapping[str, str]) -> Path:
    given = env.get("XDG_RUNTIME_DIR", "").strip()
    if given and "\0" not in given and Path(given).is_absolute() and Path(given).is_dir():
        folder = Path(given) / "mirador"
        if len(os.fsencode(folder)) + 1 + _LONGEST_SOCKET_NAME <= _SOCKET_PATH_BYTES:
            return folder
    # Not `tempfile.gettempdir()` alone: TMPDIR may be long, or differ between the editor and a
    # terminal, and then the two would not find each other's engine.
    common = Path("/tmp")  # noqa: S108 — the folder in it is checked by `private_folder`
    above = common if common.is_dir() else Path(tempfile.gettempdir())
    return above / f"mirador-{os.getuid()}"
