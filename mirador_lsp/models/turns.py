"""Whose turn it is. One reply is computed at a time: on few cores two only slow each other down."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Turn:
    """The right to use the engine, while it lasts."""

    def __init__(self, priority: int, number: int, owner: int) -> None:
        self.priority = priority
        self.number = number
        self.owner = owner
        self.give_way: Callable[[], None] | None = None
        """Set by the holder of a background turn: called when someone more urgent waits."""


class Turns:
    """A queue ordered by priority, then by whose last turn is longest ago, then by arrival.

    The second rule lets owners take turns with one another: however much one of them asks for at
    once, another waits for one of its turns, not for all.
    """

    def __init__(self) -> None:
        self._running: Turn | None = None
        self._waiting: list[tuple[Turn, asyncio.Future[None]]] = []
        self._counter = itertools.count(1)
        self._served: dict[int, int] = {}
        """When each owner last had a turn; forgotten when nobody waits any more."""

    @property
    def running(self) -> Turn | None:
        """The turn that is taken."""
        return self._running

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(not ready.done() for _, ready in self._waiting)

    @asynccontextmanager
    async def take(self, priority: int, number: int, owner: int = 0) -> AsyncIterator[Turn]:
        """Wait for the turn and hold it for the block. Numbers tell who came first."""
        turn = Turn(priority, number, owner)
        await self._wait(turn)
        try:
            yield turn
        finally:
            self._release()

    async def _wait(self, turn: Turn) -> None:
        if self._running is None:
            self._grant(turn)
            return
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, ready))
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

    def _grant(self, turn: Turn) -> None:
        self._running = turn
        self._served[turn.owner] = next(self._counter)

    def _release(self) -> None:
        """Hand the turn to the first who still wants it."""
        self._running = None
        self._waiting = [entry for entry in self._waiting if not entry[1].done()]
        if not self._waiting:
            self._served.clear()
            return
        first = min(self._waiting, key=self._place)
        self._waiting.remove(first)
        turn, ready = first
        self._grant(turn)
        ready.set_result(None)

    def _place(self, entry: tuple[Turn, asyncio.Future[None]]) -> tuple[int, int, int]:
        """Where someone who waits stands in the queue; the lowest is next."""
        turn, _ = entry
        return turn.priority, self._served.get(turn.owner, 0), turn.number
