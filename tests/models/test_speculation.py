"""Whether guessing ahead in replies is worth it, as a trial on the machine says."""

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.engine import REAL_MODEL, REAL_NAME, EngineHome, engine_home
from mirador_lsp.core.dialogue import Limits, Prompt
from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.models import speculation
from mirador_lsp.models.embedded import EmbeddedBackend, EngineOptions, InstalledModel
from mirador_lsp.models.speculation import Trial, Verdict, Verdicts, decide, speculation_checks
from mirador_lsp.models.trial import try_model
from mirador_lsp.models.wire import ModelSpec

_GOOD = Trial(alone=0.03, eighth=0.01, plain=30.0, guessing=36.0, same_text=True, same_odds=True)
_SPEC = ModelSpec("small", "/nowhere", "a" * 64, 1, 100, 1, 64, 0, 0, "/nowhere")
_ON = Verdict(True, "it pays", 1.2, 0.3, 86_400.0)
_OFF = Verdict(False, "it gains less than 10 %", 0.97, 0.41, 86_400.0)


@pytest.fixture
def home() -> Iterator[EngineHome]:
    """The folders of a host of its own."""
    with engine_home() as made:
        yield made


@pytest.mark.parametrize(
    ("change", "on", "reason"),
    [
        ({}, True, "it pays"),
        ({"guessing": 33.0}, True, "it pays"),
        ({"guessing": 32.9}, False, "gains less than 10 %"),
        ({"guessing": 20.0}, False, "gains less than 10 %"),
        ({"eighth": 0.0149}, True, "it pays"),
        ({"eighth": 0.015}, False, "nearly as much"),
        ({"eighth": 0.03}, False, "nearly as much"),
        ({"same_text": False}, False, "changes what the model says"),
        ({"same_odds": False}, False, "without the probabilities"),
        ({"plain": 0.0}, False, "gains less than 10 %"),
        ({"alone": 0.0}, False, "nearly as much"),
    ],
)
def test_it_is_on_only_where_it_pays_and_changes_nothing(
    change: dict[str, float | bool], on: bool, reason: str
) -> None:
    """Ten percent faster, cheap batches, the same text, the same probabilities: all of them."""
    verdict = decide(replace_fields(_GOOD, change), 5.0)

    assert verdict.on is on
    assert reason in verdict.reason
    assert verdict.time == 5.0


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def _lives(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def replace_fields(trial: Trial, change: dict[str, float | bool]) -> Trial:
    """A trial with some other outcomes."""
    facts = {name: getattr(trial, name) for name in trial.__struct_fields__}
    return Trial(**{**facts, **change})


def test_a_verdict_shows_how_much() -> None:
    """The ratios are there for whoever wants to judge for themselves."""
    verdict = decide(_GOOD, 0.0)

    assert round(verdict.gain, 3) == 1.2
    assert round(verdict.batch, 3) == 0.333


def test_verdicts_are_kept_for_each_model(tmp_path: Path) -> None:
    """What was tried once is known in the next process, and of no other model."""
    Verdicts(tmp_path / "deep" / "file.json", 2).keep("one", _ON)
    Verdicts(tmp_path / "deep" / "file.json", 2).keep("two", _OFF)
    known = Verdicts(tmp_path / "deep" / "file.json", 2)

    assert known.of("one") == _ON
    assert known.of("two") == _OFF
    assert known.of("three") is None
    assert [known.on(name) for name in ("one", "two", "three")] == [True, False, False]


def test_another_machine_or_engine_has_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache folder that moves along, a new processor or engine: to be tried again."""
    file = tmp_path / "file.json"
    Verdicts(file, 2).keep("one", _ON)

    assert Verdicts(file, 4).of("one") is None
    monkeypatch.setattr(speculation, "_processor", lambda: "another")
    assert Verdicts(file, 2).of("one") is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"verdicts": {"a": {"on": 1}}}', "\0"])
def test_a_file_that_cannot_be_read_has_no_verdicts(tmp_path: Path, text: str) -> None:
    """Without a verdict it is off; the next trial writes the file anew."""
    file = tmp_path / "file.json"
    file.write_text(text)

    assert Verdicts(file, 2).of("one") is None
    Verdicts(file, 2).keep("one", _ON)
    assert Verdicts(file, 2).of("one") == _ON


def test_doctor_shows_what_was_tried_and_when(tmp_path: Path) -> None:
    """On or off, why, by how much, on which day; and how to try where nobody did."""
    verdicts = Verdicts(tmp_path / "file.json", 2)
    (untried,) = speculation_checks([_SPEC], verdicts)
    verdicts.keep(_SPEC.digest, _OFF)
    (tried,) = speculation_checks([_SPEC], verdicts)

    assert "off for small" in untried.detail
    assert "mirador doctor --speculation" in untried.detail
    for part in ("off for small", "gains less", "0.97x", "1970-01-02"):
        assert part in tried.detail


async def test_the_engine_is_told_what_the_trial_said(tmp_path: Path) -> None:
    """A model for which it pays is loaded with guesses, another one without."""
    models = [InstalledModel(name, tmp_path / name, name * 64, 1, 4096, 0.5) for name in ("a", "b")]
    verdicts = Verdicts(tmp_path / "file.json", 2)
    verdicts.keep("a" * 64, _ON)
    backend = EmbeddedBackend(
        lambda: models,
        EngineOptions(),
        runtime=tmp_path,
        cache=tmp_path,
        worker=("none",),
        verdicts=verdicts,
    )

    assert [spec.speculation for spec in await backend.specs()] == [True, False]


@pytest.mark.parametrize(
    ("program", "said"), [("pass", "status 0"), ("raise SystemExit(3)", "status 3")]
)
async def test_a_trial_that_says_nothing_is_an_error(
    tmp_path: Path, program: str, said: str
) -> None:
    """What cannot be tried is told, and nothing is left behind."""
    with pytest.raises(ModelUnavailable, match=said):
        await try_model(_SPEC, tmp_path, (sys.executable, "-c", program))
    assert _names(tmp_path) == []


async def test_a_cancelled_trial_ends(tmp_path: Path) -> None:
    """Whoever gives up waiting does not leave a busy process."""
    alive = tmp_path / "alive"
    alive.mkdir()
    program = f"import os, time; open(f'{alive}/{{os.getpid()}}', 'w').close(); time.sleep(100)"
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        trying = try_model(_SPEC, tmp_path, (sys.executable, "-c", program))
        task = group.create_task(trying)
        while not _names(alive):  # noqa: ASYNC110 — another process makes the file
            await asyncio.sleep(0.02)
        task.cancel()

    assert not _lives(int(_names(alive)[0]))
    assert _names(tmp_path) == [alive.name]


@pytest.mark.model
@pytest.mark.endurance
@pytest.mark.timeout(400)
async def test_the_real_trial_decides_honestly(home: EngineHome) -> None:
    """The real model is really tried, and what comes of it follows from what was measured."""
    backend = home.real_backend()
    (spec,) = await backend.specs()
    home.runtime.mkdir(parents=True, exist_ok=True)
    trial = await try_model(spec, home.runtime)
    verdict = decide(trial, 0.0)
    await backend.close()

    assert min(trial.alone, trial.eighth, trial.plain, trial.guessing) > 0
    assert verdict.on is (
        trial.same_text and trial.same_odds and verdict.gain >= 1.1 and verdict.batch < 0.5
    )


@pytest.mark.model
@pytest.mark.endurance
@pytest.mark.timeout(400)
async def test_a_model_that_guesses_answers_as_before(home: EngineHome, tmp_path: Path) -> None:
    """Where it is on, the engine loads the model with it and the reply is the same."""
    model = InstalledModel(REAL_NAME, REAL_MODEL, "0" * 64, REAL_MODEL.stat().st_size, 32768, 0.5)
    said = []
    for on in (False, True):
        backend = EmbeddedBackend(
            lambda on=on: [replace(model, speculation=on)],
            EngineOptions(context_tokens=2048, idle_seconds=60),
            runtime=home.runtime,
            cache=tmp_path,
        )
        prompt = Prompt("Answer with the text only.", "one two three four five\n" * 4, "Repeat it.")
        async with backend.open(REAL_NAME, prompt, Limits(24, 120)) as reply:
            said.append("".join([piece.text async for piece in reply if hasattr(piece, "text")]))
        await backend.close()

    assert said[0] == said[1] != ""
