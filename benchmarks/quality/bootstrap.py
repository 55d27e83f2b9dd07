"""How sure figures are: intervals from resampling groups of cases, paired for differences. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.quality.tally import Counts, Figure, total

ROUNDS = 1000
_SHARE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A figure with the interval that holds 95 % of its resamples; all NaN where undefined."""

    value: float
    low: float
    high: float

    @property
    def defined(self) -> bool:
        """Whether the figure has a meaning here."""
        return not math.isnan(self.value)


class Resamples:
    """The same draws of groups for every figure and every side, so that differences are paired.

    Groups of a set are drawn from that set, as many as it has.
    """

    def __init__(self, groups: Sequence[str], rounds: int = ROUNDS, seed: int = 0) -> None:
        import numpy as np

        self._groups = sorted(groups)
        generator = np.random.default_rng(seed)
        sets = [group.partition("/")[0] for group in self._groups]
        parts = []
        for name in dict.fromkeys(sets):
            size = sets.count(name)
            parts.append(generator.multinomial(size, [1 / size] * size, size=rounds))
        self._weights = np.concatenate(parts, axis=1) if parts else np.zeros((rounds, 0))

    def counts(self, counted: Mapping[str, Counts]) -> list[Counts]:
        """The summed counts of each draw."""
        import numpy as np

        names = sorted({name for counts in counted.values() for name in counts})
        table = np.array([[counted[g].get(n, 0) for n in names] for g in self._groups])
        drawn = self._weights @ table.reshape(len(self._groups), len(names))
        return [dict(zip(names, row, strict=True)) for row in drawn.tolist()]


def estimate(figure: Figure, counted: Mapping[str, Counts], drawn: Sequence[Counts]) -> Estimate:
    """A figure of all groups, with its interval."""
    values = [figure(counts) for counts in drawn]
    return around(figure(total(counted.values())), values)


def difference(
    figure: Figure,
    sides: tuple[Mapping[str, Counts], Mapping[str, Counts]],
    drawn: tuple[Sequence[Counts], Sequence[Counts]],
) -> Estimate:
    """How much more the first side has of a figure than the second, draw by draw."""
    values = [figure(one) - figure(other) for one, other in zip(*drawn, strict=True)]
    one, other = (figure(total(side.values())) for side in sides)
    return around(one - other, values)


def around(value: float, values: Sequence[float]) -> Estimate:
    """A figure with the interval of its resamples."""
    there = sorted(each for each in values if not math.isnan(each))
    if math.isnan(value) or not there:
        return Estimate(math.nan, math.nan, math.nan)
    outside = (1 - _SHARE) / 2
    return Estimate(value, _at(there, outside), _at(there, 1 - outside))


def _at(there: Sequence[float], share: float) -> float:
    """The value at a share of a sorted sequence, between its neighbours where it falls there."""
    place = share * (len(there) - 1)
    below = math.floor(place)
    above = min(below + 1, len(there) - 1)
    return there[below] + (place - below) * (there[above] - there[below])
