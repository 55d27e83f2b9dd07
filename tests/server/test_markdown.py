"""Markdown of the server's own: what others wrote is only seen."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mirador_lsp.server import markdown

_PARSER = MarkdownIt("gfm-like", {"html": True, "linkify": False})
_PIECES = st.sampled_from(
    [*"ab1_*`[]()<># +-=.!|~&:/@\\", "http://", "www.", "x@y.z", "<b>", "&amp;", "](", "```"]
)


@given(st.lists(_PIECES, max_size=14).map("".join))
@example("__init__ is a_b_c")
@example("1. one")
@example("- one")
@example("# one")
@example("=")
@example("a&#42;b")
def test_words_are_one_line_of_text_whatever_they_say(text: str) -> None:
    """A Markdown parser finds one paragraph with exactly these words, and nothing that acts."""
    line = " ".join(text.split())
    tokens = _PARSER.parse(markdown.words(text))
    if not line:
        assert tokens == []
        return
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    assert "".join(child.content for child in children) == line


@given(st.lists(_PIECES, max_size=14).map("".join))
def test_words_without_their_marks_are_what_they_were(text: str) -> None:
    """Where Markdown is not rendered, a reader sees the words themselves."""
    assert markdown.bare(markdown.words(text)) == " ".join(text.split())


def test_a_page_can_be_read_as_plain_text() -> None:
    """Headings and emphasis lose their marks; code stays as it is."""
    page = "# Cart\\_\n\n**high** (90 %), `a\\_b`\n\n```python\n# x\n**y\n```\n\n_ended_\n"
    assert markdown.bare(page) == (
        "Cart_\n\nhigh (90 %), `a\\_b`\n\n```python\n# x\n**y\n```\n\nended\n"
    )


@pytest.mark.parametrize(
    "text", ["cart.py:12: It's (not) fine!", "Cart.total_of", "a/b-c.py", "100 % + 2"]
)
def test_ordinary_words_read_the_same_in_the_source(text: str) -> None:
    """Editors that show the source show the words, not marks."""
    assert markdown.words(text) == text
