"""What is expected of the user's habits."""

from dataclasses import replace

from fakes.measurements import FakeMeasurements, measurement
from mirador_lsp.models.habits import usual_model

_NOW = 1_700_000_000.0
_HOURS = 3600.0


async def test_what_is_usual_at_this_hour_is_expected() -> None:
    """Yesterday's model of this hour, whatever was asked at another; at a third hour, nothing."""
    book = FakeMeasurements()
    morning = [replace(measurement(model="m"), time=_NOW - 24 * _HOURS)] * 9
    evening = [replace(measurement("fix", "e"), time=_NOW - 12 * _HOURS)] * 9
    mixed = [replace(measurement("ask", f"x{n}"), time=_NOW - 6 * _HOURS) for n in range(9)]
    await book.record([*morning, *evening, *mixed])
    assert await usual_model(book, _NOW) == "m"
    assert await usual_model(book, _NOW - 12 * _HOURS) == "e"
    assert await usual_model(book, _NOW - 6 * _HOURS) == ""


async def test_nothing_is_expected_without_a_past() -> None:
    """Nor where the past cannot be read."""
    book = FakeMeasurements()
    assert await usual_model(book, _NOW) == ""
    book.broken = True
    assert await usual_model(book, _NOW) == ""
