"""What decisions do to the findings of one review.

Learning must not be a way to hide things. Security findings that warn are never lowered or withheld
unless the user named the rule by hand; of the findings of a review no more than a share is kept
back; and what the user said of a very finding goes before what is concluded from others.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from mirador_lsp.core.events import Hush, Hushed
from mirador_lsp.core.feedback import Opinion
from mirador_lsp.core.findings import Finding, Lens, Severity
from mirador_lsp.engine.learning.judging import (
    NOTHING,
    Decisions,
    Effect,
    Lesson,
    strength_of,
)
from mirador_lsp.engine.learning.likeness import Told

ALWAYS = 3
"""So many findings of a review may be kept back however few there are,"""
SHARE = 0.5
"""and this share of them where there are many."""
_SPARED = "shown all the same, for lessons keep back no more of one review"
_HIGHER = MappingProxyType(
    {Severity.HINT: Severity.INFORMATION, Severity.INFORMATION: Severity.WARNING}
)
"""Nothing is raised to an error: others are ranked below those, and builds fail on them."""

Vectors = Mapping[str, Sequence[float]]
Seek = Callable[[Sequence[Told], Decisions], Awaitable[Vectors]]
"""Gives vectors of what findings tell and of what they are compared with, as far as they can be had
without waiting long."""


async def _blind(_told: Sequence[Told], _decisions: Decisions) -> Vectors:
    return {}


@dataclass(frozen=True)
class Bounds:
    """What lessons may do in a review."""

    gate: float = 0.0
    """Confidence below which a finding is not shown."""
    security_rules: frozenset[str] = frozenset()
    """Of which the user said that their security findings may be withheld, too."""


class Lessons:
    """Belongs to one review. Without decisions it changes nothing."""

    def __init__(
        self,
        decisions: Decisions | None = None,
        *,
        own: Iterable[Opinion] = (),
        bounds: Bounds | None = None,
        now: float = 0.0,
        seek: Seek = _blind,
    ) -> None:
        """`own` are the opinions about findings of the very document; `now` is in seconds since
        the epoch.
        """
        self._decisions = decisions or Decisions(())
        self._settled = {o.finding_id for o in own if strength_of(o) > 0}
        self._bounds = bounds or Bounds()
        self._now = now
        self._seek = seek
        self._vectors: Vectors = {}
        self._sought: set[str] = set()
        self._known: dict[str, tuple[Told, Lesson]] = {}
        self._judged: dict[Told, Lesson] = {}
        self._met: set[str] = set()
        self._kept_back: set[str] = set()
        self._spared: set[str] = set()

    def hear(self, finding: Finding, shown: Finding) -> Finding | Hushed:
        """`shown`, which is `finding` as it would be shown without lessons, as it is with them."""
        self._met.add(finding.id)
        lesson = self._lesson(finding) if self._decisions else NOTHING
        if lesson.effect is Effect.NONE:
            return shown
        if lesson.effect in {Effect.FIRST, Effect.RAISED}:
            return _favoured(shown, lesson)
        lowered = _lowered(shown, lesson)
        if lesson.effect is Effect.LOWERED and lowered.confidence >= self._bounds.gate:
            return lowered
        if not self._may_keep_back(finding):
            return replace(shown, lesson=f"{lesson.reason}; {_SPARED}")
        if lesson.effect is Effect.LOWERED:
            return lowered
        return Hushed(finding, Hush.LEARNED, lesson.reason)

    async def look(self, findings: Sequence[Finding]) -> None:
        """Compare findings by meaning too, where that can be had: they may be heard another way
        afterwards.
        """
        if not self._decisions:
            return
        told = [each for f in findings if (each := Told.of(f)).key not in self._sought]
        asked = [each for each in told if each.by_model or any(self._by_model(each))]
        self._sought.update(each.key for each in told)
        if not asked:
            return
        fresh = await self._seek(asked, self._decisions)
        self._vectors = {**self._vectors, **fresh}
        again = [name for name, (said, _) in self._known.items() if said.key in fresh]
        self._judged.clear()
        for name in again:
            del self._known[name]
            self._spared.discard(name)
            self._kept_back.discard(name)

    def _by_model(self, told: Told) -> Iterable[bool]:
        return (each.told.by_model for each in self._decisions.about(told))

    def _lesson(self, finding: Finding) -> Lesson:
        told = Told.of(finding)
        known = self._known.get(finding.id)
        if known is None or known[0] != told:
            if told not in self._judged:
                self._judged[told] = self._decisions.judge(told, self._now, self._vectors)
            known = self._known[finding.id] = (told, self._judged[told])
        against = known[1].effect in {Effect.WITHHELD, Effect.LOWERED}
        if against and (finding.id in self._settled or self._is_guarded(finding)):
            return NOTHING
        return known[1]

    def _is_guarded(self, finding: Finding) -> bool:
        return (
            finding.lens is Lens.SECURITY
            and finding.severity.at_least(Severity.WARNING)
            and finding.rule not in self._bounds.security_rules
        )

    def _may_keep_back(self, finding: Finding) -> bool:
        """Once said of a finding it stays so: what was told must not flicker."""
        if finding.id in self._kept_back:
            return True
        room = max(ALWAYS, int(SHARE * len(self._met)))
        if finding.id in self._spared or len(self._kept_back) >= room:
            self._spared.add(finding.id)
            return False
        self._kept_back.add(finding.id)
        return True


def _favoured(shown: Finding, lesson: Lesson) -> Finding:
    severity = shown.severity
    if lesson.effect is Effect.RAISED:
        severity = _HIGHER.get(severity, severity)
    return replace(shown, severity=severity, favoured=True, lesson=lesson.reason)


def _lowered(shown: Finding, lesson: Lesson) -> Finding:
    confidence = round(shown.confidence * lesson.factor, 3)
    return replace(shown, confidence=confidence, lesson=lesson.reason)
