"""That users are told of a long queue in front of a server."""

import asyncio
from pathlib import Path

import pytest

from fakes.ollama_server import OllamaStandIn, ollama_server
from mirador_lsp.core.dialogue import Limits, Prompt
from mirador_lsp.core.health import Check, Health
from mirador_lsp.core.servers import ModelServer
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.models.servers import LONG_QUEUE, Server, reach

_SCRIPT = """
[[model]]
name = "small"
context_tokens = 100000
[[reply]]
text = "one"
hold = "go"
"""


async def _ask(server: Server) -> None:
    prompt = Prompt("You review code.", "def run(line): return eval(line)", "What is wrong?")
    async with server.backend.open("lab/coder:7b", prompt, Limits(5, 120)) as reply:
        async for _ in reply:
            pass


async def _queue(server: Server) -> list[Check]:
    return [check for check in await server.health() if check.name == "queue of lab"]


@pytest.mark.parametrize(
    ("waiting", "health"), [(1, Health.OK), (LONG_QUEUE, Health.WARNING)], ids=["short", "long"]
)
async def test_doctor_tells_how_many_wait(tmp_path: Path, waiting: int, health: Health) -> None:
    """From a length on with what can be done about it; without a queue, nothing."""
    script = tmp_path / "script.toml"
    script.write_text(_SCRIPT)
    stand_in = OllamaStandIn(ScriptedBackend(script), {"coder:7b": "small"})
    async with ollama_server(stand_in):
        server = reach(ModelServer(name="lab", kind="ollama", url=stand_in.address))
        async with asyncio.TaskGroup() as group:
            for _ in range(waiting + 1):
                group.create_task(_ask(server))
            while server.queue.waiting < waiting:  # noqa: ASYNC110 — a queue tells nobody
                await asyncio.sleep(0)
            (check,) = await _queue(server)
            (tmp_path / "go").touch()
        assert check.health is health
        assert check.detail.startswith(f"{waiting} of our requests wait behind 1")
        assert bool(check.remedy) is (health is Health.WARNING)
        assert await _queue(server) == []
        await server.backend.close()
