"""Which files of a long run are done, so that an interrupted run can go on.

A line of JSON for each file, appended when it is done. What was found is not in it: unchanged code
is answered from what models said before.
"""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from mirador_lsp.core.errors import ServiceError

_MOST_BYTES = 32 * 1024 * 1024
_KEPT_SECONDS = 7 * 24 * 3600.0
"""An older run is not gone on with: too much has changed."""


class Journal:
    """The progress of one run over one folder. Blocks: use it from a thread.

    A journal that cannot be read, is of another manner of reviewing or too old counts as none.
    """

    def __init__(
        self,
        above: Path,
        root: Path,
        manner: str,
        now: float,
        make_folder: Callable[[Path], object],
    ) -> None:
        """`above` is the folder of all journals; `manner` says how files are reviewed; `now` is in
        seconds since the epoch.
        """
        name = hashlib.sha256(os.fsencode(root)).hexdigest()[:32]
        self._file = above / f"{name}.jsonl"
        self._head = {"manner": manner}
        self._now = now
        self._make_folder = make_folder

    def done(self) -> dict[str, str]:
        """By name, the hash of every file that is done."""
        lines = self._lines()
        if not lines:
            return {}
        head = _read(lines[0])
        began = head.get("began")
        if head.get("manner") != self._head["manner"] or not isinstance(began, int | float):
            return {}
        if not 0 <= self._now - began <= _KEPT_SECONDS:
            return {}
        entries = (_read(line) for line in lines[1:])
        return {str(e["name"]): str(e["hash"]) for e in entries if "name" in e and "hash" in e}

    def begin(self) -> None:
        """Begin anew. Raises `ServiceError` where it cannot be written."""
        self._write({**self._head, "began": self._now}, os.O_TRUNC)

    def note(self, name: str, content_hash: str) -> None:
        """A file is done. Raises `ServiceError`."""
        self._write({"name": name, "hash": content_hash}, os.O_APPEND)

    def end(self) -> None:
        """The run came to its end: there is nothing to go on with."""
        self._file.unlink(missing_ok=True)

    def _lines(self) -> list[bytes]:
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            with open(self._file, "rb", opener=lambda name, _: os.open(name, flags)) as opened:
                return opened.read(_MOST_BYTES).splitlines()
        except OSError:
            return []

    def _write(self, entry: dict[str, object], flag: int) -> None:
        line = json.dumps(entry).encode("ascii") + b"\n"
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | flag
        self._make_folder(self._file.parent)
        try:
            descriptor = os.open(self._file, flags, 0o600)
            try:
                os.write(descriptor, line)
            finally:
                os.close(descriptor)
        except OSError as error:
            message = f"How far a review is cannot be kept in {self._file}: {error.strerror}."
            raise ServiceError(message, remedy="Make room there.") from error


def _read(line: bytes) -> dict[str, object]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
