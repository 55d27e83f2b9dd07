"""The queue in front of a model server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mirador_lsp.core.dialogue import Chunk, Limits, Priority, Prompt, Usage
from mirador_lsp.core.errors import ModelTimeout, ModelUnavailable
from mirador_lsp.core.ports import Reply
from mirador_lsp.models.gate import GatedBackend

_ASK = Prompt("", "", "?")


class _Speaks:
    """A reply that says one word whenever the server is told to go on."""

    def __init__(self, server: "Server", name: str) -> None:
        self._server = server
        self._name = name
        self.usage = Usage(completion_tokens=1, seconds=1.0, first_token_seconds=0.5)

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        await asyncio.sleep(0)
        await self._server.go[self._name].wait()
        yield Chunk(self._name)


class Server:
    """A backend that takes everything at once, as Ollama does, and notes what it is asked."""

    def __init__(self, *names: str) -> None:
        self.go = {name: asyncio.Event() for name in names}
        self.running: list[str] = []
        self.began: list[str] = []
        self.most = 0

    async def cards(self) -> tuple[()]:
        return ()

    @asynccontextmanager
    async def open(self, model: str, prompt: Prompt, limits: Limits) -> AsyncIterator[Reply]:
        self.running.append(model)
        self.began.append(model)
        self.most = max(self.most, len(self.running))
        try:
            yield _Speaks(self, model)
        finally:
            self.running.remove(model)

    async def close(self) -> None:
        return


async def _ask(
    gate: GatedBackend, name: str, priority: Priority, seconds: float = 60, owner: str = ""
) -> str:
    limits = Limits(5, seconds, priority=priority, owner=owner)
    async with gate.open(name, _ASK, limits) as reply:
        return "".join([piece.text async for piece in reply if isinstance(piece, Chunk)])


async def _until() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_background_request_is_taken_back_and_asked_again() -> None:
    """The user does not wait for what runs in the background; it is answered in the end."""
    server = Server("slow", "urgent")
    gate = GatedBackend(server)
    async with asyncio.TaskGroup() as group:
        slow = group.create_task(_ask(gate, "slow", Priority.BACKGROUND))
        await _until()
        assert server.running == ["slow"]
        urgent = group.create_task(_ask(gate, "urgent", Priority.INTERACTIVE))
        await _until()
        assert server.running == ["urgent"]
        server.go["urgent"].set()
        assert await urgent == "urgent"
        server.go["slow"].set()
        assert await slow == "slow"
    assert server.began == ["slow", "urgent", "slow"]


async def test_what_the_user_waits_for_is_not_taken_back() -> None:
    """A review after a save runs to its end though somebody more urgent waits."""
    server = Server("save", "urgent")
    gate = GatedBackend(server)
    async with asyncio.TaskGroup() as group:
        save = group.create_task(_ask(gate, "save", Priority.SAVE))
        await _until()
        group.create_task(_ask(gate, "urgent", Priority.INTERACTIVE))
        await _until()
        assert server.running == ["save"]
        server.go["save"].set()
        server.go["urgent"].set()
        assert await save == "save"
    assert server.began == ["save", "urgent"]


async def test_the_more_urgent_goes_first() -> None:
    """What the user waits for, then saves, then better answers, then many files, then guesses."""
    names = [priority.name for priority in Priority]
    server = Server("first", *names)
    gate = GatedBackend(server)
    async with asyncio.TaskGroup() as group:
        group.create_task(_ask(gate, "first", Priority.INTERACTIVE))
        for priority in sorted(Priority, reverse=True):
            group.create_task(_ask(gate, priority.name, priority))
        await _until()
        for event in server.go.values():
            event.set()
    assert server.began == ["first", *names]
    assert names == ["INTERACTIVE", "SAVE", "EXPLAIN", "BACKGROUND", "SPECULATION"]


async def test_a_guess_gives_way_to_work_in_the_background() -> None:
    """Of two that nobody waits for, the one that somebody asked for goes first."""
    server = Server("guess", "index")
    gate = GatedBackend(server)
    async with asyncio.TaskGroup() as group:
        group.create_task(_ask(gate, "guess", Priority.SPECULATION))
        await _until()
        group.create_task(_ask(gate, "index", Priority.BACKGROUND))
        await _until()
        for event in server.go.values():
            event.set()
    assert server.began == ["guess", "index", "guess"]


async def test_owners_take_turns() -> None:
    """A document that asks much keeps another waiting for one of its questions, not for all."""
    names = ["a1", "a2", "a3", "b1"]
    server = Server(*names)
    gate = GatedBackend(server)
    async with asyncio.TaskGroup() as group:
        for name in names:
            group.create_task(_ask(gate, name, Priority.SAVE, owner=name[0]))
        await _until()
        for event in server.go.values():
            event.set()
    assert server.began == ["a1", "b1", "a2", "a3"]


async def test_never_more_than_the_server_has_slots_for() -> None:
    """Thirty requests of every kind: at most two are in flight, and none is lost."""
    names = [f"r{number}" for number in range(30)]
    server = Server(*names)
    for event in server.go.values():
        event.set()
    gate = GatedBackend(server, slots=2)
    kinds = list(Priority)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_ask(gate, name, kinds[number % len(kinds)]))
            for number, name in enumerate(names)
        ]
    assert [task.result() for task in tasks] == names
    assert server.most == 2
    assert (gate.running, gate.waiting) == (0, 0)


async def test_a_queue_that_is_full_says_so() -> None:
    """Who comes too late is told, instead of waiting for ever."""
    server = Server("first", "second", "third")
    gate = GatedBackend(server, most_waiting=1)
    async with asyncio.TaskGroup() as group:
        group.create_task(_ask(gate, "first", Priority.SAVE))
        await _until()
        group.create_task(_ask(gate, "second", Priority.SAVE))
        await _until()
        with pytest.raises(ModelUnavailable, match="1 requests wait"):
            await _ask(gate, "third", Priority.SAVE)
        for event in server.go.values():
            event.set()


@pytest.mark.parametrize("priority", [Priority.INTERACTIVE, Priority.BACKGROUND])
async def test_the_time_in_the_queue_counts(priority: Priority) -> None:
    """A request whose time runs out while it waits never reaches the server."""
    server = Server("first", "late")
    gate = GatedBackend(server)
    async with asyncio.TaskGroup() as group:
        group.create_task(_ask(gate, "first", Priority.INTERACTIVE))
        await _until()
        with pytest.raises(ModelTimeout):
            await _ask(gate, "late", priority, seconds=0.05)
        server.go["first"].set()
    assert server.began == ["first"]
    assert (gate.running, gate.waiting) == (0, 0)


@pytest.mark.parametrize("priority", list(Priority))
async def test_cancelling_leaves_nothing_behind(priority: Priority) -> None:
    """Cancelled while it runs, or while it waits, a request is gone from server and queue."""
    server = Server("one", "two")
    gate = GatedBackend(server)
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(_ask(gate, name, priority)) for name in ("one", "two")]
    await _until()
    assert server.running == ["one"]
    for task in reversed(tasks):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (server.running, gate.running, gate.waiting) == ([], 0, 0)
