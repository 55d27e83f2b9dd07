"""Which model does a task: a pure function of the stage's policy, the cards on the table, what is
believed of models and what was measured of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.policy import SYNTHESIS, StagePolicy
from mirador_lsp.core.routing import Insight, Task, billions

_UNKNOWN = 0.1
"""How well a model of which nothing is believed does a task: better than no model."""
_CANNOT_JUDGE = 0.5
"""What is left of a model's worth for the synthesis where it cannot judge."""
_ALIKE = 0.05
"""Worth within which the faster of two measured models goes first."""


@dataclass(frozen=True)
class Choice:
    """The models of a stage, the first to be tried first, and why."""

    cards: tuple[ModelCard, ...]
    reason: str


def choose(task: Task, policy: StagePolicy, cards: Sequence[ModelCard], insight: Insight) -> Choice:
    """The models for a task: those the policy names, in its order; then all others that are there,
    the one that is worth most first. Beside a model that somebody named, what leaves the machine
    stands in only if it is named, too, or if nothing else is there to begin with.

    An empty `cards` in the answer means that no model can be used at all.
    """
    by_name = {card.name: card for card in cards}
    named = tuple(by_name[name] for name in policy.models if name in by_name)
    if not cards:
        return Choice((), "no model is installed")
    ranked = _ranked(task, policy.name, cards, insight)
    if named:
        first = policy.models[0]
        here = (card for card in ranked if card not in named and not card.leaves)
        reason = f"first choice for {policy.name}" if named[0].name == first else lacking(first)
        return Choice((*named, *here), reason)
    if policy.models:  # somebody named a model, so code is sent away for another one last of all
        ranked = tuple(sorted(ranked, key=lambda card: bool(card.leaves)))
    if len(policy.models) == 1:
        return Choice(ranked, lacking(policy.models[0]))
    if policy.models:
        return Choice(ranked, f"none of {', '.join(policy.models)} can be used")
    return Choice(ranked, _reason(task, ranked[0], cards, insight))


def lacking(model: str) -> str:
    """That a model cannot be used, in words; why is not known here."""
    return f"{model} cannot be used now" if "/" in model else f"{model} is not installed"


def missing(
    task: Task,
    policy: StagePolicy,
    chosen: ModelCard,
    cards: Sequence[ModelCard],
    insight: Insight,
) -> str | None:
    """The model that would be better had than `chosen` and is not there: the one the user named or,
    where none is named, the one the matrix names if it is worth more. None when all is well.
    """
    if policy.models:
        return policy.models[0] if policy.models[0] != chosen.name else None
    wanted = insight.matrix.wanted(task)
    if wanted is None or any(wanted.is_about(card) for card in cards):
        return None
    return wanted.model if wanted.confidence > _believed(task, chosen, insight) else None


def ceiling(policy: StagePolicy, card: ModelCard) -> float:
    """The confidence a finding of this stage may have by itself.

    The stage's own figure supposes a model that fits it. Below a billion parameters models tell
    sound code from faulty code no better than chance, so no stage makes them surer than a first
    look.
    """
    return min(policy.confidence, 0.6) if 0 < card.parameters < 1 else policy.confidence


def _ranked(
    task: Task, stage: str, cards: Sequence[ModelCard], insight: Insight
) -> tuple[ModelCard, ...]:
    value = worth(task, stage, cards, insight)
    # Of equals the smaller one costs less.
    ranked = sorted(cards, key=lambda card: (-value[card.name], billions(card), card.name))
    best = ranked[0]
    known = insight.standing(task, best)
    if known is None:
        return tuple(ranked)
    for other in ranked[1:]:
        theirs = insight.standing(task, other)
        alike = value[best.name] - value[other.name] <= _ALIKE
        if theirs is not None and alike and theirs.seconds < known.seconds:
            best, known = other, theirs
    return (best, *(card for card in ranked if card is not best))


def worth(task: Task, stage: str, cards: Sequence[ModelCard], insight: Insight) -> dict[str, float]:
    """How well each model may be expected to do a task: what is believed of it, times the share of
    its replies that held. Of a model that was not asked often enough, the share is supposed to be
    what it is with the others: some tasks are hard for all.
    """
    shares = {
        card.name: standing.held / standing.replies
        for card in cards
        if (standing := insight.standing(task, card)) is not None
    }
    usual = sum(shares.values()) / len(shares) if shares else 1.0
    values = {}
    for card in cards:
        believed = _believed(task, card, insight)
        if stage == SYNTHESIS and not card.can_judge:
            believed *= _CANNOT_JUDGE
        values[card.name] = believed * shares.get(card.name, usual)
    return values


def _reason(task: Task, first: ModelCard, cards: Sequence[ModelCard], insight: Insight) -> str:
    better = _hindered(task, first, cards, insight)
    if better:
        return better
    fitness = insight.matrix.about(task, first)
    said = fitness.reason if fitness is not None else "the one there is"
    standing = insight.standing(task, first)
    if standing is None:
        return said
    return (
        f"{said}; {standing.held} of its last {standing.replies} replies held, "
        f"{standing.seconds:.1f} s each"
    )


def _hindered(task: Task, first: ModelCard, cards: Sequence[ModelCard], insight: Insight) -> str:
    """Why the model that is believed to be best does not go first; "" when it does."""
    wanted = insight.matrix.wanted(task)
    if wanted is None or wanted.confidence <= _believed(task, first, insight):
        return ""
    there = next((card for card in cards if wanted.is_about(card)), None)
    if there is None:
        return f"{wanted.model} is not installed"
    standing = insight.standing(task, there)
    if standing is None:
        return ""
    return (
        f"does better than {there.name}, of whose last {standing.replies} replies "
        f"{standing.held} held"
    )


def _believed(task: Task, card: ModelCard, insight: Insight) -> float:
    fitness = insight.matrix.about(task, card)
    return fitness.confidence if fitness is not None else _UNKNOWN
