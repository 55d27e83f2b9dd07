"""Rows as a picture: two bars a row, Mirador's and the other side's. Pure."""

from collections.abc import Sequence
from html import escape

from benchmarks.figures import Row
from benchmarks.report import number

_LABEL, _BARS, _VALUE = 330, 300, 70
_BAR, _GAP, _HEAD = 13, 14, 34
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
