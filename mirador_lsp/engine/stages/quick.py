"""The quick stage: a small model, one question about each unit under all lenses."""

from mirador_lsp.core.findings import Lens
from mirador_lsp.core.policy import ReviewPolicy
from mirador_lsp.engine.stages.job import Desk, Job, Said, Tally, Tools
from mirador_lsp.engine.stages.passes import look
from mirador_lsp.engine.stages.sweep import LensQuestion


async def run(job: Job, tools: Tools, desk: Desk, tally: Tally) -> Said:
    """Report what stands out."""
    return await look(job, tools, desk, tally, [question_of(job.request.policy)])


def question_of(policy: ReviewPolicy) -> LensQuestion:
    """The one question of this stage."""
    # Style is left to analyzers and the deep stage: a small model asked for it finds nothing else.
    lenses = tuple(lens for lens in policy.lenses if lens is not Lens.STYLE)
    name = "ask_any" if len(lenses) > 1 else f"ask_{lenses[0].value}"
    return LensQuestion(name, lenses)
