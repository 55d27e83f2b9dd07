"""The clock that everything else of a process takes as a value."""

import time


class SystemClock:
    """The machine's own time; implements `core.ports.Clock`."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since the epoch."""
        return time.time()  # noqa: TID251 — the clock that everything else takes is made here
