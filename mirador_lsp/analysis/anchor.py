"""Where a finding stands: a span people can see, its quote, and an identity that survives edits."""

import re
from collections import Counter
from dataclasses import dataclass, field

from mirador_lsp.core.clean import stream_safe
from mirador_lsp.core.findings import fingerprint
from mirador_lsp.core.text import LineIndex, Span

_QUOTE_LIMIT = 200
_LINE_END = re.compile(r"[\r\n]")


@dataclass(frozen=True)
class Anchor:
    """A place in the text, fit to be shown."""

    span: Span
    quote: str
    """The first line of the span, invisible characters left out, at most 200 characters."""
    lines: str
    """The lines the span touches, at most five: what the identity is made of."""


def anchored(text: str, lines: LineIndex, span: Span) -> Anchor:
    """The anchor of `span`, which is clamped to the text.

    A span that starts on white space or shows nothing (a parser's "something is missing here") is
    moved to visible code of its line, so that an editor has something to underline.
    """
    start, end = min(span.start, len(text)), min(span.end, len(text))
    while start < end and text[start].isspace():
        start += 1
    if not stream_safe(text[start : min(end, start + _QUOTE_LIMIT)]).strip():
        start, end = _visible_line(text, lines, span.start)
    touched = lines.touched(Span(start, end))
    head = _LINE_END.split(text[start : min(end, start + _QUOTE_LIMIT)], maxsplit=1)[0]
    return Anchor(Span(start, end), stream_safe(head), touched)


def _visible_line(text: str, lines: LineIndex, offset: int) -> tuple[int, int]:
    line = lines.line_span(lines.line_of(offset))
    content = text[line.start : line.end]
    if not content.strip():
        return line.start, line.start
    start = line.start + len(content) - len(content.lstrip())
    return start, line.start + len(content.rstrip())


@dataclass
class Identities:
    """Hands out the ids of one analysis; ask in the order of the text.

    Analyzers do not know the symbol around a place in every case, so it is "" unless given; two
    equal lines in one file are then told apart by their order.
    """

    _seen: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def of(self, rule: str, anchor: Anchor, symbol: str = "") -> str:
        """The id of a finding of `rule` at `anchor`."""
        key = (rule, re.sub(r"\s+", "", anchor.lines), symbol)
        occurrence = self._seen[key]
        self._seen[key] += 1
        return fingerprint(rule, anchor.lines, symbol, occurrence)
