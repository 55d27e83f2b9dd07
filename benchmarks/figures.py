"""What measured values amount to: medians, ratios, verdicts. Pure."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal


@dataclass(frozen=True)
class Series:
    """The values of one side, one for each round, in the order of the rounds."""

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.values:
            message = "a series needs at least one value"
            raise ValueError(message)

    @cached_property
    def median(self) -> float:
        """The middle value; the mean of the two middle ones when their number is even."""
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        """The smallest value."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The largest value."""
        return max(self.values)

    def over(self, other: "Series") -> "Series":
        """Round by round, this side divided by the other.

        Both sides of a round ran right after each other, so a load that comes and goes meets both.
        Raises ValueError when the sides have not the same number of rounds.
        """
        pairs = zip(self.values, other.values, strict=True)
        return Series(tuple(ours / theirs for ours, theirs in pairs))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0…1) of `values` do not exceed (nearest rank, so always one of them).

    Raises ValueError for no values.
    """
    if not values:
        message = "there is no percentile of nothing"
        raise ValueError(message)
    rank = max(1, math.ceil(share * len(values)))
    return sorted(values)[rank - 1]


@dataclass(frozen=True)
class Target:
    """What a row should reach; it is judged by the median."""

    of: Literal["value", "ratio"]
    limit: float
    at_most: bool = True
    """False when more is better."""

    def met(self, row: "Row") -> bool:
        """Whether `row` reaches it."""
        figure = row.ours if self.of == "value" else row.ratio
        if figure is None:
            message = f"{row.name} has a target for a ratio, but nothing to compare with"
            raise ValueError(message)
        return figure.median <= self.limit if self.at_most else figure.median >= self.limit


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    what: str
    """What was measured, in a few words."""
    unit: str
    """Unit of both sides: "ms", "MB", "tokens/s"."""
    ours: Series
    """Through Mirador."""
    theirs: Series | None = None
    against: str = ""
    """What stands on the other side."""
    targets: tuple[Target, ...] = ()
    note: str = ""
    """What a reader must know to read the figures of this run."""

    @property
    def ratio(self) -> Series | None:
        """Mirador divided by the other side, round by round; None where there is no other side."""
        return self.ours.over(self.theirs) if self.theirs is not None else None

    @property
    def met(self) -> bool | None:
        """Whether every target is met; None when there is none."""
        if not self.targets:
            return None
        return all(target.met(self) for target in self.targets)
