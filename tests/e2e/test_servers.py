"""A review on a model server that the user's settings name."""

import asyncio
import json
from pathlib import Path

import pytest

from fakes.folders import own_folders
from fakes.ollama_server import OllamaStandIn, ollama_server
from mirador_lsp.cli.main import main
from mirador_lsp.models.scripted import ScriptedBackend

_CODE = "def put(item, items=[]):\n    items.append(item)\n    return items\n"
_SCRIPT = """
[[model]]
name = "small"
context_tokens = 100000
[[reply]]
text = "- bug: The default list is shared between calls. Code: `def put(item, items=[]):`"
"""
_SETTINGS = """
[[servers]]
name = "lab"
kind = "ollama"
url = "{url}"
[stages.quick]
models = ["lab/coder:7b"]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace, and folders of one's own for everything else."""
    for name, value in own_folders(tmp_path / ".own").items():
        monkeypatch.setenv(name, value)
    workspace = tmp_path / "work"
    workspace.mkdir()
    (workspace / "put.py").write_text(_CODE)
    (tmp_path / "script.toml").write_text(_SCRIPT)
    monkeypatch.chdir(workspace)
    return tmp_path


def _settle(folder: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Name the server at an address in the user's settings."""
    config = folder / "config"
    config.mkdir(exist_ok=True)
    (config / "config.toml").write_text(_SETTINGS.format(url=url))
    monkeypatch.setenv("MIRADOR_CONFIG_DIR", str(config))


async def _review(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command in a thread, beside the server it asks."""
    stand_in = OllamaStandIn(ScriptedBackend(folder / "script.toml"), {"coder:7b": "small"})
    async with ollama_server(stand_in):
        _settle(folder, monkeypatch, stand_in.address)
        return await asyncio.to_thread(main, ["review", *arguments])


async def test_a_stage_runs_on_a_named_server(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The settings name a server and one of its models; the review says which model spoke."""
    how = ("--stages", "quick", "--gate", "0", "--format", "json", "put.py")
    assert await _review(folder, monkeypatch, *how) == 0
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["message"] == "The default list is shared between calls."
    assert "lab/coder:7b" in json.dumps(finding)


async def test_a_model_of_a_server_can_be_asked_for_by_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--model` takes every model there is; one that is not there is a sentence."""
    how = ("--stages", "quick", "put.py", "--model", "lab/coder:7b")
    assert await _review(folder, monkeypatch, *how) == 0
    assert "lab/coder:7b" in capsys.readouterr().out
    assert await _review(folder, monkeypatch, *how[:-1], "lab/other") == 2
    assert "lab has no model other" in capsys.readouterr().err


async def test_doctor_is_content_with_the_models_of_a_server(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No model file is there, and no review needs one."""
    stand_in = OllamaStandIn(ScriptedBackend(folder / "script.toml"), {"coder:7b": "small"})
    async with ollama_server(stand_in):
        _settle(folder, monkeypatch, stand_in.address)
        await asyncio.to_thread(main, ["doctor", "--json"])
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["models"]["health"] == "ok"
    assert checks["stages"]["detail"] == "quick and deep and synthesis on lab/coder:7b"


def test_a_server_that_is_not_there_is_named_with_what_mends_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The user is not sent to fetch a model that is on the server."""
    _settle(folder, monkeypatch, "http://127.0.0.1:9")
    main(["review", "--stages", "instant,quick", "put.py"])
    said = "".join(capsys.readouterr().out.split())
    assert "labdoesnotanswerathttp://127.0.0.1:9.Startit,orcorrectitsaddress." in said
    assert "modelspull" not in said
    assert main(["models", "use", "lab/coder:7b"]) != 0
    assert "lab does not answer" in capsys.readouterr().err
    assert main(["models", "list"]) == 0
    assert "lab does not answer" in capsys.readouterr().err
