"""Several processes at one model server. A lock belongs to an open file, not to a process: two
views of the same slots are as strange to each other here as in two processes.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from mirador_lsp.core.dialogue import Chunk, Limits, Priority, Prompt, Usage
from mirador_lsp.core.ports import Reply
from mirador_lsp.models.gate import GatedBackend
from mirador_lsp.models.sharing import SharedSlots

URL = "http://127.0.0.1:11434"
PATIENCE = 60.0
_ASK = Prompt("", "", "?")
_HOLDS = """
import asyncio, sys
from pathlib import Path
from mirador_lsp.core.dialogue import Priority
from mirador_lsp.models.sharing import SharedSlots

async def main():
    async with SharedSlots(Path(sys.argv[1]), sys.argv[2], 1).hold(Priority.SAVE):
        print("held", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


class Server:
    """A server that answers when it is told to, and notes who is at it."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.at_work: list[str] = []
        self.began: list[str] = []
        self.most = 0

    async def cards(self) -> tuple[()]:
        return ()

    @asynccontextmanager
    async def open(self, model: str, prompt: Prompt, limits: Limits) -> AsyncIterator[Reply]:
        self.at_work.append(model)
        self.began.append(model)
        self.most = max(self.most, len(self.at_work))
        try:
            yield _Reply(self.go)
        finally:
            self.at_work.remove(model)

    async def close(self) -> None:
        return


class _Reply:
    def __init__(self, go: asyncio.Event) -> None:
        self._go = go
        self.usage = Usage()

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        await self._go.wait()
        yield Chunk("done")


def gate(folder: Path, server: Server, slots: int = 1) -> GatedBackend:
    """The queue of one process in front of the server."""
    return GatedBackend(server, slots=slots, shared=SharedSlots(folder / "run", URL, slots))


async def ask(
    backend: GatedBackend,
    name: str,
    priority: Priority,
    on_wait: Callable[[int], None] | None = None,
) -> None:
    """One question of a process, to the end."""
    limits = Limits(5, PATIENCE, priority=priority, on_wait=on_wait)
    async with backend.open(name, _ASK, limits) as reply:
        async for _ in reply:
            pass


async def until(server: Server, *names: str) -> None:
    """Wait until just these are at the server."""
    async with asyncio.timeout(PATIENCE):
        while server.at_work != list(names):  # noqa: ASYNC110 — a server tells nobody
            await asyncio.sleep(0.005)


async def test_no_more_requests_are_in_flight_than_the_server_has_slots(tmp_path: Path) -> None:
    """Whichever processes they come from."""
    server = Server()
    server.go.set()
    processes = [gate(tmp_path, server, slots=2) for _ in range(4)]

    async with asyncio.TaskGroup() as group:
        for number, process in enumerate(processes):
            for _ in range(3):
                group.create_task(ask(process, str(number), Priority.SAVE))

    assert server.most <= 2
    assert len(server.began) == 12


async def test_a_background_request_gives_way_to_the_user_of_another_process(
    tmp_path: Path,
) -> None:
    """It is stopped at the server and asked again when the user has their answer."""
    server = Server()
    one, other = gate(tmp_path, server), gate(tmp_path, server)

    async with asyncio.TaskGroup() as group:
        group.create_task(ask(one, "background", Priority.BACKGROUND))
        await until(server, "background")
        group.create_task(ask(other, "user", Priority.INTERACTIVE))
        await until(server, "user")
        server.go.set()

    assert server.began == ["background", "user", "background"]
    assert server.most == 1


async def test_who_has_had_a_turn_lets_another_process_go_first(tmp_path: Path) -> None:
    """However much the one asks for, the other waits for one of its requests, not for all."""
    server, told = Server(), list[int]()
    one, other = gate(tmp_path, server), gate(tmp_path, server)

    async with asyncio.TaskGroup() as group:
        for _ in range(6):
            group.create_task(ask(one, "many", Priority.SAVE))
        await until(server, "many")
        group.create_task(ask(other, "single", Priority.SAVE, told.append))
        async with asyncio.timeout(PATIENCE):
            while not told:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        server.go.set()

    assert server.began.index("single") < len(server.began) - 1


async def test_a_process_that_waits_is_told_so(tmp_path: Path) -> None:
    """Of the other process only what is at the server is known: that goes first."""
    told: list[int] = []
    mine, theirs = (SharedSlots(tmp_path / "run", URL, 1) for _ in range(2))

    async with asyncio.TaskGroup() as group, theirs.hold(Priority.SAVE):

        async def wait() -> None:
            async with mine.hold(Priority.SAVE, on_wait=told.append):
                pass

        group.create_task(wait())
        async with asyncio.timeout(PATIENCE):
            while not told:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        assert told == [1]

    assert told == [1, 0]


async def test_the_slot_of_a_process_that_was_killed_is_free(tmp_path: Path) -> None:
    """Nobody has to clean up behind it."""
    command = (sys.executable, "-P", "-c", _HOLDS, str(tmp_path / "run"), URL)
    process = await asyncio.to_thread(subprocess.Popen, command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process, process.stdout as said:
        assert await asyncio.to_thread(said.readline) == b"held\n"
        process.kill()

    async with (
        asyncio.timeout(PATIENCE),
        SharedSlots(tmp_path / "run", URL, 1).hold(Priority.INTERACTIVE),
    ):
        pass


async def test_servers_do_not_wait_for_one_another(tmp_path: Path) -> None:
    """Each address has slots of its own."""
    one = SharedSlots(tmp_path / "run", URL, 1)
    other = SharedSlots(tmp_path / "run", "http://127.0.0.1:8000", 1)

    async with (
        asyncio.timeout(PATIENCE),
        one.hold(Priority.SAVE),
        other.hold(Priority.SAVE),
    ):
        pass


async def test_without_a_folder_each_process_works_by_itself(tmp_path: Path) -> None:
    """A runtime folder that cannot be had costs fairness, not answers."""
    (tmp_path / "run").write_text("no folder")

    async with (
        asyncio.timeout(PATIENCE),
        SharedSlots(tmp_path / "run", URL, 1).hold(Priority.SAVE),
        SharedSlots(tmp_path / "run", URL, 1).hold(Priority.SAVE),
    ):
        pass
