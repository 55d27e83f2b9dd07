"""Memory that a new process may take."""

from pathlib import Path

_PROC = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")
_PLENTY = 1 << 50


def available_memory(proc: Path = _PROC, group: Path = _GROUP) -> int | None:
    """Bytes a new process may take before the machine swaps or the container's limit is reached;
    None where that is not known.
    """
    free = [value for value in (_of_machine(proc), _of_container(group)) if value is not None]
    return min(free) if free else None


def available_bytes() -> int:
    """The same; plenty where the system does not tell."""
    known = available_memory()
    return _PLENTY if known is None else known


def _of_machine(proc: Path) -> int | None:
    for line in _read(proc).splitlines():
        if line.startswith("MemAvailable:"):
            return _number(line.split()[1]) * 1024
    return None


def _of_container(group: Path) -> int | None:
    """What is left below the limit. Files that the system keeps in memory count as used, until
    somebody needs their place.
    """
    limit = _read(group / "memory.max").strip()
    used = _read(group / "memory.current").strip()
    if not (limit.isdecimal() and used.isdecimal()):
        return None
    kept = dict(
        line.split(" ", 1) for line in _read(group / "memory.stat").splitlines() if " " in line
    )
    files = sum(_number(kept.get(name, "")) for name in ("inactive_file", "active_file"))
    return max(0, int(limit) - max(0, int(used) - files))


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _number(text: str) -> int:
    return int(text) if text.strip().isdecimal() else 0
