"""A reply that a model server streams, the same for every dialect."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Protocol

from mirador_lsp.core.dialogue import Chunk, Limits, Prefill, Usage
from mirador_lsp.core.errors import BadReply, ModelTimeout, ModelUnavailable
from mirador_lsp.models.guard import ReplyGuard
from mirador_lsp.models.refusals import AGAIN


@dataclass(frozen=True)
class End:
    """The reply is whole. None stands for what the server does not tell."""

    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    truncated: bool = False


Piece = Chunk | Prefill | End


class Reader(Protocol):
    """Reads one reply."""

    def read(self, line: bytes) -> list[Piece]:
        """The pieces of a line. Raises any `ModelError`."""
        ...

    def at_end(self) -> End | None:
        """What it means that the stream ends in good form; None where more was to come. Raises as
        `read` does.
        """
        ...


class Hangups:
    """Ends what waits for a server when its backend is closed."""

    def __init__(self) -> None:
        self.closed = False
        self._waiting: set[asyncio.Timeout] = set()

    async def wait_for(
        self, lines: AsyncIterator[bytes], deadline: float, late: ModelTimeout
    ) -> bytes | None:
        """The next line, or None at the end. Raises `late` at the deadline, `ModelUnavailable` when
        the backend is closed meanwhile.
        """
        try:
            async with asyncio.timeout_at(deadline) as limit:
                self._waiting.add(limit)
                try:
                    self.check()
                    return await anext(lines, None)
                finally:
                    self._waiting.discard(limit)
        except TimeoutError as error:
            self.check()
            raise late from error

    def check(self) -> None:
        """Raises `ModelUnavailable` once the backend is closed."""
        if self.closed:
            message = "The model backend is closed."
            raise ModelUnavailable(message)

    def hang_up(self) -> None:
        """Nothing more is read."""
        self.closed = True
        for limit in self._waiting:
            limit.reschedule(asyncio.get_running_loop().time())


class ServedReply:
    """A reply that comes in line by line."""

    def __init__(
        self,
        lines: AsyncIterator[bytes],
        reader: Reader,
        hangups: Hangups,
        model: str,
        limits: Limits,
        begin: float,
    ) -> None:
        """`begin` is when the question was asked, on the loop's clock."""
        self._lines = lines
        self._reader = reader
        self._hangups = hangups
        self._model = model
        self._limits = limits
        self._begin = begin
        self._guard = ReplyGuard()
        self._usage = Usage(seconds=self._now())

    @property
    def usage(self) -> Usage:
        """What it cost so far."""
        return self._usage

    async def __aiter__(self) -> AsyncIterator[Chunk | Prefill]:
        """The pieces as they come. A stream that ends without saying that the reply is whole has
        failed, whatever was heard.
        """
        deadline = self._begin + self._limits.seconds
        late = ModelTimeout(
            f"{self._model} did not finish within {self._limits.seconds:.0f} seconds."
        )
        while (line := await self._hangups.wait_for(self._lines, deadline, late)) is not None:
            for piece in self._reader.read(line):
                if isinstance(piece, End):
                    self._finish(piece)
                    return
                if isinstance(piece, Chunk):
                    self._count(piece)
                yield piece
        if (end := self._reader.at_end()) is not None:
            self._finish(end)
            return
        message = f"{self._model} stopped in the middle of its reply."
        raise BadReply(message, remedy=AGAIN)

    def _count(self, chunk: Chunk) -> None:
        usage = self._usage
        first = usage.first_token_seconds
        self._usage = replace(
            usage,
            completion_tokens=usage.completion_tokens + 1,
            first_token_seconds=self._now() if first is None else first,
            seconds=self._now(),
        )
        self._guard.watch(chunk.text)

    def _finish(self, end: End) -> None:
        usage = self._usage
        self._usage = replace(
            usage,
            prompt_tokens=usage.prompt_tokens if end.prompt_tokens is None else end.prompt_tokens,
            cached_tokens=end.cached_tokens or 0,
            completion_tokens=max(usage.completion_tokens, end.completion_tokens or 0),
            seconds=self._now(),
            truncated=end.truncated,
        )

    def _now(self) -> float:
        return asyncio.get_running_loop().time() - self._begin
