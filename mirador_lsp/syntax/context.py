"""What stands around a unit, in few words: imports, the classes it is in, signatures beside it."""

from functools import cached_property

from mirador_lsp.core.clean import plain
from mirador_lsp.core.text import Span
from mirador_lsp.syntax.parser import Parsed
from mirador_lsp.syntax.structure import Structure

MAX_CONTEXT = 600
"""Code points a context may have."""

_MAX_IMPORTS = 200
_MAX_LINE = 100
_INDENT = "    "


class Surroundings:
    """Writes the contexts of one text."""

    def __init__(self, parsed: Parsed, structure: Structure) -> None:
        self._parsed = parsed
        self._structure = structure
        self._headers: dict[int, str] = {}
        self._beside: dict[int, list[int]] = {}
        self._places: list[int] = []
        for index, each in enumerate(structure.definitions):
            beside = self._beside.setdefault(each.parent, [])
            self._places.append(len(beside))
            beside.append(index)

    def of(self, owner: int) -> str:
        """The context of the unit of definition `owner`; -1 is the module."""
        definitions = self._structure.definitions
        outer: list[int] = []
        parent = definitions[owner].parent if owner >= 0 else -1
        while parent >= 0:
            outer.append(parent)
            parent = definitions[parent].parent
        outer.reverse()
        shown = {index: depth for depth, index in enumerate(outer)}
        own = self._header(owner) if owner >= 0 else ""
        room = MAX_CONTEXT - len(self._imports) - len(own)
        for index, depth in shown.items():
            room -= len(self._header(index)) + len(_INDENT) * depth + 1
        for index in self._nearest(owner):
            folded = len(self._header(index)) + len(_INDENT) * len(outer) + 3
            if folded > room:
                break
            room -= folded
            shown[index] = len(outer) + (owner >= 0 and definitions[index].parent == owner)
        if owner >= 0:
            shown[owner] = len(outer)
        return self._written(shown, folded=set(shown) - set(outer) - {owner})

    def _written(self, shown: dict[int, int], *, folded: set[int]) -> str:
        lines = [self._imports] if self._imports else []
        for index in sorted(shown):
            mark = " …" if index in folded else ""
            lines.append(_INDENT * shown[index] + self._header(index) + mark)
        return _fitting(lines)

    def _nearest(self, owner: int) -> list[int]:
        """What to fold in, nearest first: a class's or the module's own definitions, else those
        beside a function.
        """
        definitions = self._structure.definitions
        if owner < 0 or definitions[owner].kind == "class":
            return self._beside.get(owner, [])[:24]
        beside = self._beside[definitions[owner].parent]
        place = self._places[owner]
        near = range(max(0, place - 12), min(len(beside), place + 13))
        return [beside[at] for at in sorted(near, key=lambda at: abs(at - place)) if at != place]

    def _header(self, index: int) -> str:
        if index not in self._headers:
            header = self._structure.definitions[index].header
            self._headers[index] = self._line(header)
        return self._headers[index]

    @cached_property
    def _imports(self) -> str:
        lines: list[str] = []
        room = _MAX_IMPORTS
        for span in self._structure.imports:
            line = self._line(span)
            if len(line) + 1 > room:
                lines.append("…")
                break
            room -= len(line) + 1
            lines.append(line)
        return "\n".join(lines)

    def _line(self, span: Span) -> str:
        return plain(self._parsed.text[span.start : min(span.end, span.start + 400)], _MAX_LINE)


def _fitting(lines: list[str]) -> str:
    """As many of the lines as fit; outermost things come first and so stay."""
    text = "\n".join(lines)
    while len(text) > MAX_CONTEXT:
        lines = lines[:-1]
        text = "\n".join(lines)
    return text
