"""What every `TokenCounter` promises, asked of each of them."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from fakes.counting import FakeCounter
from fakes.engine import REAL_NAME, ask, engine_home, until_said
from mirador_lsp.core.dialogue import Limits, Prompt
from mirador_lsp.core.ports import TokenCounter
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.models.switchboard import Switchboard

MODEL = "load"
Make = Callable[[Path], AbstractAsyncContextManager[TokenCounter]]


def _script(folder: Path) -> ScriptedBackend:
    script = folder / "script.toml"
    script.write_text(f'[[model]]\nname = "{MODEL}"\n')
    return ScriptedBackend(script)


@asynccontextmanager
async def _scripted(folder: Path) -> AsyncIterator[TokenCounter]:
    backend = _script(folder)
    yield backend
    await backend.close()


@asynccontextmanager
async def _switchboard(folder: Path) -> AsyncIterator[TokenCounter]:
    board = Switchboard([_script(folder)])
    await board.cards()
    yield board
    await board.close()


@asynccontextmanager
async def _embedded(_folder: Path) -> AsyncIterator[TokenCounter]:
    """A real engine host and a worker without a model, which is asked something first."""
    with engine_home() as home:
        backend = home.backend()
        await ask(backend, MODEL, "say:ready")
        yield backend
        await backend.close()


@asynccontextmanager
async def _fake(_folder: Path) -> AsyncIterator[TokenCounter]:
    yield FakeCounter(MODEL)


@pytest.fixture(params=[_scripted, _switchboard, _embedded, _fake])
async def counter(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TokenCounter]:
    """Each counter in turn, with a model in memory."""
    make: Make = request.param
    async with make(tmp_path) as made:
        yield made


async def test_each_text_has_its_number(counter: TokenCounter) -> None:
    """In their order; nothing costs nothing, and more costs more."""
    counts = await counter.count(MODEL, ["", "one", "one two three four five", "\ud800 lone"])
    assert counts is not None
    assert len(counts) == 4
    assert counts[0] == 0
    assert 1 <= counts[1] < counts[2]
    assert await counter.count(MODEL, []) == [] or await counter.count(MODEL, []) == ()


async def test_a_model_that_is_not_there_is_not_counted_for(counter: TokenCounter) -> None:
    """None, and no error: whoever asks estimates instead."""
    assert await counter.count("no-such-model", ["text"]) is None


async def test_a_model_that_is_not_loaded_is_not_loaded_for_counting() -> None:
    """Without a host nothing is started; with one that has another model, neither."""
    with engine_home() as home:
        backend = home.backend("load", "load-2")
        assert await backend.count(MODEL, ["text"]) is None
        assert home.places.holder() is None
        await ask(backend, MODEL, "say:ready")
        assert await backend.count(MODEL, ["one two"]) == (2,)
        assert await backend.count("load-2", ["one two"]) is None
        await backend.close()
        assert await backend.count(MODEL, ["text"]) is None


async def test_tokens_are_counted_while_the_model_answers() -> None:
    """Whoever prepares the next question does not wait for the answer to this one."""
    with engine_home() as home:
        backend = home.backend()
        await ask(backend, MODEL, "say:ready")
        counted: list[object] = []
        prompt = Prompt("system", "some material", "say:begun await:go say:done")
        async with backend.open(MODEL, prompt, Limits(100, 60)) as reply:
            pieces = aiter(reply)
            await until_said(pieces, "begun")
            counted.append(await backend.count(MODEL, ["one two three"]))
            home.release("go")
            await until_said(pieces, "done")
        assert counted == [(3,)]
        await backend.close()


@pytest.mark.model
async def test_the_real_tokenizer_agrees_with_what_a_prompt_costs() -> None:
    """What is counted before is what the engine says afterwards, the template's marks aside."""
    with engine_home() as home:
        backend = home.real_backend()
        text = "def total(items):\n    return sum(item.price for item in items)\n" * 8
        prompt = Prompt("You review code.", text, "Which bugs does it have?")
        async with backend.open(REAL_NAME, prompt, Limits(4, 300)) as reply:
            async for _ in reply:
                pass
        parts = [prompt.system, prompt.material, prompt.question]
        counts = await backend.count(REAL_NAME, parts)
        assert counts is not None
        assert 0 <= reply.usage.prompt_tokens - sum(counts) <= 24
        await backend.close()
