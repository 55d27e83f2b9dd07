"""A unit is read once: every lens, an explanation and a fix of it begin with the same text."""

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.asking import Listening
from fakes.clock import FakeClock
from fakes.index import FakeIndex, hit
from fakes.project import FakeProject
from mirador_lsp.analysis.worker import InlineParser
from mirador_lsp.core.answers import AnswerRequest, Topic
from mirador_lsp.core.changes import ChangeRequest, Intent
from mirador_lsp.core.dialogue import Prompt
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Event, EvidenceHeard, ModelAsked, ReviewFinished
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.retrieval import RulesFile
from mirador_lsp.core.text import Span
from mirador_lsp.engine.context.stock import Workplace
from mirador_lsp.engine.engine import Engine
from mirador_lsp.settings import Layer, resolve, review_policy

PRICES = "def net_price(item):\n    return item.gross / 1.19\n"
TEXT = """\
from shop.prices import net_price


def total(items):
    prices = [net_price(item) for item in items]
    mean = sum(prices) / len(prices)
    return keep(mean)


def keep(value):
    kept = value
    print("kept", kept)
    return kept
"""
SCRIPT = """
[[model]]
name = "m"
parameters = 1.5
can_judge = true
[[reply]]
question = "Try to disprove"
material = "mean = "
text = "no"
logprob = -0.05
alternatives = { yes = 0.05 }
[[reply]]
question = "Try to disprove"
text = "yes"
logprob = -0.05
alternatives = { no = 0.05 }
[[reply]]
question = "Which bugs"
material = "prices = "
text = "- bug: With no items this divides by zero. Code: `mean = sum(prices) / len(prices)`"
[[reply]]
question = "What does"
text = "It adds prices up and keeps their mean."
[[reply]]
question = "has this problem"
text = "No idea."
"""
SNAPSHOT = Snapshot("file:///work/sums.py", "sums.py", "python", TEXT, 3, path="/work/sums.py")


class Room:
    """An engine over an index that knows one other file."""

    def __init__(self, folder: Path, settings: dict[str, object] | None = None) -> None:
        script = folder / "script.toml"
        script.write_text(SCRIPT)
        self.backend = Listening(script)
        digest = hashlib.sha256(PRICES.encode()).hexdigest()
        self.index = FakeIndex()
        found = hit("shop/prices.py", "net_price", PRICES, first=0, last=1, content=digest)
        self.index.definitions = {"net_price": (found,)}
        rules = [RulesFile("AGENTS.md", "# Code style\n\nMoney is never a float.\n")]
        project = FakeProject({"shop/prices.py": digest}, rules)
        self.engine = Engine(
            backend=self.backend,
            outliner=(parser := InlineParser(budget_seconds=5)),
            syntax=parser,
            analyzers=[],
            clock=FakeClock(),
            workplace_of=lambda _: Workplace(project, self.index),
            counter=self.backend,
        )
        self.parser = parser
        said = {"context": {"tokens": "400"}, "stages": {"quick": {"context": "0"}}}
        resolved, problems = resolve([Layer("test", settings or said)])
        assert problems == ()
        self.policy = replace(review_policy(resolved), stages=("deep", "synthesis"))

    async def review(self, snapshot: Snapshot = SNAPSHOT) -> list[Event]:
        """Everything that a review tells."""
        # The parser reads its queries from disk once; a review must not be the one to wait for it.
        await asyncio.to_thread(asyncio.run, self.parser.outline(snapshot))
        events: list[Event] = []
        request = ReviewRequest(snapshot, self.policy, Trigger.CLI)
        await self.engine.review(request, events.append)
        return events

    def about(self, code: str) -> list[Prompt]:
        """The prompts whose code begins with that line."""
        shown = [
            (prompt, prompt.material.rpartition("```python\n")[2])
            for prompt in self.backend.prompts
        ]
        return [prompt for prompt, own in shown if own.startswith(code)]


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """A room of one's own."""
    return Room(tmp_path)


async def test_lenses_judge_explanation_and_fix_share_one_beginning(room: Room) -> None:
    """To the letter: what a model has read for one of them it need not read for the next."""
    events = await room.review()
    end = events[-1]
    assert isinstance(end, ReviewFinished)
    (finding,) = end.findings
    policy = replace(room.policy, stages=("deep",))
    where = Span(TEXT.index("prices ="), TEXT.index("prices ="))
    await room.engine.answer(AnswerRequest(SNAPSHOT, Topic.EXPLAIN, policy, where), lambda _: None)
    asked = AnswerRequest(SNAPSHOT, Topic.ASK, policy, where, question="Why?")
    await room.engine.answer(asked, lambda _: None)
    change = ChangeRequest(SNAPSHOT, Intent.FIX, policy, span=finding.span, finding=finding)
    await room.engine.change(change, lambda _: None)

    prompts = room.about("def total(items):")
    questions = {prompt.question.split("\n")[0][:12] for prompt in prompts}
    assert {"Which bugs d", "Which securi", "Remark: With", "What does th"} <= questions
    assert any("has this problem" in prompt.question for prompt in prompts)
    assert len({(prompt.system, prompt.material) for prompt in prompts}) == 1
    assert "item.gross" in prompts[0].material
    assert "Money is never a float." in prompts[0].material


async def test_every_question_is_told_with_the_account_of_its_context(room: Room) -> None:
    """What the model saw, to the letter, and how it came about; evidence holds the same."""
    events = await room.review()

    asked = [event for event in events if isinstance(event, ModelAsked)]
    assert [event.prompt for event in asked] == room.backend.prompts
    about = next(event for event in asked if event.unit == "total")
    assert about.context is not None
    assert about.context.text in about.prompt.material
    assert {piece.source for piece in about.context.kept} == {"rules", "definition"}
    assert about.context.tokens <= about.context.budget == 400
    evidence = [event for event in events if isinstance(event, EvidenceHeard)]
    assert {each.context for each in evidence} == {about.context}


async def test_another_unit_shares_what_is_the_project_s(room: Room) -> None:
    """The rules are read once for all units of all files."""
    await room.review()
    one, other = room.about("def total(items):")[0], room.about("def keep(value):")[0]
    shared = one.material[: one.material.index("Definition of")]
    assert "Money" in shared
    assert other.material.startswith(shared)


async def test_an_edit_near_the_end_leaves_what_was_read_above(room: Room) -> None:
    """A unit that was not edited is not asked about again: its questions are the same, to the
    letter.
    """
    more = "\n\ndef last(rows):\n    first = rows[0]\n    print(first)\n    return {}\n"
    await room.review(replace(SNAPSHOT, text=TEXT + more.format("first")))
    count = len(room.about("def total(items):"))
    below = len(room.about("def last(rows):"))
    await room.review(replace(SNAPSHOT, text=TEXT + more.format("rows")))
    assert len(room.about("def total(items):")) == count
    assert len(room.about("def last(rows):")) > below


async def test_the_quick_stage_carries_no_context_unless_told_to(tmp_path: Path) -> None:
    """It is to be first; who wants it otherwise says so."""
    room = Room(tmp_path)
    room.policy = replace(room.policy, stages=("quick",))
    await room.review()
    assert all("Other parts of" not in prompt.material for prompt in room.backend.prompts)

    told = Room(tmp_path, {"stages": {"quick": {"context": "300"}}})
    told.policy = replace(told.policy, stages=("quick",))
    await told.review()
    assert any("Other parts of" in prompt.material for prompt in told.backend.prompts)
