"""Vectors that were computed elsewhere, in a file: ids of chunks and their vectors, and no code.

The file: a head of 1,024 bytes that says of what embedder the vectors are and how many; then for
each chunk, in the order of the ids, the 16 bytes of its id and its vector as 16-bit floats; then
the SHA-256 of the head and of the SHA-256 of the records. So its size is known from its head, it is
checked in one pass without being held in memory, and an id is found by halving. Who made it is not
known, so nothing in it is believed before it was checked.
"""

import bisect
import hashlib
import os
import re
import stat
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Self

import msgspec

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import IndexUnavailable
from mirador_lsp.core.retrieval import EmbedderCard

ENDING = ".vectors"
_MAGIC = b"mirador vectors 1\n"
_HEAD = 1024
_ID = 16
_SUM = 32
_MOST_DIMENSIONS, _MOST_ROWS = 16_384, 20_000_000
_MOST_BYTES = 64 << 30
_PIECE = 1 << 20
"""Bytes that are checked at once, about."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SHORTEST, _LONGEST = 0.9, 1.1
"""Lengths that a vector of length 1 may have when its numbers are rounded."""
_REMEDY = "Have it made again: mirador index export"


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file says of itself."""

    embedder: str
    """Name, for users."""
    digest: str
    dimensions: int
    count: int


class Prebuilt:
    """A checked file, open for looking up. For one thread at a time."""

    def __init__(self, path: Path, handle: int, head: Head, mark: tuple[int, ...]) -> None:
        """`handle` is the open file, which this takes over."""
        self.path = path
        self.head = head
        self.mark = mark
        """Of the file when it was checked: another one says that it has changed."""
        self._handle = handle
        self._width = _ID + 2 * head.dimensions

    @classmethod
    def open(cls, path: Path, most_bytes: int = _MOST_BYTES) -> Self:
        """Open and check a file. Takes about a second for each gigabyte.

        Raises `IndexUnavailable` for one that is no whole file of vectors.
        """
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) else "its name is none"
            raise _refused(path, f"{said}") from error
        try:
            about = os.fstat(handle)
            head = _checked(path, handle, about, most_bytes)
        except OSError as error:
            os.close(handle)
            raise _refused(path, f"{error.strerror}") from error
        except BaseException:
            os.close(handle)
            raise
        return cls(path, handle, head, _mark(about))

    def is_of(self, card: EmbedderCard) -> bool:
        """Whether the vectors are of that embedder."""
        return (self.head.digest, self.head.dimensions) == (card.digest, card.dimensions)

    def vectors_of(self, ids: Iterable[str]) -> Mapping[str, Sequence[float]]:
        """The vectors of those of these chunks that are in it. Raises `IndexUnavailable`."""
        found: dict[str, Sequence[float]] = {}
        for chunk in ids:
            key = bytes.fromhex(chunk)
            at = bisect.bisect_left(range(self.head.count), key, key=self._id_at)
            if at < self.head.count and self._id_at(at) == key:
                found[chunk] = self._vector_at(at)
        return found

    def copy_to(self, file: IO[bytes]) -> None:
        """Write all of it as it is now."""
        at = 0
        while piece := os.pread(self._handle, _PIECE, at):
            file.write(piece)
            at += len(piece)

    def close(self) -> None:
        """Let go of the file. May be repeated."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    def _id_at(self, number: int) -> bytes:
        return self._read(_HEAD + number * self._width, _ID)

    def _vector_at(self, number: int) -> "array[float]":
        import numpy as np

        at = _HEAD + number * self._width + _ID
        row = np.frombuffer(self._read(at, 2 * self.head.dimensions), dtype="<f2")
        vector = row.astype(np.float32)
        if not np.isfinite(vector).all():
            raise _refused(self.path, "it was changed while it was in use")
        return array("f", vector.tobytes())

    def _read(self, at: int, size: int) -> bytes:
        try:
            data = os.pread(self._handle, size, at)
        except OSError as error:
            raise _refused(self.path, f"{error.strerror}") from error
        if len(data) != size:
            raise _refused(self.path, "it was cut while it was in use")
        return data


def mark_of(path: Path) -> tuple[int, ...] | None:
    """See `Prebuilt.mark`; None where there is no file."""
    try:
        return _mark(path.stat())
    except (OSError, ValueError):
        return None


def write(
    file: IO[bytes], card: EmbedderCard, rows: Iterable[tuple[Sequence[str], bytes]]
) -> Iterator[int]:
    """Write a file in steps; gives after each how many vectors it has by then.

    `rows` are ids with their vectors as 16-bit floats one after the other, by ascending ids; each
    id comes once.
    """
    told = hashlib.sha256()
    count, width = 0, 2 * card.dimensions
    file.seek(_HEAD)
    for ids, vectors in rows:
        piece = b"".join(
            bytes.fromhex(chunk) + vectors[at * width : (at + 1) * width]
            for at, chunk in enumerate(ids)
        )
        told.update(piece)
        file.write(piece)
        count += len(ids)
        yield count
    said = Head(plain(card.name, 200), card.digest, card.dimensions, count)
    head = (_MAGIC + msgspec.json.encode(said) + b"\n").ljust(_HEAD, b" ")
    file.write(_sum(head, told.digest()))
    file.seek(0)
    file.write(head)


@contextmanager
def new_file(path: Path, *, mode: int = 0o666) -> Iterator[IO[bytes]]:
    """A file that is at `path` once the block has ended well; until then at its own `name`.

    Raises `IndexUnavailable`.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(fresh, "w+b", opener=lambda name, how: os.open(name, how, mode)) as file:
            yield file
        fresh.replace(path)
    except OSError as error:
        message = f"{plain(str(path), 300)} cannot be written: {error.strerror}."
        raise IndexUnavailable(message, remedy="Choose another place.") from error
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)


def _checked(path: Path, handle: int, about: os.stat_result, most_bytes: int) -> Head:
    """The head of a file that is whole. Raises `IndexUnavailable` and `OSError`."""
    if not stat.S_ISREG(about.st_mode):
        raise _refused(path, "it is no file")
    if about.st_size > most_bytes:
        raise _refused(path, f"it is larger than {most_bytes:,} bytes")
    raw = os.pread(handle, _HEAD, 0)
    if not raw.startswith(_MAGIC):
        raise _refused(path, "it is no file of vectors, or of another version")
    try:
        head = msgspec.json.decode(raw[len(_MAGIC) :], type=Head)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(path, "its head cannot be read") from error
    bounded = 1 <= head.dimensions <= _MOST_DIMENSIONS and 0 <= head.count <= _MOST_ROWS
    if not bounded or not _DIGEST.fullmatch(head.digest):
        raise _refused(path, "its head says what cannot be")
    width = _ID + 2 * head.dimensions
    end = _HEAD + head.count * width
    if about.st_size != end + _SUM:
        raise _refused(path, "it is not whole")
    told, last, at = hashlib.sha256(), b"", _HEAD
    while at < end:
        piece = os.pread(handle, min(end - at, max(1, _PIECE // width) * width), at)
        if not piece or len(piece) % width:
            raise _refused(path, "it is not whole")
        told.update(piece)
        last = _check_rows(path, piece, width, last)
        at += len(piece)
    if os.pread(handle, _SUM + 1, end) != _sum(raw, told.digest()):
        raise _refused(path, "its checksum is wrong")
    return head


def _check_rows(path: Path, piece: bytes, width: int, last: bytes) -> bytes:
    """The last id of these records, all of which are as they should be."""
    import numpy as np

    for at in range(0, len(piece), width):
        chunk = piece[at : at + _ID]
        if chunk <= last:
            raise _refused(path, "its ids are not in order")
        last = chunk
    rows = np.frombuffer(piece, np.uint8).reshape(-1, width)[:, _ID:]
    matrix = np.ascontiguousarray(rows).view("<f2").astype(np.float32)
    lengths = np.linalg.norm(matrix, axis=1)
    fine = (lengths == 0) | ((lengths > _SHORTEST) & (lengths < _LONGEST))
    if not fine.all():  # what is no number is not fine either
        raise _refused(path, "it holds what is no vector of length 1")
    return last


def _sum(head: bytes, records: bytes) -> bytes:
    return hashlib.sha256(head + records).digest()


def _mark(about: os.stat_result) -> tuple[int, ...]:
    return (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)


def _refused(path: Path, why: str) -> IndexUnavailable:
    name = plain(str(path), 300)
    return IndexUnavailable(f"The vectors in {name} are not used: {why}.", remedy=_REMEDY)
