"""The machine, described so that figures can be judged; nothing that names its owner."""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from mirador_lsp.models.cores import physical_cores

NOISY_SHARE = 0.75
"""With more runnable processes than this for each core before a run, times mean little."""


@dataclass(frozen=True)
class Machine:
    """Where and when figures were measured."""

    processor: str
    cores: int
    """Physical ones that may be used."""
    memory_gib: float
    system: str
    python: str
    load_before: float
    """Processes that wanted to run, on average over the minute before."""
    date: str

    @property
    def noisy(self) -> bool:
        """Whether others used the machine already before the run."""
        return self.load_before > NOISY_SHARE * self.cores


def this_machine() -> Machine:
    """This machine as it is now."""
    return Machine(
        processor=_processor(),
        cores=physical_cores(),
        memory_gib=psutil.virtual_memory().total / 2**30,
        system=_system(),
        python=platform.python_version(),
        load_before=load(),
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )


def load() -> float:
    """The load average of the last minute."""
    return os.getloadavg()[0]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    names = {name.strip(): value.strip() for name, value in facts.items()}
    return names.get("model name", platform.machine())


def _system() -> str:
    try:
        distribution = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        distribution = platform.system()
    return f"{distribution}, kernel {platform.release()}"
