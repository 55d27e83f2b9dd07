"""The rows about models: what stands on their other side, and what keeps them from being made."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from benchmarks.bench import BenchmarkError, Context
from benchmarks.home import private_home
from benchmarks.models import clients, residents
from benchmarks.models.engine import Pair, limits_of, side_by_side
from benchmarks.models.straight import Straight
from mirador_lsp.core.dialogue import Prompt
from mirador_lsp.models.embedded import InstalledModel


async def test_a_switch_needs_two_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is nothing to switch between, that is what the row says."""
    monkeypatch.setenv("MIRADOR_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("MIRADOR_CONFIG_DIR", str(tmp_path))
    with private_home() as home, pytest.raises(BenchmarkError, match="two installed models"):
        await residents.BENCHMARK.run(Context(home, 1, lambda _: None))


async def test_the_cost_of_an_engine_that_left_is_no_figure(tmp_path: Path) -> None:
    """Where one ended meanwhile, what its successor took is not taken for the question's cost."""
    model = InstalledModel("none", tmp_path, "", 0, 0, 0)
    ended = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await ended.wait()
    with private_home() as home:
        backend = home.backend(model)
        alive = Pair(backend, model, Straight(ended), (os.getpid(),))
        gone = Pair(backend, model, Straight(ended), (os.getpid(), ended.pid))

        assert alive.spent() > 0
        with pytest.raises(BenchmarkError, match="ended while it was measured"):
            gone.spent()
        await backend.close()


@pytest.mark.model
@pytest.mark.slow
async def test_both_sides_answer_the_same() -> None:
    """One question or several at once: Mirador and the engine alone say the same, token by token;
    of several, one after the other begins. What either costs is counted.
    """
    limits = limits_of(6)
    prompts = [Prompt("Answer in a few words.", f"x = {n}", "What is x?") for n in range(3)]
    with private_home() as home:
        async with side_by_side(Context(home, 1, lambda _: None), prompts) as pair:
            ours = [await pair.through_mirador(prompt, limits) for prompt in prompts]
            before = pair.spent()
            one = await pair.straight(prompts[0], limits)
            after_straight = pair.spent()
            await pair.through_mirador(prompts[0], limits)
            after_ours = pair.spent()
            burst = await pair.straight_burst(prompts, limits, 0.0)
            crowd = await clients.ask_at_once(pair, prompts, limits)
        await home.stop_engine()

    assert [answer.text for answer in burst] == [answer.text for answer in ours]
    assert one.text == ours[0].text
    assert one.prompt_tokens == ours[0].prompt_tokens
    assert len({answer.first_seconds for answer in burst}) == 3
    assert all(first is not None and first > 0 for first in crowd)
    assert before < after_straight < after_ours
