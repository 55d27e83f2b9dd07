"""What may matter for a place of a text without a syntax tree: lines that share its words."""

import re

from mirador_lsp.core.retrieval import Slice
from mirador_lsp.syntax.parser import Parsed

_WORD = re.compile(r"[^\W\d]\w+")
_NEAR = 60
_MOST = 40
_LONG_LINE = 500


def lines_by_words(parsed: Parsed, first: int, last: int) -> Slice:
    """The lines first…last, and those nearby that share a word with them, the nearest first."""
    last = min(last, first + _MOST)
    wanted: set[str] = set()
    for line in range(first, last + 1):
        wanted |= _words(parsed, line)
    low, high = max(0, first - _NEAR), min(len(parsed.lines) - 1, last + _NEAR)
    near = [line for line in range(low, high + 1) if not first <= line <= last]
    near.sort(key=lambda line: min(abs(line - first), abs(line - last)))
    sharing = [line for line in near if wanted & _words(parsed, line)][:_MOST]
    return Slice(tuple(sorted({*range(first, last + 1), *sharing})), (), complete=False)


def _words(parsed: Parsed, line: int) -> set[str]:
    return set(_WORD.findall(parsed.lines.line_text(line)[:_LONG_LINE]))
