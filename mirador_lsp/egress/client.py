"""The one client, and answers of a bounded size.

Vendors' clients obey `HTTP_PROXY` even for loopback and follow redirects with the body, so that
code may end up on another machine. Nothing here does: the environment is not read, and a redirect
is an answer like any other.
"""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from mirador_lsp.core.clean import plain

if TYPE_CHECKING:
    import httpx

_CONNECT_SECONDS = 3.0


class TooLong(Exception):
    """An answer is larger than anything that was asked for."""


def make_client(
    base: str, headers: Mapping[str, str], *, connect: float = _CONNECT_SECONDS
) -> "httpx.AsyncClient":
    """A client of one server. Callers bound how long it may take to answer.

    Blocks: importing it and reading the system's certificates takes a while. Raises
    `httpx.InvalidURL`.
    """
    import httpx

    return httpx.AsyncClient(
        base_url=base,
        # Lines are read as they come, and sizes are bounded; a compressor would stand in between.
        headers={"Accept-Encoding": "identity", **headers},
        trust_env=False,
        follow_redirects=False,
        verify=certificates(),
        timeout=httpx.Timeout(None, connect=connect),
    )


def certificates() -> ssl.SSLContext:
    """Whom to believe: the public authorities, and those that this system trusts as well.

    A company's own servers are vouched for by its own authority, which is installed in the system.
    Where that lies is taken from the library and not from the environment, and the environment
    cannot have the session keys written down.
    """
    import httpx

    context = httpx.create_ssl_context(trust_env=False)
    context.keylog_filename = None  # type: ignore[assignment]  # None is how it is turned off
    system = ssl.get_default_verify_paths()
    file, folder = Path(system.openssl_cafile), Path(system.openssl_capath)
    if file.is_file():
        context.load_verify_locations(cafile=file)
    if folder.is_dir():
        context.load_verify_locations(capath=folder)
    return context


async def read(response: "httpx.Response", most: int) -> bytes:
    """The body of an answer. Raises `TooLong` above `most` bytes, `httpx.HTTPError`."""
    pieces: list[bytes] = []
    size = 0
    async for piece in response.aiter_raw():
        pieces.append(piece)
        size += len(piece)
        if size > most:
            message = f"The server's answer is larger than {most:,} bytes."
            raise TooLong(message)
    return b"".join(pieces)


def said(body: Any) -> str:
    """The message in an error's JSON, plain, at most 300 characters; "" where there is none.

    Servers nest it: {"error": TEXT or {"message": TEXT}}, TEXT perhaps JSON once more.
    """
    for _ in range(5):
        if isinstance(body, list) and len(body) == 1:
            body = body[0]
        elif isinstance(body, dict):
            body = body.get("error", body.get("message", body.get("detail", "")))
        elif isinstance(body, str) and body.lstrip().startswith("{"):
            try:
                body = msgspec.json.decode(body)
            except (msgspec.DecodeError, RecursionError):
                break
        else:
            break
    return plain(body, 300) if isinstance(body, str) else ""
