"""What a hover says: everything known by now of the code under the pointer, in words."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mirador_lsp.core.answers import Answer
from mirador_lsp.core.clean import plain
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import ConfidenceBand, Finding, percent, ranked
from mirador_lsp.core.outline import Outline, Symbol
from mirador_lsp.core.stations import stops
from mirador_lsp.core.text import Span
from mirador_lsp.server import markdown
from mirador_lsp.server.client import Client
from mirador_lsp.server.stations import way_of

_MOST_FINDINGS = 5
_LONGEST_SIGNATURE = 600
_LONGEST_ANSWER = 4000
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Hovered:
    """What is under the pointer."""

    symbol: Symbol | None
    """The one that the word there names or, where it names none, the one around it."""
    findings: tuple[Finding, ...]
    """On the place or, where the symbol itself is meant, anywhere in it; worst first."""
    span: Span | None
    """What the words are about."""


def hovered(
    snapshot: Snapshot, outline: Outline | None, offset: int, shown: tuple[Finding, ...]
) -> Hovered:
    """What is at `offset` of the text. Nothing where there is neither a word nor a finding."""
    here = Span(offset, offset)
    findings = tuple(ranked([f for f in shown if f.span.overlaps(here)]))
    word = _word_at(snapshot, offset)
    if outline is None or (word is None and not findings):
        return Hovered(None, findings, findings[0].span if findings else word)
    named = _named(snapshot, outline, word)
    around = outline.innermost(offset)
    symbol = named if named is not None else around
    if symbol is None:
        return Hovered(None, findings, findings[0].span if findings else None)
    if named is not None or symbol.header.contains(here):
        findings = tuple(ranked([f for f in shown if f.span.overlaps(symbol.span)]))
        return Hovered(symbol, findings, word)
    return Hovered(symbol, findings, findings[0].span if findings else word)


def in_markdown(what: Hovered, snapshot: Snapshot, answer: Answer | None, client: Client) -> str:
    """The hover for a client that renders Markdown; "" when nothing is known."""
    parts: list[str] = []
    symbol, html = what.symbol, client.html_hover
    if symbol is not None:
        parts.append(markdown.block(_signature(snapshot, symbol), snapshot.language))
        parts.append(f"{markdown.words(symbol.kind)} {markdown.code(symbol.path)}")
    parts += [_finding(f, snapshot, html=html) for f in what.findings[:_MOST_FINDINGS]]
    if (rest := len(what.findings) - _MOST_FINDINGS) > 0:
        parts.append(f"… and {rest} more findings")
    if answer is not None:
        sure = markdown.sureness(answer.confidence, html=html)
        head = f"**Explanation** — {_by(answer.stage, answer.model, markdown.words)}, {sure}"
        parts.append(f"{head}\n\n{markdown.answer(answer.text[:_LONGEST_ANSWER])}")
    parts += [_more(what, snapshot, answer, client)] if parts else []
    return "\n\n".join(part for part in parts if part)


def in_plain_text(what: Hovered, snapshot: Snapshot, answer: Answer | None) -> str:
    """The same without markup."""
    return "\n\n".join(_plain_parts(what, snapshot, answer))


def _plain_parts(what: Hovered, snapshot: Snapshot, answer: Answer | None) -> Iterator[str]:
    symbol = what.symbol
    if symbol is not None:
        yield f"{_signature(snapshot, symbol)}\n{symbol.kind} {plain(symbol.path)}"
    for finding in what.findings[:_MOST_FINDINGS]:
        by = _by(finding.origin.stage, finding.origin.tool, plain)
        said = f"{finding.severity.value}: {plain(finding.message)} ({by}, {_sure(finding)})"
        way = [f"  {stop.role} {stop.place}: {stop.says}" for stop in stops(finding, snapshot)]
        yield "\n".join([said, *way])
    if len(what.findings) > _MOST_FINDINGS:
        yield f"… and {len(what.findings) - _MOST_FINDINGS} more findings"
    if answer is not None:
        by = _by(answer.stage, answer.model, plain)
        yield f"Explanation ({by}, {_sure(answer)}):\n{answer.text[:_LONGEST_ANSWER]}"
    if symbol is not None:
        yield _hint(answer)


def _finding(finding: Finding, snapshot: Snapshot, *, html: bool) -> str:
    by = _by(finding.origin.stage, finding.origin.tool, markdown.words)
    sure = markdown.sureness(finding.confidence, html=html)
    said = (
        f"**{finding.severity.value}** {markdown.words(finding.message)} — "
        f"{markdown.code(finding.rule)}, {by}, {sure}"
    )
    return "\n".join([said, *(["", *way] if (way := way_of(finding, snapshot)) else [])])


def _more(what: Hovered, snapshot: Snapshot, answer: Answer | None, client: Client) -> str:
    """How to hear more: a link where the client runs it, else the name of the code action."""
    if what.symbol is None and not what.findings:
        return ""
    if not client.command_links:
        return f"_{markdown.words(_hint(answer))}_"
    start = what.symbol.header.start if what.symbol is not None else what.findings[0].span.start
    line, character = snapshot.lines.position(start, client.encoding)
    place = {"line": line, "character": character}
    about = {"uri": snapshot.uri, "position": place}
    title = "Explain again, with every stage" if answer is not None else "Explain"
    links = [
        markdown.link(title, "mirador.explain", about),
        markdown.link("Ask about it", "mirador.ask", about),
    ]
    return " · ".join(links)


def _hint(answer: Answer | None) -> str:
    more = "for more" if answer is not None else "for an explanation"
    return f"Code action “Explain …” {more}."


def _by(stage: str, model: str, safe: Callable[[str], str]) -> str:
    return ", ".join(safe(part) for part in (stage, model) if part)


def _sure(said: Finding | Answer) -> str:
    return f"{ConfidenceBand.of(said.confidence).value}, {percent(said.confidence)} %"


def _signature(snapshot: Snapshot, symbol: Symbol) -> str:
    """The header as it stands, indentation of its first line left out."""
    header = snapshot.text[symbol.header.start : symbol.header.end].rstrip()
    start = symbol.header.start
    indent = start - snapshot.lines.line_span(snapshot.lines.line_of(start)).start
    lines = header[:_LONGEST_SIGNATURE].replace("\r\n", "\n").split("\n")
    return "\n".join([lines[0], *(_dedent(line, indent) for line in lines[1:])])


def _dedent(line: str, most: int) -> str:
    blanks = len(line) - len(line.lstrip(" \t"))
    return line[min(blanks, most) :]


def _word_at(snapshot: Snapshot, offset: int) -> Span | None:
    line = snapshot.lines.line_span(snapshot.lines.line_of(offset))
    # A line of machine length is looked at near the pointer only.
    start, end = max(line.start, offset - 200), min(line.end, offset + 200)
    for match in _WORD.finditer(snapshot.text, start, end):
        if match.start() <= offset <= match.end():
            return Span(match.start(), match.end())
    return None


def _named(snapshot: Snapshot, outline: Outline, word: Span | None) -> Symbol | None:
    """The one symbol of this file whose name is under the pointer, where it looks like a use of it:
    a call, a member or a class. A variable of the same name is something else.
    """
    if word is None:
        return None
    text = snapshot.text
    name = text[word.start : word.end]
    fitting = [
        s for s in outline.symbols if s.path.endswith(name) and s.path.rpartition(".")[2] == name
    ]
    if len(fitting) != 1:
        return None
    symbol = fitting[0]
    used = text[word.end : word.end + 1] == "(" or text[word.start - 1 : word.start] == "."
    meant = used or symbol.kind == "class" or symbol.header.contains(word)
    return symbol if meant else None
