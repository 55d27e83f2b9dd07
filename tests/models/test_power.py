"""Whether the machine runs on its battery."""

from pathlib import Path

import pytest

from mirador_lsp.models.power import on_battery

_BATTERY = {"type": "Battery", "status": "Discharging"}


@pytest.mark.parametrize(
    ("supplies", "expected"),
    [
        ({}, False),
        ({"BAT0": _BATTERY}, True),
        ({"BAT0": _BATTERY, "AC": {"type": "Mains", "online": "0"}}, True),
        ({"BAT0": _BATTERY, "AC": {"type": "Mains", "online": "1"}}, False),
        ({"BAT0": _BATTERY, "ucsi": {"type": "USB", "online": "1"}}, False),
        ({"BAT0": {"type": "Battery", "status": "Charging"}}, False),
        ({"mouse": _BATTERY | {"scope": "Device"}}, False),
        ({"BAT0": {}}, False),
    ],
)
def test_a_battery_counts_when_nothing_else_feeds_the_machine(
    tmp_path: Path, supplies: dict[str, dict[str, str]], expected: bool
) -> None:
    """Laptops unplugged, plugged in, on USB, and mice with batteries of their own."""
    for name, facts in supplies.items():
        (tmp_path / name).mkdir()
        for fact, value in facts.items():
            (tmp_path / name / fact).write_text(f"{value}\n")
    assert on_battery(tmp_path) is expected


def test_a_system_that_does_not_tell_is_not_on_battery(tmp_path: Path) -> None:
    """No folder, no battery."""
    assert on_battery(tmp_path / "missing") is False
