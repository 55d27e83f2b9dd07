"""That warming the real model spares the next question the reading."""

from collections.abc import Iterator

import pytest

from fakes.engine import REAL_NAME, EngineHome, engine_home
from mirador_lsp.core.dialogue import Limits, Priority, Prompt

pytestmark = pytest.mark.model
_SYSTEM = "You review code."
_CODE = "".join(f"def part{n}(values):\n    return sum(values) + {n}\n\n\n" for n in range(12))


@pytest.fixture
def home() -> Iterator[EngineHome]:
    """The folders of a host of its own."""
    with engine_home() as made:
        yield made


async def test_what_was_read_ahead_is_not_read_again(home: EngineHome) -> None:
    """After one token for an empty question, a real one has all but its own words in the cache."""
    backend = home.real_backend()
    ahead = Limits(max_tokens=1, seconds=120, priority=Priority.SPECULATION)
    async with backend.open(REAL_NAME, Prompt(_SYSTEM, _CODE, ""), ahead) as reply:
        async for _ in reply:
            pass
        assert reply.usage.cached_tokens == 0
    question = Prompt(_SYSTEM, _CODE, "What is wrong with it?")
    async with backend.open(REAL_NAME, question, Limits(max_tokens=4, seconds=120)) as reply:
        async for _ in reply:
            pass
        usage = reply.usage
    status = await backend.status()
    await backend.close()
    assert status is not None
    assert status.residents[0].cached_tokens == usage.cached_tokens
    assert usage.prompt_tokens > 150
    assert usage.cached_tokens >= usage.prompt_tokens - 30
