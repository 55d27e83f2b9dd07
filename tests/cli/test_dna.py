"""`mirador dna`, as the user types it."""

import asyncio
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.behaviours import behaviour
from fakes.feedback import opinion
from fakes.stores import store_at
from mirador_lsp.cli.main import main
from mirador_lsp.core.behaviour import Behaviour
from mirador_lsp.core.feedback import Verdict
from mirador_lsp.store import SqliteBehaviourBook, SqliteFeedbackBook


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a user's store."""
    for name in list(os.environ):
        if name.startswith("MIRADOR_"):
            monkeypatch.delenv(name)
    for name in ("CONFIG", "STATE", "CACHE", "RUNTIME"):
        monkeypatch.setenv(f"MIRADOR_{name}_DIR", str(tmp_path / name.lower()))
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "state" / "store" / "mirador.db"


def shown(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    """What holds, by name."""
    capsys.readouterr()
    assert main(["dna", "show", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["preferences"]
    return {each["name"]: each for each in told}


def dismiss(store: Path, count: int) -> None:
    """Turn so many findings down."""

    async def write() -> None:
        database = store_at(store)
        book = SqliteFeedbackBook(database)
        for number in range(count):
            await book.record(replace(opinion(f"f{number}", Verdict.DISMISSED), language="python"))
        await database.close()

    asyncio.run(write())


def test_nothing_is_preferred_before_anything_was_said(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everything is shown with its default; looking makes no file."""
    assert main(["dna"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in ("verbosity", "depth", "pace", "evidence", "expertise"))
    assert "mirador dna set verbosity terse" in out
    assert not store.exists()


def test_what_is_set_holds_and_says_where_it_is_from(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lists by words or commas; unset goes back to the default."""
    assert main(["dna", "set", "verbosity", "Terse"]) == 0
    assert main(["dna", "set", "frameworks", "django,", "REST framework"]) == 0
    held = shown(capsys)
    assert (held["verbosity"]["values"], held["verbosity"]["from"]) == (["terse"], "by hand")
    assert held["frameworks"]["values"] == ["django", "REST framework"]
    assert main(["dna", "show"]) == 0
    assert "by hand, 20" in capsys.readouterr().out

    assert main(["dna", "unset", "verbosity"]) == 0
    assert "the default" in capsys.readouterr().out
    assert shown(capsys)["verbosity"]["from"] == "default"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["set", "verbosity", "loud"], "Choose from terse, normal, detailed."),
        (["set", "verbosity"], "needs a value"),
        (["set", "mood", "good"], "Choose from verbosity, depth"),
        (["unset", "mood"], "Choose from verbosity, depth"),
        (["import", "gone.toml"], "cannot be read"),
        (["compare", "me", "some-model"], "mirador models probe some-model"),
        (["export", "no/such/folder/x.toml"], "cannot be written"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(
    store: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    """With a remedy, exit code 2, and nothing changed."""
    assert main(["dna", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert all(each["from"] == "default" for each in shown(capsys).values())


def test_decisions_are_shown_first_and_kept_on_demand(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With why; what was set by hand is never overwritten."""
    dismiss(store, 20)
    assert main(["dna", "infer"]) == 0
    out = capsys.readouterr().out
    assert "you turned down 20 of 20 findings" in out
    assert "--write" in out
    assert shown(capsys)["evidence"]["from"] == "default"

    assert main(["dna", "infer", "--write"]) == 0
    held = shown(capsys)["evidence"]
    assert (held["values"], held["from"], held["decisions"]) == (["high"], "inferred", 20)
    assert main(["dna", "infer"]) == 0
    assert "does not hold already" in capsys.readouterr().out

    assert main(["dna", "set", "evidence", "low"]) == 0
    assert main(["dna", "infer", "--write", "--json"]) == 0
    assert shown(capsys)["evidence"]["values"] == ["low"]


@pytest.mark.parametrize("name", ["mine.toml", "mine.json"])
def test_preferences_are_carried_to_another_machine(
    store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    """By a file that people can read."""
    main(["dna", "set", "pace", "thorough"])
    main(["dna", "set", "expertise", 'C++, größe, "x"'.replace('"', "")])
    before = {name: each["values"] for name, each in shown(capsys).items()}
    assert main(["dna", "export", name]) == 0
    monkeypatch.setenv("MIRADOR_STATE_DIR", str(tmp_path / "elsewhere"))

    assert main(["dna", "import", name]) == 0
    after = {name: each["values"] for name, each in shown(capsys).items()}
    assert after == before
    assert main(["dna", "compare", "me", name]) == 0
    assert "1.00" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("format = 2\n", "no file of preferences"),
        ("verbosity = 'terse'\n", "no file of preferences"),
        ("format = 1\npreferences = 3\n", "has no table"),
        ("format = 1\n[preferences]\nverbosity = 'terse'\nmood = 'good'\n", "no preference"),
        ("format = 1\n[preferences]\nverbosity = 'terse'\npace = ['a', 'b']\n", "pace"),
        ("[[[", "cannot be read"),
        ("x" * 70_000, "too large"),
    ],
)
def test_a_file_is_taken_over_whole_or_not_at_all(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    """It comes from somebody else."""
    (tmp_path / "theirs.toml").write_text(text)

    assert main(["dna", "import", "theirs.toml"]) == 2
    assert said in capsys.readouterr().err
    assert shown(capsys)["verbosity"]["from"] == "default"


def test_export_without_a_file_is_for_pipes(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As TOML unless JSON is asked for."""
    main(["dna", "set", "depth", "deep"])
    capsys.readouterr()

    assert main(["dna", "export"]) == 0
    assert 'depth = "deep"  # by hand' in capsys.readouterr().out
    assert main(["dna", "export", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["preferences"] == {"depth": "deep"}


def measured(store: Path, *behaviours: Behaviour) -> None:
    """Have models measured."""

    async def write() -> None:
        database = store_at(store)
        for each in behaviours:
            await SqliteBehaviourBook(database).keep(each)
        await database.close()

    asyncio.run(write())


def test_models_are_compared_by_how_they_behave(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Part by part, and together."""
    measured(store, behaviour("small"), behaviour("large", found=4, claims=()))

    assert main(["dna", "compare", "small", "large", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    parts = {part["name"]: part["likeness"] for part in told["parts"]}
    assert (parts["claims"], parts["faults found"], parts["fixes that pass"]) == (0, 0.5, 1)
    assert 0 < told["likeness"] < 1
    assert main(["dna", "compare", "small", "large"]) == 0
    assert "together" in capsys.readouterr().out


def test_models_of_different_sets_and_other_things_are_not_compared(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what mends it."""
    measured(store, behaviour("new", time=2.0), behaviour("old", time=1.0, probes="p0"))

    assert main(["dna", "compare", "new", "old"]) == 2
    assert "mirador models probe old" in capsys.readouterr().err
    assert main(["dna", "compare", "new", "me"]) == 2
    assert "not of one sort" in capsys.readouterr().err
