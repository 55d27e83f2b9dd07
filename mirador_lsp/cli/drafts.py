"""Files that reports are written to: they take their names when they are whole."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from mirador_lsp.core.errors import UserError


class Draft:
    """A file that is being written. Until `keep` what stood under its name stands.

    Raises `UserError` at once for a path that nobody can write to.
    """

    def __init__(self, name: str, stack: ExitStack) -> None:
        """`name` is the path as users know it; the file is closed with `stack`."""
        self._name = name
        self._draft: Path | None = None
        target = Path(name)
        if target.exists() and not target.is_file():
            # A device or a pipe is written to as it is.
            self.stream = stack.enter_context(writable(name))
            return
        if target.exists() and not os.access(target, os.W_OK):
            message = f"Cannot write to {target}: it may not be changed."
            raise UserError(message, remedy="Name another file with --output.")
        # A link stays a link: what it points to is replaced.
        target = target.resolve()
        draft = target.with_name(f".{target.name}.{os.getpid()}.part")
        self.stream = stack.enter_context(writable(str(draft), name))
        self._draft = draft

    def keep(self) -> None:
        """What was written is the file now. Raises `OSError`."""
        self.stream.flush()
        if self._draft is not None:
            self._draft.replace(Path(self._name).resolve())
            self._draft = None

    def drop(self) -> None:
        """Take away what was not kept."""
        if self._draft is not None:
            self._draft.unlink(missing_ok=True)


def writable(path: str, shown: str = "") -> TextIO:
    """Open `path`, which users know as `shown`, for writing."""
    try:
        return Path(path).open("w", encoding="utf-8", errors="backslashreplace")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        message = f"Cannot write to {shown or path}: {reason}."
        raise UserError(message, remedy="Name another file with --output.") from error
