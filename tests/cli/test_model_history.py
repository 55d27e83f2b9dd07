"""What `mirador models` tells of the past."""

import argparse
import asyncio
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.measurements import measurement
from fakes.stores import store_at
from mirador_lsp.cli import model_history, models
from mirador_lsp.cli.main import main
from mirador_lsp.cli.models import add_parser
from mirador_lsp.core.routing import COMPARED, Circumstances, Measurement, Outcome
from mirador_lsp.store import SqliteMeasurements


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a user's measurements lie."""
    for name in list(os.environ):
        if name.startswith("MIRADOR_"):
            monkeypatch.delenv(name)
    for what in ("config", "state", "cache"):
        monkeypatch.setenv(f"MIRADOR_{what.upper()}_DIR", str(tmp_path / what))
    return tmp_path / "state" / "store" / "mirador.db"


def keep(file: Path, *replies: Measurement) -> None:
    """Measure these."""

    async def record() -> None:
        book = SqliteMeasurements(store_at(file))
        await book.record(replies)
        await book.close()

    asyncio.run(record())


def test_the_latest_choice_of_each_task_is_told_with_its_reason() -> None:
    """Comparisons are nobody's choice."""
    early = measurement("review.deep", "small", within=Circumstances("the one there is"))
    late = measurement("review.deep", "large", within=Circumstances("larger", ("deep",), "rust"))
    other = measurement("ask.quick", "small")
    compared = replace(late, model="other", circumstances=Circumstances(COMPARED))

    told = model_history.choices([early, other, late, compared])

    assert [(row["task"], row["model"], row["reason"]) for row in told] == [
        ("ask.quick", "small", "larger and made for code"),
        ("review.deep", "large", "larger"),
    ]
    assert told[1]["language"] == "rust"
    assert told[1]["stages"] == ["deep"]


def test_list_names_what_was_chosen_last(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In words and as JSON."""
    within = Circumstances("larger and made for code", ("deep",), "python")
    keep(file, measurement("review.deep", "large-coder", within=within))

    assert listed() == 0
    assert "larger and made for code" in " ".join(capsys.readouterr().out.split())
    assert listed("--json") == 0
    (chosen,) = json.loads(capsys.readouterr().out)["chosen"]
    assert (chosen["task"], chosen["model"]) == ("review.deep", "large-coder")


def test_compare_names_how_the_models_in_use_do(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whether or not anything was compared."""
    keep(file, *[measurement(model="coder")] * 3, measurement(model="coder", outcome=Outcome.LATE))

    assert main(["models", "compare", "--json"]) == 0
    (used,) = json.loads(capsys.readouterr().out)["used"]
    assert (used["model"], used["replies"], used["held"]) == ("coder", 4, 0.75)
    assert main(["models", "compare"]) == 0
    assert "75 %" in capsys.readouterr().out


def test_without_a_past_nothing_is_told_and_no_file_made(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user's first look at the models leaves no traces."""
    assert listed("--json") == 0
    assert json.loads(capsys.readouterr().out)["chosen"] == []
    assert not file.exists()


def listed(*arguments: str) -> int:
    """`mirador models list`."""
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    return models.run(parser.parse_args(["models", "list", *arguments]))
