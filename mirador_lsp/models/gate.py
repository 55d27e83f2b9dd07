"""The queue in front of a model server, which has none worth the name.

Ollama and llama.cpp's server take every request and work through them in order, so that twenty
background jobs keep a user waiting for half a minute. Nothing more than the server has slots for is
sent to it; who is more urgent goes first, and a background request that runs is taken back and
asked again later.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
)
from dataclasses import replace

from mirador_lsp.core.dialogue import (
    Chunk,
    Limits,
    ModelCard,
    Prefill,
    Priority,
    Prompt,
    Usage,
)
from mirador_lsp.core.errors import ModelTimeout, ModelUnavailable
from mirador_lsp.core.ports import Absences, ModelBackend, Reply
from mirador_lsp.models.sharing import SharedSlots
from mirador_lsp.models.turns import Turns

MOST_WAITING = 256
"""Requests that may wait; the next one is refused, and told so."""


class GatedBackend:
    """A backend behind a queue: `slots` requests at a time, by priority, fair among owners."""

    def __init__(
        self,
        inner: ModelBackend,
        *,
        slots: int = 1,
        most_waiting: int = MOST_WAITING,
        shared: SharedSlots | None = None,
    ) -> None:
        """With `shared`, the slots are those of all of the user's processes."""
        self.inner = inner
        self._turns = Turns(slots)
        self._most = most_waiting
        self._shared = shared
        self._numbers = itertools.count()

    @property
    def waiting(self) -> int:
        """How many requests wait for their turn."""
        return self._turns.waiting

    @property
    def running(self) -> int:
        """How many requests the server works on."""
        return self._turns.running

    @property
    def slots(self) -> int:
        """How many requests the server works on at a time."""
        return self._turns.slots

    async def cards(self) -> Sequence[ModelCard]:
        """Those of the backend; nobody waits for them."""
        return await self.inner.cards()

    async def why_not(self, model: str) -> str:
        """See `core.ports.Absences`: asks the backend behind."""
        inner: object = self.inner
        return await inner.why_not(model) if isinstance(inner, Absences) else ""

    @asynccontextmanager
    async def open(self, model: str, prompt: Prompt, limits: Limits) -> AsyncIterator[Reply]:
        """Ask when it is one's turn. The time in the queue counts against `limits.seconds`."""
        if self.waiting >= self._most:
            raise full(model, self.waiting)
        begin = asyncio.get_running_loop().time()
        number = next(self._numbers)
        if limits.priority >= Priority.BACKGROUND:
            yield await self._in_background(model, prompt, limits, number, begin)
            return
        async with AsyncExitStack() as held:
            turn = self._turns.take(limits.priority, number, limits.owner, limits.on_wait)
            try:
                async with asyncio.timeout_at(begin + limits.seconds):
                    await held.enter_async_context(turn)
                    await held.enter_async_context(self._slot(limits))
            except TimeoutError as error:
                raise _late(model, limits) from error
            waited, left = _after(begin, limits)
            async with self.inner.open(model, prompt, left) as reply:
                yield _Later(reply, waited)

    async def close(self) -> None:
        """Close the backend behind."""
        await self.inner.close()

    def _slot(
        self, limits: Limits, give_way: Callable[[], None] | None = None
    ) -> AbstractAsyncContextManager[None]:
        """One of the slots that all of the user's processes share; any, where they share none."""
        if self._shared is None:
            return nullcontext()
        return self._shared.hold(limits.priority, give_way=give_way, on_wait=limits.on_wait)

    async def _in_background(
        self, model: str, prompt: Prompt, limits: Limits, number: int, begin: float
    ) -> Reply:
        """The whole reply, as soon as nobody more urgent was in its way: what was heard of a reply
        cannot be taken back, so it is not heard before it is whole.
        """
        try:
            async with asyncio.timeout_at(begin + limits.seconds):
                while True:
                    whole = await self._attempt(model, prompt, limits, number, begin)
                    if whole is not None:
                        return whole
        except TimeoutError as error:
            raise _late(model, limits) from error

    async def _attempt(
        self, model: str, prompt: Prompt, limits: Limits, number: int, begin: float
    ) -> "_Whole | None":
        waiting = limits.on_wait
        async with self._turns.take(limits.priority, number, limits.owner, waiting) as turn:
            loop = asyncio.get_running_loop()
            try:
                async with asyncio.timeout(None) as scope:

                    def give_way() -> None:
                        _expire(scope, loop)

                    self._turns.interruptible(turn, give_way)
                    async with self._slot(limits, give_way):
                        waited, left = _after(begin, limits)
                        async with self.inner.open(model, prompt, left) as reply:
                            pieces = [piece async for piece in reply]
                    return _Whole(pieces, _waited(reply.usage, waited))
            except TimeoutError:
                if not scope.expired():
                    raise
                return None


class _Later:
    """A reply that had to wait for its turn."""

    def __init__(self, reply: Reply, waited: float) -> None:
        self._reply = reply
        self._seconds = waited

    def __aiter__(self) -> AsyncIterator[Chunk | Prefill]:
        return aiter(self._reply)

    @property
    def usage(self) -> Usage:
        """What it cost, the time in the queue included."""
        return _waited(self._reply.usage, self._seconds)


class _Whole:
    """A reply that has come to its end before it is read."""

    def __init__(self, pieces: Sequence[Chunk | Prefill], usage: Usage) -> None:
        self._pieces = pieces
        self.usage = usage

    async def __aiter__(self) -> AsyncIterator[Chunk | Prefill]:
        for piece in self._pieces:
            yield piece


def _waited(usage: Usage, seconds: float) -> Usage:
    first = usage.first_token_seconds
    return replace(
        usage,
        wait_seconds=usage.wait_seconds + seconds,
        first_token_seconds=None if first is None else first + seconds,
        seconds=usage.seconds + seconds,
    )


def _after(begin: float, limits: Limits) -> tuple[float, Limits]:
    """The seconds waited, and what the limits leave."""
    waited = asyncio.get_running_loop().time() - begin
    return waited, replace(limits, seconds=max(0.1, limits.seconds - waited))


def _expire(scope: asyncio.Timeout, loop: asyncio.AbstractEventLoop) -> None:
    if scope.when() is None:
        scope.reschedule(loop.time())


def full(model: str, waiting: int) -> ModelUnavailable:
    """What is said where no more may wait."""
    message = f"{waiting} requests wait for {model} already."
    return ModelUnavailable(message, remedy="Ask again in a while.")


def _late(model: str, limits: Limits) -> ModelTimeout:
    return ModelTimeout(f"{model} did not answer within {limits.seconds:.0f} seconds.")
