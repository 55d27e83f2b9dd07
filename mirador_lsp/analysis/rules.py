"""The analyzer "rules", without its process: packaged rules put to one parsed file.

Everything here is a pure function of the text. A rule says how it looks (`rule_files.Kind`); this
file turns what it sees into findings, bounded in number and in time, and says what was left out.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Final

from mirador_lsp.analysis import characters
from mirador_lsp.analysis.anchor import Anchor, Identities, anchored
from mirador_lsp.analysis.bounds import MOST, not_listed
from mirador_lsp.analysis.matching import bare, holds, unquoted
from mirador_lsp.analysis.rule_files import Form, Rule, load_rules
from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.findings import Finding, Origin
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.policy import INSTANT
from mirador_lsp.core.ports import Analysis
from mirador_lsp.core.text import Span
from mirador_lsp.syntax.parser import Parsed
from mirador_lsp.syntax.queries import matches
from mirador_lsp.syntax.shape import FunctionShape, functions

__all__ = ["Rule", "find", "help_uri", "load_rules", "look"]

_MOST_SEEN: Final = 5_000
_NAME_LIMIT: Final = 120
_SECONDS: Final = 3.0
"""Processor time for all rules on one file."""
_FIELD: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class _Hit:
    """A place where a rule holds, and what its message may name."""

    span: Span
    names: Mapping[str, str]


@dataclass(frozen=True)
class _Ground:
    """What a search looks at."""

    parsed: Parsed
    end: float
    """Processor time of this thread at which to stop."""

    def mentions(self, words: tuple[str, ...]) -> bool:
        """Whether the text has one of the words, in any case; no words are always mentioned."""
        return not words or any(word in self._lower for word in words)

    @cached_property
    def _lower(self) -> str:
        return self.parsed.text.lower()

    @cached_property
    def functions(self) -> tuple[FunctionShape, ...]:
        """The functions of the text and their sizes."""
        return functions(self.parsed)


def find(parsed: Parsed, outline: Outline, rules: tuple[Rule, ...]) -> tuple[Finding, ...]:
    """The findings of `look`, in the order of the text, without its notices."""
    return look(parsed, outline, rules).findings


def look(parsed: Parsed, outline: Outline, rules: tuple[Rule, ...]) -> Analysis:
    """Put every rule that fits to a parsed file. Never raises for what the text holds.

    A text without a tree is still searched by the rules that need none. At most `MOST` findings of
    a rule are listed; what is over, and rules that took too long, are told in notices.
    """
    ground = _Ground(parsed, time.thread_time() + _SECONDS)
    found: list[tuple[Rule, _Hit]] = []
    notices: list[Notice] = []
    for rule in rules:
        try:
            hits = _hits(rule, ground)
        except AnalyzerError as error:
            message = f"The rule {rule.id} was not applied to all of the file: {error}"
            notices.append(Notice(NoticeKind.SKIPPED, message, stage=INSTANT))
            continue
        found += [(rule, hit) for hit in hits[:MOST]]
        notices += not_listed(f"rules/{rule.id}", len(hits))
    placed = [(anchored(parsed.text, parsed.lines, hit.span), rule, hit) for rule, hit in found]
    placed.sort(key=lambda each: (each[0].span, each[1].id, each[2].span))
    identities = Identities()
    findings: list[Finding] = []
    for anchor, rule, hit in placed:
        symbol = outline.symbol_at(anchor.span.start)
        identity = identities.of(f"rules/{rule.id}", anchor, symbol)
        findings.append(_finding(rule, hit, anchor, symbol, identity))
    return Analysis(tuple(findings), tuple(notices))


def help_uri(rule_id: str) -> str:
    """Where the packaged help text of a rule is: a `file:` URI with the rule as its fragment."""
    path = Path(str(resources.files(__package__).joinpath("rules.md")))
    return f"{path.resolve().as_uri()}#{rule_id}"


def _finding(rule: Rule, hit: _Hit, anchor: Anchor, symbol: str, identity: str) -> Finding:
    return Finding(
        id=identity,
        rule=f"rules/{rule.id}",
        lens=rule.file.lens,
        severity=rule.file.severity,
        message=_message(rule, hit),
        span=anchor.span,
        confidence=rule.file.confidence,
        origin=Origin(stage=INSTANT, tool="rules"),
        symbol=symbol,
        quote=anchor.quote,
        help_uri=help_uri(rule.id),
        cwe=rule.file.cwe,
    )


def _message(rule: Rule, hit: _Hit) -> str:
    def fill(match: re.Match[str]) -> str:
        name = hit.names.get(match[1], "")
        return plain(bare(name) or name, _NAME_LIMIT) or "it"

    return plain(_FIELD.sub(fill, rule.file.message))


def _hits(rule: Rule, ground: _Ground) -> list[_Hit]:
    """Where the rule holds, in the order of the text. Raises `AnalyzerError` out of time."""
    forms = rule.forms_for(ground.parsed.language)
    if not forms or not ground.mentions(rule.file.needs):
        return []
    search = _KINDS[rule.file.kind]
    hits: dict[Span, _Hit] = {}
    for form in forms:
        for hit in search(rule, form, ground):
            hits.setdefault(hit.span, hit)
            if len(hits) >= _MOST_SEEN:
                break
    ordered = sorted(hits.values(), key=lambda hit: hit.span)
    return ordered if rule.file.nested == "all" else _sifted(ordered, rule.file.nested)


def _sifted(hits: list[_Hit], keep: str) -> list[_Hit]:
    """`hits` in order without those that lie in ("outer"), or hold ("inner"), another one."""
    kept: list[_Hit] = []
    for hit in sorted(hits, key=lambda h: (h.span.start, -h.span.end)):
        if kept and kept[-1].span.contains(hit.span):
            if keep == "outer":
                continue
            while kept and kept[-1].span.contains(hit.span):
                kept.pop()
        kept.append(hit)
    return kept


def _by_query(rule: Rule, form: Form, ground: _Ground) -> Iterator[_Hit]:
    text = ground.parsed.text
    for spans in _captures(form, ground):
        if "finding" in spans and holds(form, text, spans):
            names = {name: text[s.start : min(s.end, s.start + 200)] for name, s in spans.items()}
            yield _Hit(_narrowed(rule, text, spans["finding"]), names)


def _captures(form: Form, ground: _Ground) -> Iterator[dict[str, Span]]:
    left = ground.end - time.thread_time()
    if left <= 0:
        message = "the time for all rules was used up"
        raise AnalyzerError(message)
    query = form.query(ground.parsed.language)
    for match in matches(ground.parsed, query, budget_seconds=left):
        yield {name: nodes[0].span for name, nodes in match.captures.items() if nodes}


def _narrowed(rule: Rule, text: str, span: Span) -> Span:
    if rule.narrow is None or (match := rule.narrow.search(text, span.start, span.end)) is None:
        return span
    return Span(*match.span())


def _by_pattern(_rule: Rule, form: Form, ground: _Ground) -> Iterator[_Hit]:
    for match in form.pattern.finditer(ground.parsed.text):
        span = Span(*match.span())
        if holds(form, ground.parsed.text, {"finding": span}):
            yield _Hit(span, {"finding": match.group()})


def _by_hidden(_rule: Rule, _form: Form, ground: _Ground) -> Iterator[_Hit]:
    yield from _by_line(ground, characters.hidden(ground.parsed.text))


def _by_control(_rule: Rule, _form: Form, ground: _Ground) -> Iterator[_Hit]:
    yield from _by_line(ground, characters.controls(ground.parsed.text))


def _by_line(ground: _Ground, found: Iterator[characters.Place]) -> Iterator[_Hit]:
    """One hit a line, because a line with one such character often has many."""
    lines: dict[int, list[characters.Place]] = {}
    for place in found:
        lines.setdefault(ground.parsed.lines.line_of(place.span.start), []).append(place)
    for places in lines.values():
        names = characters.named([char for place in places for char in place.characters])
        yield _Hit(Span(places[0].span.start, places[-1].span.end), {"characters": names})


def _by_mixed(_rule: Rule, _form: Form, ground: _Ground) -> Iterator[_Hit]:
    for place in characters.mixed(ground.parsed.text):
        yield _Hit(place.span, {"characters": characters.named(place.characters)})


def _by_length(rule: Rule, _form: Form, ground: _Ground) -> Iterator[_Hit]:
    for each in ground.functions:
        if each.lines > rule.file.limit:
            yield _Hit(each.header, {"name": each.path, "size": str(each.lines)})


def _by_nesting(rule: Rule, _form: Form, ground: _Ground) -> Iterator[_Hit]:
    for each in ground.functions:
        if each.max_depth > rule.file.limit:
            yield _Hit(each.header, {"name": each.path, "depth": str(each.max_depth)})


def _by_repetition(_rule: Rule, form: Form, ground: _Ground) -> Iterator[_Hit]:
    seen: set[tuple[Span, str]] = set()
    text = ground.parsed.text
    for spans in _captures(form, ground):
        if not holds(form, text, spans):
            continue
        scope, key = spans["scope"], spans["key"]
        name = unquoted(text[key.start : key.end])
        if (scope, name) in seen:
            yield _Hit(key, {"key": name})
        seen.add((scope, name))


_KINDS: Final[Mapping[str, Callable[[Rule, Form, _Ground], Iterator[_Hit]]]] = MappingProxyType(
    {
        "query": _by_query,
        "pattern": _by_pattern,
        "hidden": _by_hidden,
        "control": _by_control,
        "mixed": _by_mixed,
        "length": _by_length,
        "nesting": _by_nesting,
        "repeated": _by_repetition,
    }
)
