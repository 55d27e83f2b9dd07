"""From decisions about similar findings to what becomes of a new one.

A refusal (dismissed, or silenced by a comment of the user's) counts fully; "not helpful" and an
undone fix count half, for the finding may be right and its fix wrong. What was accepted or restored
ends all refusals before it: the user wants to see the kind again. How much a decision counts halves
with every `HALF_LIFE_DAYS`. The numbers are explained and measured in docs/adr/0023.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from mirador_lsp.core.feedback import Opinion, Verdict
from mirador_lsp.core.findings import Lens
from mirador_lsp.engine.learning.likeness import Told, comparable, nearness

MOST_DECISIONS = 2000
"""The latest that count at all."""
MOST_OF_RULE = 50
"""The latest of one rule that count: so many dismissals at once move nothing but what they say."""
ENOUGH = 3
"""Similar refusals from which a finding is withheld, and acceptances from which it is raised."""
HALF_LIFE_DAYS = 90.0
_LEAST_WEIGHT = 1.5
"""What refusals must weigh together to withhold: three of today, or more that are older."""
_DOUBT = 0.5
_DAY = 86_400.0

_STRENGTH = MappingProxyType(
    {
        Verdict.DISMISSED: -1.0,
        Verdict.SUPPRESSED: -1.0,
        Verdict.UNHELPFUL: -0.5,
        Verdict.UNDONE: -0.5,
        Verdict.HELPFUL: 0.5,
        Verdict.EDITED: 0.75,
        Verdict.ACCEPTED: 1.0,
        Verdict.RESTORED: 1.0,
    }
)
"""How much a verdict speaks for (> 0) or against what it is about; ratings say so themselves."""
_RETURNS = frozenset({Verdict.ACCEPTED, Verdict.EDITED, Verdict.RESTORED})
_REFUSALS = frozenset({Verdict.DISMISSED, Verdict.SUPPRESSED})
_APPROVALS = frozenset({Verdict.ACCEPTED, Verdict.EDITED, Verdict.HELPFUL})
_WORDS = MappingProxyType(
    {
        Verdict.DISMISSED: "dismissed {}",
        Verdict.SUPPRESSED: "suppressed {}",
        Verdict.UNHELPFUL: "found {} unhelpful",
        Verdict.UNDONE: "undid the fix of {}",
        Verdict.HELPFUL: "found {} helpful",
        Verdict.EDITED: "accepted {}",
        Verdict.ACCEPTED: "accepted {}",
        Verdict.RESTORED: "restored {}",
    }
)


class Effect(StrEnum):
    """What decisions do to a finding."""

    NONE = "none"
    WITHHELD = "withheld"
    LOWERED = "lowered"
    """It is believed less, and so may fall below the gate."""
    FIRST = "first"
    """It comes first among those of its severity."""
    RAISED = "raised"
    """It comes first, and its severity is one step higher."""


@dataclass(frozen=True)
class Lesson:
    """What becomes of a finding, and because of which decisions."""

    effect: Effect
    reason: str = ""
    """In plain words: "you dismissed 4 like this"."""
    factor: float = 1.0
    """What its confidence is multiplied by, where it is lowered."""
    because: tuple[Opinion, ...] = ()
    """Newest first."""


NOTHING = Lesson(Effect.NONE)


@dataclass(frozen=True)
class _Decided:
    opinion: Opinion
    told: Told
    strength: float


class Decisions:
    """The decisions that count, ready to be compared with. They never change."""

    def __init__(self, opinions: Iterable[Opinion]) -> None:
        self._by_rule: dict[str, list[_Decided]] = {}
        self._by_lens: dict[Lens, list[_Decided]] = {}
        self._across: dict[Lens, list[_Decided]] = {}
        """Those that may be about the finding of an analyzer with another rule."""
        for opinion in opinions:
            strength = strength_of(opinion)
            if opinion.lens is None or not strength:
                continue  # an earlier version did not keep what it was about
            decided = _Decided(opinion, Told.of(opinion), strength)
            self._by_rule.setdefault(opinion.rule, []).append(decided)
            self._by_lens.setdefault(opinion.lens, []).append(decided)
            if decided.told.by_model or decided.told.cwe:
                self._across.setdefault(opinion.lens, []).append(decided)

    def __bool__(self) -> bool:
        return bool(self._by_rule)

    def about(self, told: Told) -> Sequence[_Decided]:
        """Those that can say anything about it at all."""
        if told.lens is None:
            return ()
        own = self._by_rule.get(told.rule, [])
        others = (self._by_lens if told.by_model else self._across).get(told.lens, [])
        rest = [each for each in others if each.told.rule != told.rule]
        return [each for each in (*own, *rest) if comparable(told, each.told)]

    def judge(self, told: Told, now: float, vectors: Mapping[str, Sequence[float]]) -> Lesson:
        """What they teach about a finding; `now` is in seconds since the epoch."""
        near = [each for each in self.about(told) if nearness(told, each.told, vectors) >= 1.0]
        return _taught(near, now) if near else NOTHING


def strength_of(opinion: Opinion) -> float:
    """How much an opinion speaks for (> 0) or against findings like its own, -1…1."""
    if opinion.verdict is Verdict.RATED:
        return (opinion.rating - 3) / 2 if opinion.rating else 0.0
    return _STRENGTH[opinion.verdict]


def _taught(near: Sequence[_Decided], now: float) -> Lesson:
    near = sorted(near, key=lambda each: -each.opinion.time)
    back = max((d.opinion.time for d in near if d.opinion.verdict in _RETURNS), default=-1.0)
    against = [d for d in near if d.strength < 0 and d.opinion.time > back]
    favour = [d for d in near if d.strength > 0]
    refused = [d for d in against if _refuses(d.opinion)]
    approved = [d for d in favour if _approves(d.opinion)]
    weight = _weight(against, now) - _weight(favour, now)
    if (
        weight > 0
        and len(refused) >= ENOUGH
        and len(refused) > len(approved)
        and _weight(refused, now) >= _LEAST_WEIGHT
    ):
        return Lesson(Effect.WITHHELD, _words(refused), because=_opinions(refused))
    if weight > 0:
        factor = 1 / (1 + _DOUBT * weight)
        return Lesson(Effect.LOWERED, _words(against), factor, _opinions(against))
    if weight < 0:
        never = not any(d.strength < 0 for d in near)
        raised = never and len(approved) >= ENOUGH
        effect = Effect.RAISED if raised else Effect.FIRST
        return Lesson(effect, _words(favour), because=_opinions(favour))
    return NOTHING


def _weight(decided: Iterable[_Decided], now: float) -> float:
    return sum(abs(each.strength) * _freshness(now - each.opinion.time) for each in decided)


def _freshness(seconds: float) -> float:
    return math.exp(-math.log(2) * max(0.0, seconds) / _DAY / HALF_LIFE_DAYS)


def _refuses(opinion: Opinion) -> bool:
    return opinion.verdict in _REFUSALS or (
        opinion.verdict is Verdict.RATED and opinion.rating == 1
    )


def _approves(opinion: Opinion) -> bool:
    return opinion.verdict in _APPROVALS or (
        opinion.verdict is Verdict.RATED and opinion.rating > 3
    )


def _opinions(decided: Iterable[_Decided]) -> tuple[Opinion, ...]:
    return tuple(each.opinion for each in decided)


def _words(decided: Iterable[_Decided]) -> str:
    """As in: you dismissed 3 and suppressed 1 like this."""
    counts = Counter(_word(each.opinion) for each in decided)
    parts = [word.format(count) for word, count in counts.items()]
    listed = " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
    return f"you {listed} like this"


def _word(opinion: Opinion) -> str:
    if opinion.verdict is Verdict.RATED:
        return "rated {} low" if opinion.rating < 3 else "rated {} high"
    return _WORDS[opinion.verdict]
