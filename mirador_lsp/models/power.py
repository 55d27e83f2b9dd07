"""Where the machine takes its power from."""

from pathlib import Path

_SUPPLIES = Path("/sys/class/power_supply")


def on_battery(supplies: Path = _SUPPLIES) -> bool:
    """Whether a battery is being emptied and nothing feeds the machine. Reads the disk.

    False where the system does not tell, as on macOS and Windows.
    """
    discharging = False
    for supply in sorted(supplies.glob("*")):
        kind = _fact(supply, "type")
        if kind in ("Mains", "USB") and _fact(supply, "online") == "1":
            return False
        # A mouse or a headset has a battery, too.
        if kind == "Battery" and _fact(supply, "scope") != "Device":
            discharging |= _fact(supply, "status") == "Discharging"
    return discharging


def _fact(supply: Path, name: str) -> str:
    try:
        return (supply / name).read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
