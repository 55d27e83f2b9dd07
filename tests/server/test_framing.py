"""Cutting the stream into messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_lsp.server.framing import Frames, FramingError, framed


@given(st.lists(st.binary(max_size=40), max_size=5), st.integers(1, 30))
def test_bodies_come_out_whole_however_the_stream_is_cut(bodies: list[bytes], step: int) -> None:
    """Pieces of any size give back the bodies that went in, in their order."""
    stream = b"".join(framed(body) for body in bodies)
    frames = Frames()
    out = []
    for at in range(0, len(stream), step):
        out += frames.feed(stream[at : at + step])
    assert out == bodies


@pytest.mark.parametrize(
    "header",
    [
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
        b"GET / HTTP/1.1\r\n",
        b"Host: x\r\nContent-Length: 2\r\n\r\n{}",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 99999999999999\r\n\r\n",
        b"Content-Type: x\r\n\r\n",
        b"Content-Length: 1e3\r\n\r\n",
        b"x" * 9000,
    ],
)
def test_what_is_not_lsp_is_refused(header: bytes) -> None:
    """A browser's request, or a length that cannot be, ends the stream instead of being obeyed."""
    with pytest.raises(FramingError):
        Frames().feed(header)


def test_header_names_have_no_case() -> None:
    """Clients write Content-Length in any case and may add a Content-Type."""
    stream = b"content-length:2\r\nContent-Type: application/vscode-jsonrpc\r\n\r\n{}"
    assert Frames().feed(stream) == [b"{}"]
