"""Model servers found on this machine."""

import asyncio
import logging
from pathlib import Path

import pytest

from fakes.ollama_server import OllamaStandIn, ollama_server
from fakes.openai_server import OpenAIStandIn, openai_server
from mirador_lsp.core.health import Health
from mirador_lsp.core.servers import ModelServer
from mirador_lsp.models.discovery import Place, discover, tell_log
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.models.servers import reach

_SCRIPT = '[[model]]\nname = "small"\n'
_MODELS = {"/v1/models": {"data": [{"id": "coder"}]}}


async def test_what_runs_is_told_and_how_to_use_it(tmp_path: Path) -> None:
    """Each kind is found where it listens; nothing but its list of models is asked for."""
    script = tmp_path / "script.toml"
    script.write_text(_SCRIPT)
    ollama = OllamaStandIn(ScriptedBackend(script), {"coder:7b": "small"})
    async with ollama_server(ollama), openai_server(OpenAIStandIn(_MODELS)) as other:
        places = (
            Place("Ollama", "ollama", ollama.address),
            Place("LM Studio", "openai", other.address),
            Place("vLLM", "openai", "http://127.0.0.1:9"),
        )
        first, second = await discover(places=places)
        named = reach(ModelServer(name="mine", kind="ollama", url=f"{ollama.address}/"))
        (left,) = await discover((named,), places)
        await named.bare.close()
    check = first.check()
    assert (check.name, check.health) == ("Ollama", Health.OK)
    assert "coder:7b" in check.detail
    assert f'url = "{ollama.address}"' in check.remedy
    assert second.place.title == left.place.title == "LM Studio"
    assert {path for path, _ in ollama.asked} == {"/api/tags", "/api/show"}


async def test_what_runs_is_in_the_log_from_the_start(caplog: pytest.LogCaptureFixture) -> None:
    """With how it can be used, for whoever wonders why it is not."""
    async with openai_server(OpenAIStandIn(_MODELS)) as other:
        with caplog.at_level(logging.INFO):
            await tell_log((), (Place("LM Studio", "openai", other.address),))
    (said,) = [text for text in caplog.messages if "LM Studio" in text]
    assert said.startswith(f"LM Studio runs at {other.address} and is not used; it has coder.")
    assert 'kind = "openai"' in said


async def test_what_does_not_speak_is_not_waited_for() -> None:
    """Something that listens and says nothing is no server."""
    ended = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        ended.set()

    silent = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    async with silent:
        assert await discover(places=(Place("X", "openai", f"http://127.0.0.1:{port}"),)) == ()
        await ended.wait()
