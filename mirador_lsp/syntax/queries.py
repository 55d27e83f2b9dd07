"""Tree-sitter queries over a parsed text, answered with plain values and without silent losses.

A query cursor holds at most 65,535 matches in progress; beyond that it drops matches and says
nothing, and it slows down with the square of their number. So a tree is searched in pages of a
bounded depth: each page finds the matches that begin in its levels, and goes below them only as far
as those matches reach.
"""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from mirador_lsp.core.errors import AnalyzerError, UserError
from mirador_lsp.core.text import Span
from mirador_lsp.syntax.languages import LANGUAGES
from mirador_lsp.syntax.pages import PAGE_DEPTH
from mirador_lsp.syntax.parser import Parsed, grammar

if TYPE_CHECKING:
    import tree_sitter

MAX_NODE_TEXT = 2_000
"""How many code points of a node's text are kept."""

_REPEAT_LIMIT = 65_000
_PREDICATES = frozenset(
    (
        *("eq?", "not-eq?", "any-eq?", "any-not-eq?"),
        *("match?", "not-match?", "any-match?", "any-not-match?", "any-of?"),
    )
)
"""`not-any-of?` is missing on purpose: the binding lets everything through for several values."""

_NOISE = re.compile(r'"(?:\\.|[^"\\])*"|;[^\n]*')
_PREDICATE = re.compile(r"#([\w-]+[?!]?)")


@dataclass(frozen=True)
class Node:
    """A piece of the syntax tree, as a value."""

    kind: str
    """The grammar's name for it: "call_expression"."""
    span: Span
    text: str
    """Its source, at most `MAX_NODE_TEXT` code points of it."""


@dataclass(frozen=True)
class Match:
    """One place where a pattern holds."""

    pattern: int
    """Which pattern of the query, from 0."""
    captures: Mapping[str, tuple[Node, ...]]
    """The captured nodes by capture name, in the order of the text."""

    @cached_property
    def span(self) -> Span:
        """From the first captured node to the end of the last."""
        nodes = [node.span for captured in self.captures.values() for node in captured]
        return Span(min(each.start for each in nodes), max(each.end for each in nodes))


@dataclass(frozen=True, eq=False)
class CompiledQuery:
    """A query checked against one language's grammar. Made by `compile_query`."""

    language: str
    source: str
    query: "tree_sitter.Query" = field(repr=False)
    """Opaque outside this room."""
    repeats: bool
    """Whether a capture may hold many nodes of one match."""


@dataclass(frozen=True)
class RawMatch:
    """A match with the parser's own nodes, for this room only."""

    pattern: int
    captures: "Mapping[str, list[tree_sitter.Node]]"


@lru_cache(maxsize=1024)
def compile_query(language: str, source: str) -> CompiledQuery:
    """Check and compile `source` for `language`. Compiled queries are remembered.

    Supported predicates: `eq? not-eq? any-eq? any-not-eq? match? not-match? any-match?
    any-not-match? any-of?`; the binding would ignore others, so they are refused.
    Raises `UserError` when the language has no parser or the query does not fit its grammar.
    """
    from tree_sitter import Query, QueryError  # noqa: PLC0415 — loaded only by who parses

    if language not in LANGUAGES:
        message = f"there is no parser for “{language}”, so no query can be written for it"
        raise UserError(message)
    bare = _NOISE.sub(" ", source)
    for name in _PREDICATE.findall(bare):
        if name not in _PREDICATES:
            message = f"the query predicate #{name} is not supported"
            raise UserError(message)
    try:
        query = Query(grammar(language), source)
    except QueryError as error:
        message = f"the query does not fit the grammar of {LANGUAGES[language].title}: {error}"
        raise UserError(message) from error
    return CompiledQuery(language, source, query, repeats="*" in bare or "+" in bare)


def matches(
    parsed: Parsed, query: CompiledQuery, *, budget_seconds: float = 1.0
) -> Iterator[Match]:
    """Every match of `query`, in the order of the text; none when the text was not parsed.

    Raises `AnalyzerError` when not every match could be found: the budget of processor time was
    used up, a repeated capture meets a text with more nodes than the binding can count, or the text
    makes so little sense that a search would not end.
    """
    found: list[tuple[int, int, int, Match]] = []
    for raw in raw_matches(parsed, query, budget_seconds=budget_seconds):
        captures = {
            name: tuple(_node(parsed, node) for node in nodes)
            for name, nodes in raw.captures.items()
        }
        match = Match(raw.pattern, captures)
        place = match.span if captures else Span(0, 0)
        found.append((place.start, place.end, raw.pattern, match))
    found.sort(key=lambda each: each[:3])
    return iter([match for *_, match in found])


def raw_matches(
    parsed: Parsed,
    query: CompiledQuery,
    *,
    budget_seconds: float = 1.0,
    within: tuple[int, int] | None = None,
) -> Iterator[RawMatch]:
    """As `matches`, in no particular order and with the parser's own nodes; of the bytes `within`
    alone, if that is said: then what only touches them may be among the matches.
    """
    from tree_sitter import QueryCursor  # noqa: PLC0415 — loaded only by who parses

    if parsed.tree is None:
        return
    if query.language != parsed.language:
        message = f"a query for {query.language} was put to {parsed.language}"
        raise ValueError(message)
    if query.repeats and parsed.tree.root_node.descendant_count > _REPEAT_LIMIT:
        message = "the file is too large for a query with a repeated capture"
        raise AnalyzerError(message)
    end = time.thread_time() + budget_seconds
    pages = _pages(parsed, within)
    seen: set[tuple[int, tuple[tuple[str, tuple[int, ...]], ...]]] = set()
    for root in pages:
        cursor = QueryCursor(query.query)
        if within is not None:
            cursor.set_byte_range(*within)
        # Neighbouring pages share a level, because a pattern over siblings is only found from their
        # parent. What both of them find is reported once.
        cursor.set_max_start_depth(PAGE_DEPTH)
        for pattern, captures in cursor.matches(root):
            if len(pages) > 1:
                key = (pattern, _identity(captures))
                if key in seen:
                    continue
                seen.add(key)
            yield RawMatch(pattern, captures)
        if time.thread_time() > end:
            message = f"the file was not searched to its end within {budget_seconds:g} seconds"
            raise AnalyzerError(message)


def _pages(parsed: Parsed, within: tuple[int, int] | None) -> "tuple[tree_sitter.Node, ...]":
    pages = parsed.pages
    if pages is None:
        message = "the file makes so little sense that it cannot be searched"
        raise AnalyzerError(message)
    if within is None:
        return pages
    return tuple(
        page for page in pages if page.start_byte < within[1] and within[0] < page.end_byte
    )


def _identity(
    captures: "Mapping[str, list[tree_sitter.Node]]",
) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return tuple((name, tuple(node.id for node in nodes)) for name, nodes in captures.items())


def _node(parsed: Parsed, node: "tree_sitter.Node") -> Node:
    span = parsed.places.span(node.start_byte, node.end_byte)
    return Node(
        node.type, span, parsed.text[span.start : min(span.end, span.start + MAX_NODE_TEXT)]
    )
