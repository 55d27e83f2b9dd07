"""Which stages answer a question, and what is left out. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mirador_lsp.core.answers import AnswerRequest
from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.policy import DEEP, INSTANT, QUICK, SYNTHESIS, ReviewPolicy
from mirador_lsp.core.routing import Insight, Task, answer_task
from mirador_lsp.engine.plan import NOTHING_KNOWN, Plan, no_model, obtaining, stand_ins, unfit
from mirador_lsp.engine.router import choose, lacking, missing

MODEL_STAGES = (QUICK, DEEP)
"""The stages in which a model answers. Synthesis has nothing to judge here."""


def plan_answer(
    request: AnswerRequest,
    cards: Sequence[ModelCard],
    insight: Insight,
    absent: Mapping[str, str] = NOTHING_KNOWN,
) -> Plan:
    """The stages asked for, less those in which no model can, may or needs to answer. Why models
    are `absent` is told with what stands in for them.
    """
    policy = request.policy
    first = tuple(name for name in policy.stages if name == INSTANT)
    models = tuple(name for name in policy.stages if name in MODEL_STAGES)
    if not models:
        text = f"The {SYNTHESIS} stage does not answer questions."
        notice = Notice(NoticeKind.SKIPPED, text, stage=SYNTHESIS)
        return Plan(first, "as asked", () if first else (notice,))
    if not cards:
        return Plan(first, "no model can be used", (no_model(absent),))
    if (why := unfit(request.snapshot, policy)) is not None:
        text = f"{request.snapshot.name}: no model reads it, {why}."
        return Plan(first, why, (Notice(NoticeKind.SKIPPED, text),))

    def task_of(stage: str) -> Task:
        return answer_task(request.topic, stage)

    if policy.panel:
        return Plan((*first, models[-1]), "as asked")
    again = _same_again(request, cards, insight) if models == MODEL_STAGES else None
    if again is not None:
        notices = stand_ins(_only(policy, QUICK), cards, insight, task_of, absent)
        return Plan((*first, QUICK), "as asked", (again, *notices))
    notices = stand_ins(_only(policy, *models), cards, insight, task_of, absent)
    return Plan((*first, *models), "as asked", notices)


def _same_again(
    request: AnswerRequest, cards: Sequence[ModelCard], insight: Insight
) -> Notice | None:
    """Why the deep stage need not run: it would put the same question to the same model."""
    deep, quick = request.policy.stage(DEEP), request.policy.stage(QUICK)
    task = answer_task(request.topic, DEEP)
    card = choose(task, deep, cards, insight).cards[0]
    other = choose(answer_task(request.topic, QUICK), quick, cards, insight).cards[0]
    name = card.name
    if other.name != name:
        return None
    text = f"The deep stage is left out: it would ask {name} again."
    if (wanted := missing(task, deep, card, cards, insight)) is not None:
        text = f"{lacking(wanted)}, so {name} alone answers; {obtaining(wanted)}"
    return Notice(NoticeKind.SKIPPED, text, stage=DEEP)


def _only(policy: ReviewPolicy, *stages: str) -> ReviewPolicy:
    return replace(policy, stages=stages)
