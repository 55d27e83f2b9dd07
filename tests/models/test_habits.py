"""What is expected of the user's habits."""

from dataclasses import replace

from fakes.measurements import FakeMeasurements, measurement
from mirador_lsp.core.routing import COMPARED, Circumstances
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


async def test_the_language_in_view_tells_models_apart() -> None:
    """Whoever writes TypeScript with one model and Python with another gets the right one; one that
    is in memory already is not expected, nor are models that nobody asked for.
    """
    book = FakeMeasurements()
    for number, (language, model) in enumerate([("python", "p"), ("typescript", "t")] * 9):
        within = Circumstances("the best", ("deep",), language)
        # Far apart and of ever another task, so that the language alone speaks.
        one = replace(measurement(f"ask{number}", model, within=within), time=_NOW - 9 * _HOURS)
        await book.record([one])
    compared = measurement("ask17", "c", within=Circumstances(COMPARED, (), "typescript"))
    await book.record([replace(compared, time=_NOW)] * 50)

    assert await usual_model(book, _NOW, "typescript") == "t"
    assert await usual_model(book, _NOW, "python") == "p"
    assert await usual_model(book, _NOW, "rust") == ""
    assert await usual_model(book, _NOW, "python", besides=("p",)) == ""


async def test_nothing_is_expected_without_a_past() -> None:
    """Nor where the past cannot be read."""
    book = FakeMeasurements()
    assert await usual_model(book, _NOW) == ""
    book.broken = True
    assert await usual_model(book, _NOW) == ""
