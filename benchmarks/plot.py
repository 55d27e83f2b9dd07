"""Rows as a picture: two bars a row, Mirador's and the other side's. Pure."""

import math
from collections.abc import Callable, Sequence
from html import escape

from benchmarks.figures import Row
from benchmarks.report import number

_LABEL, _BARS, _VALUE = 330, 300, 70
_BAR, _GAP, _HEAD = 13, 14, 34
_WIDE, _LINE, _FOOT = 420, 22, 22
_MILLISECONDS = {"ms": 1.0, "s": 1000.0}
_SECOND = 1000.0
_GRID, _AIM = "#9aa5b166", "#e76f51"
_OURS, _THEIRS = "#2a9d8f", "#9aa5b1"
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#24292f}"
    "@media(prefers-color-scheme:dark){text{fill:#d0d7de}}"
)


def bars(rows: Sequence[Row]) -> str:
    """An SVG of the medians. Raises ValueError for rows of different units or none."""
    if len({row.unit for row in rows}) != 1:
        message = "bars need rows of one unit"
        raise ValueError(message)
    unit = rows[0].unit
    values = [s.median for row in rows for s in (row.ours, row.theirs) if s is not None]
    most = 100.0 if unit == "%" else max(values) or 1.0
    against = next((row.against for row in rows if row.theirs is not None), "")
    width, height = _LABEL + _BARS + _VALUE, _HEAD + len(rows) * (2 * _BAR + _GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f"<style>{_STYLE}</style>",
        *_legend(0, _OURS, "Mirador"),
        *(_legend(90, _THEIRS, against) if against else ()),
    ]
    for place, row in enumerate(rows):
        top = _HEAD + place * (2 * _BAR + _GAP)
        parts.append(f'<text x="0" y="{top + _BAR + 4}">{escape(row.what)}</text>')
        parts += _bar(top, row.ours.median, most, unit, _OURS)
        if row.theirs is not None:
            parts += _bar(top + _BAR, row.theirs.median, most, unit, _THEIRS)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _legend(left: int, colour: str, text: str) -> tuple[str, ...]:
    return (
        f'<rect x="{left}" y="6" width="12" height="12" fill="{colour}"/>',
        f'<text x="{left + 17}" y="16">{escape(text)}</text>',
    )


def _bar(top: int, value: float, most: float, unit: str, colour: str) -> tuple[str, ...]:
    length = max(1.0, _BARS * value / most)
    return (
        f'<rect x="{_LABEL}" y="{top}" width="{length:.1f}" height="{_BAR - 2}" fill="{colour}"/>',
        f'<text x="{_LABEL + length + 5:.1f}" y="{top + _BAR - 3}">{number(value)} {unit}</text>',
    )


def dots(rows: Sequence[Row]) -> str:
    """An SVG of the medians of all rows that are times, on one scale of powers of ten.

    A tick marks what is aimed at. Rows of other units are left out. Raises ValueError for none.
    """
    times = [row for row in rows if row.unit in _MILLISECONDS]
    if not times:
        message = "dots need rows that are times"
        raise ValueError(message)
    values = [v for row in times for v in _places(row).values()]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    width, height = _WIDE + _BARS + 2 * _VALUE, _HEAD + len(times) * _LINE + _FOOT

    def across(value: float) -> float:
        return _WIDE + _BARS * (math.log10(value) - low) / max(1, high - low)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f"<style>{_STYLE}</style>",
        *_legend(0, _OURS, "Mirador"),
        *_legend(90, _THEIRS, "the other side"),
        f'<path d="M205 5v14" stroke="{_AIM}" stroke-width="3"/>',
        '<text x="214" y="16">aimed at</text>',
    ]
    for power in range(low, high + 1):
        x = across(10**power)
        parts.append(f'<path d="M{x:.1f} {_HEAD}V{height - _FOOT}" stroke="{_GRID}"/>')
        parts.append(f'<text x="{x - 14:.1f}" y="{height - 6}">{_round(10**power)}</text>')
    for place, row in enumerate(times):
        y = _HEAD + place * _LINE + _LINE // 2
        parts.append(f'<text x="0" y="{y + 4}">{escape(row.what)}</text>')
        parts += _points(row, y, across)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _points(row: Row, y: int, across: Callable[[float], float]) -> list[str]:
    """The marks of a row: a line from one side to the other, the aim, both sides, a figure."""
    at = {name: across(value) for name, value in _places(row).items()}
    parts = []
    if "theirs" in at:
        parts.append(f'<path d="M{at["ours"]:.1f} {y}H{at["theirs"]:.1f}" stroke="{_GRID}"/>')
    if "aim" in at:
        aim = f'<path d="M{at["aim"]:.1f} {y - 7}v14" stroke="{_AIM}" stroke-width="3"/>'
        parts.append(aim)
    for side, colour, radius in (("theirs", _THEIRS, 6), ("ours", _OURS, 4)):
        if side in at:
            parts.append(f'<circle cx="{at[side]:.1f}" cy="{y}" r="{radius}" fill="{colour}"/>')
    right = max(at.values()) + 10
    said = [
        f'<tspan style="fill:{colour}">{_duration(_places(row)[side])}</tspan>'
        for side, colour in (("ours", _OURS), ("theirs", _THEIRS))
        if side in at
    ]
    return [*parts, f'<text x="{right:.1f}" y="{y + 4}">{" ".join(said)}</text>']


def _places(row: Row) -> dict[str, float]:
    """What is drawn of a row, in milliseconds."""
    scale = _MILLISECONDS[row.unit]
    found = {"ours": row.ours.median * scale}
    if row.theirs is not None:
        found["theirs"] = row.theirs.median * scale
    for target in row.targets:
        if target.of == "value":
            found["aim"] = target.limit * scale
        elif row.theirs is not None and "aim" not in found:
            found["aim"] = target.limit * found["theirs"]
    return found


def _round(milliseconds: float) -> str:
    """A power of ten."""
    if milliseconds < _SECOND:
        return f"{milliseconds:g} ms"
    return f"{milliseconds / _SECOND:g} s"


def _duration(milliseconds: float) -> str:
    if milliseconds < _SECOND:
        return f"{number(milliseconds)} ms"
    return f"{number(milliseconds / _SECOND)} s"
