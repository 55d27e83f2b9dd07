"""A changed text written back to its file: in the encoding it had, whole or not at all."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import ServiceError, UserError
from mirador_lsp.workspace.decoding import NoText, decode, encode
from mirador_lsp.workspace.reading import read_bytes
from mirador_lsp.workspace.sources import MAX_BYTES


def write_back(before: Snapshot, text: str) -> None:
    """Replace the content of the file of `before` by `text`. Blocks.

    The file keeps its encoding, its byte order mark and its permissions; a link stays a link, and
    what it leads to is replaced. Raises `UserError` for a document without a file, for a file that
    no longer holds the text of `before`, and for a text that its encoding cannot hold;
    `ServiceError` when it cannot be written. In each case the file is as it was.
    """
    if before.path is None:
        message = f"{before.name} is no file."
        raise UserError(message, remedy="Read the change from the output.")
    held = read_bytes(before.path, max_bytes=MAX_BYTES, follow=True)
    if isinstance(held, NoText):
        message = f"{before.name} is not written: it {held.reason}."
        raise UserError(message)
    if decode(held, before.language) != before.text:
        message = f"{before.name} is not written: it has changed meanwhile."
        raise UserError(message, remedy="Run the command again.")
    try:
        content = encode(text, held, before.language)
    except UnicodeEncodeError as error:
        message = f"{before.name} is not written: {error.encoding} cannot hold the new text."
        raise UserError(message, remedy="Save the file as UTF-8 first.") from error
    try:
        _replace(Path(before.path), content)
    except OSError as error:
        message = f"{before.name} cannot be written: {error.strerror}."
        raise ServiceError(message, remedy="Check who owns it and its folder.") from error


def _replace(path: Path, content: bytes) -> None:
    target = path.resolve(strict=True)
    mode = stat.S_IMODE(target.stat().st_mode)
    with _draft(target) as draft:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as written:
            written.write(content)
            written.flush()
            os.fsync(written.fileno())
            os.fchmod(written.fileno(), mode)
        draft.replace(target)


@contextmanager
def _draft(target: Path) -> Iterator[Path]:
    """A name beside `target` that nobody else uses; nothing is left under it."""
    draft = target.with_name(f".{target.name}.{os.getpid()}.mirador")
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)
