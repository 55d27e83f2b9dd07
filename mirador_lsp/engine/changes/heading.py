"""What stands directly above a definition: comments, decorators, attributes.

A model that writes a function anew tends to begin with its first line. What stood above it belongs
to the definition all the same, and nobody asked for it to go.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from mirador_lsp.syntax.comments import convention_of

_MARKS = {
    **dict.fromkeys(("python", "javascript", "typescript", "tsx", "java"), ("@",)),
    **dict.fromkeys(("rust", "php"), ("#[",)),
    "csharp": ("[",),
    "cpp": ("[[",),
}
_NAME = re.compile(r"[@#\[\s]*([\w.:\\]+)")
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
_OPENS, _CLOSES = "([{", ")]}"


@dataclass(frozen=True)
class _Entry:
    """A line of a comment, a comment block, a decorator or a blank line, with its place."""

    lines: tuple[str, ...]
    first: int
    """Counted from the first line of the code."""
    decorator: str = ""
    """Its name; "" for anything else."""

    @property
    def bare(self) -> tuple[str, ...]:
        return tuple(line.strip() for line in self.lines)

    @property
    def is_comment(self) -> bool:
        return not self.decorator and any(self.bare)


def with_heading(old: str, new: str, language: str, free: Collection[int] = ()) -> str:
    r"""`new`, which is to replace `old`, with what stood above the definition and is gone. Both are
    indented alike; lines end with "\n" in `new`.

    Lines of `old` in `free`, counted from 0, may go: the change is about them. A decorator that is
    there with other arguments is not gone, and those that are new stay.
    """
    lines = new.split("\n")
    was = _heading(re.split(r"\r\n|\r|\n", old), language)
    now = _heading(lines, language)
    known = {entry.bare for entry in now}
    names = {entry.decorator for entry in now if entry.decorator}
    gone = [
        entry
        for entry in was
        if (entry.decorator not in names if entry.decorator else entry.is_comment)
        and entry.bare not in known
        and not _is_free(entry, free)
    ]
    if not gone:
        return new
    body = lines[sum(len(entry.lines) for entry in now) :]
    kept = _merged(was, now, free)
    return "\n".join([line for entry in kept for line in entry.lines] + body)


def heading_size(lines: Sequence[str], language: str) -> int:
    """How many lines stand above the definition that `lines` are; 0 where they are none."""
    return sum(len(entry.lines) for entry in _heading(lines, language))


def _is_free(entry: _Entry, free: Collection[int]) -> bool:
    """Whether the change is about one of the lines of `entry`."""
    return any(entry.first + offset in free for offset in range(len(entry.lines)))


def _merged(was: Sequence[_Entry], now: Sequence[_Entry], free: Collection[int]) -> list[_Entry]:
    """What was there in its order, with the decorators as they are now; new ones come last, next to
    the definition. Comments that the change brings stand only where there were none.
    """
    rewritten = {entry.decorator: entry for entry in now if entry.decorator}
    bare = {entry.bare for entry in now}
    kept: list[_Entry] = []
    for entry in was:
        if entry.decorator in rewritten:
            kept.append(rewritten.pop(entry.decorator))
        elif not _is_free(entry, free) or entry.bare in bare:
            kept.append(entry)
    if not any(entry.is_comment for entry in was):
        kept = [*(entry for entry in now if entry.is_comment), *kept]
    return kept + list(rewritten.values())


def _heading(lines: Sequence[str], language: str) -> list[_Entry]:
    """What stands above the first line of code; [] where there is no code below."""
    entries: list[_Entry] = []
    at = 0
    while at < len(lines):
        entry = _entry(lines, at, language)
        if entry is None:
            return entries
        entries.append(entry)
        at += len(entry.lines)
    return []


def _entry(lines: Sequence[str], at: int, language: str) -> _Entry | None:
    text, convention = lines[at].strip(), convention_of(language)
    if not text or (convention.line and text.startswith(convention.line)):
        return _Entry((lines[at],), at)
    if convention.block is not None and text.startswith(convention.block[0]):
        return _block(lines, at, convention.block[1])
    if text.startswith(_MARKS.get(language, ())):
        return _decorator(lines, at, language)
    return None


def _block(lines: Sequence[str], at: int, closing: str) -> _Entry | None:
    for last in range(at, len(lines)):
        _, found, rest = lines[last].partition(closing)
        if found:
            return None if rest.strip() else _Entry(tuple(lines[at : last + 1]), at)
    return None


def _decorator(lines: Sequence[str], at: int, language: str) -> _Entry | None:
    """A decorator that has its lines to itself; None where code follows on the same line."""
    text = ""
    for last in range(at, len(lines)):
        text += _QUOTED.sub("", lines[last]).strip() + " "
        if sum(map(text.count, _OPENS)) > sum(map(text.count, _CLOSES)):
            continue
        name = _NAME.match(text)
        rest = _after(text).partition(convention_of(language).line)[0]
        if name is None or (rest.strip() and language != "python"):
            return None
        return _Entry(tuple(lines[at : last + 1]), at, name[1])
    return None


def _after(decorator: str) -> str:
    """What follows a decorator or an attribute and its arguments."""
    named = re.match(r"@[\w.:]+\s*|#!?", decorator)
    start = named.end() if named is not None else 0
    if decorator[start : start + 1] not in tuple(_OPENS):
        return decorator[start:]
    depth = 0
    for place in range(start, len(decorator)):
        depth += (decorator[place] in _OPENS) - (decorator[place] in _CLOSES)
        if depth == 0:
            return decorator[place + 1 :]
    return ""
