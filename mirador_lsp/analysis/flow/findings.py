"""Flows as findings of a review."""

from dataclasses import dataclass

from mirador_lsp.analysis.anchor import Identities, anchored
from mirador_lsp.analysis.flow.contract import Budget, Flow, Modules, Place
from mirador_lsp.analysis.flow.help_page import help_uri
from mirador_lsp.analysis.flow.knowledge import Topic, load_knowledge, load_topics
from mirador_lsp.analysis.flow.running import analyse
from mirador_lsp.core.clean import plain
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.findings import Finding, Lens, Origin, Severity, Station
from mirador_lsp.core.knowledge import KnowledgeFile
from mirador_lsp.core.policy import INSTANT
from mirador_lsp.core.ports import Analysis
from mirador_lsp.core.text import Span
from mirador_lsp.syntax.lowering import lower
from mirador_lsp.syntax.parser import Parsed

NAME = "flow"
_WEAK = 0.93
"""How much of the confidence is left where anybody may fill the source, and perhaps nobody does."""
_GUESSED = 0.85
"""And where a call on the way was not known."""
_MILDER = {
    Severity.ERROR: Severity.WARNING,
    Severity.WARNING: Severity.INFORMATION,
    Severity.INFORMATION: Severity.HINT,
    Severity.HINT: Severity.HINT,
}


def look(
    parsed: Parsed,
    budget: Budget | None = None,
    modules: Modules | None = None,
    own: tuple[KnowledgeFile, ...] = (),
) -> Analysis:
    """What flows where in a parsed text. Never raises for what the text holds.

    `own` is the user's knowledge of libraries, files that can be used.
    """
    program = lower(parsed)
    if program is None or parsed.tree is None:
        return Analysis(())
    found = analyse(program, load_knowledge(parsed.language, own), budget or Budget(), modules)
    topics = load_topics()
    identities = Identities()
    told = [flow for flow in found.flows if not flow.weak or topics[flow.kind].weak]
    findings = [
        _finding(flow, topics[flow.kind], _Texts(parsed, modules), identities)
        for flow in _one_each([flow for flow in told if _concerns(flow)])
    ]
    notes = (*found.notes, *found.abroad)
    notices = [Notice(NoticeKind.TRUNCATED, f"{n}.", stage=INSTANT) for n in notes]
    return Analysis(tuple(findings), tuple(notices), found.cleared)


def _concerns(flow: Flow) -> bool:
    """Whether a flow is to be told in the analysed file.

    Where the sink is in another one, only if what flows surely comes from outside and comes through
    here: all else is told there, where it is as sure.
    """
    if not flow.sink.file:
        return True
    here = any(not place.file for place in (flow.source, *flow.steps))
    return here and not flow.weak and flow.call is not None


def _shown_at(flow: Flow) -> Span:
    """The place of the analysed file that a flow is told at: its sink, or the call that leads to
    it.
    """
    return flow.call.span if flow.call is not None else flow.sink.span


@dataclass(frozen=True)
class _Texts:
    """The analysed file, and those around it."""

    parsed: Parsed
    modules: Modules | None


def _one_each(flows: list[Flow]) -> list[Flow]:
    """Of several sources that reach one sink the best one."""
    best: dict[tuple[object, ...], Flow] = {}
    for flow in flows:
        key = (_shown_at(flow), flow.kind)
        held = best.get(key)
        if held is None or _order(flow) < _order(held):
            best[key] = flow
    return sorted(best.values(), key=lambda flow: (_shown_at(flow), flow.kind))


def _order(flow: Flow) -> tuple[bool, bool, int]:
    return flow.weak, not flow.certain, len(flow.steps)


def _finding(flow: Flow, topic: Topic, texts: _Texts, identities: Identities) -> Finding:
    anchor = anchored(texts.parsed.text, texts.parsed.lines, _shown_at(flow))
    rule = f"{NAME}/{topic.id}"
    confidence = topic.confidence
    confidence *= _WEAK if flow.weak else 1.0
    confidence *= 1.0 if flow.certain else _GUESSED
    what = flow.what[:1].upper() + flow.what[1:]
    where = f" in {flow.sink.file}" if flow.sink.file else ""
    return Finding(
        id=identities.of(rule, anchor),
        rule=rule,
        lens=Lens.SECURITY,
        severity=_MILDER[topic.severity] if flow.weak else topic.severity,
        message=plain(f"{what} reaches {flow.into or topic.into}{where} as it is.", 600),
        span=anchor.span,
        confidence=round(confidence, 3),
        origin=Origin(INSTANT, NAME),
        quote=anchor.quote,
        help_uri=help_uri(topic.id),
        cwe=topic.cwe,
        stations=tuple(_station(each, texts) for each in (flow.source, *flow.steps, flow.sink)),
    )


def _station(place: Place, texts: _Texts) -> Station:
    parsed = texts.parsed
    if place.file and texts.modules is not None:
        number, quote = texts.modules.line(place.file, place.span.start)
        says, quote = plain(place.says, 200), plain(quote, 200)
        return Station(place.span, says, quote, name=place.file, line=number)
    line = parsed.lines.line_span(parsed.lines.line_of(min(place.span.start, len(parsed.text))))
    quote = plain(parsed.text[line.start : line.end].strip(), 200)
    return Station(place.span, plain(place.says, 200), quote)
