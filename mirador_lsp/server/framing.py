"""The base protocol of LSP: header fields, an empty line, a JSON body."""

MAX_BODY = 256 * 1024 * 1024
"""Bytes a single message may have; what claims more is not an editor."""
_MAX_HEADER = 8192


class FramingError(Exception):
    """The stream is not the LSP base protocol; where the next message begins is unknown."""


class Frames:
    """Cuts a stream of bytes into message bodies.

    Anything but header fields before a body is an error. A browser that is talked into sending an
    HTTP request to the port is thereby refused instead of obeyed.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._length: int | None = None

    def feed(self, chunk: bytes) -> list[bytes]:
        """The bodies that `chunk` completes. Raises `FramingError`; the stream is lost then."""
        self._buffer += chunk
        bodies = []
        while (body := self._next()) is not None:
            bodies.append(body)
        return bodies

    def _next(self) -> bytes | None:
        if self._length is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                _check_beginning(self._buffer)
                return None
            self._length = _length_of(bytes(self._buffer[:end]))
            del self._buffer[: end + 4]
        if len(self._buffer) < self._length:
            return None
        body = bytes(self._buffer[: self._length])
        del self._buffer[: self._length]
        self._length = None
        return body


def framed(body: bytes) -> bytes:
    """`body` with its header."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def _check_beginning(beginning: bytearray) -> None:
    if len(beginning) > _MAX_HEADER:
        message = "a header longer than 8 KiB"
        raise FramingError(message)
    line, ended, _ = beginning.partition(b"\r\n")
    if ended and b":" not in line:
        message = "a header line without a field name"
        raise FramingError(message)


def _length_of(header: bytes) -> int:
    length = None
    for line in header.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        field = name.strip().lower()
        if not colon or field not in {b"content-length", b"content-type"}:
            message = f"unexpected header line {line[:60]!r}"
            raise FramingError(message)
        if field == b"content-length":
            digits = value.strip()
            if not digits.isdigit() or int(digits) > MAX_BODY:
                message = f"unusable content length {digits[:60]!r}"
                raise FramingError(message)
            length = int(digits)
    if length is None:
        message = "a header without Content-Length"
        raise FramingError(message)
    return length
