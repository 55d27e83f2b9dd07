"""What every `ModelBackend` promises, asked of each of them."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.engine import REAL_MODEL, REAL_NAME, EngineHome, engine_home
from fakes.gemini_server import KEY, GeminiStandIn, gemini_server
from fakes.llama_server import llama_server
from fakes.ollama_server import OllamaStandIn, ollama_server
from mirador_lsp.core.dialogue import Chunk, Constraint, Limits, Prefill, Prompt, Usage
from mirador_lsp.core.errors import ContextOverflow, ModelError, ModelTimeout, ModelUnavailable
from mirador_lsp.core.ports import ModelBackend, Reply
from mirador_lsp.models.gate import GatedBackend
from mirador_lsp.models.gemini import KEY_HEADER, GeminiBackend, GeminiOptions
from mirador_lsp.models.ollama import OllamaBackend, OllamaOptions
from mirador_lsp.models.openai_compat import OpenAIBackend, OpenAIOptions
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.models.transport import Transport

_SCRIPT = """
[[model]]
name = "scripted-small"
context_tokens = 2048

[[reply]]
question = "Count"
text = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
delay_ms = 20

[[reply]]
text = "The function evaluates what the user typed."
"""


@dataclass
class Case:
    """A backend, and the name of a model it has."""

    backend: ModelBackend
    model: str


@pytest.fixture(scope="module")
def real_home() -> Iterator[EngineHome]:
    """One real engine for all tests of this file."""
    with engine_home() as home:
        yield home


@pytest.fixture(scope="module")
def real_server() -> Iterator[str]:
    """One llama.cpp server for all tests of this file."""
    with llama_server(REAL_MODEL) as address:
        yield address


_REAL = ("embedded", "llama.cpp server", "ollama", "gemini over the engine")


@pytest.fixture(
    params=[
        "scripted",
        "gated",
        "gemini",
        *(pytest.param(n, marks=pytest.mark.model) for n in _REAL),
    ]
)
async def case(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Case]:
    """Each backend in turn."""
    async with AsyncExitStack() as stack:
        made = await _make(request, tmp_path, stack)
        yield made
        await made.backend.close()


async def _make(request: pytest.FixtureRequest, folder: Path, stack: AsyncExitStack) -> Case:
    match request.param:
        case "scripted":
            script = folder / "script.toml"
            script.write_text(_SCRIPT)
            return Case(ScriptedBackend(script), "scripted-small")
        case "gated":
            script = folder / "script.toml"
            script.write_text(_SCRIPT)
            return Case(GatedBackend(ScriptedBackend(script)), "scripted-small")
        case "embedded":
            home: EngineHome = request.getfixturevalue("real_home")
            return Case(home.real_backend(), REAL_NAME)
        case "gemini" | "gemini over the engine":
            return await _gemini(request, folder, stack)
        case "llama.cpp server":
            transport = Transport("the server", request.getfixturevalue("real_server"))
            served = OpenAIBackend(transport, OpenAIOptions(context_tokens=2048))
            return Case(served, f"openai/{REAL_MODEL.name}")
        case _:
            return await _ollama(request, stack)


async def _ollama(request: pytest.FixtureRequest, stack: AsyncExitStack) -> Case:
    """The server that MIRADOR_OLLAMA_URL names, else the stand-in over the embedded engine."""
    options = OllamaOptions(context_tokens=2048)
    if url := os.environ.get("MIRADOR_OLLAMA_URL"):
        named = os.environ.get("MIRADOR_OLLAMA_MODEL", "qwen2.5-coder:0.5b")
        return Case(OllamaBackend(Transport("Ollama", url), options), f"ollama/{named}")
    home: EngineHome = request.getfixturevalue("real_home")
    engine = home.real_backend()
    stack.push_async_callback(engine.close)
    stand_in = OllamaStandIn(engine, {"qwen2.5-coder:0.5b": REAL_NAME})
    await stack.enter_async_context(ollama_server(stand_in))
    backend = OllamaBackend(Transport("Ollama", stand_in.address), options)
    return Case(backend, "ollama/qwen2.5-coder:0.5b")


async def _gemini(request: pytest.FixtureRequest, folder: Path, stack: AsyncExitStack) -> Case:
    """The stand-in for the service, which speaks with the words of a script or of the engine."""
    script = folder / "script.toml"
    script.write_text(_SCRIPT)
    inner: ModelBackend = ScriptedBackend(script)
    model = "scripted-small"
    if request.param != "gemini":
        home: EngineHome = request.getfixturevalue("real_home")
        inner, model = home.real_backend(), REAL_NAME
    stack.push_async_callback(inner.close)
    service = GeminiStandIn(inner, {"flash": model})
    await stack.enter_async_context(gemini_server(service))
    transport = Transport("google", service.address, key=KEY, key_header=KEY_HEADER)
    backend = GeminiBackend(transport, GeminiOptions(("flash",), 2048), prefix="google")
    return Case(backend, "google/flash")


_CODE = "def run(line):\n    return eval(line)\n"
_ASK = Prompt("You review code.", _CODE, "What is wrong? Answer in one sentence.")
_COUNT = Prompt(
    "You count.",
    "",
    "Count from 1 to 900, each number on its own line, and leave none out.",
    Constraint('root ::= ("word ")' + "{200}"),
)


async def _drain(pieces: AsyncIterator[object]) -> None:
    async for _ in pieces:
        pass


async def _read(reply: Reply) -> tuple[list[Prefill], list[Chunk]]:
    prefills: list[Prefill] = []
    chunks: list[Chunk] = []
    async for piece in reply:
        if isinstance(piece, Chunk):
            chunks.append(piece)
        else:
            assert not chunks, "prefill after the first chunk"
            prefills.append(piece)
    return prefills, chunks


async def test_cards_describe_usable_models(case: Case) -> None:
    """Each card names a model that can be opened, with a context and a digest."""
    card = next(card for card in await case.backend.cards() if card.name == case.model)
    assert card.context_tokens == 2048
    assert card.digest


async def test_prefill_then_chunks_then_usage(case: Case) -> None:
    """Reading is reported before the first chunk and never after; usage is complete at the end."""
    async with case.backend.open(case.model, _ASK, Limits(60, 60)) as reply:
        prefills, chunks = await _read(reply)
        usage = reply.usage
    assert chunks
    assert [p.done for p in prefills] == sorted(p.done for p in prefills)
    assert all(0 <= p.done <= p.total == usage.prompt_tokens for p in prefills)
    assert usage.completion_tokens >= len(chunks)
    assert usage.first_token_seconds is not None
    assert 0 <= usage.wait_seconds <= usage.first_token_seconds <= usage.seconds
    assert not usage.truncated


async def test_reply_ends_at_its_limit(case: Case) -> None:
    """A reply that is cut at `max_tokens` ends without an error and says so."""
    async with case.backend.open(case.model, _COUNT, Limits(4, 60)) as reply:
        _, chunks = await _read(reply)
    assert 1 <= len(chunks) <= 4
    assert reply.usage.truncated


async def test_probabilities_come_when_asked_for(case: Case) -> None:
    """Log-probabilities are given with alternatives when asked for, and only then."""
    async with case.backend.open(case.model, _ASK, Limits(5, 60, top_logprobs=2)) as reply:
        _, chunks = await _read(reply)
    assert all(chunk.logprob is not None and chunk.logprob <= 0 for chunk in chunks)
    assert all(chunk.alternatives for chunk in chunks)
    async with case.backend.open(case.model, _ASK, Limits(5, 60)) as reply:
        _, chunks = await _read(reply)
    assert all(chunk.logprob is None and not chunk.alternatives for chunk in chunks)


async def test_unknown_model_is_unavailable(case: Case) -> None:
    """A name that is on no card is refused on entry."""
    with pytest.raises(ModelUnavailable):
        async with case.backend.open("no-such-model", _ASK, Limits(5, 60)):
            pytest.fail("entered")


async def test_prompt_that_does_not_fit_is_refused(case: Case) -> None:
    """Nothing is cut to fit: prompt and reply together must fit the context, or nothing begins."""
    long = Prompt("You review code.", _CODE * 400, "What is wrong?")
    with pytest.raises(ContextOverflow):
        async with case.backend.open(case.model, long, Limits(5, 60)):
            pytest.fail("entered")
    with pytest.raises(ContextOverflow):
        async with case.backend.open(case.model, _ASK, Limits(2040, 60)):
            pytest.fail("entered")


async def test_deadline_ends_the_reply(case: Case) -> None:
    """A reply that is not complete in time raises, however much has come."""
    async with case.backend.open(case.model, _ASK, Limits(1, 60)) as reply:
        await _read(reply)  # the model is loaded now, so the deadline falls into the reply
    with pytest.raises(ModelTimeout):
        async with case.backend.open(case.model, _COUNT, Limits(150, 0.25)) as reply:
            await _read(reply)


async def test_leaving_early_leaves_nothing_behind(case: Case) -> None:
    """After a reply was left in the middle the next one is answered in full."""
    async with case.backend.open(case.model, _COUNT, Limits(150, 60)) as reply:
        async with aclosing(aiter(reply)) as pieces:  # type: ignore[type-var]
            async for piece in pieces:
                if isinstance(piece, Chunk):
                    break
        assert 1 <= reply.usage.completion_tokens < 10
    async with case.backend.open(case.model, _ASK, Limits(60, 60)) as reply:
        _, chunks = await _read(reply)
    assert chunks


async def test_cancelling_the_reader_is_clean(case: Case) -> None:
    """A cancelled task ends as cancelled, with no other error, and at once."""
    begun = asyncio.Event()

    async def read() -> Usage:
        async with case.backend.open(case.model, _COUNT, Limits(150, 60)) as reply:
            async for _ in reply:
                begun.set()
            return reply.usage

    task = asyncio.get_running_loop().create_task(read())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_close_ends_open_replies(case: Case) -> None:
    """After `close` an open reply ends with `ModelUnavailable`, and no other can be opened."""
    async with case.backend.open(case.model, _COUNT, Limits(150, 60)) as reply:
        pieces = aiter(reply)
        while not isinstance(await anext(pieces), Chunk):
            pass
        await case.backend.close()
        with pytest.raises(ModelUnavailable):
            await _drain(pieces)
    with pytest.raises(ModelUnavailable):
        async with case.backend.open(case.model, _ASK, Limits(5, 60)):
            pytest.fail("entered")


@pytest.mark.parametrize("text", ["\ud800 lone", "nul \0 here", "\u202e bidi", "😀 漢字", ""])
async def test_any_text_may_be_asked(case: Case, text: str) -> None:
    """Whatever a file holds, the reply comes or fails as a `ModelError`; nothing else."""
    prompt = Prompt("You review code.", text, f"Repeat: {text}")
    try:
        async with case.backend.open(case.model, prompt, Limits(3, 60)) as reply:
            await _read(reply)
    except ModelError as error:
        pytest.fail(f"refused: {error}")
