"""How a chain's steps run: the user's policies with the chain's models and lenses in them."""

from dataclasses import replace

from mirador_lsp.core.chains import STEPS, Chain, Step
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.findings import Lens
from mirador_lsp.core.policy import STAGES, ReviewPolicy


def under(policy: ReviewPolicy, chain: Chain) -> ReviewPolicy:
    """`policy` with the models and lenses that the chain names.

    A chain that analyses in order to mend wants the whole review: no stage is left out because a
    change is small.
    """
    models = tuple(
        replace(stage, models=chain.models(stage.name) or stage.models) for stage in policy.models
    )
    lenses = tuple(Lens(name) for name in chain.lenses) or policy.lenses
    stages = tuple(name for name in STAGES if name in chain.stages) or policy.stages
    return replace(policy, stages=stages, models=models, lenses=lenses, automatic=False)


def check(chain: Chain) -> None:
    """Raise `UserError` for steps that make no sense in their order."""
    if not chain.steps:
        message = f"The chain {chain.name} has no steps."
        raise UserError(message, remedy=f"Name some of {', '.join(STEPS)}.")
    if chain.steps[0] != Step.ANALYSE.value:
        message = f"The chain {chain.name} begins with {chain.steps[0]}."
        raise UserError(message, remedy="Let it begin with analyse: there is nothing to mend yet.")
