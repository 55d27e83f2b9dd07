"""`mirador doctor`: every end is a table and an exit code, never a traceback."""

import argparse
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from mirador_lsp.cli import doctor
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.health import Check, Health
from mirador_lsp.settings import Settings

FINE = Check("ruff", Health.OK, "ruff 0.17")
POOR = Check("stage deep", Health.WARNING, "runs on the small model", "mirador models pull large")
BAD = Check("models", Health.FAILURE, "none", "mirador models pull small")


@pytest.fixture(autouse=True)
def fresh_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without settings, models or a running engine."""
    for name in list(os.environ):
        if name.startswith("MIRADOR_"):
            monkeypatch.delenv(name)
    for kind in ("CACHE", "CONFIG", "STATE", "RUNTIME"):
        monkeypatch.setenv(f"MIRADOR_{kind}_DIR", str(tmp_path / kind.lower()))
    # The real command starts an engine, which must not outlive the tests by much.
    monkeypatch.setenv("MIRADOR_ENGINE_IDLE_SECONDS", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Patient:
    """An app whose checks are given."""

    def __init__(self, *checks: Check) -> None:
        self._checks = checks
        self.tried = 0

    async def try_speculation(self) -> None:
        self.tried += 1

    async def doctor(self) -> tuple[Check, ...]:
        return self._checks


def opening(*checks: Check) -> Callable[[Settings], AbstractAsyncContextManager[Patient]]:
    """Opens an app that says `checks`."""

    @asynccontextmanager
    async def opener(_settings: Settings) -> AsyncIterator[Patient]:
        yield Patient(*checks)

    return opener


def failing(error: Exception) -> Callable[[Settings], AbstractAsyncContextManager[Patient]]:
    """An app that does not open."""

    @asynccontextmanager
    async def opener(_settings: Settings) -> AsyncIterator[Patient]:
        raise error
        yield Patient()

    return opener


def test_all_well_is_exit_code_0(capsys: pytest.CaptureFixture[str]) -> None:
    """A tick for every check and one sentence."""
    assert doctor.show((FINE,), as_json=False) == 0
    shown = capsys.readouterr().out
    assert "✓" in shown
    assert "Reviews work." in shown


def test_a_warning_does_not_fail(capsys: pytest.CaptureFixture[str]) -> None:
    """Mirador works, but less well; the remedy is shown."""
    assert doctor.show((FINE, POOR), as_json=False) == 0
    assert "→ mirador models pull large" in capsys.readouterr().out


def test_a_failure_is_exit_code_1_with_the_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    """And the sentence does not claim that reviews work."""
    assert doctor.show((FINE, POOR, BAD), as_json=False) == 1
    shown = capsys.readouterr().out
    assert "✗" in shown
    assert "→ mirador models pull small" in shown
    assert "Reviews work." not in shown
    assert "1 failed, 1 to look at, 3 checked" in shown


def test_what_a_check_says_is_shown_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    """Details hold paths and messages of other programs."""
    doctor.show((Check("x", Health.OK, "a\x1b[2J\u202eb [bold]c[/bold]"),), as_json=False)
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "[bold]c[/bold]" in shown


def test_json_has_everything(capsys: pytest.CaptureFixture[str]) -> None:
    """For scripts and bug reports."""
    assert doctor.show((FINE, BAD), as_json=True) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["works"] is False
    assert said["checks"][1] == {
        "name": "models",
        "health": "failure",
        "detail": "none",
        "remedy": "mirador models pull small",
    }


async def test_the_settings_are_checked_too(fresh_user: Path) -> None:
    """A wrong setting is a warning that names where it was said."""
    (fresh_user / "config").mkdir()
    (fresh_user / "config" / "config.toml").write_text("[review]\ngate = 7\n")
    checks = await doctor.examine(opening(FINE))
    assert checks[0] == FINE
    (settings,) = checks[1:]
    assert (settings.name, settings.health) == ("settings", Health.WARNING)
    assert "review.gate" in settings.detail


async def test_without_problems_the_users_file_is_named(fresh_user: Path) -> None:
    """So that one knows where to write."""
    checks = await doctor.examine(opening(FINE))
    assert checks[-1].health is Health.OK
    assert str(fresh_user / "config" / "config.toml") in checks[-1].detail


@pytest.mark.parametrize(
    "error",
    [
        ServiceError("The folder is gone.", remedy="Make it."),
        ImportError("No module named 'xllamacpp'"),
        OSError(28, "No space left on device"),
        TimeoutError(),
    ],
)
async def test_an_app_that_does_not_open_is_a_failed_check(error: Exception) -> None:
    """With a remedy; the settings are looked at all the same."""
    checks = await doctor.examine(failing(error))
    assert [check.name for check in checks] == ["mirador", "settings"]
    assert checks[0].health is Health.FAILURE
    assert checks[0].remedy


async def test_a_current_folder_that_is_gone_is_no_obstacle(fresh_user: Path) -> None:
    """Terminals often stand in deleted folders."""
    gone = fresh_user / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    try:
        checks = await doctor.examine(opening(FINE))
    finally:
        os.chdir(fresh_user)
    assert checks[0] == FINE


def test_without_models_the_command_fails_and_says_what_to_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The whole command with the real app, on a machine that has no model."""
    parser = argparse.ArgumentParser()
    doctor.add_parser(parser.add_subparsers())
    args = parser.parse_args(["doctor", "--json"])
    assert args.run(args) == 1
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["models"]["health"] == "failure"
    assert checks["models"]["remedy"] == "mirador models pull qwen2.5-coder-0.5b"
    assert checks["python"]["health"] == "ok"
