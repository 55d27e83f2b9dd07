"""What is known about code without a model: its signature, its place, what was found in it."""

import re
from collections.abc import Sequence

from mirador_lsp.core.answers import Answer
from mirador_lsp.core.clean import plain
from mirador_lsp.core.findings import Finding, ranked
from mirador_lsp.core.outline import Outline, Symbol
from mirador_lsp.core.policy import INSTANT
from mirador_lsp.core.stations import stops
from mirador_lsp.engine.answers.harmless import code_span, harmless
from mirador_lsp.engine.answers.subject import Subject

_MOST_FINDINGS = 8
_MOST_NAMES = 8
_SEARCHED = 300_000
"""Characters in which uses of a name are looked for."""
_DOCSTRING = re.compile(r"\s*[rRuU]?(\"\"\"|'''|\"|')(.*?)\1", re.DOTALL)
_COMMENT = re.compile(r"^\s*(?:///?!?|/\*\*?|\*/?|#+!?|--+|;+|%+)\s?", re.MULTILINE)
_SENTENCE = re.compile(r"(.+?[.!?])(?:\s|$)", re.DOTALL)


def facts(subject: Subject, outline: Outline, findings: Sequence[Finding]) -> Answer:
    """The answer of the instant stage. It is sure of itself: nothing in it is a guess."""
    blocks = [_head(subject, outline), _said(subject), _shape(subject, outline)]
    blocks.append(_found(subject, findings))
    text = "\n\n".join(block for block in blocks if block)
    return Answer(text=text, stage=INSTANT, model="", confidence=1.0)


def _head(subject: Subject, outline: Outline) -> str:
    snapshot = subject.snapshot
    index = snapshot.lines
    if subject.kind == "file":
        language = snapshot.language or "unknown language"
        count = len(index) - (not index.line_text(len(index) - 1))
        return f"{code_span(snapshot.name)}: {language}, {_several(count, 'line')}" + (
            f"; {harmless(outline.note)}" if outline.note else ""
        )
    first = index.line_of(subject.span.start) + 1
    last = index.line_of(max(subject.span.end - 1, subject.span.start)) + 1
    where = f"line {first}" if first == last else f"lines {first} to {last}"
    if subject.symbol is None:
        return f"{where[0].upper()}{where[1:]} of {code_span(snapshot.name)}"
    header = snapshot.text[subject.symbol.header.start : subject.symbol.header.end]
    signature = code_span(plain(header, limit=300))
    return f"{signature}\n\n{subject.kind} {code_span(subject.name)}, {where}"


def _said(subject: Subject) -> str:
    """The first sentence of the symbol's own doc comment."""
    symbol = subject.symbol
    if symbol is None:
        return ""
    text = subject.snapshot.text
    above = text[symbol.span.start : symbol.header.start]
    below = text[symbol.header.end : min(symbol.span.end, symbol.header.end + 4000)]
    match = _DOCSTRING.match(below.removeprefix(":"))
    if match is not None and subject.snapshot.language == "python":
        said = match[2]
    else:
        lines = [line for line in above.splitlines() if _COMMENT.match(line)]
        said = _COMMENT.sub("", "\n".join(lines)).replace("*/", "")
    said = said.strip().split("\n\n")[0]
    sentence = _SENTENCE.match(said)
    return harmless(plain(sentence[1] if sentence else said, limit=300))


def _shape(subject: Subject, outline: Outline) -> str:
    """What a file or class defines; where else in the file a function is named."""
    symbol = subject.symbol
    if symbol is not None and symbol.kind != "class":
        users = _users(subject, outline, symbol)
        return f"Used by name in {_listed(users)}." if users else ""
    if symbol is None and subject.kind != "file":
        return ""
    inside = [
        other
        for other in outline.symbols
        if other is not symbol and (symbol is None or symbol.span.contains(other.span))
    ]
    skip = len(symbol.path) + 1 if symbol is not None else 0
    return f"Defines {_listed([other.path[skip:] for other in inside])}." if inside else ""


def _users(subject: Subject, outline: Outline, symbol: Symbol) -> list[str]:
    """Paths of the other symbols of the file in which the name is called, in their order."""
    name = symbol.path.rpartition(".")[2]
    if not re.fullmatch(r"\w+", name):
        return []
    users: dict[str, None] = {}
    for match in re.finditer(rf"\b{name}\s?\(", subject.snapshot.text[:_SEARCHED]):
        user = outline.symbol_at(match.start())
        if user and not symbol.span.start <= match.start() < symbol.span.end:
            users[user] = None
        if len(users) > _MOST_NAMES:
            break
    return list(users)


def _found(subject: Subject, findings: Sequence[Finding]) -> str:
    """The findings, worst first, each with who says so and how sure that is."""
    if not findings:
        return ""
    index = subject.snapshot.lines
    lines: list[str] = []
    for finding in ranked(list(findings))[:_MOST_FINDINGS]:
        lines.append(
            f"- {finding.severity.value}, line {index.line_of(finding.span.start) + 1}: "
            f"{harmless(finding.message)} ({code_span(finding.rule)}, "
            f"{finding.origin.stage} stage, confidence {finding.confidence:.2f})"
        )
        lines += _way(finding, subject)
    if len(findings) > _MOST_FINDINGS:
        lines.append(f"- and {len(findings) - _MOST_FINDINGS} more")
    return "\n".join(lines)


def _way(finding: Finding, subject: Subject) -> list[str]:
    """How data gets to where it does harm, a line for each place."""
    return [
        f"  - {stop.role}, {harmless(plain(stop.place, 200))}: {code_span(stop.quote)} "
        f"{harmless(stop.says)}"
        for stop in stops(finding, subject.snapshot)
    ]


def _listed(names: Sequence[str]) -> str:
    shown = [code_span(plain(name, limit=100)) for name in names[:_MOST_NAMES]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _several(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"
