"""What requests cost and what came of them, in figures: no code, no words, no names of files.

A request is counted once, when it ends. What was counted is kept as it is for a while and as sums
of days after that; both are told in the same sums. Times are kept in buckets whose borders lie
4.4 % apart, so that a median of sums is still one, to within 2.2 %.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Protocol, Self

from mirador_lsp.core.events import Notice
from mirador_lsp.core.history import Selection

_PER_DOUBLING = 16
_SHORTEST = 1e-6


class Surface(StrEnum):
    """Where a request came from."""

    EDITOR = "editor"
    CLI = "cli"
    AHEAD = "ahead"
    """Nobody asked: it was computed in case somebody would. Its times are nobody's wait."""


class Ending(StrEnum):
    """How a request ended."""

    DONE = "done"
    STOPPED = "stopped"
    """It was cancelled: a newer one took its place, or the user had enough."""
    FAILED = "failed"
    """Not one stage could do its work."""


class _Summed:
    """Figures that are added field by field."""

    def __add__(self, other: Self) -> Self:
        each = [f.name for f in fields(self)]  # type: ignore[arg-type]
        return type(self)(**{name: getattr(self, name) + getattr(other, name) for name in each})


@dataclass(frozen=True)
class FindingCounts(_Summed):
    """What became of findings while a review ran."""

    reported: int = 0
    revised: int = 0
    withdrawn: int = 0
    shown: int = 0
    """At the end."""
    withheld: int = 0
    """Below the gate at the end."""
    hushed: int = 0
    """Not shown at the end because somebody said so."""
    over_cap: int = 0


@dataclass(frozen=True)
class StageCosts(_Summed):
    """What runs of a stage took and brought."""

    runs: int = 1
    failures: int = 0
    """Of the runs, those that ended in an error."""
    seconds: float = 0.0
    wait_seconds: float = 0.0
    """In the queue of the engine, and loading the model."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    """Of the prompt's, those that did not have to be read again."""
    completion_tokens: int = 0
    asked: int = 0
    """Questions that the model answered."""
    kept: int = 0
    """Questions whose answer was known from before, so that no model was asked."""
    rejected: int = 0
    """Lines of replies that were dropped, for whatever reason."""
    misquoted: int = 0
    """Of those, the ones that quote code that is not there."""
    malformed: int = 0
    """Of those, the ones that do not follow the format."""
    not_reviewed: int = 0
    reported: int = 0
    withdrawn: int = 0


@dataclass(frozen=True)
class StageRun:
    """One run of one stage on one model."""

    stage: str
    model: str
    """"" for analyzers; several names with " + " where several models answered together."""
    digest: str = ""
    """Of the model's version, where it is known."""
    leaves: bool = False
    """What the model is asked leaves this machine."""
    first_token_seconds: float | None = None
    """From the beginning of the stage."""
    costs: StageCosts = field(default_factory=StageCosts)


@dataclass(frozen=True)
class ChangeFigures:
    """How far a wished-for change got."""

    offered: bool
    rung: str = ""
    """The highest step of the ladder that the last text passed; "" when it passed none."""
    failed: str = ""
    """The step that the last text failed; "" for a change that is offered, or was never written."""
    attempts: int = 0


@dataclass(frozen=True)
class Energy:
    """What the machine took while a request ran, shared with other requests of the process."""

    joules: float
    source: str
    """Which part of the machine was measured: "processor" or "whole machine"."""


@dataclass(frozen=True)
class RequestFigures:
    """One request, from its beginning to its end."""

    kind: str
    """What was asked, as in `core.routing.TASKS`."""
    surface: Surface
    language: str
    """Language id of the document; "" where it has none."""
    ending: Ending
    seconds: float
    time: float
    """When it ended, in seconds since the epoch."""
    stages: tuple[StageRun, ...] = ()
    findings: FindingCounts = field(default_factory=FindingCounts)
    change: ChangeFigures | None = None
    energy: Energy | None = None
    """None where it cannot be measured."""


@dataclass(frozen=True)
class RequestSum:
    """Requests of one day that are alike."""

    day: str
    """"2026-11-21", of the user's own time zone when it was counted."""
    kind: str
    surface: Surface
    ending: Ending
    offered: bool
    """Of a change: there was one to offer."""
    rung: str
    failed: str
    """See `ChangeFigures`."""
    count: int
    seconds: float
    findings: FindingCounts
    attempts: int
    joules: float
    measured: int
    """Requests whose energy is in `joules`."""
    source: str
    """See `Energy`; "" where none was measured."""


@dataclass(frozen=True)
class StageSum:
    """Runs of one stage on one version of a model on one day."""

    day: str
    kind: str
    surface: Surface
    stage: str
    model: str
    digest: str
    leaves: bool
    costs: StageCosts


@dataclass(frozen=True)
class Times:
    """How long something took on one day: how many times each bucket of `bucket_of`.

    What was computed ahead of any question is not among them.
    """

    day: str
    kind: str
    stage: str
    """"" for whole requests."""
    model: str
    first_token: Mapping[int, int]
    total: Mapping[int, int]


@dataclass(frozen=True)
class Sums:
    """All that was counted, from a certain moment on."""

    requests: tuple[RequestSum, ...] = ()
    stages: tuple[StageSum, ...] = ()
    times: tuple[Times, ...] = ()


@dataclass(frozen=True)
class Price:
    """What a model in the cloud costs, in US dollars for a million tokens."""

    name: str
    prompt: float
    cached: float
    """For tokens of a prompt that its provider has read before."""
    completion: float
    source: str
    """Where the price is published."""
    seen: str
    """On which day it was read there: "2025-07-15"."""

    def of(self, costs: StageCosts) -> float:
        """US dollars for the tokens of these runs."""
        fresh = max(0, costs.prompt_tokens - costs.cached_tokens)
        total = fresh * self.prompt + costs.cached_tokens * self.cached
        return (total + costs.completion_tokens * self.completion) / 1e6


def bucket_of(seconds: float) -> int:
    """The bucket of a time: the number of the border nearest to it."""
    return round(math.log2(max(seconds, _SHORTEST)) * _PER_DOUBLING)


def seconds_of(bucket: int) -> float:
    """The time that stands for a bucket."""
    return float(2.0 ** (bucket / _PER_DOUBLING))


def merged(histograms: Sequence[Mapping[int, int]]) -> Mapping[int, int]:
    """Several histograms as one."""
    total: dict[int, int] = {}
    for histogram in histograms:
        for bucket, count in histogram.items():
            total[bucket] = total.get(bucket, 0) + count
    return total


def quantile(histogram: Mapping[int, int], share: float) -> float | None:
    """The time that `share` (0…1) of a histogram do not exceed; None where nothing was counted."""
    count = sum(histogram.values())
    if not count:
        return None
    left = max(1, math.ceil(share * count))
    for bucket in sorted(histogram):
        left -= histogram[bucket]
        if left <= 0:
            return seconds_of(bucket)
    return None  # pragma: no cover — the counts add up


class MetricsBook(Protocol):
    """Remembers figures of requests. Figures only.

    Raises `ServiceError` where it cannot be read or written, and after `close`.
    """

    async def record(self, requests: Sequence[RequestFigures]) -> None:
        """Keep figures. When it returns, they are on disk.

        The oldest become sums of their day where there are too many, and sums go after two years.
        """
        ...

    async def sums(self, since: float = 0.0) -> Sums:
        """What was counted from a moment on (seconds since the epoch), ordered by day. Of days that
        are only there as sums the one of that moment counts whole.
        """
        ...

    async def stamp(self) -> str:
        """Another text after anybody recorded or removed anything. Cheap."""
        ...

    async def latest(self, most: int) -> Sequence[RequestFigures]:
        """The latest requests that are there one by one, oldest first, `most` at most."""
        ...

    async def forget(self, selection: Selection) -> int:
        """Remove what is meant for good. How many requests that were.

        Figures know neither files nor sessions: where one is named, nothing is meant. Of days that
        are only there as sums those go that lie whole within the selection.
        """
        ...

    def notices(self) -> tuple[Notice, ...]:
        """What went wrong with what was kept and was worked around; each is told once."""
        ...

    async def close(self) -> None:
        """Let go of the file. Everything recorded is on disk."""
        ...


class EnergyMeter(Protocol):
    """Tells what the machine has taken. Reads the disk: call it in a thread."""

    @property
    def source(self) -> str:
        """See `Energy`."""
        ...

    def joules(self) -> float | None:
        """A count that only grows: two readings tell what was taken between them. None where it
        cannot be read now.
        """
        ...
