"""Which files a pattern means, in the way users know from `.gitignore`."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

_DEEP = "**"


def means(pattern: str, name: str) -> bool:
    """Whether `pattern` means the file `name`, a path with "/" that begins at no slash.

    `*` and `?` stay within a name, `**` stands for any number of folders. A pattern that names a
    folder means everything in it; one without a "/" between names means names at any depth. Takes
    time in proportion to pattern times name.
    """
    bare = pattern.strip("/")
    if not bare:
        return False
    wanted = bare.split("/")
    if "/" not in bare and not pattern.startswith("/"):
        wanted = [_DEEP, *wanted]
    parts = name.strip("/").split("/")
    if pattern.endswith("/"):
        return _fits([*wanted, _DEEP, "*"], parts)
    return _fits(wanted, parts) or _fits([*wanted, _DEEP, "*"], parts)


def _fits(wanted: Sequence[str], parts: Sequence[str]) -> bool:
    """Only the last `**` is ever tried again: an earlier one could only leave less for it."""
    at = here = resume = 0
    deep = -1
    while here < len(parts):
        piece = wanted[at] if at < len(wanted) else None
        if piece == _DEEP:
            deep, resume = at, here
            at += 1
        elif piece is not None and fnmatchcase(parts[here], piece):
            at += 1
            here += 1
        elif deep >= 0:
            resume += 1
            at, here = deep + 1, resume
        else:
            return False
    return all(piece == _DEEP for piece in wanted[at:])
