"""Another model without a restart: by a command, and by writing the user's own file."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from fakes.app import FakeApp
from fakes.commands import command, result
from fakes.editor import eventually, load_defaults, ready
from mirador_lsp.server import own_files
from mirador_lsp.settings import Loaded, resolve
from mirador_lsp.settings.resolve import Form, Layer


def load(**said: Any) -> Loaded:
    """The defaults with the flags over them."""
    flags, _ = resolve([Layer("flags", said["flags"], Form.TEXT)])
    plain = load_defaults()
    return replace(plain, settings=replace(plain.settings, stages=flags.stages))


def models(app: FakeApp) -> tuple[tuple[str, ...], ...]:
    """The models of the stages under the latest settings."""
    stages = app.opened[-1].settings.stages
    return stages.quick.models, stages.deep.models, stages.synthesis.models


async def test_a_model_is_used_at_once_and_given_back() -> None:
    """For one stage or for all; the application is opened anew with it."""
    app = FakeApp()
    async with ready(app, load=load) as editor:
        one = await result(editor, "useModel", {"model": "large", "stage": "deep"})
        assert one == {"model": "large", "stages": ["deep"]}
        await eventually(lambda: models(app) == ((), ("large",), ()))

        await result(editor, "useModel", {"model": "small"})
        await eventually(lambda: models(app) == (("small",), ("small",), ("small",)))

        back = await result(editor, "useModel", {"model": "auto"})
        assert back == {"model": "", "stages": ["quick", "deep", "synthesis"]}
        await eventually(lambda: models(app) == ((), (), ()))


async def test_what_cannot_be_meant_is_refused() -> None:
    """Nothing changes for a model that is not there, nor for nonsense."""
    app = FakeApp()
    async with ready(app, load=load) as editor:
        for argument in (None, 3, {}, {"model": 3}, {"model": "small", "stage": "instant"}):
            assert (await command(editor, "useModel", argument))["error"]["code"] == -32602
        missing = await command(editor, "useModel", {"model": "enormous"})
        assert "enormous" in missing["error"]["message"]
        assert len(app.opened) == 1


async def test_files_are_followed(tmp_path: Path) -> None:
    """Made, written, replaced and deleted: each is noticed once."""
    file = tmp_path / "config.toml"
    noticed = asyncio.Semaphore(0)

    async def changed() -> None:
        noticed.release()

    task = asyncio.get_running_loop().create_task(own_files.follow([file], changed, every=0.01))

    def replaced() -> None:
        beside = tmp_path / "new"
        beside.write_text("gate = 2")
        beside.replace(file)

    steps: list[Callable[[], object]] = [
        lambda: file.write_text("gate = 1 # first"),
        replaced,
        file.unlink,
    ]
    await asyncio.sleep(0.1)
    for step in steps:
        step()
        async with asyncio.timeout(60):
            await noticed.acquire()
    task.cancel()
    await asyncio.wait([task])
