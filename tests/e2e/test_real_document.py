"""A doc comment through everything that is real: the 0.5B model, the engine, the parser, ruff."""

import ast
from collections.abc import AsyncIterator

import pytest

from fakes.engine import REAL_NAME, engine_home
from mirador_lsp.app import App, open_app
from mirador_lsp.core.changes import ChangeEvent, ChangeFinished, ChangeRequest, Intent, Rung
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import StreamToken
from mirador_lsp.core.text import Span
from mirador_lsp.settings import load_settings, review_policy

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(600)]

CODE = """\
import json


def load_prices(path, minimum=0):
    with open(path) as file:
        prices = json.load(file)
    if not prices:
        raise ValueError("no prices")
    return [price for price in prices if price >= minimum]
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


async def test_the_real_model_documents_a_function(app: App) -> None:
    """It streams; the docstring speaks of each parameter, and the code is the same."""
    snapshot = Snapshot("file:///prices.py", "prices.py", "python", CODE)
    place = CODE.index("json.load")
    request = ChangeRequest(
        snapshot=snapshot,
        intent=Intent.DOCUMENT,
        policy=review_policy(app.settings, stages=("instant", "quick")),
        span=Span(place, place),
    )
    events: list[ChangeEvent] = []

    await app.change(request, events.append)

    finished = events[-1]
    assert isinstance(finished, ChangeFinished)
    patch = finished.patch
    assert patch is not None, finished.why
    assert patch.model == REAL_NAME
    assert patch.rungs == (Rung.APPLIES, Rung.PARSES, Rung.CLEAN)
    assert patch.title == "Document load_prices (code unchanged, lints clean)"
    function = ast.parse(patch.after).body[1]
    assert isinstance(function, ast.FunctionDef)
    said = ast.get_docstring(function) or ""
    for word in ("`path`", "`minimum`", "Returns", "`ValueError`"):
        assert word in said
    del function.body[0]
    assert ast.unparse(function) == ast.unparse(ast.parse(CODE).body[1])
    assert len([event for event in events if isinstance(event, StreamToken)]) > 20
