"""The hunks of one file as forges give them: which lines can be spoken of, and what was before.

Forges count lines as git does, by line feeds alone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from mirador_lsp.core.change_sets import ChangeKind
from mirador_lsp.core.pulls import PulledFile
from mirador_lsp.core.text import Span

_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")


@dataclass(frozen=True)
class Hunk:
    """One hunk: its lines with the sign in front, where they begin before and after."""

    old_first: int
    new_first: int
    lines: tuple[str, ...]
    """Each begins with " ", "+" or "-"; line ends are left out, a carriage return is kept."""


@dataclass(frozen=True)
class FileDiff:
    """How one file changed."""

    hunks: tuple[Hunk, ...]
    exact: bool = True
    """False where the hunks contradict their own headers: nothing is built on them."""
    ends: tuple[bool, bool] = (True, True)
    """Whether the text before and the one after end in a line end, where the hunks reach so far."""

    @cached_property
    def places(self) -> dict[int, tuple[int, int | None]]:
        """Line after the change → (number of its hunk, its line before or None for a new one)."""
        found: dict[int, tuple[int, int | None]] = {}
        for number, hunk in enumerate(self.hunks):
            old, new = hunk.old_first, hunk.new_first
            for line in hunk.lines:
                if line[0] == "-":
                    old += 1
                    continue
                found[new] = (number, None if line[0] == "+" else old)
                new += 1
                old += line[0] == " "
        return found

    @property
    def counts(self) -> tuple[int, int]:
        """How many lines are new and how many are gone."""
        signs = [line[0] for hunk in self.hunks for line in hunk.lines]
        return signs.count("+"), signs.count("-")

    def spans(self, text: str) -> tuple[Span, ...]:
        """The changed places of the text after the change, an empty one where lines are gone."""
        starts = _starts(text)
        most = len(starts) - 1
        found: list[Span] = []
        for hunk in self.hunks:
            # A hunk that leaves nothing names the line that it comes after.
            new = hunk.new_first + all(line[0] == "-" for line in hunk.lines)
            begun: int | None = None
            for sign in [*(line[0] for line in hunk.lines), " "]:
                at = min(new - 1, most)
                if sign == " ":
                    if begun is not None:
                        found.append(Span(starts[begun], max(starts[begun], starts[at])))
                    begun = None
                elif begun is None:
                    begun = at
                new += sign != "-"
        return tuple(found)

    def before(self, text: str) -> str | None:
        """The text before the change, from the one after it; None where the two do not fit."""
        if not self.exact:
            return None
        lines = text.split("\n")
        made: list[str] = []
        done = 0
        for hunk in self.hunks:
            after = [line[1:] for line in hunk.lines if line[0] != "-"]
            # A hunk that leaves nothing names the line that it comes after.
            first = hunk.new_first - 1 if after else hunk.new_first
            if first < done or not _fit(lines[first : first + len(after)], after):
                return None
            made += lines[done:first]
            done = first
            for line in hunk.lines:
                if line[0] == "-":
                    made.append(line[1:])
                    continue
                # What stayed is taken from the text: a forge may not tell it to the letter.
                made += lines[done : done + 1] if line[0] == " " else []
                done += 1
        left = [*made, *lines[done:]]
        if not left:
            return ""  # there was no line at all, so none that could end
        whole = "\n".join(left)
        match self.ends:
            case (False, True):
                return whole.removesuffix("\n")
            case (True, False):
                return f"{whole}\n"
            case _:
                return whole


def read_hunks(patch: str) -> FileDiff:
    """The hunks of a file's patch. What stands before the first one is passed over."""
    hunks: list[Hunk] = []
    rows = patch.split("\n")
    at, exact = 0, True
    ends = [True, True]
    while at < len(rows):
        found = _HUNK.match(rows[at])
        at += 1
        if found is None:
            continue
        old_first, new_first = int(found[1]), int(found[3])
        old, new = int(found[2] or 1), int(found[4] or 1)
        lines: list[str] = []
        while at < len(rows) and (old > 0 or new > 0 or rows[at].startswith("\\")):
            row = rows[at] or " "  # some tools strip the blank that a blank line begins with
            if row[0] == "\\":
                last = lines[-1][0] if lines else " "
                ends = [ends[0] and last == "+", ends[1] and last == "-"]
                at += 1
                continue
            if row[0] not in " +-":
                break
            lines.append(row)
            old -= row[0] != "+"
            new -= row[0] != "-"
            at += 1
        exact = exact and not old and not new
        hunks.append(Hunk(old_first, new_first, tuple(lines)))
    return FileDiff(tuple(hunks), exact, (ends[0], ends[1]))


def _fit(lines: Sequence[str], told: Sequence[str]) -> bool:
    """Whether lines are those of a hunk. What is no UTF-8 is not told to the letter."""
    return len(lines) == len(told) and all(
        line == row or "\ufffd" in row for line, row in zip(lines, told, strict=True)
    )


def is_bare(file: PulledFile) -> bool:
    """Whether the forge leaves out the hunks of a file that is likely to have some."""
    return file.patch is None and not file.why_not and file.kind is ChangeKind.MODIFIED


def with_patches(files: Sequence[PulledFile], diff: str) -> tuple[PulledFile, ...]:
    """The files, those without hunks with the ones that a whole diff has for them, and what its
    headers say of what is no text.
    """
    sections = _sections(diff)
    found = []
    for file in files:
        section = sections.get(file.name)
        if section is None:
            found.append(file)
            continue
        head = section.partition("\n@@ ")[0]
        patch = file.patch if file.patch is not None else section[len(head) + 1 :] or None
        found.append(replace(file, patch=patch, why_not=file.why_not or _no_text(head)))
    return tuple(found)


def _no_text(head: str) -> str:
    if re.search(r"^(index \S+|new file mode|new mode) 160000$", head, re.MULTILINE):
        return "a submodule"
    if re.search(r"^(index \S+|new file mode|new mode) 120000$", head, re.MULTILINE):
        return "a symbolic link"
    if re.search(r"^(Binary files .* differ|GIT binary patch)$", head, re.MULTILINE):
        return "binary"
    return ""


def _sections(diff: str) -> dict[str, str]:
    """The part of each file in a whole diff, by the name it has afterwards."""
    found: dict[str, str] = {}
    # Lines of hunks begin with a sign, so this cannot stand in one.
    for section in re.split(r"^diff --git ", diff, flags=re.MULTILINE)[1:]:
        found[_name_in(section.partition("\n@@ ")[0])] = section
    return found


def _name_in(head: str) -> str:
    """The name that a file has afterwards, from the head of its part of a diff."""
    first, *rows = head.split("\n")
    for row in rows:
        if row.startswith("rename to "):
            return _unquoted(row[10:])
        if row.startswith("+++ ") and row != "+++ /dev/null":
            return _unquoted(row[4:].rstrip("\t")).removeprefix("b/")
    if first.startswith('"'):
        return _unquoted(first[: first.find('" ') + 1]).removeprefix("a/")
    # Both names are the same here: "a/NAME b/NAME".
    return first[2 : 2 + (len(first) - 5) // 2]


def _unquoted(name: str) -> str:
    """A name as git quotes it where it holds what is not plain ASCII."""
    if len(name) < 2 or name[0] != '"' or name[-1] != '"':
        return name
    signs = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "a": "\a", "b": "\b"}

    def plain(found: re.Match[str]) -> str:
        sign = found[1]
        return chr(int(sign, 8)) if sign.isdigit() else signs.get(sign, sign)

    octets = re.sub(r"\\([0-7]{3}|.)", plain, name[1:-1])
    try:
        return octets.encode("latin-1").decode("utf-8", "replace")
    except UnicodeEncodeError:
        return octets


def _starts(text: str) -> list[int]:
    """Where each line begins, and where the text ends."""
    return [0, *(found.end() for found in re.finditer("\n", text)), len(text)]
