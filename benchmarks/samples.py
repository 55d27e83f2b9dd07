"""Code that nobody here wrote: modules of packages that Mirador needs anyway."""

import importlib.util
from functools import cache
from pathlib import Path

from benchmarks.home import MODEL
from mirador_lsp.analysis.worker import InlineParser
from mirador_lsp.core.dialogue import ModelCard, Prompt
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Lens
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.engine.stages.job import Job
from mirador_lsp.engine.stages.sweep import LensQuestion, make_prompt
from mirador_lsp.engine.units import show
from mirador_lsp.settings import Settings, review_policy

USUAL = "pygls.protocol.json_rpc"
"""735 lines, a finding of ruff, no comment that silences ruff."""
SILENCED = "httpcore._async.http2"
"""592 lines with comments that silence ruff, at which Mirador runs ruff twice."""
LONG = "websockets.asyncio.client"
"""795 lines, 28 units."""
LENSES = (Lens.BUG, Lens.SECURITY, Lens.PERFORMANCE, Lens.STYLE)


@cache
def snapshot_of(module: str) -> Snapshot:
    """The source of an installed module as a document. Raises BenchmarkError's cause, ImportError,
    when it is not installed.
    """
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        message = f"{module} is not installed"
        raise ImportError(message)
    path = Path(spec.origin)
    text = path.read_text(encoding="utf-8")
    return Snapshot(path.as_uri(), f"{module}.py", "python", text, path=str(path))


async def outline_of(snapshot: Snapshot) -> Outline:
    """The outline, parsed in this process."""
    return await InlineParser().outline(snapshot)


async def questions(module: str, symbol: str, settings: Settings) -> tuple[Prompt, ...]:
    """What the deep stage asks about one function of a module, one prompt for each lens.

    Raises LookupError when the module has no such function.
    """
    snapshot = snapshot_of(module)
    outline = await outline_of(snapshot)
    unit = next((unit for unit in outline.units if unit.path == symbol), None)
    if unit is None:
        message = f"{module} has no {symbol}"
        raise LookupError(message)
    policy = review_policy(settings)
    card = ModelCard(MODEL, "embedded", "", settings.engine.context_tokens, 0)
    request = ReviewRequest(snapshot, policy, Trigger.CLI)
    job = Job(request, outline, policy.stage("deep"), card, deadline=0.0)
    shown = show(snapshot, unit)
    asked = [LensQuestion(f"ask_{lens.value}", (lens,)) for lens in LENSES]
    return tuple(make_prompt(shown, job, question) for question in asked)
