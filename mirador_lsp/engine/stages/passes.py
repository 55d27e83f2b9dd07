"""The passes of a stage that looks for defects, one after the other."""

from collections.abc import Sequence

from mirador_lsp.core.policy import ASK, BLANKED, INFILL
from mirador_lsp.engine.stages.infilling import infill
from mirador_lsp.engine.stages.job import Desk, Job, Said, Tally, Tools
from mirador_lsp.engine.stages.sweep import LensQuestion, sweep


async def look(
    job: Job, tools: Tools, desk: Desk, tally: Tally, questions: Sequence[LensQuestion]
) -> Said:
    """Run the passes of the job's policy. Raises `ModelError` when the model is the trouble."""
    looked = 0
    for name in job.policy.passes:
        if name == ASK:
            looked = max(looked, (await sweep(job, tools, desk, tally, questions)).looked)
        elif name == BLANKED:
            again = await sweep(job, tools, desk, tally, questions, without=job.outline.prose)
            looked = max(looked, again.looked)
        elif name == INFILL:
            looked = max(looked, await infill(job, tools, desk, tally))
    return Said(looked)
