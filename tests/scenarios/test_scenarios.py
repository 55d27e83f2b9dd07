"""Every scenario file plays out as written; `pytest --update` writes what happened instead."""

from pathlib import Path

import pytest

from fakes import scenario as runner

SCENARIOS = sorted(Path(__file__).parent.glob("*.md"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_scenario_plays_out_as_written(
    path: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Events and findings are those of the file."""
    scenario = runner.load(path)

    told, holds = runner.play(scenario, tmp_path)

    if request.config.getoption("--update"):
        updated = scenario.with_block("expect events", told).with_block("expect findings", holds)
        path.write_text(updated.text)
        return
    assert told == scenario.blocks["expect events"]
    assert holds == scenario.blocks["expect findings"]


def test_there_are_scenarios() -> None:
    """An empty folder must not pass for a green one."""
    assert len(SCENARIOS) >= 6
