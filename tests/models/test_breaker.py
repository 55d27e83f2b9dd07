"""A server that fails is left alone for a while."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from mirador_lsp.core.dialogue import Chunk, Limits, ModelCard, Prompt, Usage
from mirador_lsp.core.errors import BadReply, ContextOverflow, ModelTimeout, ModelUnavailable
from mirador_lsp.core.ports import Reply
from mirador_lsp.models.breaker import FAILURES, PAUSES, BreakingBackend

_ASK = Prompt("", "", "?")


class _Word:
    usage = Usage()

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        yield Chunk("word")


class Server:
    """Fails with what it is given, or answers."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.asked = 0

    async def cards(self) -> Sequence[ModelCard]:
        return [ModelCard("Ollama/model", "ollama", "", 4096, 1)]

    @asynccontextmanager
    async def open(self, model: str, prompt: Prompt, limits: Limits) -> AsyncIterator[Reply]:
        self.asked += 1
        if self.error is not None:
            raise self.error
        yield _Word()

    async def close(self) -> None:
        return


async def _ask(backend: BreakingBackend) -> None:
    async with backend.open("m", _ASK, Limits(5, 60)) as reply:
        async for _ in reply:
            pass


async def _fail(backend: BreakingBackend, times: int) -> None:
    for _ in range(times):
        with pytest.raises(ModelUnavailable):
            await _ask(backend)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The loop's clock, to be moved on by hand."""
    now = [1000.0]
    monkeypatch.setattr(asyncio.BaseEventLoop, "time", lambda _: now[0])
    return now


async def test_after_failures_in_a_row_the_server_is_left_alone(clock: list[float]) -> None:
    """Three failures, then a sentence without a question; later one try, then the longer pause."""
    server = Server()
    backend = BreakingBackend(server, "Ollama")
    server.error = ModelUnavailable("It does not answer.")
    await _fail(backend, FAILURES)
    assert backend.broken
    with pytest.raises(ModelUnavailable, match="Ollama failed 3 times in a row"):
        await _ask(backend)
    assert server.asked == FAILURES
    assert await backend.cards() == ()
    assert "left alone for another 30 seconds" in await backend.why_not("Ollama/model")
    assert await backend.why_not("other/model") == ""
    clock[0] += PAUSES[0] + 1
    await _fail(backend, 2)
    assert server.asked == FAILURES + 1
    assert "another 5 minutes" in await backend.why_not("Ollama/model")
    clock[0] += PAUSES[0] + 1
    assert backend.broken
    clock[0] += PAUSES[1]
    server.error = None
    await _ask(backend)
    assert not backend.broken
    assert await backend.cards() != ()


async def test_a_success_forgets_the_failures() -> None:
    """Failures count only in a row."""
    server = Server()
    backend = BreakingBackend(server, "Ollama")
    for _ in range(3):
        server.error = ModelUnavailable("It does not answer.")
        await _fail(backend, FAILURES - 1)
        server.error = None
        await _ask(backend)
    assert not backend.broken


@pytest.mark.parametrize("error", [ContextOverflow("long"), ModelTimeout("late"), BadReply("bad")])
async def test_what_a_model_does_is_no_failure_of_its_server(error: Exception) -> None:
    """Long prompts, slow models and bad replies leave the server as it is."""
    server = Server()
    backend = BreakingBackend(server, "Ollama")
    server.error = error
    for _ in range(2 * FAILURES):
        with pytest.raises(type(error)):
            await _ask(backend)
    assert not backend.broken
    assert server.asked == 2 * FAILURES
