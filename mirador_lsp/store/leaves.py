"""Rows read from the pages of a database file as they lie there, whatever points to them.

Where a page is broken that says where others are, SQLite finds nothing below it, though every row
is there. The pages that hold rows of tables (leaves) tell their own kind, and each row its own row
id; which table a row is of is for the caller to say. The layout is that of the file format:
https://www.sqlite.org/fileformat2.html. Everything here blocks.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

Value = str | bytes | int | float | None

_LEAF = 0x0D
_HEADER = 100
"""Bytes at the beginning of the first page that are not part of its tree."""
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
"""How many bytes an integer of each type takes."""
_MOST_BYTES = 64 * 1024 * 1024
"""Of one row; more is damage."""


class _BrokenError(Exception):
    """These bytes are no row."""


def rows_in(file: Path) -> Iterator[tuple[int, tuple[Value, ...]]]:
    """Every row of every leaf, with its row id. Raises `OSError`."""
    data = file.read_bytes()
    size = int.from_bytes(data[16:18], "big")
    size = 65536 if size == 1 else size
    if size < 512 or size & (size - 1):
        size = 4096
    usable = size - (data[20] if len(data) > 20 and data[20] < 33 else 0)
    for number in range(len(data) // size):
        page = data[number * size : (number + 1) * size]
        at = _HEADER if number == 0 else 0
        if page[at] == _LEAF:
            yield from _rows_of(data, page, at, size, usable)


def _rows_of(
    data: bytes, page: bytes, at: int, size: int, usable: int
) -> Iterator[tuple[int, tuple[Value, ...]]]:
    count = int.from_bytes(page[at + 3 : at + 5], "big")
    first = at + 8
    if first + 2 * count > usable:
        return
    for index in range(count):
        start = int.from_bytes(page[first + 2 * index : first + 2 * index + 2], "big")
        try:
            length, start = _number(page, start)
            row, start = _number(page, start)
            record = _payload(data, page, start, length, size, usable)
            yield _signed(row), _values(record)
        except (_BrokenError, IndexError, struct.error, UnicodeDecodeError):
            continue


def _payload(data: bytes, page: bytes, start: int, length: int, size: int, usable: int) -> bytes:
    """The bytes of a row, those on other pages included."""
    if length > _MOST_BYTES:
        raise _BrokenError
    most = usable - 35
    if length <= most:
        return _cut(page, start, length)
    least = (usable - 12) * 32 // 255 - 23
    here = least + (length - least) % (usable - 4)
    here = here if here <= most else least
    parts = [_cut(page, start, here)]
    following = int.from_bytes(_cut(page, start + here, 4), "big")
    left = length - here
    while left > 0:
        if following == 0:
            raise _BrokenError
        other = data[(following - 1) * size : following * size]
        if len(other) < size:
            raise _BrokenError
        parts.append(other[4 : 4 + min(left, usable - 4)])
        left -= usable - 4
        following = int.from_bytes(other[:4], "big")
    return b"".join(parts)


def _cut(page: bytes, start: int, length: int) -> bytes:
    part = page[start : start + length]
    if len(part) < length:
        raise _BrokenError
    return part


def _values(record: bytes) -> tuple[Value, ...]:
    end, at = _number(record, 0)
    if end > len(record):
        raise _BrokenError
    kinds = []
    while at < end:
        kind, at = _number(record, at)
        kinds.append(kind)
    values, at = [], end
    for kind in kinds:
        value, at = _value(record, kind, at)
        values.append(value)
    if at != len(record):
        raise _BrokenError
    return tuple(values)


def _value(record: bytes, kind: int, at: int) -> tuple[Value, int]:
    if kind == 0:
        return None, at
    if kind in _INTEGERS:
        length = _INTEGERS[kind]
        return int.from_bytes(_cut(record, at, length), "big", signed=True), at + length
    if kind == 7:
        (number,) = struct.unpack(">d", _cut(record, at, 8))
        return float(number), at + 8
    if kind in {8, 9}:
        return kind - 8, at
    if kind < 12:
        raise _BrokenError
    length = (kind - 12) // 2
    part = _cut(record, at, length)
    return (part.decode() if kind % 2 else part), at + length


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where it ends."""
    value = 0
    for index in range(8):
        byte = data[at + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    return value << 8 | data[at + 8], at + 9


def _signed(number: int) -> int:
    return number - (1 << 64) if number >= 1 << 63 else number
