"""The picture of models: where things stand in it, and what names cannot do to it."""

import re
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from mirador_lsp.cli.plot import Point, characters, page, svg

GIB = 1 << 30
POINTS = [
    Point("small", 0.4, 40.0, GIB),
    Point("large", 0.8, 10.0, 4 * GIB),
    Point("unknown", 0.8, 11.0),
]
_SVG = "{http://www.w3.org/2000/svg}"


def test_better_is_up_and_faster_is_right() -> None:
    """And the area of a dot is the memory, as far as that is known."""
    dots = ET.fromstring(svg(POINTS)).findall(f"{_SVG}circle")  # noqa: S314 — our own
    (x1, y1, r1), (x2, y2, r2), (_, _, r3) = (
        tuple(float(dot.get(name, "")) for name in ("cx", "cy", "r")) for dot in dots
    )

    assert x1 > x2
    assert y1 > y2
    assert round(r2 / r1, 1) == 2.0
    assert r3 < r1


def test_names_do_not_stand_on_each_other() -> None:
    """Those of models that are alike are moved apart."""
    points = [Point(f"model-{number}", 0.5, 20.0) for number in range(5)]
    texts = ET.fromstring(svg(points)).findall(f"{_SVG}text")  # noqa: S314 — our own
    heights = [float(text.get("y", "")) for text in texts if "model-" in "".join(text.itertext())]

    assert len(heights) == 5
    gaps = [b - a for a, b in zip(sorted(heights), sorted(heights)[1:], strict=False)]
    assert min(gaps) >= 16


@given(st.lists(st.tuples(st.text(max_size=90), st.floats(0, 1), st.floats(0.01, 1e6)), max_size=9))
def test_whatever_models_are_called_the_picture_is_whole(
    models: list[tuple[str, float, float]],
) -> None:
    """Names are text, never markup; nothing stands outside."""
    points = [Point(*model) for model in models]
    drawn = ET.fromstring(svg(points))  # noqa: S314 — our own

    for dot in drawn.findall(f"{_SVG}circle"):
        assert 0 <= float(dot.get("cx", "")) <= 760
        assert 0 <= float(dot.get("cy", "")) <= 440
    whole = page(points, ["model"], [[name] for name, _, _ in models])
    assert whole.count("<tr>") == len(models) + 1
    assert "<script" not in re.sub(r"&lt;script", "", whole).lower()
    assert all("\x1b" not in line for line in characters(points))


def test_a_terminal_shows_a_letter_for_each_model() -> None:
    """Explained below, and those at one place beside each other."""
    lines = characters(POINTS)
    field = lines[1 : lines.index(next(line for line in lines if "└" in line))]

    assert lines[-3:] == ["A small", "B large", "C unknown"]
    rows = {letter: number for number, row in enumerate(field) for letter in "ABC" if letter in row}
    assert rows["B"] == rows["C"] < rows["A"]
