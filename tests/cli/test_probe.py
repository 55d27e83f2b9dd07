"""`mirador models probe`, as the user types it, over models that say what a script says."""

import json
import os
from pathlib import Path

import pytest

from mirador_lsp.cli.main import main

SCRIPT = """
[[model]]
name = "small"
digest = "s"
[[model]]
name = "large"
digest = "l"
[[reply]]
model = "large"
error = "unavailable"
[[reply]]
question = "Is the remark true"
text = "yes"
[[reply]]
text = "It does what it says."
"""


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two models, one of which cannot be used."""
    for name in list(os.environ):
        if name.startswith("MIRADOR_"):
            monkeypatch.delenv(name)
    for name in ("CONFIG", "STATE", "CACHE", "RUNTIME"):
        monkeypatch.setenv(f"MIRADOR_{name}_DIR", str(tmp_path / name.lower()))
    (tmp_path / "script.toml").write_text(SCRIPT)
    monkeypatch.setenv("MIRADOR_ENGINE_BACKEND", "scripted")
    monkeypatch.setenv("MIRADOR_ENGINE_SCRIPT", str(tmp_path / "script.toml"))


def test_a_model_is_measured_and_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """Its figures can be compared later; a model is like itself."""
    assert main(["models", "probe", "small", "--json"]) == 0
    captured = capsys.readouterr()
    (told,) = json.loads(captured.out)["models"]
    assert (told["model"], told["asked"], told["failed"]) == ("small", 12, 6)
    assert told["mean_words"] == 5
    assert told["agreement"] is None
    assert "asking small" in captured.err

    assert main(["dna", "compare", "small", "small"]) == 0
    assert "1.00" in capsys.readouterr().out
    assert main(["models", "compare", "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)["records"]
    assert record["model"] == "small"


def test_without_names_all_are_measured_and_one_that_fails_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The others are measured; the exit code says that one is missing."""
    assert main(["models", "probe"]) == 1
    captured = capsys.readouterr()
    assert "large: The script says that large fails" in captured.err
    assert "not answered" in captured.out


def test_a_model_that_is_not_there_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """With a remedy."""
    assert main(["models", "probe", "nobody"]) == 2
    assert "mirador models list" in capsys.readouterr().err
