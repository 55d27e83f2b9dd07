"""What every `EnergyMeter` promises, asked of each of them."""

from pathlib import Path

import pytest

from fakes.metrics import FakeMeter
from mirador_lsp.core.metrics import EnergyMeter
from mirador_lsp.models.energy import BatteryMeter, ProcessorMeter


@pytest.fixture(params=["processor", "battery", "fake"])
def meter(request: pytest.FixtureRequest, tmp_path: Path) -> EnergyMeter:
    """Each in turn, on a machine that can be measured."""
    facts = {"energy_uj": "1000000", "status": "Discharging", "power_now": "5000000"}
    for name, text in facts.items():
        (tmp_path / name).write_text(text)
    if request.param == "processor":
        return ProcessorMeter([tmp_path])
    return BatteryMeter([tmp_path]) if request.param == "battery" else FakeMeter([1.0, 1.5, 2.0])


def test_it_says_what_it_measures(meter: EnergyMeter) -> None:
    """In words that stand beside the figure."""
    assert meter.source in {"processor", "whole machine"}


def test_the_count_only_grows(meter: EnergyMeter) -> None:
    """So that two readings tell what was taken between them."""
    readings = [meter.joules() for _ in range(3)]

    known = [reading for reading in readings if reading is not None]
    assert len(known) == 3
    assert known == sorted(known)
