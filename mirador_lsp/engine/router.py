"""Which model runs a stage: a pure function of the stage's policy and the cards on the table."""

from collections.abc import Sequence
from dataclasses import dataclass

from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.policy import StagePolicy


@dataclass(frozen=True)
class Choice:
    """The models of a stage, the first to be tried first, and why."""

    cards: tuple[ModelCard, ...]
    reason: str


def choose(policy: StagePolicy, cards: Sequence[ModelCard]) -> Choice:
    """The models for a stage: those the policy names, in its order; else whatever is there.

    An empty `cards` in the answer means that no model can be used at all.
    """
    by_name = {card.name: card for card in cards}
    named = [by_name[name] for name in policy.models if name in by_name]
    missing = [name for name in policy.models if name not in by_name]
    if named and named[0].name == policy.models[0]:
        return Choice(tuple(named), f"first choice for {policy.name}")
    if named:
        return Choice(tuple(named), f"{missing[0]} is not installed")
    others = sorted(cards, key=lambda card: (card.parameters, card.name))
    if not others:
        return Choice((), "no model is installed")
    return Choice(tuple(others), f"none of {', '.join(policy.models) or 'its models'} is installed")


def ceiling(policy: StagePolicy, card: ModelCard) -> float:
    """The confidence a finding of this stage may have by itself.

    The stage's own figure supposes a model that fits it. Below a billion parameters models tell
    sound code from faulty code no better than chance, so no stage makes them surer than a first
    look.
    """
    return min(policy.confidence, 0.6) if 0 < card.parameters < 1 else policy.confidence
