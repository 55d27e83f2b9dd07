"""How many threads are worth starting here."""

import os
from pathlib import Path

_TOPOLOGY = Path("/sys/devices/system/cpu")
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def physical_cores() -> int:
    """Cores this process may use: hardware threads of one core count once, quotas count.

    The engine's work is bound by arithmetic and memory, so a core's second thread only gets in the
    way; a container's quota would stop all threads together, so more threads than it are worse.
    """
    allowed = _allowed()
    cores = {_core(cpu) for cpu in allowed}
    return max(1, min(len(cores), _quota(len(cores))))


def _allowed() -> list[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _core(cpu: int) -> tuple[str, str]:
    """What tells cores apart; a CPU that says nothing is a core of its own."""
    folder = _TOPOLOGY / f"cpu{cpu}" / "topology"
    try:
        package = (folder / "physical_package_id").read_text().strip()
        return package, (folder / "core_id").read_text().strip()
    except OSError:
        return "cpu", str(cpu)


def _quota(most: int) -> int:
    try:
        limit, period = _QUOTA.read_text().split()
        return most if limit == "max" else max(1, round(int(limit) / int(period)))
    except (OSError, ValueError, ZeroDivisionError):
        return most
