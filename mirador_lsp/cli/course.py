"""How a run over files goes: what comes next, how much time it may take, how long it will be.

A run may have a budget. Facts cost little and models much, so time for the facts of every file is
kept back, and models get the rest, file by file, in the order of the files. What models, or nobody,
had the time to look at is said of each file; it is never counted as clean.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from mirador_lsp.cli.report import FileReport
from mirador_lsp.cli.wording import duration, plural
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Emit, Notice, NoticeKind, ReviewFinished
from mirador_lsp.core.policy import INSTANT, ReviewPolicy

_FACTS_SECONDS = 0.3
"""Of one file, before any was looked at."""
_LEAST_SECONDS = 2.0
"""Below this a model is not asked about a file any more."""
_SHARES = {"quick": 0.2, "deep": 0.6, "synthesis": 0.2}
"""Of a file's time, where it is short."""
_MOST_NAMES = 100
_OPEN_END = float("inf")

Now = Callable[[], float]
"""Seconds that never go back."""
Note = Callable[[FileReport], Awaitable[None]]


async def _forget_it(_file: FileReport) -> None:
    """For a run that nobody can go on with."""


@dataclass
class Course:
    """One run. Ask for the policy of each file in turn, and say when it is done."""

    now: Now
    budget: float = 0.0
    """Seconds; 0 for as long as it takes."""
    noted: Note = _forget_it
    """Told of every file that is done."""
    known: frozenset[str] = frozenset()
    """URIs of files that were reviewed before the run was interrupted: they cost next to nothing.
    """
    _waiting: dict[str, int] = field(default_factory=dict)
    """By URI, the characters of each file that is to come; empty where nobody knows what comes."""
    _end: float = _OPEN_END
    _total: int = 0
    _new: int = 0
    """Of those that are to come, how many were not done before."""
    _begun: float = 0.0
    _facts: list[float] = field(default_factory=list)
    _spent: float = 0.0
    _read: int = 0
    _unreached: list[str] = field(default_factory=list)
    _facts_only: list[str] = field(default_factory=list)
    _spared: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.budget > 0:
            self._end = self.now() + self.budget

    def expect(self, snapshots: Iterable[Snapshot]) -> None:
        """These files are to come."""
        self._waiting = {each.uri: len(each.text) for each in snapshots}
        self._total = len(self._waiting)
        self._new = sum(uri not in self.known for uri in self._waiting)

    def policy(self, snapshot: Snapshot, policy: ReviewPolicy) -> ReviewPolicy | None:
        """How the next file is reviewed; None where there is no time for it at all."""
        self._begun = self.now()
        came = self._waiting.pop(snapshot.uri, None) is not None
        self._new -= came and snapshot.uri not in self.known
        left = self._end - self._begun
        if left == _OPEN_END:
            return policy
        if left <= 0:
            return None
        for_models = left - self._facts_seconds * (self._new + 1)
        if for_models >= _LEAST_SECONDS:
            return _within(policy, for_models)
        if INSTANT not in policy.stages:
            return None
        return replace(policy, stages=(INSTANT,), automatic=False)

    def spares(self, snapshot: Snapshot, wanted: ReviewPolicy, got: ReviewPolicy | None) -> bool:
        """Whether a file that was done before is left as it is: there is no time for all of it
        once more. It is counted, and is not one that nobody looked at.
        """
        whole = got is not None and got.stages == wanted.stages
        if whole or snapshot.uri not in self.known:
            return False
        self._spared.append(snapshot.name)
        return True

    def tell(
        self, snapshot: Snapshot, wanted: ReviewPolicy, got: ReviewPolicy | None, emit: Emit
    ) -> None:
        """Say of a file what there is no time for; where that is everything, it ends here."""
        if got is None:
            self._unreached.append(snapshot.name)
            text = f"{snapshot.name}: not reviewed: the budget of {self.budget:g} s is used up."
            notice = Notice(NoticeKind.SKIPPED, text)
            emit(notice)
            emit(ReviewFinished(0.0, (), (), 0, 0, reviewed=False, notices=(notice,)))
        elif left_out := [stage for stage in wanted.stages if stage not in got.stages]:
            self._facts_only.append(snapshot.name)
            who = ", ".join(left_out)
            text = f"{snapshot.name}: {who} left out: the budget of {self.budget:g} s is used up."
            emit(Notice(NoticeKind.SKIPPED, text))

    def lacks(self) -> list[Notice]:
        """What the run had no time for, with the names of the files."""
        within = f"within {self.budget:g} s"
        told = (
            (self._unreached, f"not reviewed {within}"),
            (self._facts_only, f"reviewed without models {within}"),
            (self._spared, f"done before, not looked at again {within}"),
        )
        return [
            Notice(NoticeKind.SKIPPED, f"{what}: {_listed(names)}", count=len(names))
            for names, what in told
            if names
        ]

    @property
    def unfinished(self) -> bool:
        """Whether a later run has something to go on with."""
        return bool(self._unreached or self._facts_only)

    async def done(self, file: FileReport) -> None:
        """The file is reviewed."""
        facts = [stage.seconds for stage in file.stages if stage.stage == INSTANT]
        self._facts += facts[-1:]
        if file.snapshot.uri not in self.known:
            self._spent += self.now() - self._begun
            self._read += len(file.snapshot.text)
        await self.noted(file)

    @property
    def ahead(self) -> str:
        """Where the run is: "12 of 340, about 14 min left"; "" where nobody knows."""
        if self._total < 2:
            return ""
        at = self._total - len(self._waiting)
        text = f"{at} of {self._total}"
        seconds = self._seconds_left()
        return f"{text}, about {duration(seconds)} left" if seconds is not None else text

    @property
    def _facts_seconds(self) -> float:
        return sum(self._facts) / len(self._facts) if self._facts else _FACTS_SECONDS

    def _seconds_left(self) -> float | None:
        if self._read == 0:
            return None
        fresh = sum(size for uri, size in self._waiting.items() if uri not in self.known)
        known = sum(uri in self.known for uri in self._waiting)
        seconds = self._spent / self._read * fresh + self._facts_seconds * known
        return min(seconds, max(0.0, self._end - self.now()))


def _listed(names: Sequence[str]) -> str:
    """Files by their names; of many the first ones and how many there are more."""
    shown = ", ".join(names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    files = plural(len(names), "file")
    return f"{files} ({shown}{f' and {more:,} more' if more > 0 else ''})"


def _within(policy: ReviewPolicy, seconds: float) -> ReviewPolicy:
    """The policy with stages that end in time."""
    asked = [stage for stage in policy.models if stage.name in policy.stages]
    if sum(stage.seconds for stage in asked) <= seconds:
        return policy
    whole = sum(_SHARES[stage.name] for stage in asked) or 1.0
    models = tuple(
        replace(stage, seconds=min(stage.seconds, seconds * _SHARES[stage.name] / whole))
        if stage in asked
        else stage
        for stage in policy.models
    )
    return replace(policy, models=models)
