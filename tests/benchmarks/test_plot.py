"""Rows as bars."""

from xml.etree import ElementTree as ET

import pytest

from benchmarks.figures import Row, Series
from benchmarks.plot import bars


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
