"""The deep stage: a larger model, one question about each unit for each lens and reviewer."""

from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.engine.stages.job import Desk, Job, Said, Tally, Tools
from mirador_lsp.engine.stages.passes import look
from mirador_lsp.engine.stages.sweep import LensQuestion, question_of


async def run(job: Job, tools: Tools, desk: Desk, tally: Tally) -> Said:
    """Look at every unit through every lens, one after the other on the warm prefix."""
    return await look(job, tools, desk, tally, questions_of(job.request))


def questions_of(request: ReviewRequest) -> list[LensQuestion]:
    """One for each lens, then one for each of the user's reviewers that looks at the document under
    one of the lenses. A reviewer with the name of a lens takes the place of its question.
    """
    lenses = request.policy.lenses
    own = {
        each.name: question_of(each)
        for each in request.policy.reviewers
        if each.lens in lenses and each.is_for(request.snapshot)
    }
    usual = [own.pop(lens.value, LensQuestion(f"ask_{lens.value}", (lens,))) for lens in lenses]
    return [*usual, *own.values()]
