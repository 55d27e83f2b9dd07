"""Now and then the models of the stages answer the same question, and figures are kept."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from fakes.clock import FakeClock
from fakes.measurements import FakeMeasurements
from mirador_lsp.analysis.worker import InlineParser
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.routing import Comparison, Outcome
from mirador_lsp.engine.engine import Engine
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.settings import Settings, review_policy

SMALL, LARGE = "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"
MODELS = f"""
[[model]]
name = "{SMALL}"
parameters = 0.5
[[model]]
name = "{LARGE}"
parameters = 1.5
"""
BUG = "- bug: An empty list divides by zero here. Code: `return sum(values) / len(values)`"


class Bench:
    """An engine that compares after every second review."""

    def __init__(self, folder: Path, script: str, every: int = 2) -> None:
        (folder / "script.toml").write_text(MODELS + script)
        self.rows: list[Comparison] = []
        self.book = FakeMeasurements()
        self.backend = ScriptedBackend(folder / "script.toml")
        parser = InlineParser(budget_seconds=5)
        asyncio.run(parser.outline(text(0)))
        self.engine = Engine(
            backend=self.backend,
            outliner=parser,
            syntax=parser,
            analyzers=[],
            clock=FakeClock(),
            measurements=self.book,
            compare_every=every,
        )

    async def review(self, number: int, *stages: str) -> bool:
        """Review a text that is like no other; whether a comparison is due then."""
        policy = review_policy(Settings(), stages=stages or ("quick",), lenses=["bug"])
        request = ReviewRequest(text(number), policy, Trigger.SAVE)
        await self.engine.review(request, lambda _: None)
        return self.engine.comparing.review_ended()

    async def compare(self) -> None:
        """Do what is due, with every model there is."""

        async def keep(rows: Sequence[Comparison]) -> None:
            self.rows += rows

        await self.engine.comparing.run(await self.backend.cards(), keep)


def text(number: int) -> Snapshot:
    """A function of that number."""
    code = f"def total_{number}(values):\n    return sum(values) / len(values)\n"
    return Snapshot(f"file:///work/{number}.py", f"{number}.py", "python", code)


async def bench(folder: Path, script: str = "", every: int = 2) -> Bench:
    """A bench, made where waiting for the disk hurts nobody."""
    return await asyncio.to_thread(Bench, folder, script, every)


async def test_every_so_many_reviews_the_models_answer_the_same_question(tmp_path: Path) -> None:
    """Each with its cost, its end and what it reported; nothing of the code."""
    it = await bench(tmp_path, f"[[reply]]\ntext = '''{BUG}'''\n")

    assert [await it.review(number) for number in range(2)] == [False, True]
    await it.compare()
    await it.backend.close()

    assert [(r.model, r.outcome, r.claims, r.shared) for r in it.rows] == [
        (SMALL, Outcome.HELD, 1, 1),
        (LARGE, Outcome.HELD, 1, 1),
    ]
    assert len({r.run for r in it.rows}) == 1
    assert all(r.prompt_tokens > 0 for r in it.rows)
    assert "total_1" not in repr([asdict(r) for r in it.rows])


async def test_what_a_model_does_badly_is_measured_of_it(tmp_path: Path) -> None:
    """That is how models that do not run come to be known; one that fails does not stop others."""
    script = f"[[reply]]\nmodel = '{LARGE}'\nerror = 'bad'\n"
    it = await bench(tmp_path, script, every=1)

    await it.review(1)
    await it.compare()
    await it.review(2)
    await it.backend.close()

    assert [(r.model, r.outcome) for r in it.rows] == [
        (SMALL, Outcome.HELD),
        (LARGE, Outcome.FAILED),
    ]
    assert (LARGE, Outcome.BROKEN) in [(m.model, m.outcome) for m in it.book.kept]


async def test_nothing_is_due_without_a_question(tmp_path: Path) -> None:
    """Analyzers alone, and replies from memory, are no samples; 0 is never."""
    it = await bench(tmp_path, every=1)
    assert not await it.review(1, "instant")
    assert await it.review(2)
    await it.compare()
    assert not await it.review(2)
    await it.compare()
    never = await bench(tmp_path, every=0)
    assert not await never.review(1)
    for each in (it, never):
        await each.backend.close()

    assert len(it.rows) == 2


async def test_a_full_disk_hurts_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is in the log."""
    it = await bench(tmp_path, every=1)
    await it.review(1)

    async def full(_rows: Sequence[Comparison]) -> None:
        message = "The disk is full."
        raise ServiceError(message)

    await it.engine.comparing.run(await it.backend.cards(), full)
    await it.backend.close()

    assert "The disk is full" in caplog.text


async def test_no_model_elsewhere_answers_a_sample(tmp_path: Path) -> None:
    """Nobody asked for it, so no code leaves the machine for it."""
    made = await bench(tmp_path, f"[[reply]]\ntext = {BUG!r}\n")
    await made.review(1)
    assert await made.review(2)
    here, there = await made.backend.cards()
    rows: list[Comparison] = []

    async def keep(found: Sequence[Comparison]) -> None:
        rows.extend(found)

    await made.engine.comparing.run([here, replace(there, leaves="It leaves.")], keep)
    assert rows == []
