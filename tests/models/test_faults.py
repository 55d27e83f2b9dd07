"""Whatever goes wrong between a model server and us, a part of a reply never passes for the whole.

Each fault is put between each kind of server and its adapter by a proxy.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.engine import REAL_MODEL
from fakes.fault_proxy import End, Fault, FaultProxy, fault_proxy
from fakes.gemini_server import KEY, GeminiStandIn, gemini_server
from fakes.llama_server import llama_server
from fakes.ollama_server import OllamaStandIn, ollama_server
from fakes.openai_server import OpenAIStandIn, openai_server
from mirador_lsp.core.dialogue import Chunk, Limits, Prompt
from mirador_lsp.core.errors import ModelError, ModelTimeout
from mirador_lsp.core.ports import ModelBackend
from mirador_lsp.models.breaker import BreakingBackend
from mirador_lsp.models.gate import GatedBackend
from mirador_lsp.models.gemini import KEY_HEADER, GeminiBackend, GeminiOptions
from mirador_lsp.models.ollama import OllamaBackend, OllamaOptions
from mirador_lsp.models.openai_compat import OpenAIBackend, OpenAIOptions
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.models.transport import Transport

_GUARD = 120.0
"""Seconds after which a test is stuck, however busy the machine is."""
_ASK = Prompt("You review.", "def f(): return eval(x)", "What is wrong?")
_SCRIPT = """
[[model]]
name = "small"
context_tokens = 100000
[[reply]]
text = "one two three four five"
"""
_EVENTS = tuple(
    json.dumps({"choices": [{"index": 0, "delta": {"content": word}}]})
    for word in ("one", " two", " three", " four", " five")
)
_LAST = json.dumps({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
_PAGE = b"<!DOCTYPE html><html><body>Sign in to this network.</body></html>\n"
_ERROR = b'{"error":"out of memory"}\n'
_DATA_ERROR = b'data: {"error":{"message":"out of memory"}}\n\n'


@dataclass(frozen=True)
class Adapter:
    """An adapter, and the server that is to be spoiled."""

    kind: str
    address: str

    def backend(self, proxy: FaultProxy) -> ModelBackend:
        """The adapter with its queue and its breaker, as the application has it."""
        transport = Transport("lab", proxy.address)
        bare: ModelBackend
        if self.kind == "ollama":
            bare = OllamaBackend(transport, OllamaOptions(context_tokens=2048), prefix="lab")
        elif self.kind == "gemini":
            transport = Transport("lab", proxy.address, key=KEY, key_header=KEY_HEADER)
            bare = GeminiBackend(transport, GeminiOptions(("coder",), 2048), prefix="lab")
        else:
            bare = OpenAIBackend(transport, OpenAIOptions(context_tokens=2048), prefix="lab")
        return BreakingBackend(GatedBackend(bare), "lab")


@pytest.fixture(scope="module")
def real_server() -> Iterator[str]:
    """One llama.cpp server for all tests of this file."""
    with llama_server(REAL_MODEL) as address:
        yield address


@pytest.fixture(
    params=["ollama", "openai", "gemini", pytest.param("llama.cpp server", marks=pytest.mark.model)]
)
async def adapter(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Adapter]:
    """Each kind of server in turn."""
    match request.param:
        case "ollama":
            script = tmp_path / "script.toml"
            script.write_text(_SCRIPT)
            own = OllamaStandIn(ScriptedBackend(script), {"coder:7b": "small"})
            async with ollama_server(own):
                yield Adapter("ollama", own.address)
        case "gemini":
            script = tmp_path / "script.toml"
            script.write_text(_SCRIPT)
            service = GeminiStandIn(ScriptedBackend(script), {"coder": "small"})
            async with gemini_server(service):
                yield Adapter("gemini", service.address)
        case "openai":
            models = {"/v1/models": {"object": "list", "data": [{"id": "coder"}]}}
            said = (*_EVENTS, _LAST, "data: [DONE]")
            async with openai_server(OpenAIStandIn(models, said)) as stand_in:
                yield Adapter("openai", stand_in.address)
        case _:
            yield Adapter("openai", request.getfixturevalue("real_server"))


@asynccontextmanager
async def asked(adapter: Adapter, *faults: Fault) -> AsyncIterator[tuple[ModelBackend, FaultProxy]]:
    """The adapter behind a proxy with these faults."""
    async with asyncio.timeout(_GUARD), fault_proxy(adapter.address, *faults) as proxy:
        backend = adapter.backend(proxy)
        yield backend, proxy
        await backend.close()


async def whole(backend: ModelBackend, seconds: float = 60.0) -> str:
    """The reply as one who takes it for whole reads it."""
    (card,) = await backend.cards()
    return await _said(backend, card.name, seconds)


async def _said(backend: ModelBackend, model: str, seconds: float = 60.0) -> str:
    async with backend.open(model, _ASK, Limits(12, seconds)) as reply:
        return "".join([piece.text async for piece in reply if isinstance(piece, Chunk)])


_STATUSES = (302, 400, 401, 403, 404, 408, 413, 429, 500, 502, 504)
FAULTS = [
    *(Fault(f"status {code}", status=code, insert=b'{"error":"no"}') for code in _STATUSES),
    Fault("status 500 without JSON", status=500, insert=_PAGE, kind=b"text/html"),
    Fault("a page with status 200", status=200, insert=_PAGE, kind=b"text/html"),
    Fault("a page that claims to be JSON", status=200, insert=_PAGE),
    Fault("an empty answer", status=200),
    Fault("a reset before the first byte", end=End.RESET),
    *(Fault(f"a reset after {k} letters", letters=k, end=End.RESET) for k in (1, 17)),
    Fault("a reset in the middle", lines=2, letters=5, end=End.RESET),
    Fault("a reset between two lines", lines=4, end=End.RESET),
    Fault("an end in good form, at once", end=End.WELL_FORMED),
    Fault("an end in good form, too early", lines=2, end=End.WELL_FORMED),
    Fault("an end in good form within a line", lines=2, letters=9, end=End.WELL_FORMED),
    Fault("a chunk that is cut", lines=2, end=End.CUT_CHUNK),
    Fault("an error at once", insert=_ERROR),
    Fault("an error in the middle", lines=2, insert=_ERROR),
    Fault("an error in the middle, and an end", lines=2, insert=_ERROR, end=End.WELL_FORMED),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_spoiled_reply_is_an_error(adapter: Adapter, fault: Fault) -> None:
    """One of our errors, never the part that came, and nothing foreign."""
    async with asked(adapter, fault) as (backend, proxy):
        with pytest.raises(ModelError) as raised:
            await whole(backend)
        assert str(raised.value)
        assert proxy.chats == 1
        assert await whole(backend), "the next question does not suffer"


@pytest.mark.parametrize("lines", [0, 1, 3])
async def test_a_server_that_goes_silent_is_left_at_the_deadline(
    adapter: Adapter, lines: int
) -> None:
    """Whether or not something was said before, the time that was given ends it."""
    async with asked(adapter, Fault("silence", lines=lines, end=End.STALL)) as (backend, _):
        with pytest.raises(ModelTimeout):
            await whole(backend, seconds=2.0 if lines else 0.3)
        assert await whole(backend)


async def test_a_busy_server_is_an_error_in_the_end(adapter: Adapter) -> None:
    """A server that stays busy is asked again for no longer than the question may take."""
    busy = Fault("busy", status=503, insert=b'{"error":"busy"}')
    async with asked(adapter, *[busy] * 50) as (backend, _):
        with pytest.raises(ModelError):
            await whole(backend, seconds=1.0)


async def test_an_error_in_an_event_of_the_stream_is_an_error(adapter: Adapter) -> None:
    """Framed as the dialect frames its events, too."""
    fault = Fault("framed", lines=2, insert=_DATA_ERROR)
    async with asked(adapter, fault) as (backend, _):
        with pytest.raises(ModelError):
            await whole(backend)


async def test_a_line_that_cannot_be_read_is_an_error(adapter: Adapter) -> None:
    """What follows it does not mend it."""
    fault = Fault("garbage", lines=2, insert=b'data: {"half": [\n')
    async with asked(adapter, fault) as (backend, _):
        with pytest.raises(ModelError):
            await whole(backend)


async def test_a_slow_server_is_no_broken_one(adapter: Adapter) -> None:
    """A reply that comes byte by byte is the reply that comes at once."""
    async with asked(adapter, Fault("drip", drip=True)) as (backend, _):
        assert await whole(backend) == await whole(backend)


async def test_a_server_that_fails_again_and_again_is_left_alone(adapter: Adapter) -> None:
    """After three failures it is asked no more, the error says so, and nobody plans with it."""
    async with asked(adapter, *[Fault("reset", end=End.RESET)] * 9) as (backend, proxy):
        (card,) = await backend.cards()
        for _ in range(3):
            with pytest.raises(ModelError):
                await _said(backend, card.name)
        with pytest.raises(ModelError, match="left alone"):
            await _said(backend, card.name)
        assert await backend.cards() == ()
        assert proxy.chats == 3
