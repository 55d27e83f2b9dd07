"""Reading settings files, which anybody may have written."""

import errno
import os
import re
import stat
import tomllib
from dataclasses import dataclass
from pathlib import Path

from mirador_lsp.core.errors import UserError

MAX_BYTES = 256 * 1024

_LONG_KEY = re.compile(r"""(?<![\w-])[\w-]++ (?: [ \t]*+ \. [ \t]*+ [\w-]++ ){8}""", re.VERBOSE)
_QUOTED = re.compile(r'"(?:[^"\\\n]|\\.)*+"|' + r"'[^'\n]*+'")


@dataclass(frozen=True)
class Unreadable:
    """Why a file that is there cannot be used."""

    message: str
    """A phrase that follows the file's name."""
    remedy: str


_IRREGULAR = Unreadable("is not a regular file", "Replace it with one, or remove it.")


def read_file(path: Path, *, follow: bool, most: int = MAX_BYTES) -> bytes | Unreadable | None:
    """The bytes of a settings file; None when there is none.

    Only a regular file of at most `most` bytes is read; with `follow` false a symbolic link is not
    followed. Opening never waits for the other end of a pipe.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    try:
        # `open` closes the descriptor itself when it turns out to be a folder; `fdopen` leaks it.
        with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return _IRREGULAR
            content = file.read(most + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except IsADirectoryError:
        return _IRREGULAR
    except (OSError, ValueError) as error:
        return _refused(error)
    if len(content) > most:
        return Unreadable(f"is larger than {most // 1024} KiB", "Make it smaller.")
    return content


def read_own(path: Path) -> bytes | None:
    """The bytes of a file in the user's configuration folder; None when there is none.

    Raises `UserError` where it cannot be used.
    """
    content = read_file(path, follow=True)
    if isinstance(content, Unreadable):
        message = f"{path} {content.message}."
        raise UserError(message, remedy=content.remedy)
    return content


def parse_toml(content: bytes) -> dict[str, object] | Unreadable:
    """The tables of a TOML file. Never raises, and takes time in proportion to the size."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Unreadable(f"is not UTF-8 (line {line})", "Save it as UTF-8.")
    # A key of n parts costs tomllib time in n³: 256 KiB of dots would hang the editor.
    if (match := _LONG_KEY.search(_QUOTED.sub("q", text))) is not None:
        shown = match.group()[:40]
        return Unreadable(f"holds a key of too many parts ({shown}…)", "Shorten the key.")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Unreadable(f"is not valid TOML: {error}", "Correct the line.")
    except RecursionError:
        return Unreadable("is nested too deeply", "Settings need three levels.")
    except ValueError as error:
        # A date out of range, or a number with more digits than Python converts.
        return Unreadable(f"holds a value that cannot be: {error}", "Correct the value.")


def _refused(error: Exception) -> Unreadable:
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return Unreadable("is a symbolic link", "Put the file itself there.")
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return Unreadable(f"cannot be read: {reason}", "Check who may read it.")
