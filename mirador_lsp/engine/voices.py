"""What several models say of the same code, and how sure that makes Mirador of it. Pure.

The rule, for one finding:

* The voice of a model that reports it counts `trust * confidence`. The confidence is the one that
  the finding would have if the model were alone. The trust is what the model is worth at the task,
  as the router reckons it from the matrix and the share of its replies that held, relative to the
  best of those asked, which has a trust of 1.
* The voices are joined as a noisy-or, 1 - (1 - v1)(1 - v2)…, at most 0.97: two models are never
  quite independent of one another.
* Each model that looked at that code under that lens to the end, and did not report it, takes away
  30 % of what is left, times its trust. One that failed, or did not get there, is not silent.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mirador_lsp.core.dialogue import ModelCard, Prompt
from mirador_lsp.core.events import Emit, EvidenceHeard
from mirador_lsp.core.findings import Finding, Lens
from mirador_lsp.engine.ledger import Ledger, is_model_finding
from mirador_lsp.engine.units import ShownUnit
from mirador_lsp.engine.weight import severity_of

_SURE = 0.97
_SILENCE = 0.3
_SAME = 0.0005
"""A difference of confidence that nobody can see."""


def combined(voices: Iterable[float], silent: Iterable[float]) -> float:
    """The confidence of a finding, 0…1: `voices` are trust times confidence of each model that
    reports it, `silent` the trusts of those that looked and do not.
    """
    joined = min(_SURE, 1 - math.prod(1 - voice for voice in voices))
    return joined * math.prod(1 - _SILENCE * trust for trust in silent)


def trusts(worth: Mapping[str, float]) -> dict[str, float]:
    """How far each model is trusted beside the best of them, from what they are worth."""
    best = max(worth.values(), default=0.0)
    return {name: value / best if best > 0 else 1.0 for name, value in worth.items()}


@dataclass(frozen=True)
class Look:
    """One question about a unit that a model answered to the end."""

    card: ModelCard
    shown: ShownUnit
    lenses: tuple[Lens, ...]
    label: str
    """The lens, or "" for a question under all."""
    prompt: Prompt
    said: str
    """The whole reply."""

    def covers(self, finding: Finding) -> bool:
        """Whether it would have said so."""
        pieces = self.shown.unit.pieces
        return finding.lens in self.lenses and any(p.overlaps(finding.span) for p in pieces)


@dataclass
class Voices:
    """Who said what in one review that several models make together."""

    trust: Mapping[str, float] = field(default_factory=dict)
    """Of each model at the stage that runs."""
    _said: dict[str, dict[str, float]] = field(default_factory=dict)
    """By finding id, the voice of each model; of all stages the loudest."""
    _now: set[str] = field(default_factory=set)
    """Findings that a model reported in this stage."""
    _looks: list[Look] = field(default_factory=list)

    def begin(self, trust: Mapping[str, float]) -> None:
        """A stage begins."""
        self.trust = trust
        self._now.clear()
        self._looks.clear()

    def report(self, finding_id: str, finding: Finding) -> None:
        """A model reports what became, or confirmed, that finding."""
        model = finding.origin.tool
        voice = self.trust.get(model, 1.0) * finding.confidence
        heard = self._said.setdefault(finding_id, {})
        heard[model] = max(voice, heard.get(model, 0.0))
        self._now.add(finding_id)

    def looked(self, look: Look) -> None:
        """A model answered a question to the end."""
        self._looks.append(look)

    def settle(self, stage: str, ledger: Ledger, emit: Emit) -> None:
        """The stage is over: weigh what was said in it, and tell what that changes."""
        for finding in ledger.findings():
            heard = self._said.get(finding.id)
            if finding.id not in self._now or heard is None:
                continue
            silent = self._silent(finding, heard)
            for look in silent.values():
                emit(_silence(stage, finding, look))
            if not is_model_finding(finding):  # what an analyzer knows no silence makes less true
                continue
            weights = [self.trust.get(name, 1.0) for name in silent]
            confidence = round(combined(heard.values(), weights), 3)
            if abs(confidence - finding.confidence) > _SAME:
                severity = severity_of(finding.lens, confidence)
                revised = replace(finding, confidence=confidence, severity=severity)
                ledger.revise(stage, revised, _why(tuple(heard), tuple(silent)))

    def _silent(self, finding: Finding, heard: Mapping[str, float]) -> dict[str, Look]:
        return {
            look.card.name: look
            for look in self._looks
            if look.card.name not in heard and look.covers(finding)
        }


def _why(heard: Sequence[str], silent: Sequence[str]) -> str:
    who = " and ".join(heard)
    if silent:
        also = " and ".join(silent)
        return f"{who} say{'s' * (len(heard) == 1)} so, {also} do{'es' * (len(silent) == 1)} not"
    return f"{who} agree" if len(heard) > 1 else f"{who} says so"


def _silence(stage: str, finding: Finding, look: Look) -> EvidenceHeard:
    return EvidenceHeard(
        stage=stage,
        finding_id=finding.id,
        model=look.card.name,
        unit=look.shown.title,
        lens=look.label,
        prompt=look.prompt,
        said=look.said,
        sureness=0.0,
    )
