"""A service of others': what the user did not name goes nowhere, and what is sent is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fakes.folders import own_folders
from fakes.gemini_server import KEY, GeminiStandIn, gemini_server
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
_SERVER = """
[[servers]]
name = "google"
kind = "gemini"
url = "{url}"
key_env = "GEMINI_API_KEY"
models = {models}
[stages.quick]
models = ["google/flash"]
"""
_HOW = ("review", "--stages", "quick", "--gate", "0", "--format", "json", "put.py", "get.py")


@pytest.fixture
async def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GeminiStandIn]:
    """A service that would answer, a key in the environment, and a workspace to work in."""
    for name, value in own_folders(tmp_path / ".own").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MIRADOR_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    (tmp_path / "config").mkdir()
    workspace = tmp_path / "work"
    workspace.mkdir()
    (workspace / "put.py").write_text(_CODE)
    (workspace / "get.py").write_text(_CODE)
    (tmp_path / "script.toml").write_text(_SCRIPT)
    monkeypatch.chdir(workspace)
    stand_in = GeminiStandIn(ScriptedBackend(tmp_path / "script.toml"), {"flash": "small"})
    async with gemini_server(stand_in):
        yield stand_in


async def _run(*arguments: str) -> int:
    """Run the command in a thread, beside the service."""
    return await asyncio.to_thread(main, list(arguments))


def _own(folder: Path, text: str) -> None:
    (folder / "config" / "config.toml").write_text(text)


async def test_a_service_that_nobody_named_gets_no_byte(service: GeminiStandIn) -> None:
    """A key in the environment names nothing."""
    await _run(*_HOW)
    assert service.asked == []


@pytest.mark.parametrize("trusted", [False, True])
async def test_a_workspace_cannot_switch_it_on(
    service: GeminiStandIn, trusted: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even one that is trusted; it is told why."""
    text = _SERVER.format(url=service.address, models='["flash"]')
    await asyncio.to_thread(Path(".mirador.toml").write_text, text)
    if trusted:
        assert await _run("trust", ".") == 0
    await _run(*_HOW)
    assert service.asked == []
    assert "ignored" in capsys.readouterr().err


async def test_without_a_model_named_no_code_leaves(tmp_path: Path, service: GeminiStandIn) -> None:
    """It is asked what it has, and nothing else."""
    _own(tmp_path, _SERVER.format(url=service.address, models="[]"))
    await _run(*_HOW)
    assert service.questions == []
    assert all(body is None for _, _, body in service.asked)


async def test_what_the_user_names_is_asked_and_told_once(
    tmp_path: Path, service: GeminiStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    """The finding says which model it is of; that the code left is in the report and shown once."""
    _own(tmp_path, _SERVER.format(url=service.address, models='["flash"]'))
    assert await _run(*_HOW) == 0
    report = json.loads(capsys.readouterr().out)
    assert {each["tool"] for each in report["findings"]} == {"google/flash"}
    assert all(each["digest"] for each in report["findings"])
    told = [each for each in report["notices"] if each["kind"] == "elsewhere"]
    assert "leaves this machine and goes to Google" in told[0]["message"]
    assert service.questions
    await _run(*(*_HOW[:5], "--format", "text", "put.py", "get.py"))
    shown = capsys.readouterr()
    assert (shown.out + shown.err).count("leaves this machine and goes to Google") == 1


async def test_the_list_of_models_says_what_leaves(
    tmp_path: Path, service: GeminiStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    """In words and for machines."""
    _own(tmp_path, _SERVER.format(url=service.address, models='["flash"]'))
    assert await _run("models", "list") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "leaves this machine and goes to Google" in shown
    assert await _run("models", "list", "--json") == 0
    (model,) = json.loads(capsys.readouterr().out)["servers"]
    assert "Google" in model["leaves"]


async def test_the_key_may_lie_in_a_file_of_ones_own(
    tmp_path: Path, service: GeminiStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside the settings; one that others may read is not used, and neither is the service."""
    text = _SERVER.format(url=service.address, models='["flash"]')
    _own(tmp_path, text.replace('key_env = "GEMINI_API_KEY"', 'key_file = "gemini.key"'))
    file = tmp_path / "config" / "gemini.key"
    file.write_text(f"{KEY}\n")
    file.chmod(0o640)
    await _run(*_HOW)
    assert service.asked == []
    file.chmod(0o600)
    assert await _run(*_HOW) == 0
    assert service.questions
    said = capsys.readouterr()
    assert KEY not in said.out + said.err
