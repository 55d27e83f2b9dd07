"""Where log records of a command go. The language server has its own, as it serves an editor."""

import logging
import logging.handlers
import os
import sys
from io import TextIOWrapper
from pathlib import Path

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.settings.paths import paths, private_folder

_FORMAT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"
_NAMES = ("mirador-file", "mirador-stderr")
_BYTES = 1_000_000
_KEPT = 4


def configure(*, verbose: bool) -> Path | None:
    """Log to a file only the user can read and, when `verbose`, to stderr as well.

    Returns the file, or None when it cannot be had: a full or foreign disk must not stop a review.
    """
    root = logging.getLogger()
    for former in [handler for handler in root.handlers if handler.name in _NAMES]:
        root.removeHandler(former)
        former.close()
    file = _log_file()
    handlers: list[logging.Handler] = [logging.NullHandler() if file is None else _rotating(file)]
    if verbose:
        handlers.append(logging.StreamHandler(sys.stderr))
    for handler, name in zip(handlers, _NAMES, strict=False):
        handler.set_name(name)
        handler.setFormatter(logging.Formatter(_FORMAT))
        root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("mirador_lsp").setLevel(logging.DEBUG if verbose else logging.INFO)
    logging.raiseExceptions = False
    return file


def _log_file() -> Path | None:
    where = paths(os.environ)
    try:
        private_folder(where.state)
        os.close(os.open(where.log, os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
    except (OSError, ServiceError):
        return None
    return where.log


class _PrivateFile(logging.handlers.RotatingFileHandler):
    def _open(self) -> TextIOWrapper:
        flags = os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_NOFOLLOW
        descriptor = os.open(self.baseFilename, flags, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace")


def _rotating(file: Path) -> logging.Handler:
    return _PrivateFile(file, maxBytes=_BYTES, backupCount=_KEPT, delay=True)
