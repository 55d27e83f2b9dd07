"""The benchmarks themselves, each once and short: do they measure what they say?"""

import asyncio
import math
import os
import time

from benchmarks import editing, instant, samples, server
from benchmarks.bench import Context
from benchmarks.home import Home, private_home
from benchmarks.lsp_client import serving
from benchmarks.processes import running_seconds
from benchmarks.ticker import idle_loop, tick
from mirador_lsp.settings import Settings


def _context(home: Home) -> Context:
    return Context(home, 1, lambda _: None)


async def test_the_instant_row_compares_the_stage_with_ruff() -> None:
    """Both sides run on the same file and take time; the ratio is theirs."""
    with private_home() as home:
        rows = await instant.BENCHMARK.run(_context(home))

    for row in rows:
        assert row.ratio is not None
        assert row.theirs is not None
        assert row.ours.low > 0
        assert math.isclose(row.ratio.values[0], row.ours.values[0] / row.theirs.values[0])


async def test_a_save_reaches_the_editor() -> None:
    """The server of the benchmark is a real one that publishes for each saved text."""
    with private_home() as home:
        (row,) = await server.SAVE.run(_context(home))

    assert len(row.ours.values) == 3
    assert row.ours.low > 0


async def test_ticks_notice_a_blocked_loop() -> None:
    """A loop that is held for some time is late by about that time."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        ticking = group.create_task(tick(stop))
        await asyncio.sleep(0)
        until = loop.time() + 0.05
        while loop.time() < until:  # blocks on purpose
            pass
        stop.set()

    assert max(ticking.result()) >= 40


async def test_work_of_a_process_is_seen_at_once() -> None:
    """The measure of a stop: what a process computes is counted, finer than the clock's ticks."""
    before = running_seconds(os.getpid())
    until = time.thread_time() + 0.02
    while time.thread_time() < until:
        pass

    assert running_seconds(os.getpid()) - before >= 0.015


async def test_hover_and_actions_are_asked_of_a_real_server() -> None:
    """One hover and one list of code actions, timed at the client."""
    with private_home() as home:
        snapshot = samples.snapshot_of(samples.USUAL)
        async with serving(home, **editing.SMALL | {"MIRADOR_REVIEW_STAGES": "instant"}) as editor:
            await editor.initialize(editing.CLIENT)
            editor.notify("initialized", {})
            document = {"uri": snapshot.uri, "languageId": "python", "version": 1}
            opened = {"textDocument": {**document, "text": snapshot.text}}
            editor.notify("textDocument/didOpen", opened)

            assert await editing.hover(editor, snapshot, 5) > 0
            assert await editing.actions(editor, snapshot, 5) > 0


async def test_the_idle_loop_ends_with_its_block() -> None:
    """The baseline process ticks while the block runs, tells its lags and leaves."""
    async with idle_loop() as lags:
        assert lags == []

    assert all(lag >= 0 for lag in lags)


async def test_questions_share_all_but_the_lens() -> None:
    """The prompts of one function differ in the question only: that is what is asked warm."""
    prompts = await samples.questions(samples.USUAL, "JsonRPCProtocol._handle_request", Settings())

    assert len(prompts) == len(samples.LENSES)
    assert len({(prompt.system, prompt.material) for prompt in prompts}) == 1
    assert len({prompt.question for prompt in prompts}) == len(prompts)
    assert "_handle_request" in prompts[0].material


async def test_the_sample_that_silences_ruff_does_and_the_other_does_not() -> None:
    """The two instant rows differ in what they are said to differ."""
    assert "noqa" in samples.snapshot_of(samples.SILENCED).text
    assert "noqa" not in samples.snapshot_of(samples.USUAL).text
