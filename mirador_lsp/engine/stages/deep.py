"""The deep stage: a larger model, one question about each unit for each lens."""

from mirador_lsp.engine.stages.job import Desk, Job, Said, Tally, Tools
from mirador_lsp.engine.stages.sweep import LensQuestion, sweep


async def run(job: Job, tools: Tools, desk: Desk, tally: Tally) -> Said:
    """Look at every unit through every lens, one after the other on the warm prefix."""
    questions = [LensQuestion(f"ask_{lens.value}", (lens,)) for lens in job.request.policy.lenses]
    return await sweep(job, tools, desk, tally, questions)
