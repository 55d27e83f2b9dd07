"""Why models that the user named cannot be used, asked of whoever knows."""

from collections.abc import Mapping, Sequence

from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.policy import INSTANT, ReviewPolicy
from mirador_lsp.core.ports import Absences, ModelBackend


async def absences(
    policy: ReviewPolicy, cards: Sequence[ModelCard], backend: ModelBackend
) -> Mapping[str, str]:
    """For each model that the stages name first and that is not among `cards`, in sentences why,
    and what mends that; those of which nothing is known are left out.
    """
    asked: object = backend
    if not isinstance(asked, Absences):
        return {}
    there = {card.name for card in cards}
    stages = [policy.stage(name) for name in policy.stages if name != INSTANT]
    first = dict.fromkeys(stage.models[0] for stage in stages if stage.models)
    found = {name: await asked.why_not(name) for name in first if name not in there}
    return {name: why for name, why in found.items() if why}
