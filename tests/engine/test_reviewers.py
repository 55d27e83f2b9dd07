"""Reviewers of the user's own ask in the deep stage, and what they find is theirs."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from mirador_lsp.analysis.worker import InlineParser
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Event, ModelAsked, ReviewFinished, ReviewStarted
from mirador_lsp.core.findings import Lens, Severity
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.reviewers import Reviewer
from mirador_lsp.engine.engine import Engine
from mirador_lsp.ipc.clock import SystemClock
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.settings import Settings, review_policy

TEXT = "def migrate(table):\n    table.drop_column('name')\n    return table.rows[0]\n"
SCRIPT = """
[[model]]
name = "small"
[[reply]]
question = "Database migrations"
text = \"\"\"
- bug: Older programs still read the column that is dropped here. Code: `table.drop_column('name')`
\"\"\"

[[reply]]
text = "No defects."
"""
OWN = Reviewer(
    name="migrations",
    title="Database migrations",
    instructions="Look for dropped columns {that} others read.",
    languages=("python",),
)


SNAPSHOT = Snapshot("file:///db/1.py", "db/1.py", "python", TEXT)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """An engine whose parts have read their files."""
    folder = tmp_path
    (folder / "script.toml").write_text(SCRIPT)
    parser = InlineParser(budget_seconds=30)
    asyncio.run(parser.outline(SNAPSHOT))
    return Engine(
        backend=ScriptedBackend(folder / "script.toml"),
        outliner=parser,
        syntax=parser,
        analyzers=[],
        clock=SystemClock(),
    )


async def review(engine: Engine, *reviewers: Reviewer, **changes: object) -> list[Event]:
    """What a review under these reviewers says."""
    policy = replace(review_policy(Settings(), stages=["deep"]), reviewers=reviewers, **changes)
    said: list[Event] = []
    await engine.review(ReviewRequest(SNAPSHOT, policy, Trigger.CLI), said.append)
    return said


def asked(said: list[Event]) -> list[str]:
    """The labels of the questions, in their order."""
    return [event.lens for event in said if isinstance(event, ModelAsked)]


async def test_a_reviewer_asks_after_the_lenses_and_its_findings_bear_its_name(
    engine: Engine,
) -> None:
    """They count as what it says they are; the plan names it."""
    said = await review(engine, OWN)

    assert asked(said) == ["bug", "security", "performance", "style", "migrations"]
    end = said[-1]
    assert isinstance(end, ReviewFinished)
    (finding,) = end.findings
    assert (finding.rule, finding.lens) == ("model/migrations", Lens.BUG)
    assert isinstance(said[0], ReviewStarted)
    assert said[0].reason == "because it was asked for on the command line, with migrations"
    (question,) = [e.prompt.question for e in said if isinstance(e, ModelAsked)][-1:]
    assert "Look for dropped columns {that} others read." in question


async def test_its_findings_are_no_worse_than_it_says(engine: Engine) -> None:
    """A hint stays a hint."""
    end = (await review(engine, replace(OWN, severity=Severity.HINT)))[-1]

    assert isinstance(end, ReviewFinished)
    assert [finding.severity for finding in end.findings] == [Severity.HINT]


async def test_a_reviewer_with_the_name_of_a_lens_takes_its_place(engine: Engine) -> None:
    """One question, in the user's words."""
    said = await review(engine, replace(OWN, name="bug"))

    assert asked(said) == ["bug", "security", "performance", "style"]
    end = said[-1]
    assert isinstance(end, ReviewFinished)
    assert [finding.rule for finding in end.findings] == ["model/bug"]


async def test_it_asks_only_where_it_is_meant_to(engine: Engine) -> None:
    """Of its languages, and under lenses that are wanted."""
    assert "migrations" not in asked(await review(engine, replace(OWN, languages=("go",))))
    assert asked(await review(engine, OWN, lenses=(Lens.STYLE,))) == ["style"]
