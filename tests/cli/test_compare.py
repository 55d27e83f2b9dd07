"""`mirador models compare`, as the user types it."""

import json
import os
from pathlib import Path

import pytest

from mirador_lsp.cli import compare
from mirador_lsp.core.routing import Comparison, Outcome
from mirador_lsp.settings.paths import private_folder
from mirador_lsp.store import comparisons


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a user's comparisons lie."""
    for name in list(os.environ):
        if name.startswith("MIRADOR_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MIRADOR_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("MIRADOR_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state" / "comparisons.jsonl"


def row(model: str, outcome: Outcome, seconds: float, claims: int, shared: int) -> Comparison:
    """One model's answer."""
    return Comparison(
        "r", "review.quick", model, "d", seconds, 0.5, 300, 20, outcome, claims, shared, 1.7e9
    )


def test_models_are_summed_up_side_by_side(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The share of usable replies, medians of those, and how much others said as well."""
    rows = [
        row("small", Outcome.HELD, 1.0, 2, 1),
        row("small", Outcome.BROKEN, 9.0, 0, 0),
        row("large", Outcome.HELD, 4.0, 1, 1),
    ]
    comparisons.keep(file, rows, private_folder)

    assert compare.run(as_json=True) == 0
    large, small = json.loads(capsys.readouterr().out)["models"]
    assert (large["model"], large["held"], large["shared"]) == ("large", 1.0, 1.0)
    assert small == {
        "task": "review.quick",
        "model": "small",
        "questions": 2,
        "held": 0.5,
        "seconds": 1.0,
        "first_token_seconds": 0.5,
        "claims": 1.0,
        "shared": 0.5,
    }
    assert compare.run(as_json=False) == 0
    assert "50 %" in capsys.readouterr().out


def test_nothing_compared_says_when_it_will_be(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or that the settings are against it."""
    assert compare.run(as_json=False) == 0
    assert "after every 50 reviews" in capsys.readouterr().out
    monkeypatch.setenv("MIRADOR_ENGINE_COMPARE_EVERY", "0")
    assert compare.run(as_json=False) == 0
    assert "engine.compare_every is 0" in capsys.readouterr().out
