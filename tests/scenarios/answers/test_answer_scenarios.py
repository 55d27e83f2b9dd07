"""Every answer scenario plays out as written; `pytest --update` writes what happened instead."""

from pathlib import Path

import pytest

from fakes import answer_scenario
from fakes.scenario import load

SCENARIOS = sorted(Path(__file__).parent.glob("*.md"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_scenario_plays_out_as_written(
    path: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Events and streamed text are those of the file."""
    scenario = load(path)

    told, streamed = answer_scenario.play(scenario, tmp_path)

    if request.config.getoption("--update"):
        updated = scenario.with_block("expect events", told)
        path.write_text(updated.with_block("expect streamed", streamed).text)
        return
    assert told == scenario.blocks["expect events"]
    assert streamed == scenario.blocks["expect streamed"]


def test_there_are_scenarios() -> None:
    """An empty folder must not pass for a green one."""
    assert len(SCENARIOS) >= 8
