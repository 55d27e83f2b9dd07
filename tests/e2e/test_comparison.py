"""That after so many reviews the models are compared, where the power for it is there."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from mirador_lsp import application
from mirador_lsp.app import open_app, read_comparisons
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.settings import Settings, paths, review_policy
from mirador_lsp.settings.settings import EngineSettings

_SCRIPT = '[[model]]\nname = "small"\n[[model]]\nname = "large"\n[[reply]]\ntext = "none"\n'
_CODE = "def put(item, items=[]):\n    items.append(item)\n    return items\n"


@pytest.mark.parametrize(("battery", "compared"), [(False, {"small", "large"}), (True, set())])
async def test_the_models_of_the_stages_are_compared_but_not_on_battery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, battery: bool, compared: set[str]
) -> None:
    """On the same question, behind the review; here after each one."""
    monkeypatch.setattr(application, "on_battery", lambda: battery)
    script = tmp_path / "script.toml"
    script.write_text(_SCRIPT)
    plain = Settings(engine=EngineSettings(compare_every=1))
    quick = replace(plain.stages.quick, models=("small",))
    deep = replace(plain.stages.deep, models=("large",))
    settings = replace(plain, stages=replace(plain.stages, quick=quick, deep=deep))
    names = ("CONFIG", "CACHE", "STATE", "RUNTIME")
    where = paths({f"MIRADOR_{name}_DIR": str(tmp_path / name) for name in names})
    async with open_app(settings, paths=where, backend=ScriptedBackend(script)) as app:
        snapshot = Snapshot("file:///put.py", "put.py", "python", _CODE)
        request = ReviewRequest(snapshot, review_policy(settings), Trigger.SAVE)
        await app.review(request, lambda _event: None)
        begun = [each for each in asyncio.all_tasks() if each.get_name() == "comparison of models"]
        await asyncio.gather(*begun)
    assert {row.model for row in await read_comparisons(where)} == compared
