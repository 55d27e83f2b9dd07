"""Queries: complete, honest about limits, plain values."""

import pytest

from mirador_lsp.core.errors import AnalyzerError, UserError
from mirador_lsp.syntax.parser import parse
from mirador_lsp.syntax.queries import MAX_NODE_TEXT, compile_query, matches

MANY = 100_001


def found(text: str, language: str, source: str) -> list[str]:
    """Texts of the nodes captured as @x."""
    parsed = parse(text, language, budget_seconds=60)
    query = compile_query(language, source)
    return [
        node.text
        for match in matches(parsed, query, budget_seconds=60)
        for node in match.captures["x"]
    ]


def test_captures_are_values_in_the_order_of_the_text() -> None:
    """Kinds, spans and texts are those of the source, astral characters or not."""
    parsed = parse("a = '😀'; b = a\n", "python")
    query = compile_query("python", "(identifier) @x (string) @y")
    nodes = [node for match in matches(parsed, query) for (node,) in match.captures.values()]
    assert [node.kind for node in nodes] == ["identifier", "string", "identifier", "identifier"]
    assert [parsed.text[n.span.start : n.span.end] for n in nodes] == [n.text for n in nodes]


def test_wide_texts_lose_no_match() -> None:
    """More matches than a cursor's 65,535 are all found."""
    assert len(found("x = 1\n" * MANY, "python", "(identifier) @x")) == MANY


@pytest.mark.parametrize(
    "source",
    [
        "(binary_expression) @x",
        "(binary_expression right: (_) @x)",
        "(binary_expression left: (binary_expression) @x)",
    ],
)
def test_deep_texts_lose_no_match(source: str) -> None:
    """So are matches nested a hundred thousand levels deep."""
    nested = MANY - 1 if "left: (binary" in source else MANY
    assert len(found("a" + "+a" * MANY, "javascript", source)) == nested


def test_matches_across_pages_are_found_once() -> None:
    """A pattern over siblings deep in a tree is found at every depth, and each time once."""
    text = "{/*c*/ f();" * 300 + "}" * 300
    query = "((comment) @x . (expression_statement))"
    assert len(found(text, "javascript", query)) == 300


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        ('(#eq? @x "ab")', ["ab"]),
        ('(#not-eq? @x "ab")', ["abc", "b"]),
        ('(#match? @x "^ab")', ["ab", "abc"]),
        ('(#not-match? @x "^ab")', ["b"]),
        ('(#any-of? @x "b" "abc")', ["abc", "b"]),
        ('(#any-eq? @x "ab")', ["ab"]),
        ('(#any-not-eq? @x "ab")', ["abc", "b"]),
        ('(#any-match? @x "^ab")', ["ab", "abc"]),
        ('(#any-not-match? @x "^ab")', ["b"]),
    ],
)
def test_predicates_filter(predicate: str, expected: list[str]) -> None:
    """The supported predicates are evaluated."""
    assert found("ab; abc; b", "javascript", f"((identifier) @x {predicate})") == expected


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", "(identifier"),
        ("python", "(no_such_node) @x"),
        ("python", '((identifier) @x (#lua-match? @x "a"))'),
        ("python", "((identifier) @x (#is-not? local))"),
        ("python", '((identifier) @x (#match? @x "("))'),
        ("cobol", "(identifier) @x"),
    ],
)
def test_wrong_queries_are_refused(language: str, source: str) -> None:
    """What does not fit, or would silently hold everywhere, is an error of its author."""
    with pytest.raises(UserError):
        compile_query(language, source)


def test_a_predicate_in_a_string_or_comment_is_none() -> None:
    """Only predicates are judged as predicates."""
    source = '; (#foo? @x)\n((identifier) @x (#eq? @x "#bar?"))'
    assert found("a", "python", source) == []


def test_a_search_out_of_time_says_so() -> None:
    """A search that does not reach the end raises instead of returning a part."""
    parsed = parse("a" + "+a" * 20_000, "javascript", budget_seconds=60)
    query = compile_query("javascript", "(_) @x")
    with pytest.raises(AnalyzerError, match="not searched"):
        list(matches(parsed, query, budget_seconds=0))


def test_a_repeated_capture_is_refused_where_it_cannot_be_counted() -> None:
    """The binding counts the nodes of one capture with sixteen bits."""
    query = compile_query("python", "(module (comment)+ @x)")
    assert len(list(matches(parse("# a\n# b\n", "python"), query))) >= 1
    with pytest.raises(AnalyzerError, match="repeated"):
        list(matches(parse("# a\n" * 70_000, "python", budget_seconds=60), query))


def test_senseless_text_is_refused_at_once() -> None:
    """Two hundred thousand brackets would take a query a minute; it says so instead."""
    parsed = parse("(" * 200_000, "javascript", budget_seconds=60)
    with pytest.raises(AnalyzerError, match="sense"):
        list(matches(parsed, compile_query("javascript", "(identifier) @x")))


def test_long_nodes_are_cut() -> None:
    """A node's text is bounded, its span is not."""
    parsed = parse("x = '" + "y" * 9_000 + "'", "python")
    (match,) = matches(parsed, compile_query("python", "(string) @x"))
    (node,) = match.captures["x"]
    assert len(node.text) == MAX_NODE_TEXT
    assert node.span.end - node.span.start == 9_002


def test_without_a_tree_nothing_matches() -> None:
    """A refused text has no matches, and a query for another language is a mistake."""
    query = compile_query("python", "(identifier) @x")
    assert list(matches(parse("x", "python", max_bytes=0), query)) == []
    with pytest.raises(ValueError, match="python"):
        list(matches(parse("x", "go"), query))
