"""What a child process that reads hostile text does to itself before it reads any.

Every measure is tried by itself: none is needed to work, and none is claimed that did not take.
"""

import sys
from collections.abc import Callable
from pathlib import Path

MEMORY_BYTES = 1 << 30
"""Address space a parser may have: a text of 1 MB needs a fraction of it."""

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_OOM_SCORE = "800"


def isolate(memory_bytes: int = MEMORY_BYTES) -> tuple[str, ...]:
    """Limit this process; return the names of the measures that took effect.

    Linux reaches all of them, other systems fewer. Never raises.
    """
    measures: list[tuple[str, Callable[[], bool]]] = [
        ("memory limit", lambda: _limit_memory(memory_bytes)),
        ("no core dumps", _no_core_dumps),
        ("ends with its parent", _end_with_parent),
        ("no new privileges", lambda: _prctl(_PR_SET_NO_NEW_PRIVS, 1)),
        ("first to go when memory is short", _offer_to_oom_killer),
    ]
    return tuple(name for name, take in measures if take())


def _limit_memory(memory_bytes: int) -> bool:
    if sys.platform != "linux":  # elsewhere the address space is not what memory costs
        return False
    import resource  # noqa: PLC0415 — missing on Windows

    return _limit(resource.RLIMIT_AS, memory_bytes)


def _no_core_dumps() -> bool:
    if sys.platform == "win32":
        return False
    import resource  # noqa: PLC0415 — missing on Windows

    return _limit(resource.RLIMIT_CORE, 0)


def _limit(what: int, value: int) -> bool:
    if sys.platform == "win32":
        return False
    import resource  # noqa: PLC0415 — missing on Windows

    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    try:
        resource.setrlimit(what, (value, value))
    except (OSError, ValueError):
        return False
    return True


def _end_with_parent() -> bool:
    if sys.platform != "linux":
        return False
    import signal  # noqa: PLC0415 — only needed here

    return _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> bool:
    if sys.platform != "linux":
        return False
    import ctypes  # noqa: PLC0415 — only needed here

    try:
        return bool(ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) == 0)
    except (OSError, AttributeError):
        return False


def _offer_to_oom_killer() -> bool:
    if sys.platform != "linux":
        return False
    try:
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, "ascii")
    except OSError:
        return False
    return True
