"""What the user prefers reaches a real model: the 0.5B one says less, or more."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from fakes.asking import place
from fakes.engine import engine_home
from fakes.preferences import preference
from mirador_lsp.app import App, open_app
from mirador_lsp.core.answers import AnswerEvent, AnswerFinished, AnswerRequest, Topic
from mirador_lsp.core.document import Snapshot
from mirador_lsp.settings import answer_policy, load_settings

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(900)]

CODES = {
    "prices.py": """\
import json


def load_prices(path):
    with open(path) as file:
        prices = json.load(file)
    if not prices:
        raise ValueError("no prices")
    return prices
""",
    "retry.py": """\
def retry(call, attempts, pause):
    for number in range(attempts):
        try:
            return call()
        except ConnectionError:
            if number + 1 == attempts:
                raise
            pause(2**number)
""",
    "words.py": """\
def count_words(text):
    counts = {}
    for word in text.lower().split():
        counts[word] = counts.get(word, 0) + 1
    return counts
""",
}


@pytest.fixture
async def app() -> AsyncIterator[App]:
    """Mirador as it ships, over the real model, with an engine and a store of its own."""
    # Time limits are for people; a busy machine must not decide a test.
    loaded = load_settings(env={}, flags={"answers": {"seconds": 500}})
    with engine_home() as home:
        backend = home.real_backend()
        async with open_app(
            loaded.settings, paths=home.paths(loaded.paths), backend=backend
        ) as opened:
            yield opened
            await backend.stop()


async def words(app: App, name: str) -> int:
    """How many words the explanation of a function has."""
    snapshot = Snapshot(f"file:///{name}", name, "python", CODES[name])
    policy = replace(answer_policy(app.settings), stages=("quick",))
    request = AnswerRequest(snapshot, Topic.EXPLAIN, policy, place(snapshot, "def |"))
    events: list[AnswerEvent] = []

    await app.answer(request, events.append)

    (finished,) = [event for event in events if isinstance(event, AnswerFinished)]
    assert finished.answer is not None
    return len(finished.answer.text.split())


async def test_a_terse_user_reads_less_than_one_who_wants_details(app: App) -> None:
    """Over three functions together, by half at least; set while Mirador runs."""
    assert app.books is not None
    said: dict[str, int] = {}
    for verbosity in ("terse", "detailed"):
        await app.books.preferences.keep([preference("verbosity", verbosity)])
        said[verbosity] = sum([await words(app, name) for name in CODES])

    assert said["terse"] * 2 < said["detailed"], said
