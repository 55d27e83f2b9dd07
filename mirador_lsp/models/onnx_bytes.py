"""Writes ONNX files: the few messages of the format that a fixed graph needs.

The `onnx` package does the same, and much more, in ten times the size of what is made with it. What
is written is plain protocol buffers; the field numbers are those of `onnx.proto`, which never
change.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

FUSED = "com.microsoft"
"""The operators of onnxruntime's own that do several steps in one."""
_IR_VERSION = 8
_OPSET = 17
FLOAT, INT64 = 1, 7
"""Element types."""
_ELEMENTS = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7}
_TYPE_FLOAT, _TYPE_INT = 1, 2


@dataclass
class Graph:
    """A graph under construction. Names of values are free; each is given once."""

    name: str
    _nodes: list[bytes] = field(default_factory=list)
    _tensors: list[bytes] = field(default_factory=list)

    def constant(self, name: str, value: "np.ndarray[Any, np.dtype[Any]]") -> str:
        """Numbers under a name."""
        import numpy as np

        dims = b"".join(_number(1, size) for size in value.shape)
        data = np.ascontiguousarray(value).tobytes()
        element = _number(2, _ELEMENTS[value.dtype.name])
        self._tensors.append(_piece(5, dims + element + _text(8, name) + _piece(9, data)))
        return name

    def node(
        self,
        operator: str,
        inputs: Sequence[str],
        outputs: Sequence[str],
        *,
        domain: str = "",
        **attributes: float,
    ) -> str:
        """One step; returns the name of its first output. An input "" is left out."""
        body = b"".join(_text(1, name) for name in inputs)
        body += b"".join(_text(2, name) for name in outputs)
        body += _text(3, f"{operator}{len(self._nodes)}") + _text(4, operator)
        body += b"".join(_piece(5, _attribute(*pair)) for pair in attributes.items())
        self._nodes.append(_piece(1, body + (_text(7, domain) if domain else b"")))
        return outputs[0]

    def to_bytes(
        self,
        inputs: Iterable[tuple[str, int, Sequence[str | int]]],
        outputs: Iterable[tuple[str, int, Sequence[str | int]]],
    ) -> bytes:
        """The file. Inputs and outputs: name, element type, and sizes or names of sizes."""
        graph = b"".join(self._nodes) + _text(2, self.name) + b"".join(self._tensors)
        graph += b"".join(_piece(11, _value(*told)) for told in inputs)
        graph += b"".join(_piece(12, _value(*told)) for told in outputs)
        sets = _piece(8, _text(1, "") + _number(2, _OPSET))
        sets += _piece(8, _text(1, FUSED) + _number(2, 1))
        return _number(1, _IR_VERSION) + _text(2, "mirador") + _piece(7, graph) + sets


def _value(name: str, element: int, sizes: Sequence[str | int]) -> bytes:
    dims = b"".join(
        _piece(1, _number(1, size) if isinstance(size, int) else _text(2, size)) for size in sizes
    )
    kind = _piece(1, _number(1, element) + _piece(2, dims))
    return _text(1, name) + _piece(2, kind)


def _attribute(name: str, value: float) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, _TYPE_INT)
    data = _varint(2 << 3 | 5) + struct.pack("<f", value)
    return _text(1, name) + data + _number(20, _TYPE_FLOAT)


def _text(number: int, text: str) -> bytes:
    return _piece(number, text.encode())


def _piece(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value & (1 << 64) - 1)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)
