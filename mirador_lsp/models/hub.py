"""Fetching a model file from the model hub, resuming with HTTP ranges.

Only a public file's address is ever sent. Downloads, unlike everything that carries code, use the
proxies of the user's environment: behind a company proxy there is no other way out.
"""

import asyncio
import ipaddress
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import DownloadError
from mirador_lsp.models.catalogue import Entry, HubSource
from mirador_lsp.models.partial import Partial
from mirador_lsp.models.pulling import Report

if TYPE_CHECKING:
    import httpx

HUB = "https://huggingface.co"
"""The public hub; the environment variable HF_ENDPOINT names another one."""
_MAX_REDIRECTS = 5
_MAX_RECONNECTS = 5
_BLOCK = 1 << 17
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


async def fetch(
    source: HubSource, entry: Entry, partial: Partial, report: Report, environ: Mapping[str, str]
) -> None:
    """Let `partial` grow to the size of the model. Raises `DownloadError` when the hub cannot."""
    base = hub_address(environ)
    url = f"{base}/{source.repository}/resolve/{quote(source.revision)}/{quote(source.file)}"
    client = await asyncio.to_thread(_client, url)
    if partial.left_over > entry.size or not await partial.keep(partial.left_over, report):
        await partial.restart()
    async with client:
        await _read_all(client, url, entry, partial, report)


def hub_address(environ: Mapping[str, str]) -> str:
    """The hub to ask, without a slash at the end. Raises `DownloadError` for one that would be
    asked in the clear.
    """
    base = environ.get("HF_ENDPOINT", "").strip().rstrip("/") or HUB
    if not _is_allowed(base):
        message = "HF_ENDPOINT must be an https address"
        raise DownloadError(message)
    return base


def _client(url: str) -> "httpx.AsyncClient":
    # Importing it and reading the system's certificates takes a while: not on the event loop.
    import httpx

    return httpx.AsyncClient(
        trust_env=not _is_loopback(url),  # a proxy has no business between a machine and itself
        follow_redirects=False,
        timeout=httpx.Timeout(30.0, connect=10.0),
    )


async def _read_all(
    client: "httpx.AsyncClient", url: str, entry: Entry, partial: Partial, report: Report
) -> None:
    """Connect again after a break, as long as every connection brings something."""
    import httpx

    reconnects = 0
    while partial.length < entry.size:
        before = partial.length
        try:
            await _read_on(client, url, entry, partial, report)
        except httpx.HTTPError as error:
            reconnects += 1
            if partial.length == before or reconnects > _MAX_RECONNECTS:
                raise DownloadError(_reason(error)) from error
        else:
            if partial.length == before:
                message = "it sends nothing"
                raise DownloadError(message)


async def _read_on(
    client: "httpx.AsyncClient", url: str, entry: Entry, partial: Partial, report: Report
) -> None:
    async with _open(client, url, partial.length) as response:
        _check_answer(response, entry, partial.length)
        if response.status_code == 200:
            await partial.restart()  # the server knows no ranges
        report(partial.length)
        async for block in response.aiter_raw(_BLOCK):
            if partial.length + len(block) > entry.size:
                await partial.restart()
                message = "it sent more than the model's size"
                raise DownloadError(message)
            await partial.append(block)
            report(partial.length)


@asynccontextmanager
async def _open(
    client: "httpx.AsyncClient", url: str, start: int
) -> AsyncIterator["httpx.Response"]:
    """The answer to a GET from byte `start` on, after redirects. The hub keeps large files
    elsewhere and redirects to them; only to encrypted addresses it is followed.
    """
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    request = client.build_request("GET", url, headers=headers)
    for _ in range(_MAX_REDIRECTS + 1):
        response = await client.send(request, stream=True)
        try:
            if response.next_request is None:
                yield response
                return
            request = response.next_request
        finally:
            await response.aclose()
        local = _is_loopback(url)
        if not (_is_allowed(str(request.url)) and (local or not _is_loopback(str(request.url)))):
            message = f"it redirects to {plain(str(request.url.host), 80)} without encryption"
            raise DownloadError(message)
    message = "it redirects without end"
    raise DownloadError(message)


def _check_answer(response: "httpx.Response", entry: Entry, start: int) -> None:
    """Raise `DownloadError` unless the body is the model's bytes from `start` on."""
    status = response.status_code
    if status not in {200, 206}:
        words = {401: "it asks for a login", 403: "it refuses", 404: "it has no such file"}
        message = f"{words.get(status, 'it answers')} (HTTP {status})"
        raise DownloadError(message)
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        message = "it sends a compressed file although asked not to"
        raise DownloadError(message)
    total = response.headers.get("content-length", "")
    if status == 206:
        found = _RANGE.fullmatch(response.headers.get("content-range", ""))
        if found is None or int(found[1]) != start:
            message = "it sends another part of the file than asked for"
            raise DownloadError(message)
        total = found[2]
    # Checked before anything that is there is given up: the page of a hotel's network is no model.
    if status == 200 and not total.isdecimal():
        message = "it does not say how long its file is"
        raise DownloadError(message)
    if total.isdecimal() and int(total) != entry.size:
        message = f"its file has {total} bytes, not {entry.size}"
        raise DownloadError(message)


def _is_allowed(url: str) -> bool:
    return urlsplit(url).scheme == "https" or _is_loopback(url)


def _is_loopback(url: str) -> bool:
    """Whether a plain http address names this machine by number or as `localhost`."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname is None:
        return False
    try:
        return ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return parts.hostname == "localhost"


def _reason(error: "httpx.HTTPError") -> str:
    import httpx

    if isinstance(error, httpx.TimeoutException):
        return "it does not answer in time"
    if isinstance(error, httpx.ProxyError):
        return f"the proxy refuses ({plain(str(error), 100)})"
    if isinstance(error, httpx.ConnectError):
        return f"it cannot be reached ({plain(str(error), 100)})"
    return f"the connection broke ({plain(str(error), 100) or type(error).__name__})"
