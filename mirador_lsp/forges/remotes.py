"""Where the folder's repository came from: the remote in git's own file, read as text.

No git is run for it: a configuration names programs, and reading runs none.
"""

import os
import re
import stat
from pathlib import Path

_MOST = 256 * 1024
_SECTION = re.compile(r'\s*\[\s*([\w.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]')
_URL = re.compile(r"\s*url\s*=\s*(.*?)\s*", re.IGNORECASE)
_DEEPEST = 40


def origin_of(folder: Path) -> tuple[str, Path | None]:
    """The address of the remote `origin` and the top folder of the work tree that `folder` is in;
    ("", None) where there is none. Never raises for what is there.
    """
    for top in (folder, *folder.parents)[:_DEEPEST]:
        git = top / ".git"
        if git.is_dir():
            return _origin(git / "config"), top
        pointed = _text(git)
        if pointed.startswith("gitdir:"):
            return _origin(_common(top / pointed[7:].strip()) / "config"), top
    return "", None


def _common(folder: Path) -> Path:
    """The folder that a linked work tree's own folder shares with its repository."""
    shared = _text(folder / "commondir").strip()
    return folder / shared if shared else folder


def _origin(config: Path) -> str:
    inside, found = False, ""
    for line in _text(config).splitlines():
        rest = line
        if section := _SECTION.match(line):
            inside = (section[1].lower(), section[2]) == ("remote", "origin")
            rest = line[section.end() :]
        if inside and not found and (url := _URL.fullmatch(rest)):
            found = url[1].strip('"')
    return found


def _text(path: Path) -> str:
    """A small regular file as text; "" for anything else."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return ""
            return file.read(_MOST).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def _without_waiting(name: str, flags: int) -> int:
    return os.open(name, flags | os.O_NONBLOCK | os.O_CLOEXEC)
