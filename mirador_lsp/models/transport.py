"""The one way to a model server: HTTP that goes where the user said and nowhere else.

The client is that of `egress`. Redirects are failures, and a name that means this machine is
replaced by its address before anything is sent.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import Priority
from mirador_lsp.core.errors import BadReply, ModelUnavailable, UserError
from mirador_lsp.egress.addresses import is_local, literal, parts_of
from mirador_lsp.egress.client import TooLong, make_client, read, said
from mirador_lsp.egress.hiding import without_key

if TYPE_CHECKING:
    import httpx

_log = logging.getLogger(__name__)
MAX_LINE = 1 << 20
"""Bytes one line of a streamed reply may have."""
_MAX_BODY = 8 << 20
_MAX_ERROR = 64 << 10
_ANSWER_SECONDS = 10.0
"""For the small questions: which models there are, what one of them is."""
_PRIORITY = "X-Mirador-Priority"
"""Says "interactive", "save", "explain", "background" or "speculation", and nothing else."""
_JSON = ("application/json", "application/x-ndjson", "text/event-stream")


class Refusal(Exception):
    """The server answered, and the answer is no. Adapters turn it into one of our errors."""

    def __init__(self, status: int, message: str, body: Any = None) -> None:
        """`message` is what the server says, plain, at most 300 characters; "" when that is not for
        reading. `body` is the answer's JSON, where it is JSON.
        """
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message
        self.body = body


class Transport:
    """A connection to one server. `name` is what users call it.

    Raises `UserError` for an address that is none. Use it from one event loop and `close` it.
    """

    def __init__(self, name: str, url: str, *, key: str = "", key_header: str = "") -> None:
        """The key goes into `key_header`, or else where bearers of tokens put theirs."""
        parts = parts_of(url, name)
        if parts.username or parts.password:
            message = f"The address of {plain(name, 60)} holds a password."
            raise UserError(message, remedy="Name the variable that holds the key with key_env.")
        self.name = plain(name, 60)
        self.local = is_local(str(parts.hostname))
        """It runs on this machine, whatever else is true of it."""
        self.encrypted = parts.scheme == "https"
        self.host = plain(parts.netloc, 100)
        """Where it is, with its port where one is named."""
        self._base = literal(url.rstrip("/"), str(parts.hostname))
        self.key = key
        self._key_header = key_header
        self._client: httpx.AsyncClient | None = None
        self._making = asyncio.Lock()

    def __repr__(self) -> str:
        return f"Transport({self.name!r}, {self._base!r})"

    async def get(self, path: str) -> Any:
        """The JSON at `path`. Raises `Refusal`, `ModelUnavailable`, `BadReply`."""
        return await self._whole("GET", path, None)

    async def post(self, path: str, body: object, *, seconds: float = _ANSWER_SECONDS) -> Any:
        """The JSON that answers `body` within `seconds`. Raises as `get` does."""
        return await self._whole("POST", path, body, seconds)

    @asynccontextmanager
    async def lines(
        self, path: str, body: object, priority: Priority | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """The lines that answer `body`, as they come. Leaving the block hangs up. What stands in
        front of a server that several people share reads the priority and lets the urgent pass.

        Raises `Refusal` and `ModelUnavailable` on entry, `ModelUnavailable` and `BadReply` while
        reading.
        """
        async with self._asked("POST", path, body, priority) as response:
            yield self._split(response)

    async def close(self) -> None:
        """Hang up."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def client(self) -> "httpx.AsyncClient":
        """The client underneath, for a vendor's library that can be given one."""
        async with self._making:
            if self._client is None:
                # Importing it and reading the system's certificates blocks for a while.
                self._client = await asyncio.to_thread(self._make)
            return self._client

    def _make(self) -> "httpx.AsyncClient":
        import httpx

        headers: dict[str, str] = {}
        if self.key and self._key_header:
            headers[self._key_header] = self.key
        elif self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        try:
            return make_client(self._base, headers)
        except httpx.InvalidURL as error:
            raise self._unusable() from error

    def _unusable(self) -> ModelUnavailable:
        message = f"The address of {self.name} cannot be used."
        return ModelUnavailable(message, remedy="Write it as http://HOST:PORT.")

    async def _whole(
        self, method: str, path: str, body: object, seconds: float = _ANSWER_SECONDS
    ) -> Any:
        try:
            async with asyncio.timeout(seconds):
                async with self._asked(method, path, body) as response:
                    data = await self._read(response, _MAX_BODY)
        except TimeoutError as error:
            message = f"{self.name} did not answer within {seconds:g} seconds."
            raise ModelUnavailable(message) from error
        try:
            return msgspec.json.decode(data)
        except (msgspec.DecodeError, RecursionError) as error:
            message = f"{self.name} answered with something that is not JSON."
            raise BadReply(message) from error

    @asynccontextmanager
    async def _asked(
        self, method: str, path: str, body: object, priority: Priority | None = None
    ) -> AsyncIterator["httpx.Response"]:
        response = await self._sent(method, path, body, priority)
        import httpx

        try:
            await self._check(response)
            yield response
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            raise self._broken(error) from error
        finally:
            await response.aclose()

    async def _sent(
        self, method: str, path: str, body: object, priority: Priority | None
    ) -> "httpx.Response":
        """The beginning of an answer. Raises `ModelUnavailable`."""
        client = await self.client()
        import httpx  # by now it is loaded, which was done in a thread because it takes long

        content = None if body is None else msgspec.json.encode(body)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if priority is not None:
            headers[_PRIORITY] = priority.name.lower()
        try:
            request = client.build_request(method, path, content=content, headers=headers)
            return await client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            message = f"{self.name} does not answer at {self._base}."
            raise ModelUnavailable(message, remedy="Start it, or correct its address.") from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise self._unusable() from error
        except (httpx.HTTPError, RuntimeError) as error:  # RuntimeError: the client was closed
            raise self._broken(error) from error

    async def _check(self, response: "httpx.Response") -> None:
        """Raises `Refusal` unless this is the answer of a model server."""
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if response.is_redirect:
            message = "it sends us elsewhere, where your code would go; that is not followed"
            raise Refusal(response.status_code, message)
        if response.status_code in (200, 201):
            if kind not in _JSON:
                message = f"it answered with {plain(kind, 40) or 'nothing known'}, not JSON"
                raise Refusal(response.status_code, message)
            return
        data = await self._read(response, _MAX_ERROR)
        try:
            body = msgspec.json.decode(data)
        except (msgspec.DecodeError, RecursionError):
            body = None
        raise Refusal(response.status_code, without_key(said(body), self.key), body)

    async def _split(self, response: "httpx.Response") -> AsyncIterator[bytes]:
        import httpx

        rest = b""
        try:
            async for piece in response.aiter_raw():
                *whole, rest = (rest + piece).split(b"\n")
                for line in whole:
                    yield line
                if len(rest) > MAX_LINE:
                    message = f"{self.name} sent a line without end."
                    raise BadReply(message)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            raise self._broken(error) from error
        if rest:
            yield rest

    async def _read(self, response: "httpx.Response", most: int) -> bytes:
        try:
            return await read(response, most)
        except TooLong as error:
            raise BadReply(str(error)) from error

    def _broken(self, error: Exception) -> ModelUnavailable:
        _log.info("%s: %s", self.name, type(error).__name__)
        message = f"The connection to {self.name} broke."
        return ModelUnavailable(message, remedy="Ask again; its own log may say why.")
