"""The other files of the workspace, as imports of the analysed one lead to them.

Only regular files within the workspace are read, wherever links and dots lead; never what was
installed into it (`node_modules`, `site-packages`). What is too much is left out and told.
"""

import os
import stat
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Final

from mirador_lsp.analysis.flow.javascript_paths import JavaScriptPaths
from mirador_lsp.analysis.flow.python_paths import PythonPaths
from mirador_lsp.core.text import LineIndex
from mirador_lsp.syntax.languages import language_of
from mirador_lsp.syntax.lowering import lower
from mirador_lsp.syntax.parser import parse
from mirador_lsp.syntax.program import Program

_FOREIGN: Final = frozenset(
    {"node_modules", "bower_components", "site-packages", "dist-packages", "__pypackages__"}
)
"""Folders of what was installed."""
_MOST_LOOKS: Final = 4_000
_PARSE_SECONDS: Final = 0.5


@dataclass(frozen=True)
class Bounds:
    """How much of a workspace is read for one analysis."""

    files: int = 40
    bytes: int = 800_000
    """Of all files together."""
    largest: int = 150_000
    """Bytes of one file."""
    depth: int = 8
    """Imports within imports."""
    seconds: float = 1.0
    """Of processor time, for reading and parsing them."""


@dataclass(frozen=True)
class Read:
    """A file that was read."""

    program: Program
    lines: LineIndex
    text: str


@dataclass
class Shelf:
    """Programs of files by their content, so that a later analysis need not parse them again."""

    most_bytes: int = 2_000_000
    """Of the files, not of what is made of them, which is a multiple."""
    _read: "OrderedDict[tuple[str, bytes], Read]" = field(default_factory=OrderedDict)
    _bytes: int = 0

    def get(self, content: bytes, language: str) -> Read:
        """What a file with this content says."""
        key = language, sha256(content).digest()
        found = self._read.get(key)
        if found is not None:
            self._read.move_to_end(key)
            return found
        made = _read(content, language)
        self._read[key] = made
        self._bytes += len(made.text)
        while self._bytes > self.most_bytes and len(self._read) > 1:
            self._bytes -= len(self._read.popitem(last=False)[1].text)
        return made


def _read(content: bytes, language: str) -> Read:
    text = content.decode("utf-8-sig", "replace")
    parsed = parse(text, language, budget_seconds=_PARSE_SECONDS)
    program = lower(parsed)
    return Read(program or Program(language, ()), LineIndex(text), text)


class Neighbours:
    """The files around one that is analysed. Implements `contract.Modules`."""

    def __init__(
        self, root: Path, own: str, shelf: Shelf | None = None, bounds: Bounds | None = None
    ) -> None:
        """`root` is the workspace, absolute; `own` the analysed file, relative to it, with "/"."""
        self._root = root
        self._real = os.path.realpath(root)
        self._own = own
        self._shelf = shelf or Shelf()
        self._bounds = bounds or Bounds()
        self._there: dict[str, bool] = {}
        self._found: dict[tuple[str, str], str | None] = {}
        self._depth: dict[str, int] = {"": 0}
        self._read: dict[str, Read | None] = {}
        self._bytes = 0
        self._seconds = 0.0
        self._left_out: set[str] = set()
        self._paths: dict[str, PythonPaths | JavaScriptPaths] = {
            "python": PythonPaths(self._is_file, self._holds_python),
            "javascript": JavaScriptPaths(self._is_file, self._content),
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """See `Modules`."""
        count, most = len(self._left_out), self._bounds
        if not count:
            return ()
        which = "1 imported file was" if count == 1 else f"{count} imported files were"
        together = f"{most.files} files of {most.bytes // 1000} kB together"
        each = f"{most.largest // 1000} kB each and {most.depth} imports deep"
        return (f"{which} not looked into: {together}, {each} are the most",)

    def find(self, module: str, importer: str) -> str | None:
        """See `Modules`."""
        key = module, importer
        if key not in self._found:
            where = importer or self._own
            family = "python" if where.endswith((".py", ".pyi", ".pyw")) else "javascript"
            file = self._paths[family].find(module, where)
            if file is not None:
                file = "" if file == self._own else file
                self._depth.setdefault(file, self._depth.get(importer, 0) + 1)
            self._found[key] = file
        return self._found[key]

    def program(self, file: str) -> Program | None:
        """See `Modules`."""
        if file not in self._read:
            self._read[file] = self._open(file)
        found = self._read[file]
        return found.program if found is not None else None

    def line(self, file: str, offset: int) -> tuple[int, str]:
        """See `Modules`."""
        found = self._read.get(file)
        if found is None:
            return 0, ""
        number = found.lines.line_of(min(offset, len(found.text)))
        span = found.lines.line_span(number)
        return number, found.text[span.start : span.end].strip()

    def _open(self, file: str) -> Read | None:
        most = self._bounds
        began = time.thread_time()
        deep = self._depth.get(file, 0) > most.depth
        if deep or len(self._read) >= most.files or self._seconds > most.seconds:
            self._left_out.add(file)
            return None
        language = language_of(file)
        if not self._is_file(file):  # a folder that is a package without saying so
            return Read(Program(language, ()), LineIndex(""), "")
        content = self._content(file, most.largest)
        if content is None or self._bytes + len(content) > most.bytes:
            self._left_out.add(file)
            return None
        self._bytes += len(content)
        made = self._shelf.get(content, language)
        self._seconds += time.thread_time() - began
        return made

    # The disk

    def _is_file(self, name: str) -> bool:
        """Whether a regular file is there, within the workspace and its own."""
        known = self._there.get(name)
        if known is None:
            known = len(self._there) < _MOST_LOOKS and self._stands(name, stat.S_ISREG)
            self._there[name] = known
        return known

    def _stands(self, name: str, kind: Callable[[int], bool]) -> bool:
        parts = PurePosixPath(name).parts
        if name.startswith("/") or ".." in parts or _FOREIGN & set(parts) or "\0" in name:
            return False
        try:
            path = self._root / name
            mode = path.stat().st_mode
            real = os.path.realpath(path)
        except (OSError, ValueError):
            return False
        inside = real == self._real or real.startswith(self._real.rstrip(os.sep) + os.sep)
        if not inside or _FOREIGN & set(Path(real[len(self._real) :]).parts):
            return False
        return kind(mode)

    def _holds_python(self, name: str) -> bool:
        """Whether a folder holds files of Python, itself."""
        if not self._stands(name, stat.S_ISDIR):
            return False
        try:
            with os.scandir(self._root / name) as entries:
                return any(entry.name.endswith(".py") for entry in entries)
        except OSError:
            return False

    def _content(self, name: str, most: int) -> bytes | None:
        """What is in a file; None where it is none, or too large, or cannot be read."""
        if not self._is_file(name):
            return None
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
        try:
            with os.fdopen(os.open(self._root / name, flags), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    return None
                content = file.read(most + 1)
        except (OSError, ValueError):
            return None
        return content if len(content) <= most else None
