"""When building stands still: while the user waits for a model, on battery, and when told to."""

import asyncio
from collections.abc import Callable

BUSY_SECONDS = 120.0
"""A client that says it waits and never that it no longer does is believed for so long."""
BATTERY_SECONDS = 30.0
"""Between two looks at where the power comes from."""
_STOPPED = "It was stopped. Go on: mirador index build"
_BATTERY = "The machine runs on battery. Build all the same: mirador index build"
_BUSY = "A model answers first."


class Gate:
    """Tells whether building may go on."""

    def __init__(
        self,
        on_battery: Callable[[], bool],
        clock: Callable[[], float],
        stirred: Callable[[], None],
    ) -> None:
        """`on_battery` may read the disk; `stirred` is called when the answer may be another."""
        self._on_battery = on_battery
        self._clock = clock
        self._stirred = stirred
        self._busy: dict[object, float] = {}
        self._stopped = False
        self._asked = False
        self._battery = False
        self._looked = -BATTERY_SECONDS

    @property
    def reason(self) -> str:
        """Why building stands still, in a sentence with its remedy; "" when it does not."""
        if self._stopped:
            return _STOPPED
        if self._busy_for() > 0:
            return _BUSY
        return _BATTERY if self._battery and not self._asked else ""

    @property
    def patience(self) -> float | None:
        """Seconds after which the answer may be another by itself; None for never."""
        if self._stopped or not self.reason:
            return None
        return self._busy_for() or BATTERY_SECONDS

    def busy(self, who: object, *, waiting: bool) -> None:
        """Whether the user of client `who` waits for a model."""
        if waiting:
            self._busy[who] = self._clock()
        else:
            self._busy.pop(who, None)
        self._stirred()

    def stop(self) -> None:
        """Stand still until the user asks for more."""
        self._stopped, self._asked = True, False
        self._stirred()

    def ask(self) -> None:
        """The user asks for the index: it is built on battery, too."""
        self._stopped, self._asked = False, True
        self._stirred()

    async def look_at_power(self) -> None:
        """Find out where the power comes from, unless that was done a moment ago."""
        now = self._clock()
        if now - self._looked >= BATTERY_SECONDS:
            self._looked = now
            self._battery = await asyncio.to_thread(self._on_battery)

    def _busy_for(self) -> float:
        """Seconds for which the latest client that waits is still believed."""
        latest = max(self._busy.values(), default=-BUSY_SECONDS)
        return max(0.0, latest + BUSY_SECONDS - self._clock())
