"""The reliability of confidence as a picture: how often findings so sure are right. Pure."""

from collections.abc import Sequence
from html import escape

from benchmarks.quality.tally import BINS, Counts, expected_error

_LEFT, _TOP, _SIZE, _GAP, _FOOT = 46, 44, 260, 70, 46
_BEFORE, _AFTER, _LINE = "#9aa5b1", "#2a9d8f", "#9aa5b166"
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#24292f}"
    "@media(prefers-color-scheme:dark){text{fill:#d0d7de}}"
)
_MOST_RADIUS, _LEAST_RADIUS = 13.0, 2.5


def reliability(sides: Sequence[tuple[str, Counts]]) -> str:
    """An SVG with one square for each side: to the right how sure, upwards how often right.

    The area of a dot is the number of findings; grey is what they were first reported with, green
    what is shown. Raises ValueError for no sides.
    """
    if not sides:
        message = "there is nothing to draw"
        raise ValueError(message)
    width = _LEFT + len(sides) * (_SIZE + _GAP)
    height = _TOP + _SIZE + _FOOT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f"<style>{_STYLE}</style>",
        *_legend(0, _BEFORE, "as first reported"),
        *_legend(140, _AFTER, "as shown"),
    ]
    for place, (name, counts) in enumerate(sides):
        parts += _square(_LEFT + place * (_SIZE + _GAP), name, counts)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _legend(left: int, colour: str, text: str) -> tuple[str, ...]:
    return (
        f'<circle cx="{left + 6}" cy="12" r="6" fill="{colour}"/>',
        f'<text x="{left + 17}" y="16">{escape(text)}</text>',
    )


def _square(left: int, name: str, counts: Counts) -> list[str]:
    bottom = _TOP + _SIZE
    error = expected_error("after")(counts)
    told = int(counts.get("sure", 0))
    title = f"{name}: {told} findings, error {error:.2f}" if told else f"{name}: no findings"
    parts = [
        f'<text x="{left}" y="{_TOP - 8}">{escape(title)}</text>',
        f'<path d="M{left} {_TOP}v{_SIZE}h{_SIZE}" fill="none" stroke="{_LINE}"/>',
        f'<path d="M{left} {bottom}L{left + _SIZE} {_TOP}" stroke="{_LINE}" stroke-dasharray="4"/>',
    ]
    for step in range(0, 11, 5):
        along, share = _SIZE * step / 10, f"{step * 10} %"
        parts.append(f'<text x="{left + along - 12:.0f}" y="{bottom + 16}">{share}</text>')
        parts.append(f'<text x="{left - 38}" y="{bottom - along + 4:.0f}">{share}</text>')
    parts.append(f'<text x="{left + 90}" y="{bottom + 34}">how sure</text>')
    sizes = [counts.get(f"{w} {b}", 0) for w in ("before", "after") for b in range(BINS)]
    for when, colour in (("before", _BEFORE), ("after", _AFTER)):
        for number in range(BINS):
            here = counts.get(f"{when} {number}", 0)
            if not here:
                continue
            x = left + _SIZE * counts.get(f"{when} {number} sure", 0) / here
            y = bottom - _SIZE * counts.get(f"{when} {number} right", 0) / here
            radius = max(_LEAST_RADIUS, _MOST_RADIUS * (here / max(*sizes, 1)) ** 0.5)
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{colour}" '
                'fill-opacity="0.75"/>'
            )
    return parts
