"""The comment that silences a finding: written, read, and put where it changes no code."""

import pytest

from fakes.samples import SAMPLES
from mirador_lsp.core.edits import apply
from mirador_lsp.core.text import LineIndex
from mirador_lsp.syntax.digest import code_digest
from mirador_lsp.syntax.ignoring import ignore_comment, ignore_edits, suppressions_of
from mirador_lsp.syntax.outline import outline_of
from mirador_lsp.syntax.parser import parse

RULE = "rules/empty-catch"


def read(text: str, language: str = "python") -> dict[int, set[str]]:
    """What is silenced, by line; everything is "*"."""
    parsed = parse(text, language)
    found: dict[int, set[str]] = {}
    for each in suppressions_of(parsed):
        line = parsed.lines.line_of(each.covers.start)
        found.setdefault(line, set()).update(each.rules or {"*"})
    return found


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
            assert RULE in {rule for rules in read(after, language).values() for rule in rules}
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
    assert read(text) == {3: {"a/b", "c/d"}, 4: {"e/f", "g"}}


def test_without_rules_it_means_all() -> None:
    """`mirador: ignore` speaks of every rule; a bracket that does not close, of none."""
    assert read("x = 1  # mirador: ignore\n") == {0: {"*"}}
    assert read("x = 1  # noqa: S101  # mirador: ignore\n") == {0: {"*"}}
    assert read("x = 1  # mirador: ignore[a/b] mirador: ignore\n") == {0: {"a/b"}}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", 'x = "# mirador: ignore"\n'),
        ("python", '"""\n# mirador: ignore[a/b]\n"""\n'),
        ("javascript", "const x = `// mirador: ignore`;\n"),
        ("go", "var x = `\n// mirador: ignore\n`\n"),
        ("html", "<p>// mirador: ignore</p>\n"),
    ],
)
def test_words_in_a_string_are_words(language: str, text: str) -> None:
    """Data that looks like a comment silences nothing."""
    assert read(text, language) == {}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("javascript", "/*\n * mirador: ignore[a/b]\n */\nx()\n"),
        ("rust", "/// mirador: ignore[a/b]\n\nfn f() {}\n"),
        ("html", "<!-- mirador: ignore[a/b] -->\n\n<p></p>\n"),
        ("css", "/* mirador: ignore[a/b] */\n\n\np { color: red }\n"),
        ("yaml", "# mirador: ignore[a/b]\n\na: 1\n"),
    ],
)
def test_comments_of_every_form_are_heard(language: str, text: str) -> None:
    """In blocks, in doc comments, and in data."""
    meant = {number for number, line in enumerate(text.split("\n")) if line}
    assert read(text, language) == {max(meant): {"a/b"}}


def test_a_text_without_a_tree_says_that_comments_do_not_count() -> None:
    """Nobody can tell a comment from a string there, and it is told."""
    outline = outline_of(parse("x\n# mirador: ignore\n", "cobol"))

    assert outline.suppressions == ()
    assert "comments that silence findings do not count" in outline.note


@pytest.mark.parametrize(
    "text",
    [
        "x  # mirador: ignored\n",
        "x  # mirador: ignore[]\n",
        "x  # mirador: ignore[a\n",
        "x  # see mirador: ignore[a]\n",
        "mirador: ignore[a]\n",
        "",
    ],
)
def test_what_is_no_such_comment_silences_nothing(text: str) -> None:
    """Half a form, or words outside of a comment, silence nothing."""
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
