"""Quality of models against their speed, as a picture: SVG, a page, or characters in a terminal.

Nothing is loaded from anywhere: a picture is whole by itself, and readable in the dark.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from mirador_lsp.core.clean import plain

_WIDTH, _HEIGHT = 760, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 56, 60
_LEAST, _MOST = 6.0, 26.0
"""Radius of a model whose memory is not known, and of the largest."""
_LINE = 16
"""Pixels between two names that would stand on each other."""
_LETTER = 7.2
"""Pixels of a letter of a name, about."""
_BASE = 4.0
"""Pixels from the middle of a line of text to its base."""
_COLUMNS, _ROWS = 56, 12
_NICE = (1, 2, 2.5, 5, 10)
_GIB = 1 << 30
_COLORS = ("#2f81f7", "#d9730d", "#2da44e", "#bf3989", "#8250df", "#b08800", "#1b7c83", "#cf222e")
_STYLE = """
.ground { fill: #ffffff; }
text { fill: #1f2328; font: 13px system-ui, sans-serif; }
.title { font-size: 16px; font-weight: 600; }
.quiet { fill: #59636e; font-size: 12px; }
.grid { stroke: #d1d9e0; stroke-width: 1; }
.axis { stroke: #59636e; stroke-width: 1; }
.dot { fill-opacity: 0.75; stroke: #ffffff; stroke-width: 1.5; }
@media (prefers-color-scheme: dark) {
  .ground { fill: #0d1117; }
  text { fill: #e6edf3; }
  .quiet { fill: #9198a1; }
  .grid { stroke: #2b3138; }
  .axis { stroke: #9198a1; }
  .dot { stroke: #0d1117; }
}
"""
_PAGE_STYLE = """
:root { color-scheme: light dark; }
body { margin: 2rem auto; max-width: 62rem; padding: 0 1rem; font: 15px system-ui, sans-serif;
  background: light-dark(#ffffff, #0d1117); color: light-dark(#1f2328, #e6edf3); }
svg { width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; margin-top: 1.5rem; }
th, td { padding: 0.35rem 0.6rem; text-align: right;
  border-bottom: 1px solid light-dark(#d1d9e0, #2b3138); }
th:first-child, td:first-child { text-align: left; }
.scroll { overflow-x: auto; }
"""


@dataclass(frozen=True)
class Point:
    """A model in the picture."""

    name: str
    quality: float
    """0…1."""
    speed: float
    """Tokens a second."""
    memory_bytes: int = 0
    """0 where it is not known."""


def svg(points: Sequence[Point]) -> str:
    """A file of its own."""
    most = _ceiling([point.speed for point in points])
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
            f'width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-labelledby="what">'
        ),
        '<title id="what">Quality of models against their speed</title>',
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" width="{_WIDTH}" height="{_HEIGHT}"/>',
        f'<text class="title" x="{_LEFT}" y="26">Quality of models against their speed</text>',
        _quiet(_LEFT, 44, "start", "Up and to the right is better. A larger dot: more memory."),
        *_axes(most),
        *_dots(points, most),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def page(points: Sequence[Point], headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The picture with a table of what it is made of, as one HTML file."""
    head = "".join(f"<th>{escape(each)}</th>" for each in headings)
    body = "\n".join(
        f"<tr>{''.join(f'<td>{escape(plain(cell, 80))}</td>' for cell in row)}</tr>" for row in rows
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Models compared</title>\n<style>{_PAGE_STYLE}</style>\n</head>\n<body>\n"
        f'{svg(points)}<div class="scroll">\n<table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody>\n</table>\n</div>\n</body>\n</html>\n"
    )


def characters(points: Sequence[Point]) -> list[str]:
    """The picture in a terminal: a letter for each model, explained below."""
    most = _ceiling([point.speed for point in points])
    field = [[" "] * _COLUMNS for _ in range(_ROWS)]
    legend: list[str] = []
    for number, point in enumerate(points[:26]):
        letter = chr(ord("A") + number)
        column = min(_COLUMNS - 1, int(point.speed / most * (_COLUMNS - 1)))
        row = _ROWS - 1 - min(_ROWS - 1, int(point.quality * (_ROWS - 1) + 0.5))
        while field[row][column] != " " and column + 1 < _COLUMNS:
            column += 1
        field[row][column] = letter
        legend.append(f"{letter} {plain(point.name, 60)}")
    lines = ["quality"]
    for number, cells in enumerate(field):
        share = 100 * (_ROWS - 1 - number) / (_ROWS - 1)
        label = f"{share:3.0f} %" if number in {0, _ROWS - 1} else "     "
        lines.append(f"{label} │{''.join(cells)}".rstrip())
    lines.append(f"      └{'─' * _COLUMNS}")
    scale = f"{most:g} tokens a second"
    lines.append(f"       0{scale:>{_COLUMNS - 1}}")
    return [*lines, *legend]


def _axes(most: float) -> list[str]:
    parts: list[str] = []
    for step in range(6):
        share = step / 5
        x, y = _x(share * most, most), _y(share)
        parts += [
            f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}"/>',
            _quiet(_LEFT - 8, y + 4, "end", f"{100 * share:.0f} %"),
            _quiet(x, _HEIGHT - _BOTTOM + 20, "middle", f"{share * most:g}"),
        ]
    middle = _LEFT + (_WIDTH - _LEFT - _RIGHT) / 2
    parts += [
        f'<path class="axis" d="M{_LEFT} {_y(0):.1f}H{_WIDTH - _RIGHT}"/>',
        _quiet(middle, _HEIGHT - 16, "middle", "tokens a second"),
        f'<g transform="translate(16 {_y(0.5):.1f}) rotate(-90)">',
        _quiet(0, 0, "middle", "quality"),
        "</g>",
    ]
    return parts


def _quiet(x: float, y: float, anchor: str, words: str) -> str:
    return f'<text class="quiet" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{words}</text>'


def _dots(points: Sequence[Point], most: float) -> list[str]:
    dots: list[str] = []
    names: list[str] = []
    placed = [(_x(p.speed, most), _y(p.quality), _radius(p, points)) for p in points]
    taken = [(x - radius, x + radius, y + _BASE) for x, y, radius in placed]
    for number, (point, (x, y, radius)) in enumerate(zip(points, placed, strict=True)):
        color = _COLORS[number % len(_COLORS)]
        name = plain(point.name, 60)
        told = f"{name}: quality {100 * point.quality:.0f} %, {point.speed:.1f} tokens a second"
        if point.memory_bytes:
            told += f", {point.memory_bytes / _GIB:.1f} GiB"
        dots.append(
            f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" '
            f'fill="{color}"><title>{escape(told)}</title></circle>'
        )
        begin, anchor, place = _beside(x, radius, name)
        down = _free(begin, y + _BASE, _wide(name), taken)
        # Where names had to make room, their colour says whose they are.
        mark = f'<tspan fill="{color}">\u25cf</tspan>'
        names.append(
            f'<text x="{place:.1f}" y="{down:.1f}" text-anchor="{anchor}">{mark} '
            f"{escape(name)}</text>"
        )
    return [*dots, *names]


def _beside(x: float, radius: float, name: str) -> tuple[float, str, float]:
    """Where a name begins, its anchor and the anchor's place: to the left where the right edge is
    too near.
    """
    width = _wide(name)
    if x + radius + 6 + width <= _WIDTH - 4:
        return x + radius + 6, "start", x + radius + 6
    return x - radius - 6 - width, "end", x - radius - 6


def _wide(name: str) -> float:
    """Pixels of a name with its mark, about."""
    return (len(name) + 2) * _LETTER


def _free(begin: float, y: float, width: float, taken: list[tuple[float, float, float]]) -> float:
    """The nearest height, from `y` on, at which a name stands on no other."""
    places = (y + sign * step * _LINE for step in range(len(taken) + 1) for sign in (1, -1))
    for place in places:
        clear = all(
            abs(place - other) >= _LINE or begin >= right or begin + width <= left
            for left, right, other in taken
        )
        if clear and _TOP <= place <= _HEIGHT - _BOTTOM:
            taken.append((begin, begin + width, place))
            return place
    taken.append((begin, begin + width, y))
    return y


def _radius(point: Point, points: Sequence[Point]) -> float:
    """By the square root of memory, so that the area is what is compared."""
    largest = max((each.memory_bytes for each in points), default=0)
    if not point.memory_bytes or not largest:
        return _LEAST
    return max(_LEAST, _MOST * math.sqrt(point.memory_bytes / largest))


def _x(speed: float, most: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * speed / most


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * share


def _ceiling(values: Sequence[float]) -> float:
    """The next round number above all of them, with room for a dot."""
    top = max([*values, 1.0]) * 1.1
    power = 10 ** math.floor(math.log10(top))
    return float(next((nice * power for nice in _NICE if nice * power >= top), 10 * power))
