"""Tensors in files of the safetensors format: eight bytes of length, a JSON header, the numbers."""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from mirador_lsp.core.errors import DownloadError

if TYPE_CHECKING:
    import numpy as np

    Tensor = np.ndarray[Any, np.dtype[Any]]

_LONGEST_HEADER = 1 << 20
_TYPES = {"F32": "<f4", "F16": "<f2", "I8": "|i1", "I64": "<i8"}


class _Place(msgspec.Struct):
    """Where a tensor lies, in bytes after the header."""

    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


def read_tensors(path: Path) -> "dict[str, Tensor]":
    """Every tensor of a file; types that are not known are left out.

    The numbers are read when they are needed. Raises `DownloadError` for a file that is none.
    """
    import numpy as np

    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = _read_exactly(file, length)
        body = np.memmap(path, np.uint8, "r", offset=8 + length)
        places = msgspec.json.decode(header, type=dict[str, msgspec.Raw])
        found = {}
        for name, raw in places.items():
            if name == "__metadata__":
                continue
            place = msgspec.json.decode(raw, type=_Place)
            if place.dtype in _TYPES:
                found[name] = _tensor(body, place)
    except (OSError, struct.error, ValueError, msgspec.MsgspecError) as error:
        message = f"{path.name} holds no tensors that can be read."
        raise DownloadError(message) from error
    return found


def _tensor(body: "Tensor", place: _Place) -> "Tensor":
    begin, end = place.data_offsets
    if not 0 <= begin <= end <= body.size or min(place.shape, default=0) < 0:
        message = "a tensor lies outside of the file"
        raise ValueError(message)
    return body[begin:end].view(_TYPES[place.dtype]).reshape(place.shape)


def _read_exactly(file: BinaryIO, length: int) -> bytes:
    header = file.read(length) if length <= _LONGEST_HEADER else b""
    if len(header) < length:
        message = "the header is not there, or longer than any"
        raise ValueError(message)
    return header


def write_tensors(path: Path, tensors: "Mapping[str, Tensor]") -> None:
    """Write a file that `read_tensors` reads, in the order given."""
    names = {kind: name for name, kind in _TYPES.items()}
    header: dict[str, object] = {}
    at = 0
    for name, tensor in tensors.items():
        end = at + tensor.nbytes
        header[name] = {
            "dtype": names[tensor.dtype.newbyteorder("<").str],
            "shape": list(tensor.shape),
            "data_offsets": [at, end],
        }
        at = end
    told = msgspec.json.encode(header)
    told += b" " * (-len(told) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(told)) + told)
        for tensor in tensors.values():
            file.write(tensor.tobytes())
