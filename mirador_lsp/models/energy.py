"""What the machine takes, where its kernel tells: the processor's own counters, or a battery."""

import time
from pathlib import Path

from mirador_lsp.core.metrics import EnergyMeter

_POWERCAP = Path("/sys/class/powercap")
_SUPPLIES = Path("/sys/class/power_supply")
_MICRO = 1e-6


def find_meter(powercap: Path = _POWERCAP, supplies: Path = _SUPPLIES) -> EnergyMeter | None:
    """The best meter that this user may read; None where there is none. Reads the disk.

    Most kernels let only the administrator read the processor's counters. macOS and Windows have
    neither.
    """
    zones = [zone for zone in sorted(powercap.glob("*-rapl:*")) if _is_package(zone)]
    if zones and all(_number(zone / "energy_uj") is not None for zone in zones):
        return ProcessorMeter(zones)
    batteries = [supply for supply in sorted(supplies.glob("*")) if _is_battery(supply)]
    if batteries and all(_watts(battery) is not None for battery in batteries):
        return BatteryMeter(batteries)
    return None


class ProcessorMeter:
    """The counters of the processor's packages (RAPL); see `core.metrics.EnergyMeter`."""

    source = "processor"

    def __init__(self, zones: list[Path]) -> None:
        self._zones = zones
        self._last: dict[Path, int] = {}
        self._total = 0.0

    def joules(self) -> float | None:
        """See the port. A counter that began anew is carried on."""
        for zone in self._zones:
            now = _number(zone / "energy_uj")
            if now is None:
                return None
            before = self._last.get(zone, now)
            whole = _number(zone / "max_energy_range_uj") or 0
            self._total += (now - before if now >= before else whole - before + now) * _MICRO
            self._last[zone] = now
        return self._total


class BatteryMeter:
    """What is drawn from the batteries; see `core.metrics.EnergyMeter`.

    They tell how much they give at the moment; between two readings the mean of both is taken.
    """

    source = "whole machine"

    def __init__(self, batteries: list[Path]) -> None:
        self._batteries = batteries
        self._last: tuple[float, float] | None = None
        self._total = 0.0

    def joules(self) -> float | None:
        """See the port. None while the machine is fed from outside."""
        if any(_text(battery / "status") != "Discharging" for battery in self._batteries):
            self._last = None
            return None
        each = [_watts(battery) for battery in self._batteries]
        watts = sum(watt for watt in each if watt is not None)
        now = time.monotonic()
        if self._last is not None:
            before, then = self._last
            self._total += (watts + then) / 2 * (now - before)
        self._last = (now, watts)
        return self._total if None not in each else None


def _is_package(zone: Path) -> bool:
    return _text(zone / "name").startswith("package")


def _is_battery(supply: Path) -> bool:
    # A mouse or a headset has a battery, too.
    return _text(supply / "type") == "Battery" and _text(supply / "scope") != "Device"


def _watts(battery: Path) -> float | None:
    power = _number(battery / "power_now")
    if power is not None:
        return power * _MICRO
    current, voltage = _number(battery / "current_now"), _number(battery / "voltage_now")
    return None if current is None or voltage is None else current * _MICRO * voltage * _MICRO


def _number(file: Path) -> int | None:
    text = _text(file)
    return int(text) if text.isascii() and text.isdecimal() else None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
