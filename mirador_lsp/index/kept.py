"""What is known of an index that does not run, and how to be rid of it."""

import contextlib
import os
import shutil
from pathlib import Path

import msgspec

from mirador_lsp.core.errors import IndexUnavailable
from mirador_lsp.core.retrieval import IndexReport

_FILE = "report.json"


def keep_report(folder: Path, report: IndexReport) -> None:
    """Write down what there is, for who asks when nothing runs. A disk that refuses is no error."""
    fresh = folder / f"{_FILE}.new"
    with contextlib.suppress(OSError):
        fresh.write_bytes(msgspec.json.encode(report))
        fresh.replace(folder / _FILE)


def kept_report(folder: Path) -> IndexReport | None:
    """What there was when the index last had nothing to do; None where there is none."""
    try:
        return msgspec.json.decode((folder / _FILE).read_bytes(), type=IndexReport)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def drop(folder: Path) -> int:
    """Delete an index that nobody has open; the bytes that are free again.

    Raises `IndexUnavailable` when the folder cannot be deleted.
    """
    size = _size(folder)
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return 0
    except OSError as error:
        message = f"The folder {folder} cannot be deleted: {error.strerror}."
        raise IndexUnavailable(message, remedy="Delete it by hand.") from error
    return size


def _size(folder: Path) -> int:
    found = 0
    for above, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                found += (Path(above) / name).lstat().st_size
    return found
