"""Changes that need no model: a text that is ready to be checked, and every safe fix at once."""

from collections import Counter

from mirador_lsp.core.changes import Attempted, ChangeRequest, Patch
from mirador_lsp.core.edits import Edit, apply
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.text import LineIndex
from mirador_lsp.engine.changes.ladder import Ladder, patch_of
from mirador_lsp.engine.ledger import family_of
from mirador_lsp.engine.stages.job import Tools


async def check(request: ChangeRequest, text: str, tools: Tools) -> Attempted:
    """How far up the ladder `text` gets as the new text of the request's document.

    Raises `AnalyzerError` when the parser is lost.
    """
    climb = await Ladder(request, tools).climb(text)
    return Attempted(1, climb.reached, climb.failed, climb.why)


async def safe_fixes(request: ChangeRequest, tools: Tools) -> Patch | None:
    """Every safe fix among the request's `findings` that overlaps none before it, as one patch;
    None where there is none.

    The fixes are those of the text as it is now, not of the one the findings were made for. Raises
    `UserError` when they do not pass the ladder together, `AnalyzerError` when the parser is lost.
    """
    ladder = Ladder(request, tools)
    state = await ladder.before()
    lines = request.snapshot.lines
    wanted = Counter(_key(f, lines, state.outline) for f in request.findings)
    edits: list[Edit] = []
    made = 0
    for finding in sorted(state.findings, key=lambda f: f.span):
        key = _key(finding, lines, state.outline)
        if finding.fix is None or not finding.fix.safe or wanted[key] <= 0:
            continue
        wanted[key] -= 1
        if not any(e.span.overlaps(other.span) for e in finding.fix.edits for other in edits):
            edits += finding.fix.edits
            made += 1
    if not edits:
        return None
    text = apply(request.snapshot.text, edits)
    climb = await ladder.climb(text)
    if climb.failed is not None:
        message = f"The safe fixes were not made: {climb.why}"
        raise UserError(message, remedy="Make them one by one.")
    headline = "Make 1 safe fix" if made == 1 else f"Make {made} safe fixes"
    return patch_of(ladder, request, text, climb, headline=headline, model="")


def _key(finding: Finding, lines: LineIndex, outline: Outline) -> tuple[str, str]:
    return finding.rule, family_of(finding, lines, outline)
