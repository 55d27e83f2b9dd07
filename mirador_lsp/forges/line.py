"""The line to one forge: its limits kept, its failures put into words, its pages turned.

Reading is tried again after a fault. Writing is not, unless the forge said that it did nothing:
what it may have done would be done twice.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import ServiceError, UserError
from mirador_lsp.core.ports import Clock
from mirador_lsp.core.pulls import PullPlace
from mirador_lsp.egress.asking import Answer, Caller, NoAnswer, TooMuch
from mirador_lsp.egress.client import said
from mirador_lsp.egress.hiding import without_key
from mirador_lsp.forges.tokens import Token, rights

Wait = Callable[[float], Awaitable[None]]
JSON = "application/json"
_SECONDS = 60.0
_MOST = 16 << 20
_PATIENCE = 180.0
"""Seconds that one run waits in all because a forge asks for it."""
_TRIES = 3
_UNTOLD = 60.0
"""Seconds to wait where a forge says "slower" and not how much: what GitHub's pages advise."""
_PAGES = 100
_LATER = "Run it again later: what is there already is not said twice."

_log = logging.getLogger(__name__)


class Refused(Exception):
    """The forge understood a request and will not do it. `message` is what it says, plain."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class Line:
    """Asks a forge about one pull request.

    Raises `ServiceError` where it cannot be asked, and `UserError` where the user must do
    something; `Refused` comes from `read` and `write` for what callers may know how to take.
    """

    def __init__(
        self,
        caller: Caller,
        place: PullPlace,
        token: Token,
        clock: Clock,
        wait: Wait = asyncio.sleep,
    ) -> None:
        self._caller = caller
        self._place = place
        self._token = token
        self._clock = clock
        self._wait = wait
        self._patience = _PATIENCE
        self._wrote = False

    async def read(
        self,
        path: str,
        asked: Mapping[str, str | int] | None = None,
        *,
        accept: str = JSON,
        most: int = _MOST,
    ) -> Answer:
        """The answer to a question. Raises `Refused` for 404, 405, 406, 410, 413 and 422."""
        full = f"{path}?{urlencode(asked)}" if asked else path
        return await self._asked("GET", full, None, accept=accept, most=most, again=True)

    async def data(self, path: str, asked: Mapping[str, str | int] | None = None) -> Any:
        """The JSON at a path. Raises as `read` does."""
        return self.json(await self.read(path, asked))

    async def content(
        self,
        path: str,
        asked: Mapping[str, str | int] | None = None,
        *,
        accept: str = "*/*",
        most: int,
        forge: str,
    ) -> bytes | str:
        """The bytes of a file, or why they cannot be had; `forge` is what users call it."""
        try:
            return (await self.read(path, asked, accept=accept, most=most)).body
        except Refused as error:
            return f"{forge} does not give its text (HTTP {error.status})"
        except ServiceError as error:
            if isinstance(error.__cause__, TooMuch):
                return f"larger than {most / 1e6:g} MB"
            raise

    async def pages(
        self, path: str, asked: Mapping[str, str | int], *, most: int = _PAGES
    ) -> tuple[list[Any], bool]:
        """The rows of all pages, and whether there are more than were read."""
        rows: list[Any] = []
        for number in range(1, most + 1):
            answer = await self.read(path, {**asked, "page": number})
            page = self.json(answer)
            if not isinstance(page, list):
                raise self.garbled()
            rows += page
            # Addresses of next pages are not followed: only whether there is one is believed.
            if 'rel="next"' not in answer.headers.get("link", "") or not page:
                return rows, False
        return rows, True

    async def query(self, path: str, body: object) -> Any:
        """The JSON that answers a question that is put as a body. Raises as `read` does."""
        return self.json(await self._asked("POST", path, body, again=True))

    async def write(self, method: str, path: str, body: object) -> Any:
        """Do something; the JSON that answers it, or None. Raises `Refused` as `read` does."""
        if self._wrote and not self._caller.local:
            await self._wait(1.0)  # forges ask for a second between two changes
        self._wrote = True
        answer = await self._asked(method, path, body, again=False)
        return self.json(answer) if answer.body else None

    def json(self, answer: Answer) -> Any:
        """The body of an answer. Raises `ServiceError` where it is no JSON."""
        try:
            if answer.kind.endswith("json"):
                return answer.json()
        except ValueError:
            pass
        raise self.garbled()

    def garbled(self) -> ServiceError:
        """What to raise where the forge does not speak its own language."""
        message = f"{self._place.host} answered with something that is not its interface's data."
        return ServiceError(message, remedy="Check the address; a login page may be in between.")

    async def close(self) -> None:
        """Hang up."""
        await self._caller.close()

    async def _asked(
        self,
        method: str,
        path: str,
        body: object,
        *,
        accept: str = JSON,
        most: int = _MOST,
        again: bool,
    ) -> Answer:
        tries = _TRIES
        while True:
            tries -= 1
            try:
                answer = await self._caller.ask(
                    method, path, body=body, accept=accept, seconds=_SECONDS, most=most
                )
            except NoAnswer as error:
                worth_it = (again or not error.heard) and not isinstance(error, TooMuch)
                if tries > 0 and worth_it:
                    await self._pause(float(_TRIES - tries))
                    continue
                message = f"{self._caller.host} {error}."
                raise ServiceError(message, remedy=_LATER) from error
            _log.info("%s %s: %d", method, path.partition("?")[0], answer.status)
            pause = self._asked_to_wait(answer)
            if pause is not None:
                await self._pause(pause, asked=True)
                tries += 1
            elif answer.status >= 500 and again and tries > 0:
                await self._pause(float(_TRIES - tries))
            else:
                return self._checked(answer)

    def _asked_to_wait(self, answer: Answer) -> float | None:
        """Seconds that the forge wants to be left alone for; None where it does not say so."""
        headers = answer.headers
        told = headers.get("retry-after", "").strip()
        spent = headers.get("x-ratelimit-remaining", headers.get("ratelimit-remaining")) == "0"
        limited = answer.status == 429 or (
            answer.status == 403 and (bool(told) or spent or b"rate limit" in answer.body[:2000])
        )
        if not limited:
            return None
        if told.isascii() and told.isdecimal():
            return float(told[:9])
        until = headers.get("x-ratelimit-reset", headers.get("ratelimit-reset", "")).strip()
        if spent and until.isascii() and until.isdecimal():
            return max(0.0, float(until[:12]) - self._clock.wall()) + 1.0
        return _UNTOLD

    async def _pause(self, seconds: float, *, asked: bool = False) -> None:
        if seconds > self._patience:
            minutes = max(1, round(seconds / 60))
            ask = f"{self._caller.host} wants fewer requests, and to be left alone for"
            message = f"{ask} {minutes} {'minute' if minutes == 1 else 'minutes'}."
            raise ServiceError(message, remedy="Run it again then: nothing is said twice.")
        self._patience -= max(seconds, 1.0) if asked else seconds
        if seconds > 0:
            await self._wait(seconds)

    def _checked(self, answer: Answer) -> Answer:
        """The answer of a forge that did what it was asked. Raises for every other."""
        status = answer.status
        if 200 <= status < 300:
            return answer
        host, place, variable = self._caller.host, self._place, self._token.variable
        if 300 <= status < 400:
            message = f"{host} sends us elsewhere for {place.project}, which is not followed."
            raise UserError(message, remedy="It may have been renamed: use its address of today.")
        if status == 401:
            message = f"{host} does not accept the token in {variable}."
            raise UserError(message, remedy=f"Set it to a valid one. {self._wanted()}")
        if status == 403:
            what = self._told(answer)
            message = f"{host} does not allow it with the token in {variable}" + (
                f" ({what})." if what else "."
            )
            raise UserError(message, remedy=self._wanted())
        if status >= 500:
            message = f"{host} has a fault of its own (HTTP {status})."
            raise ServiceError(message, remedy=_LATER)
        raise Refused(status, self._told(answer))

    def _wanted(self) -> str:
        need = f"It needs {rights(self._place.kind)}."
        if self._token.variable == "CI_JOB_TOKEN":
            return f"Jobs' own tokens cannot do this: set GITLAB_TOKEN. {need}"
        return need

    def _told(self, answer: Answer) -> str:
        """What a forge says of a refusal, without the token."""
        try:
            body = answer.json() if answer.kind.endswith("json") else None
        except ValueError:
            body = None
        text = said(body)
        if not text and isinstance(body, dict):
            text = plain(str(body.get("message", body.get("error", ""))), 200)
        return without_key(text, self._token.value)


def lost(place: PullPlace, error: Refused) -> UserError:
    """What to raise where a forge does not know the pull request itself."""
    message = f"There is no {place.called}, or the token may not see it."
    if error.status != 404:
        message = f"{place.host} does not give {place.called} (HTTP {error.status})."
    remedy = f"Check its address; the token needs {rights(place.kind)}."
    return UserError(message, remedy=remedy)
