"""Ctrl-C: the first asks the work to stop and bounds how long that may take, the second ends it."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

GRACE_SECONDS = 0.8
"""From the first signal to the end of the process, whatever still hangs."""


class Interrupts:
    """Watches for SIGINT and SIGTERM while it is entered. Enter it on a running loop.

    The first signal calls `stop` on the loop and starts a watchdog that ends the process after
    `GRACE_SECONDS`; the second signal ends it at once. `restore` runs before either: it must be
    short, must not raise and mends what a terminal would otherwise keep (a hidden cursor).
    """

    def __init__(self, stop: Callable[[], None], restore: Callable[[], None]) -> None:
        self._stop = stop
        self._restore = restore
        self._loop: asyncio.AbstractEventLoop | None = None
        self._former: list[tuple[int, Any]] = []
        self.code = 0
        """128 + the number of the first signal; 0 while there was none."""

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        # `loop.add_signal_handler` would wait for the loop's turn; a plain handler also runs while
        # the loop is held up, so that a second Ctrl-C always works.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._former.append((number, signal.signal(number, self._receive)))
        return self

    def __exit__(self, *_: object) -> None:
        for number, former in self._former:
            if self.code == 0:
                signal.signal(number, former)
        self._former.clear()

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        if self.code != 0 or self._loop is None:
            self._end()
            return
        self.code = 128 + number
        watchdog = threading.Timer(GRACE_SECONDS, self._end)
        watchdog.daemon = True
        watchdog.start()
        self._loop.call_soon_threadsafe(self._stop)

    def _end(self) -> None:
        self._restore()
        os._exit(self.code)
