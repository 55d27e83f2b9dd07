"""What a host or worker process does to itself before it starts to work.

Everything here is best effort: a system that lacks a measure runs without it.
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

NICENESS = 5
"""How far the engine stands back behind the editor and the compiler."""
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38


def confine_host() -> None:
    """No core dumps: they would hold the user's code."""
    _no_core_dumps()


def confine_worker(parent: int) -> None:
    """Die with the parent, be the first to go when memory is short, stand back, leave no dumps,
    gain no privileges.
    """
    _die_with(parent)
    _no_core_dumps()
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _die_with(parent: int) -> None:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have died before the request was made.
    if os.getppid() != parent:
        os._exit(0)


def _no_core_dumps() -> None:
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
