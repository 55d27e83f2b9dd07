"""Which files were opened and hold nothing to index, so that they are not opened again."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from mirador_lsp.index.files import Entry

FILE = "skipped.json"
PARTIAL_FILE = "partial.json"
_Facts = tuple[int, int, str]


class Skips:
    """By the name of a file its size, its time and why it is skipped. Kept in a file of its own."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known = _read(file)
        self._kept = True

    def why(self, entry: Entry) -> str:
        """Why the file as it is is skipped; "" when it has to be opened to tell."""
        size, mtime_ns, kind = self._known.get(entry.name, (0, 0, ""))
        return kind if (size, mtime_ns) == (entry.size, entry.mtime_ns) else ""

    def of(self, name: str) -> str:
        """Why a file was skipped when it was last opened, or ""."""
        return self._known.get(name, (0, 0, ""))[2]

    def add(self, entry: Entry, kind: str) -> None:
        """It was opened, and is skipped."""
        self._known[entry.name] = (entry.size, entry.mtime_ns, kind)
        self._kept = False

    def drop(self, name: str) -> None:
        """It is no longer skipped."""
        self._kept = self._known.pop(name, None) is None and self._kept

    def keep_only(self, wanted: Callable[[str], bool]) -> None:
        """Forget files that are no longer there."""
        gone = [name for name in self._known if not wanted(name)]
        for name in gone:
            del self._known[name]
        self._kept = self._kept and not gone

    def save(self) -> None:
        """Write what is new. A disk that does not take it costs a second look, no more."""
        if self._kept:
            return
        fresh = self._file.with_name(f"{self._file.name}.new")
        with contextlib.suppress(OSError):
            fresh.write_bytes(msgspec.json.encode(self._known))
            fresh.replace(self._file)
            self._kept = True


def _read(file: Path) -> dict[str, _Facts]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, _Facts])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return {}
