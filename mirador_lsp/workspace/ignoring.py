"""The rules of `.gitignore` and `.miradorignore`, matched without git and without regular
expressions.

Asking git would run it on the configuration of a repository nobody has vouched for, which can name
programs to start; and a pattern turned into a regular expression can take exponential time. Here a
match takes time in proportion to pattern times name. Two things git does are left out: the user's
global ignore file, and that a tracked file is never ignored.
"""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

MAX_RULES = 2000
_MAX_PATTERN = 512

_ESCAPED_SLASH = re.compile(r"(?<!\\)(?!\A\\/)((?:\\\\)*)\\/")
"""A slash after an odd number of backslashes."""
_STAR = "*"
_ANY = "?"
_DEEP = ()
"""Stands for `**` among the segments of a pattern."""


@dataclass(frozen=True)
class _Class:
    """A `[…]` of a pattern."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool

    def holds(self, char: str) -> bool:
        return any(low <= char <= high for low, high in self.ranges) != self.negated


@dataclass(frozen=True)
class _Char:
    """A character that stands for itself."""

    char: str


_Token = str | _Char | _Class
_Segment = tuple[_Token, ...]


@dataclass(frozen=True)
class Rule:
    """One line of an ignore file."""

    segments: tuple[_Segment, ...]
    literal: str
    """The only name that matches, when the rule is as simple as that; else ""."""
    suffix: str
    """For `*.log`: the end of every name that matches; else ""."""
    anchored: bool
    """Whether it speaks of paths from the ignore file's folder rather than of names anywhere."""
    folders_only: bool
    negated: bool
    cost: int
    """How much work a match is, next to comparing two names."""

    def matches(self, parts: Sequence[str], *, is_folder: bool) -> bool:
        """Whether the entry at `parts`, seen from the ignore file's folder, is meant."""
        if self.folders_only and not is_folder:
            return False
        if self.anchored:
            return _match_path(self.segments, parts)
        if self.literal:
            return parts[-1] == self.literal
        if self.suffix:
            return parts[-1].endswith(self.suffix)
        return match_name(self.segments[0], parts[-1])


@dataclass(frozen=True)
class Rules:
    """The rules of one ignore file."""

    name: str
    """".gitignore" or ".miradorignore"."""
    depth: int
    """How many folders below the walk's root its folder lies."""
    above: tuple[str, ...]
    """For a file above the walk's root: the names from its folder to the root."""
    rules: tuple[Rule, ...]

    @functools.cached_property
    def cost(self) -> int:
        """How much work one question is, next to comparing two names."""
        return sum(rule.cost for rule in self.rules)

    def verdict(self, parts: Sequence[str], *, is_folder: bool) -> bool | None:
        """True: ignored; False: expressly not; None: no rule speaks of it. The last rule wins."""
        for rule in reversed(self.rules):
            if rule.matches(parts, is_folder=is_folder):
                return not rule.negated
        return None


def read_rules(content: bytes, *, name: str, depth: int = 0, above: tuple[str, ...] = ()) -> Rules:
    """The rules of an ignore file, `MAX_RULES` at most: past them nothing is ignored, so more is
    reviewed. Lines that cannot match anything are left out, as git does.
    """
    text = content.decode("utf-8-sig", "surrogateescape")
    rules: list[Rule] = []
    for line in text.split("\n"):
        if len(rules) == MAX_RULES:
            break
        if (rule := _rule(line)) is not None:
            rules.append(rule)
    return Rules(name, depth, above, tuple(rules))


def match_name(pattern: _Segment, name: str) -> bool:
    """Whether a name fits a pattern without `/`.

    Only the last star is ever tried again: an earlier one that took more could only leave less for
    it. This is what keeps the time within pattern times name.
    """
    at = star = resume = 0
    seen_star = False
    here = 0
    while here < len(name):
        token = pattern[at] if at < len(pattern) else None
        if token == _STAR:
            seen_star, star, resume = True, at, here
            at += 1
        elif token is not None and _fits(token, name[here]):
            at += 1
            here += 1
        elif seen_star:
            resume += 1
            at, here = star + 1, resume
        else:
            return False
    return all(token == _STAR for token in pattern[at:])


def _match_path(pattern: Sequence[_Segment], parts: Sequence[str]) -> bool:
    """The same walk over whole segments, with `**` in the place of the star."""
    at = deep = resume = here = 0
    seen_deep = False
    while here < len(parts):
        segment = pattern[at] if at < len(pattern) else None
        if segment == _DEEP:
            seen_deep, deep, resume = True, at, here
            at += 1
        elif segment is not None and match_name(segment, parts[here]):
            at += 1
            here += 1
        elif seen_deep:
            resume += 1
            at, here = deep + 1, resume
        else:
            return False
    return all(segment == _DEEP for segment in pattern[at:])


def _fits(token: _Token, char: str) -> bool:
    if isinstance(token, _Char):
        return token.char == char
    return token == _ANY or (isinstance(token, _Class) and token.holds(char))


def _rule(line: str) -> Rule | None:
    line = _stripped(line.removesuffix("\r"))
    if not line or line.startswith("#") or len(line) > _MAX_PATTERN:
        return None
    negated = line.startswith("!")
    line = line[negated:]
    folders_only = line.endswith("/")
    line = line.removesuffix("/")
    anchored = "/" in line
    names = _plain_slashes(line).removeprefix("/").split("/")
    if not any(names):
        return None
    segments: list[_Segment] = []
    for index, name in enumerate(names):
        if anchored and name == "**":
            segments.append(_DEEP)
            if index == len(names) - 1:
                # "a/**" speaks of what is in a, not of a itself.
                segments.append((_STAR,))
        elif (tokens := _tokens(name)) is not None and tokens:
            segments.append(tokens)
        else:
            return None
    literal = suffix = ""
    if not anchored:
        literal = _plain(segments[0])
        suffix = _plain(segments[0][1:]) if segments[0][0] == _STAR else ""
    return Rule(
        segments=tuple(segments),
        literal=literal,
        suffix=suffix,
        anchored=anchored,
        folders_only=folders_only,
        negated=negated,
        cost=1 if literal or suffix else 8 * len(line),
    )


def _plain_slashes(line: str) -> str:
    r"""`line` with its `\/` as `/`: git reads them alike, but for one at the very beginning."""
    return _ESCAPED_SLASH.sub(r"\1/", line)


def _stripped(line: str) -> str:
    """`line` without the blanks at its end, but with one that a backslash keeps."""
    bare = line.rstrip(" ")
    slashes = len(bare) - len(bare.rstrip("\\"))
    return bare + " " if slashes % 2 and len(bare) < len(line) else bare


def _plain(tokens: _Segment) -> str:
    chars = [token.char for token in tokens if isinstance(token, _Char)]
    return "".join(chars) if len(chars) == len(tokens) else ""


def _tokens(text: str) -> _Segment | None:
    """The tokens of a pattern, or None for one that git lets match nothing."""
    tokens: list[_Token] = []
    at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == "\\":
            if at == len(text):
                return None
            tokens.append(_Char(text[at]))
            at += 1
        elif char == "*":
            if not tokens or tokens[-1] != _STAR:
                tokens.append(_STAR)
        elif char == "?":
            tokens.append(_ANY)
        elif char == "[":
            read = _class(text, at)
            if read is None:
                return None
            held, at = read
            tokens.append(held)
        else:
            tokens.append(_Char(char))
    return tuple(tokens)


def _class(text: str, at: int) -> tuple[_Class, int] | None:
    """The class whose `[` is just before `at`, and where it ends. Named classes match nothing."""
    negated = text[at : at + 1] in {"!", "^"}
    at += negated
    ranges: list[tuple[str, str]] = []
    first = True
    while at < len(text) and (first or text[at] != "]"):
        first = False
        low, at = _member(text, at)
        if low == "[" and text[at : at + 1] == ":":
            return None
        if text[at : at + 1] == "-" and text[at + 1 : at + 2] not in {"", "]"}:
            high, at = _member(text, at + 1)
            ranges.append((low, high))
        else:
            ranges.append((low, low))
    if at >= len(text):
        return None
    return _Class(tuple(ranges), negated), at + 1


def _member(text: str, at: int) -> tuple[str, int]:
    if text[at] == "\\" and at + 1 < len(text):
        at += 1
    return text[at], at + 1
