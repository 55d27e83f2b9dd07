"""The watchdog: a server whose editor is gone goes too, whatever it is doing."""

import logging
import os
import select
import threading
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
GRACE_SECONDS = 1.2
"""From the editor's death to the end by force. With the poll, below two seconds."""


def watch(process_id: int, gone: Callable[[], None], end: Callable[[], None]) -> bool:
    """Call `gone` once the process has ended and, `GRACE_SECONDS` later, `end`.

    Both are called from a thread of the watchdog, which works even while the event loop is stuck.
    Returns False, and watches nothing, where there is no such process: a client in another
    container names ids that mean nothing here, and closes its end of the pipe when it goes.
    """
    wait = _waiter(process_id)
    if wait is None:
        _log.warning("client process %d cannot be watched", process_id)
        return False

    def run() -> None:
        wait()
        _log.info("client process %d is gone", process_id)
        gone()
        time.sleep(GRACE_SECONDS)
        end()

    threading.Thread(target=run, name="watchdog", daemon=True).start()
    return True


def _waiter(process_id: int) -> Callable[[], None] | None:
    if process_id <= 0:
        return None
    if hasattr(os, "pidfd_open"):
        try:
            descriptor = os.pidfd_open(process_id)
        except (ProcessLookupError, OverflowError):
            return None
        except OSError as error:
            _log.info("pidfd_open: %s", error)
        else:
            return lambda: _wait_for(descriptor)
    return (lambda: _poll(process_id)) if _exists(process_id) else None


def _wait_for(descriptor: int) -> None:
    try:
        select.select([descriptor], [], [])
    finally:
        os.close(descriptor)


def _poll(process_id: int) -> None:
    while _exists(process_id):
        time.sleep(POLL_SECONDS)


def _exists(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
