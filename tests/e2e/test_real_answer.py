"""One explanation through everything that is real: the 0.5B model, the engine, the parser."""

import re
from collections.abc import AsyncIterator

import pytest

from fakes.asking import place
from fakes.engine import REAL_NAME, engine_home
from mirador_lsp.app import App, open_app
from mirador_lsp.core.answers import (
    AnswerEvent,
    AnswerFinished,
    AnswerRequest,
    AnswerRevised,
    AnswerStarted,
    Topic,
)
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import StageFinished, StreamToken
from mirador_lsp.settings import load_settings, review_policy

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(600)]

CODE = """\
import json


def load_prices(path):
    with open(path) as file:
        prices = json.load(file)
    if not prices:
        raise ValueError("no prices")
    return prices
"""


@pytest.fixture
async def app() -> AsyncIterator[App]:
    """Mirador as it ships, over the real model, with an engine of its own."""
    # Time limits are for people; a busy machine must not decide a test.
    loaded = load_settings(env={}, flags={"stages": {"quick": {"seconds": 500}}})
    with engine_home() as home:
        backend = home.real_backend()
        async with open_app(
            loaded.settings, paths=home.paths(loaded.paths), backend=backend
        ) as opened:
            yield opened
            await backend.stop()


async def test_the_real_model_explains_a_function(app: App) -> None:
    """It streams, speaks of the function, is not sure of itself; the second time it is at once."""
    snapshot = Snapshot("file:///prices.py", "prices.py", "python", CODE)
    span = place(snapshot, "json.lo|ad")
    policy = review_policy(app.settings, stages=("instant", "quick"))
    request = AnswerRequest(snapshot, Topic.EXPLAIN, policy, span)
    events: list[AnswerEvent] = []

    await app.answer(request, events.append)

    assert isinstance(events[0], AnswerStarted)
    finished = events[-1]
    assert isinstance(finished, AnswerFinished)
    answer = finished.answer
    assert answer is not None
    assert (answer.stage, answer.model) == ("quick", REAL_NAME)
    assert "load_prices" in answer.text
    assert re.search(r"json|file|price", answer.text, re.IGNORECASE)
    assert 0 < answer.confidence < 0.6
    tokens = [event for event in events if isinstance(event, StreamToken)]
    assert len(tokens) > 10
    assert "".join(token.content for token in tokens).startswith(answer.text[:40])
    usage = next(e.usage for e in events if isinstance(e, StageFinished) and e.stage == "quick")
    assert usage.completion_tokens >= len(tokens)

    again: list[AnswerEvent] = []
    await app.answer(request, again.append)
    kept = [event.answer for event in again if isinstance(event, AnswerRevised)][-1]
    assert kept.kept
    assert kept.text == answer.text
    assert not any(isinstance(event, StreamToken) for event in again)
    assert app.known_answer(snapshot, await app.outline(snapshot), span) == kept
