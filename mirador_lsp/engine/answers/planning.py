"""Which stages answer a question, and what is left out. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from mirador_lsp.core.answers import AnswerRequest
from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.policy import DEEP, INSTANT, QUICK, SYNTHESIS, ReviewPolicy
from mirador_lsp.engine.plan import Plan, no_model, stand_ins, unfit
from mirador_lsp.engine.router import choose

MODEL_STAGES = (QUICK, DEEP)
"""The stages in which a model answers. Synthesis has nothing to judge here."""


def plan_answer(request: AnswerRequest, cards: Sequence[ModelCard]) -> Plan:
    """The stages asked for, less those in which no model can, may or needs to answer."""
    policy = request.policy
    first = tuple(name for name in policy.stages if name == INSTANT)
    models = tuple(name for name in policy.stages if name in MODEL_STAGES)
    if not models:
        text = f"The {SYNTHESIS} stage does not answer questions."
        notice = Notice(NoticeKind.SKIPPED, text, stage=SYNTHESIS)
        return Plan(first, "as asked", () if first else (notice,))
    if not cards:
        return Plan(first, "no model is installed", (no_model(),))
    if (why := unfit(request.snapshot, policy)) is not None:
        text = f"{request.snapshot.name}: no model reads it, {why}."
        return Plan(first, why, (Notice(NoticeKind.SKIPPED, text),))
    again = _same_again(policy, cards) if models == MODEL_STAGES else None
    if again is not None:
        return Plan((*first, QUICK), "as asked", (again, *stand_ins(_only(policy, QUICK), cards)))
    return Plan((*first, *models), "as asked", stand_ins(_only(policy, *models), cards))


def _same_again(policy: ReviewPolicy, cards: Sequence[ModelCard]) -> Notice | None:
    """Why the deep stage need not run: it would put the same question to the same model."""
    deep = policy.stage(DEEP)
    name = choose(deep, cards).cards[0].name
    if choose(policy.stage(QUICK), cards).cards[0].name != name:
        return None
    text = f"The deep stage is left out: it would ask {name} again."
    if deep.models and deep.models[0] != name:
        wanted = deep.models[0]
        text = (
            f"{wanted} is not installed, so {name} alone answers; "
            f"get it with: mirador models pull {wanted}"
        )
    return Notice(NoticeKind.SKIPPED, text, stage=DEEP)


def _only(policy: ReviewPolicy, *stages: str) -> ReviewPolicy:
    return replace(policy, stages=stages)
