"""What every `Absences` promises, asked of each of them."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from fakes.ollama_server import OllamaStandIn, ollama_server
from mirador_lsp.core.dialogue import Limits, Prompt
from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.core.ports import Absences
from mirador_lsp.core.servers import ModelServer
from mirador_lsp.models.breaker import BreakingBackend
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.models.servers import reach
from mirador_lsp.models.switchboard import Switchboard

_PIN = "f" * 64
Make = Callable[[str, ScriptedBackend], AbstractAsyncContextManager[object]]


@asynccontextmanager
async def _server(url: str, _own: ScriptedBackend) -> AsyncIterator[object]:
    """One server, behind its queue and its breaker."""
    pins = (f"coder:14b={_PIN}",)
    server = reach(ModelServer(name="lab", kind="ollama", url=url, pins=pins), {})
    yield server.backend
    await server.backend.close()


@asynccontextmanager
async def _board(url: str, own: ScriptedBackend) -> AsyncIterator[object]:
    """That server beside a backend that knows nothing of absences."""
    async with _server(url, own) as backend:
        assert isinstance(backend, BreakingBackend)
        board = Switchboard([own, backend])
        yield board
        await board.close()


@pytest.fixture(params=[_server, _board])
def make(request: pytest.FixtureRequest) -> Make:
    """Makes each of them in turn, for the server at an address."""
    made: Make = request.param
    return made


@pytest.fixture
def own(tmp_path: Path) -> ScriptedBackend:
    """A backend with one model."""
    script = tmp_path / "script.toml"
    script.write_text('[[model]]\nname = "small"\n')
    return ScriptedBackend(script)


async def test_each_cause_has_its_own_sentence_and_remedy(make: Make, own: ScriptedBackend) -> None:
    """A model that can be used has none, and neither has one of which nothing is known."""
    stand_in = OllamaStandIn(own, {"coder:7b": "small", "coder:14b": "small"})
    async with ollama_server(stand_in), make(stand_in.address, own) as asked:
        assert isinstance(asked, Absences)
        assert await asked.why_not("lab/coder:7b") == ""
        assert await asked.why_not("elsewhere/coder:7b") == ""
        missing = await asked.why_not("lab/coder:99b")
        pinned = await asked.why_not("lab/coder:14b")
    assert missing.startswith("lab has no model coder:99b.")
    assert "ollama pull" in missing
    assert "is not the version that is pinned" in pinned
    assert "pin the one that is there" in pinned


async def test_a_server_that_is_not_there_is_why(make: Make, own: ScriptedBackend) -> None:
    """So the user is not sent to fetch a model that is on the server."""
    async with make("http://127.0.0.1:9", own) as asked:
        assert isinstance(asked, Absences)
        assert "lab does not answer" in await asked.why_not("lab/coder:7b")
        assert await asked.why_not("small") == ""


async def test_a_server_without_its_key_is_why(own: ScriptedBackend) -> None:
    """No backend is made for it, and its models are asked for all the same."""
    board = Switchboard([own], {"google": "google has no key. Name it."})
    assert await board.why_not("google/flash") == "google has no key. Name it."
    assert await board.why_not("google") == await board.why_not("other/flash") == ""
    with pytest.raises(ModelUnavailable, match="google has no key"):
        async with board.open("google/flash", Prompt("", "", ""), Limits(1, 60)):
            pass
    await board.close()
