"""`mirador models probe`, as the user types it, over models that say what a script says."""

import asyncio
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.feedback import opinion
from fakes.stores import store_at
from mirador_lsp.cli.main import main
from mirador_lsp.core.feedback import Verdict
from mirador_lsp.store import SqliteFeedbackBook

SCRIPT = """
[[model]]
name = "small"
digest = "s"
supports_logprobs = false
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


def test_it_is_asked_about_what_the_user_decided(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the code around the finding where that is still there; it says yes to everything."""
    file = tmp_path / "shop.py"
    file.write_text("def add(item, seen=[]):\n    seen.append(item)\n    return seen\n")
    decide(tmp_path, file, Verdict.ACCEPTED, Verdict.DISMISSED, Verdict.DISMISSED)

    assert main(["models", "probe", "small", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["models"]
    assert (told["decisions"], told["agreed"], told["agreement"]) == (3, 1, 0.3333)
    assert main(["models", "probe", "small"]) == 0
    assert "1 of 3" in capsys.readouterr().out


def decide(tmp_path: Path, file: Path, *verdicts: Verdict) -> None:
    """Have the user decide about findings of a file."""

    async def write() -> None:
        database = store_at(tmp_path / "state" / "store" / "mirador.db")
        book = SqliteFeedbackBook(database)
        for number, verdict in enumerate(verdicts):
            said = opinion(f"f{number}", verdict, uri=file.as_uri())
            await book.record(replace(said, message="It is shared.", quote="seen.append(item)"))
        await database.close()

    asyncio.run(write())
