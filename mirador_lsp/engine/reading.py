"""The only place that reads model text: what does not hold is dropped, with a reason."""

import re
from dataclasses import dataclass
from enum import StrEnum

from mirador_lsp.core.clean import plain
from mirador_lsp.core.findings import Lens
from mirador_lsp.core.text import Span
from mirador_lsp.engine.grammar import quote_of
from mirador_lsp.engine.units import ShownUnit

_LINE = re.compile(r"^- ?([a-z]{2,12}): ?(.{4,400}?) ?Code: ?`(.{1,200})`$")
_NOTHING = re.compile(
    r"^(?:none\b|nothing\b|no\b|there (?:is|are) no\b"
    r"|the (?:code|function|line) (?:does not|doesn't) (?:have|contain|use) any\b"
    r"|o\((?:1|n)\)(?!.*o\(n\W?2))",
    re.IGNORECASE,
)
"""Claims that there is no defect. Linear and constant time are not defects either."""
_BEGINNING = re.compile(r"^- ?[a-z]{2,12}: ?(.{24,})", re.DOTALL)
_SENTENCE = re.compile(r"[.!?](?=\s|$)")
_LONGEST_LINE = 1000
_FEWEST_WORDS = 4
"""Fewer name a kind of defect ("Repeated work."), but not this one."""


class Reject(StrEnum):
    """Why a line of a reply was dropped."""

    FORMAT = "does not follow the format"
    LENS = "speaks of something that was not asked"
    QUOTE = "quotes code that is not there"
    EMPTY = "names no defect"
    REPEATED = "says the same again"
    EXCESS = "names more than was asked for"


@dataclass(frozen=True)
class Claim:
    """One thing a model says about one place, checked against the code it was shown."""

    lens: Lens
    message: str
    span: Span
    """The quoted line in the document, without indentation."""
    quote: str


def read_line(line: str, shown: ShownUnit, lenses: tuple[Lens, ...]) -> Claim | Reject | None:
    """What one line of a reply says; None for a line that says nothing by right."""
    line = line.strip()
    if not line or line.rstrip(".").lower() in {"no defects", "none"}:
        return None
    if is_hopeless(line):
        return Reject.EMPTY
    match = _LINE.match(line[:_LONGEST_LINE])
    return Reject.FORMAT if match is None else _read_claim(match, shown, lenses)


def _read_claim(match: re.Match[str], shown: ShownUnit, lenses: tuple[Lens, ...]) -> Claim | Reject:
    name, message, quote = match.groups()
    if name not in lenses:
        return Reject.LENS
    message = plain(_whole_sentences(message.split("Code:")[0]))
    if len(message.split()) < _FEWEST_WORDS or _NOTHING.match(message):
        return Reject.EMPTY
    place = _find(quote, shown)
    if place is None:
        return Reject.QUOTE
    span, text = place
    return Claim(lens=Lens(name), message=message, span=span, quote=plain(text, limit=200))


def is_hopeless(beginning: str) -> bool:
    """Whether a line that begins so can only say, in the form of a finding, that there is none."""
    match = _BEGINNING.match(beginning[:_LONGEST_LINE])
    return match is not None and _NOTHING.match(match[1]) is not None


def _find(quote: str, shown: ShownUnit) -> tuple[Span, str] | None:
    wanted = _squeezed(quote)
    if len(wanted) < 3:
        return None
    for span, text in shown.lines:
        if _squeezed(quote_of(text)) == wanted:
            return _stripped(span, text), text.strip()
    for span, text in shown.lines:
        if len(wanted) >= 8 and wanted in _squeezed(text):
            return _stripped(span, text), text.strip()
    return None


def _stripped(span: Span, text: str) -> Span:
    indent = len(text) - len(text.lstrip())
    return Span(span.start + indent, span.start + len(text.rstrip()))


def _squeezed(text: str) -> str:
    return "".join(text.split()).replace("`", "")


def _whole_sentences(message: str) -> str:
    """`message` without a last sentence that was cut off by the length limit."""
    ends = [match.end() for match in _SENTENCE.finditer(message)]
    if ends and ends[-1] < len(message.rstrip()):
        return message[: ends[-1]]
    return message.strip() if ends else message.strip().rstrip(",;:") + "."


def read_number(reply: str, most: int) -> int | None:
    """The number a reply begins with; None where it is none from 1 to `most`."""
    match = re.match(r"\s*(\d{1,2})\b", reply)
    if match is None or not 1 <= int(match[1]) <= most:
        return None
    return int(match[1])
