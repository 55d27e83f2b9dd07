"""What a benchmark is, and how the two sides of a comparison take turns."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from benchmarks.figures import Row, Series
from benchmarks.home import Home

Side = Callable[[int], Awaitable[float]]
"""Measures one side once; the argument is the number of the round."""


class BenchmarkError(Exception):
    """A benchmark cannot be run here, or what it measured would mislead. `str` says why."""


@dataclass(frozen=True)
class Context:
    """What a benchmark is given."""

    home: Home
    runs: int
    """Rounds of a row of usual length."""
    tell: Callable[[str], None]
    """Shows what is going on."""

    @property
    def many(self) -> int:
        """Rounds of a row whose round takes well below a second."""
        return 3 * self.runs

    @property
    def few(self) -> int:
        """Rounds of a row whose round takes many seconds."""
        return max(1, self.runs // 3)


@dataclass(frozen=True)
class Benchmark:
    """Some rows that are measured together."""

    name: str
    """For `--only`."""
    meaning: str
    """Markdown for the page of results: what is measured and what it leaves out."""
    run: Callable[[Context], Awaitable[Sequence[Row]]]
    slow: bool = False
    """Takes minutes, so it runs only when asked for."""
    plot: bool = False
    """The page shows its rows as bars; they all have one unit."""


async def take_turns(rounds: int, *sides: Side, warm_up: int = 1) -> tuple[Series, ...]:
    """Measure `sides` alternately, `rounds` times each, after `warm_up` rounds that do not count.

    Every other round goes through the sides backwards, so that none always follows the same one.
    """
    measured: list[list[float]] = [[] for _ in sides]
    for number in range(-warm_up, rounds):
        order = range(len(sides)) if number % 2 == 0 else reversed(range(len(sides)))
        for index in order:
            value = await sides[index](number)
            if number >= 0:
                measured[index].append(value)
    return tuple(Series(tuple(values)) for values in measured)
