"""The file a download grows in. Any source may go on where another one stopped, because they all
carry the same bytes; the checksum at the end says whether they did.
"""

import asyncio
import hashlib
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from mirador_lsp.models.pulling import Phase, Report

SLICE = 4 << 20
"""Bytes handled in one go, so that a cancelled download stops within milliseconds."""


class Partial:
    """An unfinished model file: its first `length` bytes count, and are part of `digest`.

    Every method may raise OSError (a full disk, a folder that went away).
    """

    def __init__(self, path: Path) -> None:
        # No link is followed: what is written goes into this folder and nowhere else.
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._file = os.fdopen(os.open(path, flags, 0o600), "r+b", buffering=0)
        self._hash = hashlib.sha256()
        self.path = path
        self.length = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    @property
    def digest(self) -> str:
        """SHA-256 of the first `length` bytes, hex."""
        return self._hash.hexdigest()

    @property
    def left_over(self) -> int:
        """Bytes on disk, after the first `length`, that an earlier download left."""
        return max(0, os.fstat(self._file.fileno()).st_size - self.length)

    async def keep(self, count: int, report: Report, sha256: str = "") -> bool:
        """Let the next `count` bytes on disk count, if they have this checksum ("": any).

        False, and nothing is kept, when they have not or when there are fewer.
        """
        if self.left_over < count:
            return False
        whole, piece = self._hash.copy(), hashlib.sha256()
        at, end = self.length, self.length + count
        while at < end:
            block = await asyncio.to_thread(self._read, at, min(SLICE, end - at))
            if not block:
                return False
            await asyncio.to_thread(whole.update, block)
            if sha256:
                await asyncio.to_thread(piece.update, block)
            at += len(block)
            report(at, Phase.CHECKING)
        if sha256 and piece.hexdigest() != sha256:
            return False
        self._hash, self.length = whole, end
        return True

    async def append(self, data: bytes) -> None:
        """Write `data` after the first `length` bytes."""
        await asyncio.to_thread(self._append, data)

    async def cut(self) -> None:
        """Drop from the disk what does not count."""
        await asyncio.to_thread(self._file.truncate, self.length)

    def rewind(self) -> None:
        """Let nothing count, but leave it on the disk to be kept again."""
        self._hash, self.length = hashlib.sha256(), 0

    async def restart(self) -> None:
        """Drop everything."""
        self.rewind()
        await self.cut()

    def mark(self) -> "Mark":
        """A place to go `back` to."""
        return Mark(self.length, self._hash.copy())

    async def back(self, mark: "Mark") -> None:
        """Drop everything after `mark`."""
        self._hash, self.length = mark.hash.copy(), mark.length
        await self.cut()

    async def settle(self) -> None:
        """Have the bytes on the disk itself, so that a power cut after the rename loses nothing."""
        await asyncio.to_thread(os.fsync, self._file.fileno())

    def _read(self, at: int, count: int) -> bytes:
        return os.pread(self._file.fileno(), count, at)

    def _append(self, data: bytes) -> None:
        view, at = memoryview(data), self.length
        while view:
            written = os.pwrite(self._file.fileno(), view, at)
            view, at = view[written:], at + written
        self._hash.update(data)
        self.length = at


class Mark:
    """How much of a `Partial` counted at some moment."""

    def __init__(self, length: int, digest: "hashlib._Hash") -> None:
        self.length = length
        self.hash = digest
