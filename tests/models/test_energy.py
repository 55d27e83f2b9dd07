"""Energy is told where the kernel tells it, and nowhere else."""

from pathlib import Path

import pytest

from mirador_lsp.core.metrics import EnergyMeter
from mirador_lsp.models.energy import BatteryMeter, ProcessorMeter, find_meter


def zone(folder: Path, name: str, joules: float, kind: str = "package-0") -> Path:
    """A counter of the processor, as the kernel shows it."""
    made = folder / "powercap" / name
    made.mkdir(parents=True, exist_ok=True)
    (made / "name").write_text(f"{kind}\n")
    (made / "energy_uj").write_text(f"{int(joules * 1e6)}\n")
    (made / "max_energy_range_uj").write_text("1000000000\n")
    return made


def battery(folder: Path, watts: float, status: str = "Discharging", scope: str = "") -> Path:
    """A battery, as the kernel shows it."""
    made = folder / "supplies" / "BAT0"
    made.mkdir(parents=True, exist_ok=True)
    (made / "type").write_text("Battery\n")
    (made / "status").write_text(f"{status}\n")
    (made / "power_now").write_text(f"{int(watts * 1e6)}\n")
    if scope:
        (made / "scope").write_text(f"{scope}\n")
    return made


def found(folder: Path) -> EnergyMeter | None:
    """The meter of that machine."""
    return find_meter(folder / "powercap", folder / "supplies")


def test_a_machine_without_a_meter_has_none(tmp_path: Path) -> None:
    """Nothing is guessed."""
    assert found(tmp_path) is None


def test_the_processor_is_measured_over_all_its_packages(tmp_path: Path) -> None:
    """Parts of a package are in it already, and are not counted twice."""
    first, second = zone(tmp_path, "intel-rapl:0", 10), zone(tmp_path, "intel-rapl:1", 100)
    part = zone(tmp_path, "intel-rapl:0:0", 5, kind="core")
    meter = found(tmp_path)
    assert isinstance(meter, ProcessorMeter)
    before = meter.joules()
    for each, joules in ((first, 12.5), (second, 101.0), (part, 50.0)):
        (each / "energy_uj").write_text(f"{int(joules * 1e6)}\n")
    after = meter.joules()

    assert before is not None
    assert after is not None
    assert after - before == pytest.approx(3.5)


def test_a_counter_that_began_anew_is_carried_on(tmp_path: Path) -> None:
    """It counts to a border and then from zero."""
    place = zone(tmp_path, "intel-rapl:0", 999)
    meter = ProcessorMeter([place])
    before = meter.joules()
    (place / "energy_uj").write_text("2000000\n")
    after = meter.joules()

    assert before is not None
    assert after is not None
    assert after - before == pytest.approx(3.0)


def test_counters_that_only_the_administrator_may_read_are_none(tmp_path: Path) -> None:
    """As on most systems; a battery that is emptied stands in."""
    place = zone(tmp_path, "intel-rapl:0", 10)
    (place / "energy_uj").unlink()
    (place / "energy_uj").mkdir()  # cannot be read, whoever asks
    assert found(tmp_path) is None

    battery(tmp_path, 12)
    assert isinstance(found(tmp_path), BatteryMeter)


def test_a_battery_tells_only_while_it_is_emptied(tmp_path: Path) -> None:
    """Fed from outside, what it gives says nothing."""
    place = battery(tmp_path, 12)
    meter = BatteryMeter([place])
    first, second = meter.joules(), meter.joules()
    battery(tmp_path, 12, status="Charging")

    assert first == 0.0
    assert second is not None
    assert second > 0
    assert meter.joules() is None


def test_the_battery_of_a_mouse_is_not_the_machine(tmp_path: Path) -> None:
    """Its power is not ours."""
    battery(tmp_path, 1, scope="Device")

    assert found(tmp_path) is None
