"""What an application does with its models before anybody asks, over a server it loads them on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes.measurements import measurement
from fakes.ollama_server import OllamaStandIn, ollama_server
from mirador_lsp import app as application
from mirador_lsp.app import App, open_app
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.servers import ModelServer
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.settings import Settings, paths
from mirador_lsp.settings.settings import EngineSettings, StageSettings

_CODE = "def total(values):\n    number = 0\n    number += sum(values)\n    return number\n"
_SCRIPT = '[[model]]\nname = "small"\ncontext_tokens = 100000\n'


@asynccontextmanager
async def opened(folder: Path, **engine: Any) -> AsyncIterator[tuple[App, OllamaStandIn]]:
    """An application whose models are those of an Ollama."""
    script, empty = folder / "script.toml", folder / "empty.toml"
    script.write_text(_SCRIPT)
    empty.write_text("")
    own = OllamaStandIn(ScriptedBackend(script), {"quick:1b": "small", "usual:7b": "small"})
    async with ollama_server(own):
        named = ModelServer(name="lab", kind="ollama", url=own.address)
        settings = Settings(engine=EngineSettings(**engine), servers=(named,))
        quick = replace(settings.stages.quick, models=("lab/quick:1b",))
        assert isinstance(quick, StageSettings)
        settings = replace(settings, stages=replace(settings.stages, quick=quick))
        names = ("CONFIG", "CACHE", "STATE", "RUNTIME")
        where = paths({f"MIRADOR_{name}_DIR": str(folder / name) for name in names})
        backend = ScriptedBackend(empty)
        async with open_app(settings, paths=where, backend=backend) as app:
            yield app, own


def _asked(stand_in: OllamaStandIn) -> list[str]:
    return [body["model"] for path, body in stand_in.asked if path == "/api/chat"]


@pytest.fixture(autouse=True)
def _plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mirador_lsp.application.on_battery", lambda: False)


async def test_the_quick_model_and_the_usual_one_are_loaded(tmp_path: Path) -> None:
    """With the options of every later question, so that nothing is loaded again."""
    async with opened(tmp_path) as (app, stand_in):
        assert app.measurements is not None
        now = application.SystemClock().wall()
        usual = replace(measurement("fix", "lab/usual:7b"), time=now)
        await app.measurements.record([usual] * 12)
        await app.warm_models()
        assert _asked(stand_in) == ["quick:1b", "usual:7b"]
        bodies = [body for path, body in stand_in.asked if path == "/api/chat"]
        assert {body["keep_alive"] for body in bodies} == {"10m"}
        assert {body["options"]["num_predict"] for body in bodies} == {1}


async def test_without_habits_only_the_quick_model_is_loaded(tmp_path: Path) -> None:
    """Nothing is guessed."""
    async with opened(tmp_path) as (app, stand_in):
        await app.warm_models()
        assert _asked(stand_in) == ["quick:1b"]


async def test_where_one_model_may_stay_no_other_takes_its_place(tmp_path: Path) -> None:
    """Habits count only beyond the quick stage's model."""
    async with opened(tmp_path, resident_models=1) as (app, stand_in):
        assert app.measurements is not None
        now = application.SystemClock().wall()
        await app.measurements.record([replace(measurement("fix", "lab/usual:7b"), time=now)] * 12)
        await app.warm_models()
        assert _asked(stand_in) == ["quick:1b"]


async def test_the_code_around_the_cursor_is_read(tmp_path: Path) -> None:
    """Once, as long as neither the code nor the place changes."""
    async with opened(tmp_path) as (app, stand_in):
        snapshot = Snapshot("file:///a.py", "a.py", "python", _CODE)
        outline = await app.outline(snapshot)
        assert await app.read_ahead(snapshot, outline, 0)
        assert not await app.read_ahead(snapshot, outline, 1)
        assert _asked(stand_in) == ["quick:1b"]


@pytest.mark.parametrize("battery", [True, False])
async def test_nothing_is_loaded_against_the_user_or_the_battery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, battery: bool
) -> None:
    """Either is enough."""
    monkeypatch.setattr("mirador_lsp.application.on_battery", lambda: battery)
    async with opened(tmp_path, prewarm=battery) as (app, stand_in):
        await app.warm_models()
        snapshot = Snapshot("file:///a.py", "a.py", "python", _CODE)
        assert not await app.read_ahead(snapshot, await app.outline(snapshot), 0)
        assert _asked(stand_in) == []
