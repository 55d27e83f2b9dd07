"""Where the server's log goes: standard error and a file of the user's own. Never code in it."""

import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

FILE_BYTES = 1024 * 1024
FILES = 5
_FORM = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class PrivateRotatingFile(RotatingFileHandler):
    """A rotating log file that only its owner can read, rotated files included."""

    def _open(self) -> Any:
        descriptor = os.open(
            self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
        )
        os.fchmod(descriptor, 0o600)
        return open(descriptor, self.mode, encoding=self.encoding)  # noqa: PTH123 — a descriptor


def start(file: Path | None) -> None:
    """Log to standard error and to `file`. A file that cannot be had is said and left out."""
    root = logging.getLogger()
    form = logging.Formatter(_FORM)
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    problem = None
    if file is not None:
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handlers.append(PrivateRotatingFile(file, maxBytes=FILE_BYTES, backupCount=FILES - 1))
        except OSError as error:
            problem = error
    for handler in handlers:
        handler.setFormatter(form)
        root.addHandler(handler)
    # pygls logs whole messages, which hold the user's code, some of them as errors.
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    if problem is not None:
        logging.getLogger(__name__).warning("no log file: %s", problem)


def set_level(name: str) -> None:
    """How much Mirador itself logs: "debug", "info", "warning" or "error"."""
    logging.getLogger("mirador_lsp").setLevel(name.upper())
