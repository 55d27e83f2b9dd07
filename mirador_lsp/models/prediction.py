"""Which model will be wanted next, from what was wanted before. Pure.

Three habits speak: what usually follows this task and model, what is usual at this hour, and what
is usual for this language. Each is a share of past requests, drawn towards "unknown" where there
are few of them; the surest habit that knows enough decides, and a less sure one cannot outvote it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

LIKELY = 0.7
"""From here on a model is loaded before anybody asks for it."""
MOST_REMEMBERED = 500
"""Requests that are looked at, the latest ones; habits of last month do not count."""
_DOUBT = 2.0
"""Requests that speak for another model, as it were, before any has been seen."""
_HOURS = 24


@dataclass(frozen=True)
class Request:
    """A request that was made."""

    task: str
    model: str
    hour: int
    """Of the day where the user is, 0…23."""
    language: str
    """An LSP language identifier; "" where there is none."""


@dataclass(frozen=True)
class Likelihood:
    """How likely a model is wanted next."""

    model: str
    probability: float


def likelihoods(past: Sequence[Request], hour: int, language: str) -> tuple[Likelihood, ...]:
    """The models of `past` requests, oldest first, with how likely each is the one of the next
    request, which comes at this hour about this language; likeliest first.
    """
    recent = past[-MOST_REMEMBERED:]
    if not recent:
        return ()
    last = recent[-1]
    followers = [
        after.model
        for before, after in pairwise(recent)
        if (before.task, before.model) == (last.task, last.model)
    ]
    habits = (
        followers,
        [each.model for each in recent if _near(each.hour, hour)],
        [each.model for each in recent if language and each.language == language],
    )
    found = (
        Likelihood(model, max(_share(model, habit) for habit in habits))
        for model in {each.model for each in recent}
    )
    return tuple(sorted(found, key=lambda each: (-each.probability, each.model)))


def wanted_next(
    past: Sequence[Request], hour: int, language: str, *, besides: Iterable[str] = ()
) -> str:
    """The model to load before anybody asks; "" where none is likely enough. Those named `besides`
    are there already.
    """
    there = set(besides)
    for each in likelihoods(past, hour, language):
        if each.probability > LIKELY and each.model not in there:
            return each.model
    return ""


def _near(one: int, other: int) -> bool:
    """Whether two hours of the day are at most one apart."""
    apart = abs(one - other) % _HOURS
    return min(apart, _HOURS - apart) <= 1


def _share(model: str, habit: Sequence[str]) -> float:
    return habit.count(model) / (len(habit) + _DOUBT)
