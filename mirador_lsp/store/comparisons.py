"""How models compared on the same questions: a file of one JSON object a line, figures only."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.routing import Comparison

_MOST_BYTES = 4 * 1024 * 1024
"""At this size the file is put aside as `.1`, in place of the one that was there."""


@dataclass(frozen=True)
class Comparisons:
    """What a file holds."""

    rows: tuple[Comparison, ...]
    unreadable: int
    """Lines that cannot be read."""


def keep(file: Path, rows: Sequence[Comparison], make_folder: Callable[[Path], object]) -> None:
    """Append to the file. Blocks. Raises `ServiceError` where it cannot be written."""
    text = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    make_folder(file.parent)
    try:
        if file.exists() and file.stat().st_size > _MOST_BYTES:
            file.replace(file.with_name(f"{file.name}.1"))
        descriptor = os.open(file, flags, 0o600)
        try:
            os.write(descriptor, text)
        finally:
            os.close(descriptor)
    except OSError as error:
        message = f"Comparisons of models cannot be kept in {file}: {error.strerror}."
        raise ServiceError(message, remedy="Make room there, or check who owns it.") from error


def read(file: Path) -> Comparisons:
    """Everything the file and the one put aside hold. Raises `ServiceError`."""
    rows: list[Comparison] = []
    unreadable = 0
    for part in (file.with_name(f"{file.name}.1"), file):
        for line in _lines(part):
            try:
                rows.append(msgspec.json.decode(line, type=Comparison))
            except (msgspec.MsgspecError, RecursionError):
                unreadable += 1
    return Comparisons(tuple(rows), unreadable)


def _lines(file: Path) -> list[bytes]:
    try:
        with file.open("rb") as opened:
            return [line for line in opened.read(2 * _MOST_BYTES).split(b"\n") if line.strip()]
    except FileNotFoundError:
        return []
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}."
        raise ServiceError(message, remedy="Check who owns it.") from error
