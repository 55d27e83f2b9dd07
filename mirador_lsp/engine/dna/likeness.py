"""How alike two models behave, and two sets of preferences are: 0…1, part by part. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from mirador_lsp.core.behaviour import Behaviour
from mirador_lsp.core.preferences import LISTS, SCALES, Preferences


@dataclass(frozen=True)
class Part:
    """One respect in which two are compared."""

    name: str
    ours: str
    """What the first one has, for people."""
    theirs: str
    likeness: float
    """0…1."""
    weight: float = 1.0
    """How much it counts in the whole."""


@dataclass(frozen=True)
class Likeness:
    """The whole comparison."""

    parts: tuple[Part, ...]

    @property
    def whole(self) -> float:
        """The weighted mean of the parts, 0…1."""
        weight = sum(part.weight for part in self.parts)
        return sum(part.likeness * part.weight for part in self.parts) / weight if weight else 1.0


def of_behaviours(ours: Behaviour, theirs: Behaviour) -> Likeness:
    """How alike two models behave with the same set of questions. What they claim of the same code
    counts twice: that is what users see of a reviewer. Speed counts half: it is the machine's, too.
    """
    parts = [
        Part(
            "claims",
            f"{len(ours.claims)} lines",
            f"{len(theirs.claims)} lines",
            _shared(ours.claims, theirs.claims),
            weight=2.0,
        ),
        _share("faults found", (ours.found, ours.defects), (theirs.found, theirs.defects)),
        _share("false alarms", (ours.alarms, ours.sound), (theirs.alarms, theirs.sound)),
        _share("fixes that pass", (ours.fixed, ours.fixes), (theirs.fixed, theirs.fixes)),
        _share(
            "claims judged right",
            (ours.judged_right, ours.judged),
            (theirs.judged_right, theirs.judged),
        ),
        _share("structure errors", (ours.broken, ours.lines), (theirs.broken, theirs.lines)),
        Part(
            "words of an answer",
            f"{ours.mean_words:.0f}",
            f"{theirs.mean_words:.0f}",
            _ratio(ours.mean_words, theirs.mean_words),
        ),
    ]
    if ours.decisions and theirs.decisions:
        mine, other = (ours.agreed, ours.decisions), (theirs.agreed, theirs.decisions)
        parts.append(_share("agrees with you", mine, other))
    if ours.tokens_per_second and theirs.tokens_per_second:
        parts.append(
            Part(
                "tokens a second",
                f"{ours.tokens_per_second:.1f}",
                f"{theirs.tokens_per_second:.1f}",
                _ratio(ours.tokens_per_second, theirs.tokens_per_second),
                weight=0.5,
            )
        )
    return Likeness(tuple(parts))


def of_preferences(ours: Preferences, theirs: Preferences) -> Likeness:
    """How alike two sets of preferences are. Of a scale the distance of the steps counts."""
    parts = []
    for name, scale in SCALES.items():
        steps = list(scale)
        (mine,), (other,) = ours.values(name), theirs.values(name)
        apart = abs(steps.index(scale(mine)) - steps.index(scale(other)))
        parts.append(Part(name, mine, other, 1 - apart / (len(steps) - 1)))
    for name in LISTS:
        named, others = ours.values(name), theirs.values(name)
        folded = _shared([n.lower() for n in named], [n.lower() for n in others])
        parts.append(Part(name, ", ".join(named) or "none", ", ".join(others) or "none", folded))
    return Likeness(tuple(parts))


def _share(name: str, ours: tuple[int, int], theirs: tuple[int, int]) -> Part:
    (some, of), (others, of_others) = ours, theirs
    mine = some / of if of else 0.0
    other = others / of_others if of_others else 0.0
    return Part(name, f"{some} of {of}", f"{others} of {of_others}", 1 - abs(mine - other))


def _shared(ours: Iterable[str], theirs: Iterable[str]) -> float:
    """Of all that either says, what both say; two that say nothing are alike."""
    mine, other = set(ours), set(theirs)
    return len(mine & other) / len(mine | other) if mine | other else 1.0


def _ratio(ours: float, theirs: float) -> float:
    if ours == theirs:
        return 1.0
    return min(ours, theirs) / max(ours, theirs)
