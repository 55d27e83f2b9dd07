"""Which passes of a stage run: those that pay with its model, unless somebody chose."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.clock import FakeClock
from mirador_lsp.analysis.worker import InlineParser
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Event, ModelAsked, ReviewFinished
from mirador_lsp.core.findings import Lens
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.reviewers import Reviewer
from mirador_lsp.engine.capabilities import shipped_matrix
from mirador_lsp.engine.engine import Engine
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.settings import Layer, resolve, review_policy

SNAPSHOT = Snapshot("file:///a/f.py", "f.py", "python", "def first(rows):\n    return rows[0]\n")
ALL = ["bug", "security", "performance", "style"]
SCRIPT = """
[[model]]
name = "{model}"
supports_infill = {fills}
[[reply]]
question = "^\\n$"
text = " return rows[0]"
logprob = -0.01
alternatives = {{ " []" = 0.001 }}
[[reply]]
text = "No defects."
"""
OWN = Reviewer(name="rows", title="Rows", instructions="Look at rows.", languages=("python",))


async def labels(
    folder: Path, model: str = "qwen2.5-coder-1.5b", fills: str = "true", **changes: object
) -> list[str]:
    """The labels of the questions of the deep stage, each once."""
    passes = changes.pop("passes", None)
    said = {"stages": {"deep": {"passes": passes}}} if passes else {}
    settings, problems = resolve([Layer("the user's settings", said)])
    assert not problems
    policy = replace(review_policy(settings, stages=["deep"]), **changes)  # type: ignore[arg-type]
    script = folder / "script.toml"
    script.write_text(SCRIPT.format(model=model, fills=fills))
    parser = InlineParser(budget_seconds=30)
    await asyncio.to_thread(asyncio.run, parser.outline(SNAPSHOT))
    backend = await asyncio.to_thread(ScriptedBackend, script)
    engine = Engine(
        backend=backend, outliner=parser, syntax=parser, analyzers=[], clock=FakeClock()
    )
    events: list[Event] = []
    await engine.review(ReviewRequest(SNAPSHOT, policy, Trigger.CLI), events.append)
    await backend.close()
    end = events[-1]
    assert isinstance(end, ReviewFinished)
    assert end.reviewed
    return list(dict.fromkeys(e.lens for e in events if isinstance(e, ModelAsked)))


@pytest.mark.parametrize("model", ["qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b"])
async def test_the_default_models_write_lines_anew_and_are_not_asked(
    tmp_path: Path, model: str
) -> None:
    """Asking them was measured to bring nothing."""
    assert await labels(tmp_path, model) == ["infill"]


async def test_a_model_that_nobody_measured_is_asked_as_well(tmp_path: Path) -> None:
    """What a larger one says under each lens may be worth much."""
    assert await labels(tmp_path, "qwen2.5-coder-7b") == [*ALL, "infill"]


async def test_where_lines_cannot_be_written_anew_it_is_asked(tmp_path: Path) -> None:
    """A stage that does nothing would be the worse choice."""
    assert await labels(tmp_path, fills="false") == ALL


async def test_who_chooses_passes_has_them(tmp_path: Path) -> None:
    """The setting goes before what was measured."""
    assert await labels(tmp_path, passes=["ask", "infill"]) == [*ALL, "infill"]
    assert await labels(tmp_path, passes=["ask"]) == ALL


async def test_who_names_lenses_has_them_asked(tmp_path: Path) -> None:
    """Lines that are written anew say nothing of performance."""
    assert await labels(tmp_path, lenses=(Lens.PERFORMANCE,)) == ["performance"]
    assert await labels(tmp_path, lenses=(Lens.BUG, Lens.SECURITY)) == ["bug", "security", "infill"]


async def test_reviewers_of_the_users_own_ask_in_any_case(tmp_path: Path) -> None:
    """Theirs are the only questions then."""
    assert await labels(tmp_path, reviewers=(OWN,)) == ["rows", "infill"]


def test_the_matrix_says_what_pays() -> None:
    """In the deep stage of the two default models; of the quick one nothing is said."""
    said = {
        (task, row.model): row.passes
        for task, rows in shipped_matrix().rows.items()
        for row in rows
        if row.passes
    }
    assert said == {
        ("review.deep", "qwen2.5-coder-1.5b"): ("infill",),
        ("review.deep", "qwen2.5-coder-0.5b"): ("infill",),
    }
