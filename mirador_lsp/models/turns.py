"""Whose turn it is. An engine computes as many replies at a time as it has slots: one, where two
would only slow each other down.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager


class Turn:
    """The right to use the engine, while it lasts."""

    def __init__(
        self,
        priority: int,
        number: int,
        owner: Hashable,
        on_wait: Callable[[int], None] | None = None,
    ) -> None:
        self.priority = priority
        self.number = number
        self.owner = owner
        self.give_way: Callable[[], None] | None = None
        """Set by `Turns.interruptible`: called when someone more urgent waits."""
        self._on_wait = on_wait
        self._told = 0

    def tell(self, before: int) -> None:
        """Say how many go first, to who wants to know it and does not know it yet."""
        if self._on_wait is not None and before != self._told:
            self._told = before
            self._on_wait(before)


class Turns:
    """A queue ordered by priority, then by whose last turn is longest ago, then by arrival.

    The second rule lets owners take turns with one another: however much one of them asks for at
    once, another waits for one of its turns, not for all.
    """

    def __init__(self, slots: int = 1) -> None:
        """`slots` turns can be held at the same time."""
        self._slots = slots
        self._running: list[Turn] = []
        self._waiting: list[tuple[Turn, asyncio.Future[None]]] = []
        self._counter = itertools.count(1)
        self._served: dict[Hashable, int] = {}
        """When each owner last had a turn; forgotten when nobody waits any more."""

    @property
    def slots(self) -> int:
        """How many turns can be held at the same time."""
        return self._slots

    @property
    def running(self) -> int:
        """How many turns are taken."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(not ready.done() for _, ready in self._waiting)

    @asynccontextmanager
    async def take(
        self,
        priority: int,
        number: int,
        owner: Hashable = 0,
        on_wait: Callable[[int], None] | None = None,
    ) -> AsyncIterator[Turn]:
        """Wait for the turn and hold it for the block. Numbers tell who came first. `on_wait` is
        told how many go first, those that run included, whenever that changes, and 0 in the end.
        """
        turn = Turn(priority, number, owner, on_wait)
        await self._wait(turn)
        try:
            yield turn
        finally:
            self._release(turn)

    def interruptible(self, turn: Turn, give_way: Callable[[], None]) -> None:
        """The holder of `turn` will stop when `give_way` is called: once someone more urgent waits,
        be it that somebody came between the turn was handed on and its holder began.
        """
        turn.give_way = give_way
        waiting = [each for each, ready in self._waiting if not ready.done()]
        if any(each.priority < turn.priority for each in waiting):
            self._ask(turn)

    async def _wait(self, turn: Turn) -> None:
        if len(self._running) < self._slots:
            self._grant(turn)
            return
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, ready))
        self._tell_places()
        self._hurry(turn)
        try:
            await ready
        except asyncio.CancelledError:
            if turn in self._running:
                self._release(turn)
            else:
                self._tell_places()
            raise

    def _hurry(self, turn: Turn) -> None:
        """Ask the least urgent of those that run to give way, if `turn` is more urgent."""
        lower = [each for each in self._running if each.priority > turn.priority and each.give_way]
        for running in sorted(lower, key=lambda each: -each.priority)[:1]:
            self._ask(running)

    def _ask(self, running: Turn) -> None:
        give_way, running.give_way = running.give_way, None
        if give_way is not None:
            give_way()

    def _tell_places(self) -> None:
        waiting = sorted((e for e in self._waiting if not e[1].done()), key=self._place)
        for ahead, (turn, _) in enumerate(waiting):
            turn.tell(len(self._running) + ahead)

    def _grant(self, turn: Turn) -> None:
        self._running.append(turn)
        turn.tell(0)
        self._served[turn.owner] = next(self._counter)

    def _release(self, turn: Turn) -> None:
        """Hand the turn on to the first who still wants one."""
        self._running.remove(turn)
        self._waiting = [entry for entry in self._waiting if not entry[1].done()]
        if not self._waiting:
            self._served.clear()
            return
        first = min(self._waiting, key=self._place)
        self._waiting.remove(first)
        following, ready = first
        self._grant(following)
        ready.set_result(None)
        self._tell_places()

    def _place(self, entry: tuple[Turn, asyncio.Future[None]]) -> tuple[int, int, int]:
        """Where someone who waits stands in the queue; the lowest is next."""
        turn, _ = entry
        return turn.priority, self._served.get(turn.owner, 0), turn.number
