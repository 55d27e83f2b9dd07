"""Rows as bars."""

from xml.etree import ElementTree as ET

import pytest

from benchmarks.figures import Row, Series, Target
from benchmarks.plot import bars, dots


def _row(what: str, ours: float, theirs: float | None, unit: str = "%") -> Row:
    other = None if theirs is None else Series((theirs,))
    return Row(what, what, unit, Series((ours,)), other, "the <other>")


def _widths(picture: str) -> list[float]:
    """Of the bars, without the squares of the legend."""
    found = ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}rect")  # noqa: S314 — ours
    return [float(rect.attrib["width"]) for rect in found][2:]


def test_bars_are_as_long_as_their_values() -> None:
    """A bar of half the share is half as long; a side that is not there has none."""
    picture = bars([_row("a & b", 50, 25), _row("c", 100, None)])

    first, second, third = _widths(picture)
    assert (first, second) == (third / 2, third / 4)
    assert "a &amp; b" in picture
    assert "the &lt;other&gt;" in picture


def test_nothing_is_still_drawn() -> None:
    """A share of nothing is a bar one can see, with its figure."""
    picture = bars([_row("wrong", 0, 50)])

    assert _widths(picture)[0] > 0
    assert ">0.000 %<" in picture


def test_rows_of_different_units_have_no_common_scale() -> None:
    """Milliseconds and shares are not drawn side by side."""
    with pytest.raises(ValueError, match="one unit"):
        bars([_row("a", 1, 2), _row("b", 1, 2, "ms")])


def _centres(picture: str) -> list[float]:
    found = ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}circle")  # noqa: S314 — ours
    return [float(circle.attrib["cx"]) for circle in found]


def test_dots_lie_on_a_scale_of_powers_of_ten() -> None:
    """Ten times as long is as far to the right for short times as for long ones, in ms or s."""
    picture = dots([_row("a", 10, 100, "ms"), _row("b", 1, 10, "s")])

    other_a, ours_a, other_b, ours_b = _centres(picture)
    assert round(other_a - ours_a, 1) == round(other_b - ours_b, 1) > 0
    assert round(ours_b - other_a, 1) == round(other_a - ours_a, 1)


def test_dots_show_what_is_aimed_at_and_leave_other_units_out() -> None:
    """A limit of the value or of the ratio is a mark; what is no time is not drawn."""
    value = Row("v", "in time", "ms", Series((10.0,)), targets=(Target("value", 100),))
    ratio = Row(
        "r", "no slower", "ms", Series((10.0,)), Series((9.0,)), "it", (Target("ratio", 1.05),)
    )
    bare = Row("n", "as it is", "ms", Series((10.0,)))

    assert dots([value]).count("#e76f51") == dots([ratio]).count("#e76f51") == 2
    assert dots([bare]).count("#e76f51") == 1  # the legend's
    assert "speed" not in dots([bare, _row("speed", 1, 2, "tokens/s")])
    with pytest.raises(ValueError, match="times"):
        dots([_row("speed", 1, 2, "tokens/s")])
