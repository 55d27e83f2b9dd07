"""Grammars leave only replies that can be read."""

from hypothesis import given
from hypothesis import strategies as st

from mirador_lsp.core.findings import Lens
from mirador_lsp.engine import grammar


def test_only_lines_that_were_shown_can_be_named() -> None:
    """Every alternative for the place is one of the lines."""
    gbnf = grammar.findings(["    x = eval(y)", "", "}"], [Lens.SECURITY], 2).gbnf

    assert 'place ::= "x = eval(y)"' in gbnf
    assert 'lens ::= "security"' in gbnf
    assert "item{1,2}" in gbnf


def test_a_unit_without_a_line_to_name_can_only_be_clean() -> None:
    """Lone punctuation leaves no place, so the grammar leaves no finding."""
    assert grammar.findings(["}", ""], [Lens.BUG], 3).gbnf == f'root ::= "{grammar.NOTHING}"\n'


def test_quotes_and_backslashes_in_code_stay_inside_their_literal() -> None:
    """Reviewed code cannot change the grammar."""
    gbnf = grammar.findings(['print("a\\n")'], [Lens.BUG], 1).gbnf

    assert 'place ::= "print(\\"a\\\\n\\")"' in gbnf


@given(st.lists(st.text(), max_size=6))
def test_no_repetition_is_unbounded(lines: list[str]) -> None:
    """Whatever the code holds, the rules repeat a bounded number of times only."""
    gbnf = grammar.findings(lines, [Lens.BUG], 3).gbnf
    rules = [rule for rule in gbnf.splitlines() if not rule.startswith("place ::=")]

    assert all("*" not in rule and "+" not in rule for rule in rules)


@given(st.lists(st.text(), max_size=6))
def test_a_grammar_is_one_line_a_rule(lines: list[str]) -> None:
    """No line of code, whatever line ends it holds, breaks a rule in two."""
    gbnf = grammar.findings(lines, [Lens.BUG], 3).gbnf

    assert all("::=" in rule for rule in gbnf.splitlines())
