"""What is known of each model, put side by side: what users decided, what was checked, what it
costs. Pure.
"""

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mirador_lsp.core.behaviour import Behaviour
from mirador_lsp.core.feedback import Opinion
from mirador_lsp.core.routing import Comparison, Outcome, Standing
from mirador_lsp.engine.dna.deciding import leaning

_FEW = 5
"""Cases that a share of nothing known weighs: so few decisions do not lift a model above others."""
_EVEN = 0.5


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    some: int = 0
    of: int = 0

    @property
    def value(self) -> float | None:
        """0…1; None of nothing."""
        return self.some / self.of if self.of else None

    @property
    def cautious(self) -> float:
        """The same, drawn towards a half where it is of few."""
        return (self.some + _FEW * _EVEN) / (self.of + _FEW)


@dataclass(frozen=True)
class Record:
    """What is known of one model."""

    model: str
    accepted: Share = Share()
    """Of its findings that the user decided about, those that were taken."""
    held: Share = Share()
    """Of its replies to the same questions as others', those that could be used."""
    confirmed: Share = Share()
    """Of what it claimed there, what another model claimed of the same line."""
    fixes: Share = Share()
    """Of the fixes it wrote, those that passed every check."""
    probes: Share = Share()
    """Of what the fixed set asks for, what it got right."""
    agreed: Share = Share()
    """Of the user's decisions that were put to it, those that it decides alike."""
    seconds: float | None = None
    """Of a usable reply, the median."""
    first_token_seconds: float | None = None
    tokens_per_second: float | None = None
    memory_bytes: int = 0
    """0 where it is not known."""

    @property
    def parts(self) -> Mapping[str, Share]:
        """What `quality` is made of, by name."""
        return {
            "decisions": self.accepted,
            "replies": self.held,
            "confirmed": self.confirmed,
            "fixes": self.fixes,
            "probes": self.probes,
            "agreement": self.agreed,
        }

    @property
    def quality(self) -> float | None:
        """The mean of what is known, 0…1, what users decided about it counting twice; None where
        nothing is known.
        """
        known = [(name, part.cautious) for name, part in self.parts.items() if part.of]
        weights = [2.0 if name == "decisions" else 1.0 for name, _ in known]
        if not known:
            return None
        total = sum(weight * share for weight, (_, share) in zip(weights, known, strict=True))
        return total / sum(weights)


def accompanied(compared: Sequence[Comparison]) -> frozenset[str]:
    """The runs of questions that more than one model had a usable reply to. Of what a model claimed
    in others nobody can say whether another model shares it.
    """
    models: dict[str, set[str]] = defaultdict(set)
    for row in compared:
        if row.outcome is Outcome.HELD:
            models[row.run].add(row.model)
    return frozenset(run for run, names in models.items() if len(names) > 1)


def records(
    compared: Sequence[Comparison],
    behaviours: Sequence[Behaviour],
    opinions: Sequence[Opinion],
    standings: Sequence[Standing],
) -> tuple[Record, ...]:
    """One for each model that was compared or measured, the best first. `behaviours` have the
    latest first.
    """
    rows: dict[str, list[Comparison]] = defaultdict(list)
    for row in compared:
        rows[row.model].append(row)
    known: dict[str, Behaviour] = {}
    for each in behaviours:
        known.setdefault(each.model, each)
    together = accompanied(compared)
    found = [
        _record(name, rows.get(name, []), known.get(name), opinions, standings, together)
        for name in sorted({*rows, *known})
    ]
    return tuple(sorted(found, key=lambda each: (-(each.quality or 0.0), each.model)))


def _record(
    name: str,
    rows: Sequence[Comparison],
    behaviour: Behaviour | None,
    opinions: Sequence[Opinion],
    standings: Sequence[Standing],
    together: frozenset[str],
) -> Record:
    said = [right for o in opinions if o.tool == name and (right := leaning(o)) is not None]
    held = [row for row in rows if row.outcome is Outcome.HELD]
    beside = [row for row in rows if row.run in together]
    fixes = [(s.held, s.replies) for s in standings if s.model == name and s.task == "fix"]
    fixes += [(row.outcome is Outcome.HELD, 1) for row in rows if row.task == "fix"]
    firsts = [row.first_token_seconds for row in held if row.first_token_seconds is not None]
    first = statistics.median(firsts) if firsts else None
    pace = _tokens_per_second(held)
    if behaviour is not None:
        # Of questions that were not read before; those of the past may have been.
        first = behaviour.first_token_seconds or first
        pace = behaviour.tokens_per_second or pace
    return Record(
        model=name,
        accepted=Share(said.count(True), len(said)),
        held=Share(len(held), len(rows)),
        confirmed=Share(sum(row.shared for row in beside), sum(row.claims for row in beside)),
        fixes=Share(sum(some for some, _ in fixes), sum(of for _, of in fixes)),
        probes=_of_probes(behaviour),
        agreed=Share(behaviour.agreed, behaviour.decisions) if behaviour is not None else Share(),
        seconds=round(statistics.median(row.seconds for row in held), 3) if held else None,
        first_token_seconds=round(first, 3) if first is not None else None,
        tokens_per_second=round(pace, 1) if pace is not None else None,
        memory_bytes=behaviour.memory_bytes if behaviour is not None else 0,
    )


def _of_probes(behaviour: Behaviour | None) -> Share:
    if behaviour is None:
        return Share()
    right = behaviour.found + behaviour.sound - behaviour.alarms
    right += behaviour.judged_right + behaviour.fixed
    asked = behaviour.defects + behaviour.sound + behaviour.judged + behaviour.fixes
    return Share(right, asked)


def _tokens_per_second(rows: Sequence[Comparison]) -> float | None:
    """While writing: over all replies, of which a single one may be a few tokens long."""
    timed = [row for row in rows if row.first_token_seconds is not None]
    seconds = sum(row.seconds - (row.first_token_seconds or 0.0) for row in timed)
    tokens = sum(max(0, row.completion_tokens - 1) for row in timed)
    return tokens / seconds if seconds > 0 and tokens else None
