"""The comment that silences a finding: written, read, and put where it changes no code."""

import pytest

from fakes.samples import SAMPLES
from mirador_lsp.core.edits import apply
from mirador_lsp.core.text import LineIndex
from mirador_lsp.syntax.digest import code_digest
from mirador_lsp.syntax.ignoring import ignore_comment, ignore_edits, ignored
from mirador_lsp.syntax.parser import parse

RULE = "rules/empty-catch"


def read(text: str) -> dict[int, set[str]]:
    """What is silenced, by line."""
    return {line: set(rules) for line, rules in ignored(text, LineIndex(text)).items()}


@pytest.mark.parametrize("language", sorted(set(SAMPLES) - {"json"}))
def test_a_written_comment_is_read_and_changes_no_code(language: str) -> None:
    """In every language some way of writing the comment leaves the code as it was, and is read."""
    text = SAMPLES[language]
    lines = LineIndex(text)
    before = parse(text, language)
    number = lines.line_of(len(text.rstrip()) // 2)
    for edit in ignore_edits(text, lines, number, language, RULE):
        after = apply(text, [edit])
        parsed = parse(after, language)
        if code_digest(parsed) == code_digest(before) and not parsed.broken:
            assert RULE in {rule for rules in read(after).values() for rule in rules}
            return
    pytest.fail("no way is safe")


def test_a_language_without_comments_has_none() -> None:
    """JSON cannot be silenced."""
    assert ignore_comment("json", [RULE]) == ""
    assert ignore_edits("{}\n", LineIndex("{}\n"), 0, "json", RULE) == ()


def test_alone_it_holds_for_the_next_code() -> None:
    """Alone on its line a comment is for the next code; at the end of a line for that line."""
    text = (
        "# mirador: ignore[a/b]\n# mirador: ignore[c/d]\n\nx = 1\n"
        "y = 2  # mirador: ignore[e/f, g]\nz\n"
    )
    assert read(text) == {0: {"a/b"}, 1: {"c/d"}, 3: {"a/b", "c/d"}, 4: {"e/f", "g"}}


@pytest.mark.parametrize(
    "text", ["x  # mirador: ignore\n", "x  # mirador: ignore[]\n", "mirador: ignore[a]\n", ""]
)
def test_what_is_no_such_comment_silences_nothing(text: str) -> None:
    """Without rules, or outside a comment, nothing is silenced."""
    assert read(text) == {}


def test_a_second_rule_joins_the_first() -> None:
    """Where a comment holds already, the rule is added to it."""
    for text in ("x = 1  # mirador: ignore[a/b]\n", "# mirador: ignore[a/b]\nx = 1\n"):
        lines = LineIndex(text)
        number = lines.line_of(text.index("x = 1"))
        (edit,) = ignore_edits(text, lines, number, "python", RULE)
        assert {"a/b", RULE} <= read(apply(text, [edit]))[number]


def test_line_ends_and_indentation_are_kept() -> None:
    """A line of its own is indented and ended as the lines around it."""
    text = "if a:\r\n    " + "x" * 90 + "\r\n"
    edit = ignore_edits(text, LineIndex(text), 1, "python", RULE)[0]
    assert edit.text == f"    # mirador: ignore[{RULE}]\r\n"
