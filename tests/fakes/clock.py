"""A clock that moves only when told."""


class FakeClock:
    """Implements `core.ports.Clock`."""

    def __init__(self, start: float = 1000.0) -> None:
        self._now = start

    def monotonic(self) -> float:
        return self._now

    def wall(self) -> float:
        return 1_700_000_000.0 + self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds
