"""The passes of a stage that looks for defects, one after the other."""

from collections.abc import Sequence

from mirador_lsp.core.findings import Lens
from mirador_lsp.core.policy import ASK, BLANKED, INFILL
from mirador_lsp.engine.stages.infilling import can_infill, infill
from mirador_lsp.engine.stages.job import Desk, Job, Said, Tally, Tools
from mirador_lsp.engine.stages.sweep import LensQuestion, sweep


async def look(
    job: Job, tools: Tools, desk: Desk, tally: Tally, questions: Sequence[LensQuestion]
) -> Said:
    """Run the passes that pay. Raises `ModelError` when the model is the trouble.

    What the user's own reviewers ask is asked in any case: nobody else can say what that is worth.
    """
    paying = paying_passes(job, tools)
    own = [question for question in questions if question.reviewer is not None]
    looked = 0
    for name in job.policy.passes:
        asked = questions if name in paying else own
        if name == ASK and asked:
            looked = max(looked, (await sweep(job, tools, desk, tally, asked)).looked)
        elif name == BLANKED and asked:
            again = await sweep(job, tools, desk, tally, asked, without=job.outline.prose)
            looked = max(looked, again.looked)
        elif name == INFILL and name in paying:
            looked = max(looked, await infill(job, tools, desk, tally))
    return Said(looked)


def paying_passes(job: Job, tools: Tools) -> tuple[str, ...]:
    """The passes of the job's policy or, where nobody chose them, those of them that were measured
    to pay with its model.

    Whoever names lenses, or several models, wants them asked.
    """
    policy, card = job.request.policy, job.card
    fitness = tools.meter.insight.matrix.about(job.task, card)
    measured = fitness.passes if fitness is not None else ()
    chosen = (
        f"stages.{job.policy.name}.passes" in policy.given
        or bool(policy.panel)
        or set(policy.lenses) != set(Lens)
    )
    if chosen or not measured or (INFILL in measured and not can_infill(card)):
        return job.policy.passes
    return tuple(name for name in job.policy.passes if name in measured) or job.policy.passes
