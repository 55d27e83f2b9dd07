"""Processes as the system sees them: how busy, how large, and how to end them."""

import asyncio
import contextlib
from asyncio.subprocess import Process
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

_MB = 1e6
_LOOK_SECONDS = 0.1
_QUIET_LOOKS = 4
_LONGEST_SECONDS = 20.0
_END_SECONDS = 5.0


@dataclass(frozen=True)
class Memory:
    """Megabytes (10^6 bytes) of some processes."""

    resident: float
    """Every page that is in memory; pages that two processes share count for both."""
    proportional: float
    """The same, shared pages divided among those who share them; equal to `resident` where the
    system does not tell."""


def running_seconds(pid: int) -> float:
    """Processor time that all threads of a process have taken, to the nanosecond.

    0 for a process that is gone. Raises FileNotFoundError on systems that do not tell.
    """
    total = 0
    tasks = Path(f"/proc/{pid}/task")
    if not Path("/proc/self/schedstat").exists():
        raise FileNotFoundError(2, "this system does not tell how long threads ran", str(tasks))
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in tasks.iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def family(pid: int) -> list[int]:
    """A process and the processes it has started, its own first."""
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


def memory(pids: list[int]) -> Memory:
    """What these processes take together."""
    resident = proportional = 0.0
    for pid in pids:
        facts = psutil.Process(pid).memory_full_info()
        resident += facts.rss / _MB
        proportional += getattr(facts, "pss", facts.rss) / _MB
    return Memory(resident, proportional)


async def until_idle(pid: int) -> None:
    """Wait until a process and its children have used no processor time for a moment.

    Raises TimeoutError when they never rest.
    """
    async with asyncio.timeout(_LONGEST_SECONDS):
        used, quiet = -1.0, 0
        while quiet < _QUIET_LOOKS:
            await asyncio.sleep(_LOOK_SECONDS)
            now = sum(processor_seconds(each) for each in family(pid))
            quiet = quiet + 1 if now == used else 0
            used = now


def processor_seconds(pid: int) -> float:
    """Processor time that a process has taken, threads that have ended included, to some ten
    milliseconds; 0 for a process that is gone.
    """
    with contextlib.suppress(psutil.NoSuchProcess):
        times = psutil.Process(pid).cpu_times()
        return float(times.user + times.system)
    return 0.0


async def end(process: Process) -> None:
    """Wait for a process that was told to leave; kill it when it does not."""
    try:
        async with asyncio.timeout(_END_SECONDS):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
