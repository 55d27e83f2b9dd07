"""Whose turn it is. One reply is computed at a time: on few cores two only slow each other down."""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Turn:
    """The right to use the engine, while it lasts."""

    def __init__(self, priority: int, number: int) -> None:
        self.priority = priority
        self.number = number
        self.give_way: Callable[[], None] | None = None
        """Set by the holder of a background turn: called when someone more urgent waits."""

    def __lt__(self, other: "Turn") -> bool:
        return (self.priority, self.number) < (other.priority, other.number)


class Turns:
    """A queue ordered by priority, then by number, that is, by arrival."""

    def __init__(self) -> None:
        self._running: Turn | None = None
        self._waiting: list[tuple[Turn, int, asyncio.Future[None]]] = []
        self._ties = itertools.count()

    @property
    def running(self) -> Turn | None:
        """The turn that is taken."""
        return self._running

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(not ready.done() for _, _, ready in self._waiting)

    @asynccontextmanager
    async def take(self, priority: int, number: int) -> AsyncIterator[Turn]:
        """Wait for the turn and hold it for the block."""
        turn = Turn(priority, number)
        await self._wait(turn)
        try:
            yield turn
        finally:
            self._release()

    async def _wait(self, turn: Turn) -> None:
        if self._running is None:
            self._running = turn
            return
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (turn, next(self._ties), ready))
        self._hurry(turn)
        try:
            await ready
        except asyncio.CancelledError:
            if self._running is turn:
                self._release()
            raise

    def _hurry(self, turn: Turn) -> None:
        running = self._running
        if running and running.give_way and turn.priority < running.priority:
            running.give_way()

    def _release(self) -> None:
        """Hand the turn to the first who still wants it."""
        self._running = None
        while self._waiting:
            turn, _, ready = heapq.heappop(self._waiting)
            if not ready.done():
                self._running = turn
                ready.set_result(None)
                return
