"""What leaves this machine is said before the first time it does, whatever is asked for."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fakes.clock import FakeClock
from mirador_lsp.analysis.worker import InlineParser
from mirador_lsp.core.answers import AnswerFinished, AnswerRequest, Topic
from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Notice, NoticeKind, ReviewFinished, StageStarted
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.engine.engine import Engine
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.settings import Settings, review_policy

_SENTENCE = "Your code goes to the moon."
_SCRIPT = """
[[model]]
name = "{name}"
parameters = 1.5
[[reply]]
text = "It adds numbers."
"""


class Moon(ScriptedBackend):
    """A backend whose models are elsewhere."""

    async def cards(self) -> Sequence[ModelCard]:
        """The cards, which say so."""
        return [replace(card, leaves=_SENTENCE) for card in await super().cards()]


def _engine(folder: Path) -> Engine:
    script = folder / "script.toml"
    script.write_text(_SCRIPT.format(name="rocket"))
    parser = InlineParser(budget_seconds=5)
    asyncio.run(parser.outline(_text(0)))  # what it reads first is read in this thread
    return Engine(
        backend=Moon(script), outliner=parser, syntax=parser, analyzers=[], clock=FakeClock()
    )


def _text(number: int) -> Snapshot:
    code = f"def add_{number}(values):\n    return sum(values)\n"
    return Snapshot(f"file:///{number}.py", f"{number}.py", "python", code)


def _elsewhere(said: Sequence[object]) -> list[str]:
    return [
        each.message
        for each in said
        if isinstance(each, Notice) and each.kind is NoticeKind.ELSEWHERE
    ]


async def test_it_is_shown_once_and_stands_in_every_report(tmp_path: Path) -> None:
    """Before a word of the model's; a report of a later review still says it."""
    engine = await asyncio.to_thread(_engine, tmp_path)
    policy = review_policy(Settings(), stages=("quick",))
    events: list[object] = []
    for number in range(2):
        request = ReviewRequest(_text(number), policy, Trigger.SAVE)
        await engine.review(request, events.append)
    assert _elsewhere(events) == [_SENTENCE]
    kinds = [type(each) for each in events]
    assert kinds.index(StageStarted) + 1 == next(
        at for at, each in enumerate(events) if _elsewhere([each])
    )
    ends = [each for each in events if isinstance(each, ReviewFinished)]
    assert [_elsewhere(end.notices) for end in ends] == [[_SENTENCE], [_SENTENCE]]


async def test_a_question_says_it_too(tmp_path: Path) -> None:
    """Whoever asks first is told first."""
    engine = await asyncio.to_thread(_engine, tmp_path)
    policy = review_policy(Settings(), stages=("quick",))
    events: list[object] = []
    for number in range(2):
        request = AnswerRequest(_text(number), Topic.ASK, policy, question="What does it do?")
        await engine.answer(request, events.append)
    assert _elsewhere(events) == [_SENTENCE]
    (first, second) = [each for each in events if isinstance(each, AnswerFinished)]
    assert _elsewhere(first.notices) == _elsewhere(second.notices) == [_SENTENCE]
