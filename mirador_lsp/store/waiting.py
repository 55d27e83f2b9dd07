"""What was to be written and could not be, and what was written last: both in memory, both bounded.

Every transaction of a process has a number, which is written with it. So one of which nobody knows
whether it reached the disk is written again without being there twice.
"""

import secrets
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Statement = tuple[str, Sequence[Any]]
"""SQL, and what stands for its question marks."""

_MOST_BYTES = 8 * 1024 * 1024
_MOST_WAITING = 5_000
_MOST_RECENT = 500
_LEAST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0


@dataclass(frozen=True)
class Entry:
    """One transaction."""

    number: int
    statements: tuple[Statement, ...]
    size: int
    """Bytes that it takes, roughly."""


class Waiting:
    """The transactions of one process on their way."""

    def __init__(self) -> None:
        self.writer = secrets.token_hex(8)
        """By which the file knows this process."""
        self._number = 0
        self._waiting: deque[Entry] = deque()
        self._recent: deque[Entry] = deque()
        self._sizes = {True: 0, False: 0}
        self._pause = 0.0
        self._again = 0.0
        self.lost = 0
        """Transactions that were given up because too many waited."""

    def entry(self, statements: Sequence[Statement]) -> Entry:
        """A transaction with the next number."""
        self._number += 1
        size = sum(_size(values) for _, values in statements)
        return Entry(self._number, tuple(statements), size)

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, entry: Entry) -> bool:
        """Have it wait; False where there is no room."""
        too_many = len(self._waiting) >= _MOST_WAITING
        if too_many or self._sizes[True] + entry.size > _MOST_BYTES:
            self.lost += 1
            return False
        self._waiting.append(entry)
        self._sizes[True] += entry.size
        return True

    def first(self) -> Entry | None:
        """The one that has waited longest."""
        return self._waiting[0] if self._waiting else None

    def written(self, entry: Entry) -> None:
        """It is on the disk."""
        if self._waiting and self._waiting[0] is entry:
            self._waiting.popleft()
            self._sizes[True] -= entry.size
        self._again = 0.0
        self._recent.append(entry)
        self._sizes[False] += entry.size
        while len(self._recent) > _MOST_RECENT or self._sizes[False] > _MOST_BYTES:
            self._sizes[False] -= self._recent.popleft().size
        self._pause = 0.0

    def drop(self, entry: Entry) -> None:
        """It cannot be written at all."""
        if self._waiting and self._waiting[0] is entry:
            self._waiting.popleft()
            self._sizes[True] -= entry.size

    @property
    def has_written(self) -> bool:
        """Whether anything was written lately."""
        return bool(self._recent)

    def after(self, number: int) -> Iterator[Entry]:
        """What was written last, from that number on, oldest first."""
        return iter([entry for entry in self._recent if entry.number > number])

    def forget(self) -> None:
        """Let go of everything that was written."""
        self._recent.clear()
        self._sizes[False] = 0

    def failed(self, now: float) -> None:
        """Writing did not work at that time: the next attempt comes after a pause that grows."""
        self._pause = min(max(2 * self._pause, _LEAST_PAUSE), _LONGEST_PAUSE)
        self._again = now + self._pause

    def pause(self, now: float) -> float:
        """Seconds until the next attempt; 0 for at once."""
        return max(0.0, self._again - now) if self._pause else 0.0


def _size(values: Sequence[Any]) -> int:
    return 64 + sum(len(value) if isinstance(value, str | bytes) else 8 for value in values)
