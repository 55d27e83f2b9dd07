"""What every `Clock` promises, asked of each of them."""

import pytest

from fakes.clock import FakeClock
from mirador_lsp.core.ports import Clock
from mirador_lsp.ipc.clock import SystemClock


@pytest.fixture(params=[SystemClock, FakeClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    """Each clock in turn."""
    made: Clock = request.param()
    return made


def test_monotonic_time_never_goes_back(clock: Clock) -> None:
    """Later readings are not smaller."""
    readings = [clock.monotonic() for _ in range(100)]

    assert readings == sorted(readings)


def test_wall_time_is_in_seconds_since_the_epoch(clock: Clock) -> None:
    """Between the years 2020 and 2100."""
    assert 1_577_836_800 < clock.wall() < 4_102_444_800


def test_a_fake_clock_moves_only_when_told() -> None:
    """Both readings move by what it is told."""
    clock = FakeClock()
    before = (clock.monotonic(), clock.wall())
    clock.advance(5)

    assert (clock.monotonic() - before[0], clock.wall() - before[1]) == (5, 5)
