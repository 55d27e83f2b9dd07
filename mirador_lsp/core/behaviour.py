"""How models behave: what each does with a fixed set of questions and how several did with the same
ones, in figures; and the ports of the books that keep it.

No code and no words of a reply are part of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mirador_lsp.core.events import Notice
from mirador_lsp.core.routing import Comparison


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """What one version of a model did with one version of the set of questions."""

    model: str
    digest: str
    probes: str
    """Version of the set."""
    time: float
    """Seconds since the epoch."""
    asked: int
    """Questions of the set that were put."""
    failed: int = 0
    """Of those, the ones that were not answered."""
    words: tuple[int, ...] = ()
    """Of each explanation and each answer, in the order of the set; 0 for none."""
    claims: tuple[str, ...] = ()
    """What reviews claimed: "PROBE:LINE" with the number of the line, each once."""
    lines: int = 0
    """Lines of the replies to reviews that say something."""
    broken: int = 0
    """Of those, the ones that broke the form or quote code that is not there."""
    defects: int = 0
    """Faults that were put into the samples."""
    found: int = 0
    """Of those, the ones that were named."""
    sound: int = 0
    """Samples without any fault."""
    alarms: int = 0
    """Of those, the ones in which it named one."""
    fixes: int = 0
    """Fixes that were asked for."""
    fixed: int = 0
    """Of those, the ones that passed every check."""
    judged: int = 0
    """Claims, true and false, about the samples that it was asked about."""
    judged_right: int = 0
    """Of those, the ones that it holds for what they are."""
    decisions: int = 0
    """Decisions of the user that it was asked about."""
    agreed: int = 0
    """Of those, the ones that it decides alike."""
    first_token_seconds: float = 0.0
    """Median over the questions, waiting for the model left out; 0 where it is not known."""
    tokens_per_second: float = 0.0
    """While it writes; 0 where it is not known."""
    memory_bytes: int = 0
    """What its engine holds in memory for it; 0 where that cannot be had."""

    @property
    def mean_words(self) -> float:
        """Words of an answer, on the average of those that were given."""
        given = [count for count in self.words if count]
        return sum(given) / len(given) if given else 0.0

    @property
    def structure_errors(self) -> float:
        """Share of what it says in reviews that cannot be used, 0…1."""
        return self.broken / self.lines if self.lines else 0.0

    @property
    def agreement(self) -> float | None:
        """Share of the user's decisions that it shares, 0…1; None where there are none."""
        return self.agreed / self.decisions if self.decisions else None

    @property
    def quality(self) -> float:
        """How much of what the set asks for it gets right, 0…1: faults that it finds, sound code
        that it leaves alone, claims that it judges right and fixes that pass, each with the same
        weight.
        """
        shares = (
            (self.found, self.defects),
            (self.sound - self.alarms, self.sound),
            (self.judged_right, self.judged),
            (self.fixed, self.fixes),
        )
        known = [right / of for right, of in shares if of]
        return sum(known) / len(known) if known else 0.0


class BehaviourBook(Protocol):
    """Remembers how models behaved: of each version of a model at each version of the set the
    latest.

    Raises `ServiceError` where it cannot be read or written, and after `close`.
    """

    async def keep(self, behaviour: Behaviour) -> None:
        """Keep what was measured. On disk when it returns."""
        ...

    async def all(self) -> Sequence[Behaviour]:
        """Everything kept, the latest first."""
        ...

    def notices(self) -> tuple[Notice, ...]:
        """What went wrong with what was kept and was worked around; each is told once."""
        ...

    async def close(self) -> None:
        """Let go of the file. Everything kept is on disk."""
        ...


class ComparisonBook(Protocol):
    """Remembers how models did when several were asked the same.

    Raises `ServiceError` where it cannot be read or written, and after `close`.
    """

    async def keep(self, rows: Sequence[Comparison]) -> None:
        """Keep rows. A model has one in a run: a second is not kept. On disk when it returns."""
        ...

    async def latest(self, most: int) -> Sequence[Comparison]:
        """The latest rows, oldest first, `most` at most."""
        ...

    def notices(self) -> tuple[Notice, ...]:
        """What went wrong with what was kept and was worked around; each is told once."""
        ...

    async def close(self) -> None:
        """Let go of the file. Everything kept is on disk."""
        ...
