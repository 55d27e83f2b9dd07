"""Reads unified diffs as git, Subversion and `diff -u` write them.

A patch is what somebody sent: its names may lead anywhere, its counts may be wrong. It is read to
the letter or refused in a sentence; nothing is guessed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError
from mirador_lsp.workspace.sources import shown

MOST_BYTES = 50_000_000
_MOST_LINES_BELOW = 10_000_000
_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
_PREFIXES = frozenset({("a/", "b/"), ("i/", "w/"), ("c/", "i/"), ("c/", "w/"), ("o/", "w/")})
_BINARY = ("Binary files ", "GIT binary patch", "Cannot display: file marked as a binary")
_REMEDY = "Make one with: git diff > FILE"


@dataclass(frozen=True)
class Hunk:
    """A place that changes."""

    old_start: int
    """The first line of it in the old text, from 1; the line before it where it has none there."""
    new_start: int
    lines: tuple[tuple[str, str], ...]
    """Mark (" ", "-" or "+") and text of each line, without its end."""
    at: int
    """The line of the patch that it begins at, from 1."""
    ends_bare: tuple[bool, bool] = (False, False)
    """Whether the old and the new text end with it, without a last line end."""

    def side(self, mark: str) -> list[str]:
        """The lines as they were ("-") or will be ("+")."""
        return [text for each, text in self.lines if each in (" ", mark)]


@dataclass
class FilePatch:
    """What a patch says of one file."""

    old_name: str = ""
    """"" for a file that is made."""
    new_name: str = ""
    """"" for a file that is deleted."""
    hunks: list[Hunk] = field(default_factory=list)
    binary: bool = False
    at: int = 1
    """The line of the patch that it begins at, from 1."""

    @property
    def name(self) -> str:
        """What the file is called after the patch or, where it is gone, before."""
        return self.new_name or self.old_name


def read_patch(text: str, called: str = "the patch") -> tuple[FilePatch, ...]:
    """The files of a patch, in its order. `called` is what users call it.

    Raises `UserError` for what cannot be read to the letter, and for a name that leads elsewhere.
    """
    files = _Reader(text, called).files()
    if not files:
        message = f"There is no change in {called}."
        raise UserError(message, remedy=_REMEDY)
    for file in files:
        for name in (file.old_name, file.new_name):
            if name.startswith("/") or ".." in name.split("/") or "\0" in name:
                message = f"{called} (line {file.at}) names {shown(name)}, which is elsewhere."
                raise UserError(message, remedy="Names are relative to the top folder.")
    return tuple(files)


class _Reader:
    """Goes through the lines once."""

    def __init__(self, text: str, called: str) -> None:
        self._lines = text.split("\n")
        self._called = called
        self._at = 0
        self._files: list[FilePatch] = []
        self._git = False

    def files(self) -> list[FilePatch]:
        while self._at < len(self._lines):
            line = self._lines[self._at].rstrip("\r")
            self._at += 1
            if line.startswith("diff --git "):
                self._begin(*_git_names(line.removeprefix("diff --git ")), git=True)
            elif line.startswith("Index: "):
                self._begin(line[7:].strip(), line[7:].strip(), git=False)
            elif line.startswith("--- ") and self._peek().startswith("+++ "):
                self._names(line)
            elif line.startswith("@@@"):
                self._refuse("is of a merge with several parents", "Compare with one of them.")
            elif line.startswith("@@ "):
                self._hunk(line)
            elif self._files:
                self._extended(self._files[-1], line)
        return [file for file in self._files if file.hunks or file.binary or self._says(file)]

    def _says(self, file: FilePatch) -> bool:
        """Whether it says something without a hunk: a rename, a file that is made or goes."""
        return file.old_name != file.new_name

    def _peek(self) -> str:
        return self._lines[self._at] if self._at < len(self._lines) else ""

    def _begin(self, old: str, new: str, *, git: bool) -> None:
        self._git = git
        self._files.append(FilePatch(old, new, at=self._at))

    def _names(self, line: str) -> None:
        old, new = _name(line[4:]), _name(self._peek().rstrip("\r")[4:])
        at = self._at
        self._at += 1
        if (old[:2], new[:2]) in _PREFIXES or (
            "/dev/null" in (old, new) and (old[:2] in _olds() or new[:2] in _news())
        ):
            old, new = (each if each == "/dev/null" else each[2:] for each in (old, new))
        old, new = ("" if each == "/dev/null" else each for each in (old, new))
        if not self._files or self._files[-1].hunks or self._files[-1].binary:
            self._files.append(FilePatch(at=at))
        self._files[-1].old_name, self._files[-1].new_name = old, new

    def _extended(self, file: FilePatch, line: str) -> None:
        if line.startswith(_BINARY):
            file.binary = True
        elif not self._git or file.hunks:
            return
        elif line.startswith(("rename from ", "copy from ")):
            file.old_name = _name(line.partition(" from ")[2])
        elif line.startswith(("rename to ", "copy to ")):
            file.new_name = _name(line.partition(" to ")[2])
        elif line.startswith("new file mode "):
            file.old_name = ""
        elif line.startswith("deleted file mode "):
            file.new_name = ""

    def _hunk(self, line: str) -> None:
        match = _HUNK.match(line)
        if match is None or not self._files:
            self._refuse("cannot be read", _REMEDY)
            return
        at = self._at
        old, new = (int(match[n] or 1) if match[n] != "0" else 0 for n in (2, 4))
        starts = int(match[1]), int(match[3])
        if max(*starts, old, new) > _MOST_LINES_BELOW:
            self._refuse("cannot be read", _REMEDY)
        lines: list[tuple[str, str]] = []
        bare = [False, False]
        while old or new:
            if self._at >= len(self._lines):
                self._refuse("ends too early", "Take the whole of it.")
            text = self._lines[self._at]
            mark = text[:1] if text.strip("\r") else " "  # some mailers drop the blank
            if mark not in (" ", "-", "+"):
                self._refuse("has a line that is of no kind", "Take it as it was made.")
            old -= mark in " -"
            new -= mark in " +"
            if old < 0 or new < 0:
                self._refuse("has more lines than it says", "Take it as it was made.")
            lines.append((mark, text[1:]))
            self._at += 1
            self._bare_end(mark, bare)
        self._files[-1].hunks.append(Hunk(*starts, tuple(lines), at, (bare[0], bare[1])))

    def _bare_end(self, mark: str, bare: list[bool]) -> None:
        if self._peek().startswith("\\ "):
            self._at += 1
            bare[0] |= mark in " -"
            bare[1] |= mark in " +"

    def _refuse(self, what: str, remedy: str) -> None:
        message = f"{self._called} cannot be read: the hunk at line {self._at} {what}."
        raise UserError(message, remedy=remedy)


def _olds() -> frozenset[str]:
    return frozenset(old for old, _ in _PREFIXES)


def _news() -> frozenset[str]:
    return frozenset(new for _, new in _PREFIXES)


def _name(written: str) -> str:
    """A name as a header has it: quoted, or up to a tab."""
    text = written.strip()
    if text.startswith('"') and (end := _closing(text)) > 0:
        return _unquoted(text[1:end])
    return written.partition("\t")[0].rstrip()


def _git_names(rest: str) -> tuple[str, str]:
    """The names of `a/NAME b/NAME`, which are the same where nothing else says what they are."""
    if rest.startswith('"') and (end := _closing(rest)) > 0:
        old, new = _unquoted(rest[1:end]), _name(rest[end + 1 :])
        return old.partition("/")[2], new.partition("/")[2]
    if len(rest) % 2 == 1:
        half = len(rest) // 2
        old, new = rest[:half], rest[half + 1 :]
        if rest[half] == " " and (old[:2], new[:2]) in _PREFIXES and old[2:] == new[2:]:
            return old[2:], new[2:]
        if rest[half] == " " and old == new:
            return old, new
    old, _, new = rest.partition(" b/")
    return old.removeprefix("a/"), new


def _closing(text: str) -> int:
    """Where the quote closes that `text` begins with; -1 where it does not."""
    match = re.match(r'"(?:\\.|[^"\\])*"', text)
    return match.end() - 1 if match else -1


def _unquoted(text: str) -> str:
    return bytes(_bytes_of(text)).decode("utf-8", "surrogateescape")


def _bytes_of(text: str) -> Iterator[int]:
    for match in re.finditer(r"\\([0-3][0-7]{2})|\\(.)|([^\\]+)", text):
        if match[1]:
            yield int(match[1], 8)
        elif match[2]:
            yield _ESCAPES.get(match[2], ord(plain(match[2]) or "?") & 0xFF)
        else:
            yield from match[3].encode("utf-8", "surrogateescape")
