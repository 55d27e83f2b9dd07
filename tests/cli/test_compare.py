"""`mirador models compare`, as the user types it."""

import asyncio
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from fakes.behaviours import behaviour
from fakes.comparisons import compared
from fakes.stores import store_at
from mirador_lsp.cli.main import main
from mirador_lsp.core.history import Ending, Exchange, Kind, Page
from mirador_lsp.core.routing import Comparison, Outcome
from mirador_lsp.store import SqliteBehaviourBook, SqliteComparisonBook, SqliteHistoryBook

SCRIPT = """
[[model]]
name = "small"
digest = "s"
[[model]]
name = "large"
digest = "l"
[[reply]]
question = "Is the remark true"
text = "no"
[[reply]]
text = "It does what it says."
"""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a user's store; models come from a script."""
    for name in list(os.environ):
        if name.startswith("MIRADOR_"):
            monkeypatch.delenv(name)
    for name in ("CONFIG", "STATE", "CACHE", "RUNTIME"):
        monkeypatch.setenv(f"MIRADOR_{name}_DIR", str(tmp_path / name.lower()))
    (tmp_path / "script.toml").write_text(SCRIPT)
    monkeypatch.setenv("MIRADOR_ENGINE_BACKEND", "scripted")
    monkeypatch.setenv("MIRADOR_ENGINE_SCRIPT", str(tmp_path / "script.toml"))
    return tmp_path / "state" / "store" / "mirador.db"


def keep(store: Path, rows: Sequence[Comparison], *measured: str) -> None:
    """Have these in the store."""

    async def write() -> None:
        database = store_at(store)
        await SqliteComparisonBook(database).keep(rows)
        for name in measured:
            await SqliteBehaviourBook(database).keep(behaviour(name))
        await database.close()

    asyncio.run(write())


ROWS = (
    compared("small", run="a", seconds=1.0, claims=2, shared=1),
    compared("small", Outcome.BROKEN, run="b", seconds=9.0, claims=0),
    compared("large", run="a", seconds=4.0, claims=1, shared=1),
)


def test_models_are_summed_up_side_by_side(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The share of usable replies, medians of those, and how much others said as well; and one
    record for each model.
    """
    keep(store, ROWS, "small")

    assert main(["models", "compare", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    large, small = told["models"]
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
    records = {each["model"]: each for each in told["records"]}
    assert records["small"]["parts"]["probes"] == {"some": 4, "of": 8}
    # Named alone it is still one of two that were asked.
    assert main(["models", "compare", "small", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["models"] == [small]
    assert records["small"]["memory_bytes"] == 600_000_000
    assert records["large"]["memory_bytes"] is None
    assert main(["models", "compare"]) == 0
    out = capsys.readouterr().out
    assert "50 %" in out
    assert "tokens a second" in out


def test_only_the_models_that_are_named(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By name; of others nothing is said."""
    keep(store, ROWS)

    assert main(["models", "compare", "large"]) == 0
    out = capsys.readouterr().out
    assert "large" in out
    assert "small" not in out


def test_nothing_compared_says_when_it_will_be(
    store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or that the settings are against it, and how to do it now; no file is made by looking."""
    assert main(["models", "compare"]) == 0
    assert "after every 50 reviews" in capsys.readouterr().out
    monkeypatch.setenv("MIRADOR_ENGINE_COMPARE_EVERY", "0")
    assert main(["models", "compare"]) == 0
    out = capsys.readouterr().out
    assert "engine.compare_every is 0" in out
    assert "mirador models compare --run" in out
    assert not store.exists()


def test_requests_are_put_to_the_models_again(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the fixed set where the user has asked nothing yet; the figures are kept."""
    assert main(["models", "compare", "--run", "3", "--json"]) == 0
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert {(row["model"], row["questions"]) for row in told["models"]} <= {
        (name, count) for name in ("small", "large") for count in (1, 2, 3)
    }
    assert sum(row["questions"] for row in told["models"]) == 6
    assert "3 requests put to 2 models, none of them your own" in captured.err
    assert store.exists()


@pytest.mark.parametrize("name", ["plot.svg", "plot.html"])
def test_a_picture_is_written(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Whole by itself: it loads nothing from anywhere and runs nothing."""
    keep(store, ROWS, "small", "large")
    file = tmp_path / name

    assert main(["models", "compare", "--plot", str(file)]) == 0
    text = file.read_text()
    assert str(file) in capsys.readouterr().err.replace("\n", "")
    assert "small" in text
    assert "prefers-color-scheme: dark" in text
    assert "<script" not in text
    assert re.findall(r"(?:href|src)=", text) == []
    assert set(re.findall(r"https?://[^\"' ]+", text)) == {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--plot", "picture.png"], ".svg or .html"),
        (["--plot", "empty.svg"], "mirador models probe"),
        (["--run", "0"], "1 to 500"),
        (["--run", "2", "nobody"], "nobody"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    store: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    said: str,
) -> None:
    """With a remedy, and exit code 2."""
    monkeypatch.chdir(tmp_path)

    assert main(["models", "compare", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "empty.svg").exists()


def test_the_users_own_requests_come_first(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On the files as they are now; those whose file is gone are counted."""
    file = tmp_path / "shop.py"
    file.write_text("def add(a, b):\n    return a + b\n")
    remember(store, file.as_uri(), "What is it?")
    remember(store, (tmp_path / "gone.py").as_uri(), "What was it?")

    assert main(["models", "compare", "--run", "2", "--json"]) == 0
    captured = capsys.readouterr()
    assert "2 requests put to 2 models, 1 of them your own" in captured.err
    assert "1 of your requests are left out" in captured.err


def remember(store: Path, document: str, question: str) -> None:
    """Have a question in the history."""
    asked = Exchange(
        id=question,
        kind=Kind.ASK,
        document=document,
        name="shop.py",
        outcome=Ending.FINISHED,
        time=1_700_000_000.0,
        question=question,
    )

    async def write() -> None:
        database = store_at(store)
        await SqliteHistoryBook(database).keep(Page(exchanges=(asked,)))
        await database.close()

    asyncio.run(write())
