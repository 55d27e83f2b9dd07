"""Whole requests and whole answers: for servers that are asked for data and do not stream."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError
from mirador_lsp.egress.addresses import is_local, literal, parts_of
from mirador_lsp.egress.client import TooLong, make_client, read

if TYPE_CHECKING:
    import httpx

_CONNECT_SECONDS = 10.0


class NoAnswer(Exception):
    """There is no whole answer. `str(error)` is a phrase that follows the server's name."""

    def __init__(self, why: str, *, heard: bool) -> None:
        """`heard`: the request may have arrived, so that what it asks for may have been done."""
        super().__init__(why)
        self.heard = heard


class TooMuch(NoAnswer):
    """The answer is longer than what was asked for; asking again would not make it shorter."""


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """The body as JSON. Raises `ValueError` where it is none."""
        try:
            return msgspec.json.decode(self.body)
        except RecursionError as error:
            message = "nested too deeply"
            raise ValueError(message) from error

    @property
    def kind(self) -> str:
        """The media type, without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Caller:
    """Asks one server. Over the network only encrypted; on this machine as it likes.

    Raises `UserError` for an address that cannot be used. Use it from one event loop and `close`
    it.
    """

    def __init__(self, name: str, base: str, headers: Mapping[str, str]) -> None:
        """`headers` go with each request: the key is among them, and is never shown."""
        parts = parts_of(base, name)
        host = str(parts.hostname)
        self.host = plain(parts.netloc.rpartition("@")[2], 100)
        if parts.username or parts.password:
            message = f"The address of {plain(name, 60)} holds a password."
            raise UserError(message, remedy="Leave it out: keys come from the environment.")
        if parts.scheme != "https" and not is_local(host):
            message = f"{self.host} is only to be reached without encryption."
            raise UserError(message, remedy=f"Use https://{self.host}.")
        self.local = is_local(host)
        self._base = literal(base.rstrip("/"), host)
        self._headers = headers
        self._client: httpx.AsyncClient | None = None

    def __repr__(self) -> str:
        return f"Caller({self._base!r})"

    async def ask(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        accept: str = "application/json",
        seconds: float,
        most: int,
    ) -> Answer:
        """The answer, whatever its status; a redirect is an answer and is not followed.

        Takes `seconds` at most, and `most` bytes. Raises `NoAnswer`, and `TooMuch` for more.
        """
        headers = {"Accept": accept}
        content = None
        if body is not None:
            content = msgspec.json.encode(body)
            headers["Content-Type"] = "application/json"
        client = await self._opened()
        import httpx

        sent = False
        try:
            async with asyncio.timeout(seconds):
                request = client.build_request(method, path, content=content, headers=headers)
                sent = True
                response = await client.send(request, stream=True)
                try:
                    data = await read(response, most)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            message = f"did not answer within {seconds:g} seconds"
            raise NoAnswer(message, heard=sent) from error
        except TooLong as error:
            message = f"sent more than {most:,} bytes"
            raise TooMuch(message, heard=True) from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise NoAnswer(_unreached(error), heard=False) from error
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, RuntimeError) as error:
            message = f"broke the connection ({type(error).__name__})"
            raise NoAnswer(message, heard=sent) from error
        known = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, known, data)

    async def close(self) -> None:
        """Hang up. May be repeated."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _opened(self) -> "httpx.AsyncClient":
        if self._client is None:
            made = await asyncio.to_thread(
                make_client, self._base, self._headers, connect=_CONNECT_SECONDS
            )
            # Nobody else has made one meanwhile: a forge is asked one thing after the other.
            self._client = made
        return self._client


def _unreached(error: Exception) -> str:
    """Why nobody is there: names, certificates and ports are different troubles."""
    words = str(error).lower()
    if "certificate" in words or "ssl" in words or "tls" in words:
        return "shows a certificate that this system does not trust"
    if "name or service" in words or "getaddrinfo" in words or "nodename" in words:
        return "is not known by that name"
    return "does not answer"
