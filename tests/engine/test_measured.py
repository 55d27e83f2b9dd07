"""What replies cost and what became of them is measured, and in the end it changes the choice."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from fakes.clock import FakeClock
from fakes.measurements import FakeMeasurements
from mirador_lsp.analysis.worker import InlineParser
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Event, Notice, ReviewFinished, StageStarted
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.routing import ENOUGH, Outcome
from mirador_lsp.engine.engine import Engine
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.settings import Settings, review_policy

SMALL, LARGE = "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"
TWO_MODELS = f"""
[[model]]
name = "{SMALL}"
parameters = 0.5
[[model]]
name = "{LARGE}"
parameters = 1.5
"""
LARGE_FAILS = f'{TWO_MODELS}\n[[reply]]\nmodel = "{LARGE}"\nerror = "bad"\n'


class Bench:
    """An engine that measures, over a script."""

    def __init__(self, folder: Path, script: str) -> None:
        (folder / "script.toml").write_text(script)
        self.book = FakeMeasurements()
        self._backend = ScriptedBackend(folder / "script.toml")
        parser = InlineParser(budget_seconds=5)
        asyncio.run(parser.outline(text(0)))
        self.engine = Engine(
            backend=self._backend,
            outliner=parser,
            syntax=parser,
            analyzers=[],
            clock=FakeClock(),
            measurements=self.book,
        )

    async def review(self, number: int, stages: Sequence[str] = ("deep",)) -> list[Event]:
        """Review a text that is like no other."""
        policy = review_policy(Settings(), stages=stages, lenses=["bug"])
        events: list[Event] = []
        request = ReviewRequest(text(number), policy, Trigger.SAVE)
        await self.engine.review(request, events.append)
        return events

    async def close(self) -> None:
        """Let go of everything."""
        await self.engine.close()
        await self._backend.close()


def text(number: int) -> Snapshot:
    """A function of that number."""
    code = f"def total_{number}(values):\n    return sum(values) / {number}\n"
    return Snapshot(f"file:///work/{number}.py", f"{number}.py", "python", code)


async def bench(folder: Path, script: str) -> Bench:
    """A bench, made where waiting for the disk hurts nobody."""
    return await asyncio.to_thread(Bench, folder, script)


def starts(events: Sequence[Event]) -> list[StageStarted]:
    """The attempts of model stages."""
    return [event for event in events if isinstance(event, StageStarted)]


async def test_every_reply_is_measured_with_its_task_and_its_end(tmp_path: Path) -> None:
    """The one that broke, and those of the model that stood in; nothing of the code."""
    it = await bench(tmp_path, LARGE_FAILS)

    await it.review(1)
    await it.close()

    kept = [(m.task, m.model, m.outcome) for m in it.book.kept]
    assert kept == [
        ("review.deep.faults", LARGE, Outcome.BROKEN),
        ("review.deep.faults", SMALL, Outcome.HELD),
    ]
    assert "total_1" not in repr(it.book.kept)
    assert all(m.digest for m in it.book.kept)


async def test_after_enough_replies_the_model_that_does_better_goes_first(tmp_path: Path) -> None:
    """Of the larger one all replies broke: the stand-in becomes the choice, and it is said why."""
    it = await bench(tmp_path, LARGE_FAILS)

    early = starts(await it.review(0))
    for number in range(1, ENOUGH):
        await it.review(number)
    late = starts(await it.review(ENOUGH))
    await it.close()

    assert [start.model for start in early] == [LARGE, SMALL]
    assert [start.model for start in late] == [SMALL]
    assert late[0].reason == f"does better than {LARGE}, of whose last {ENOUGH} replies 0 held"


async def test_a_reply_from_memory_is_not_measured(tmp_path: Path) -> None:
    """It cost nothing, and says nothing new of the model."""
    it = await bench(tmp_path, TWO_MODELS)

    await it.review(1)
    await it.review(1)
    await it.close()

    assert len(it.book.kept) == 1


async def test_a_full_disk_is_told_once_and_hurts_no_review(tmp_path: Path) -> None:
    """The matrix goes on choosing alone."""
    it = await bench(tmp_path, TWO_MODELS)
    it.book.broken = True

    told = [e for n in range(3) for e in await it.review(n) if isinstance(e, Notice)]
    ends = [e for e in await it.review(4) if isinstance(e, ReviewFinished)]
    await it.close()

    assert ["cannot be kept" in notice.message for notice in told] == [True]
    assert ends[0].reviewed
