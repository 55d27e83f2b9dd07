"""Who goes first at the engine host, and who may share one."""

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.engine import WORKER, EngineHome, ask, engine_home, until_said
from mirador_lsp.core.dialogue import Limits, Priority, Prompt
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.ipc.places import Places
from mirador_lsp.models.client import reach
from mirador_lsp.models.embedded import EmbeddedBackend

_HOLD = Prompt("system", "one two three", "say:x await:go")
_LIMITS = Limits(max_tokens=50, seconds=60)


@pytest.fixture
def home() -> Iterator[EngineHome]:
    """The folders of a host of its own."""
    with engine_home() as made:
        yield made


async def test_urgent_requests_come_first(home: EngineHome) -> None:
    """Waiting requests are served by priority, then by arrival."""
    backend = home.backend()
    order = [
        ("say:b1", Priority.BACKGROUND),
        ("say:s1", Priority.SAVE),
        ("say:s2", Priority.SAVE),
        ("say:i1", Priority.INTERACTIVE),
    ]
    async with backend.open("load", _HOLD, _LIMITS) as reply:
        await until_said(aiter(reply), "x")
        async with asyncio.TaskGroup() as group:
            for waiting, (question, priority) in enumerate(order, start=1):
                group.create_task(ask(backend, "load", question, priority=priority))
                await _until_waiting(backend, waiting)
            home.release("go")
    started = [line.removeprefix("start ") for line in home.journal() if "start" in line]
    assert started == ["say:x await:go", "say:i1", "say:s1", "say:s2", "say:b1"]


async def test_who_waits_at_the_host_is_told_how_many_go_first(home: EngineHome) -> None:
    """One that runs and one that is more urgent; then one after the other is gone."""
    backend, told = home.backend(), list[int]()
    limits = Limits(max_tokens=50, seconds=60, priority=Priority.SAVE, on_wait=told.append)
    prompt = Prompt("system", "one two three", "say:mine")

    async def wait() -> None:
        async with backend.open("load", prompt, limits) as reply:
            async for _ in reply:
                pass

    async with backend.open("load", _HOLD, _LIMITS) as reply:
        await until_said(aiter(reply), "x")
        async with asyncio.TaskGroup() as group:
            group.create_task(wait())
            await _until_waiting(backend, 1)
            group.create_task(ask(backend, "load", "say:i1", priority=Priority.INTERACTIVE))
            await _until_waiting(backend, 2)
            home.release("go")
    assert told == [1, 2, 1, 0]


_ANOTHER_PROCESS = """
import asyncio, sys
from pathlib import Path
from fakes.engine import WORKER, EngineHome, ask
asyncio.run(ask(EngineHome(Path(sys.argv[1])).backend(), "load", "say:other"))
"""


async def test_processes_take_turns_with_one_another(home: EngineHome) -> None:
    """A process that asks for much at once does not keep another waiting for all of it."""
    backend, much = home.backend(), ["say:1", "say:2", "say:3"]
    async with backend.open("load", _HOLD, _LIMITS) as reply:
        await until_said(aiter(reply), "x")
        async with asyncio.TaskGroup() as group:
            for waiting, question in enumerate(much, start=1):
                group.create_task(ask(backend, "load", question))
                await _until_waiting(backend, waiting)
            tests = str(Path(__file__).parents[1])
            other = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", _ANOTHER_PROCESS, str(home.models.parent)),
                env={**os.environ, "PYTHONPATH": tests},
            )
            await _until_waiting(backend, len(much) + 1)
            home.release("go")
            assert await other.wait() == 0
    started = [line.removeprefix("start ") for line in home.journal() if "start" in line]
    assert started == ["say:x await:go", "say:other", *much]


async def _until_waiting(backend: EmbeddedBackend, count: int) -> None:
    while (status := await backend.status()) is None or status.waiting < count:  # noqa: ASYNC110
        await asyncio.sleep(0)


async def test_background_gives_way_and_is_whole_in_the_end(home: EngineHome) -> None:
    """A background reply is stopped for an urgent one, made again, and read only once."""
    backend = home.backend()
    question = "say:one await:go say:two"
    async with asyncio.TaskGroup() as group:
        slow = group.create_task(ask(backend, "load", question, priority=Priority.BACKGROUND))
        while not home.journal():  # noqa: ASYNC110 — another process writes it
            await asyncio.sleep(0)
        assert (await ask(backend, "load", "say:quick"))[0] == "quick"
        assert not slow.done()
        home.release("go")
    assert slow.result()[0] == "onetwo"
    assert home.journal()[:3] == [f"start {question}", f"abort {question}", "start say:quick"]


async def test_a_host_of_other_code_is_not_started(home: EngineHome) -> None:
    """When the interpreter would run another installation than ours, it says so at once."""
    places = Places(home.runtime, Path("/elsewhere/mirador_lsp"))
    with pytest.raises(ServiceError, match="restart the editor"):
        await reach(places, 1.0, WORKER)
    assert places.holder() is None
    assert home.places.holder() is None
