"""The report as Markdown: read back by a Markdown parser, it is text and nothing else."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from fakes import events as told
from fakes.hostile import FORBIDDEN
from fakes.reports import hostile_report, report_of
from mirador_lsp.cli import render_markdown
from mirador_lsp.core import clean

_OURS = {"html_inline": "<!-- -->"}
"""The one piece of HTML we write: an empty comment that breaks what hosts link by themselves."""


def tokens(markdown: str) -> Iterator[Token]:
    """Every token of a document, inline ones included."""
    parser = MarkdownIt("commonmark").enable("table")
    for token in parser.parse(markdown):
        yield token
        yield from token.children or ()


def active(markdown: str) -> list[Token]:
    """The tokens that would do something: links, images, HTML."""
    return [
        token
        for token in tokens(markdown)
        if token.type in {"link_open", "image", "html_block"}
        or (token.type == "html_inline" and token.content != _OURS["html_inline"])
    ]


def test_a_whole_review_as_markdown() -> None:
    """Files, findings, what was left out and the stages are all there."""
    text = render_markdown.render(report_of(told.whole_review), show_withheld=False)
    assert "## `shop.py`" in text
    assert "**error** security at 5:13, confidence 0.90 (high), `ruff/S608`" in text
    assert "_Partly reviewed._" in text
    assert "1 finding below the confidence gate, not shown." in text
    assert "| quick | qwen2.5-coder-0.5b | 12.3 s | first token 0.42 s" in text
    assert active(text) == []


def test_a_clean_file_is_called_clean() -> None:
    """Nothing found in a file that was looked at is said in a word."""
    assert "_Clean._" in render_markdown.render(report_of(told.clean_file), show_withheld=False)


def test_hostile_text_stays_text() -> None:
    """Links, images, HTML, tables, mentions and addresses from code or models do nothing."""
    text = render_markdown.render(hostile_report(), show_withheld=True)
    assert active(text) == []
    assert not [char for char in FORBIDDEN if char in text]
    texts = [token.content for token in tokens(text) if token.type == "text"]
    assert any("alert(1)" in content for content in texts)
    for content in texts:
        assert "://" not in content
        assert "www." not in content
        assert "@someone" not in content
        assert "#12" not in content


@given(st.text(max_size=200))
def test_any_text_is_shown_as_it_is(text: str) -> None:
    """Escaped text, parsed and read again, is the text that went in."""
    parsed = list(tokens(render_markdown.escape(f"x {text}")))
    assert not active(render_markdown.escape(f"x {text}"))
    shown = "".join(t.content for t in parsed if t.type in {"text", "text_special"})
    assert shown == clean.plain(f"x {text}")


@given(st.text(max_size=100))
def test_any_text_fits_into_a_code_span(text: str) -> None:
    """A code span holds what went in, whatever backticks it has."""
    spans = [t for t in tokens(f"x {render_markdown.code(text)}") if t.type == "code_inline"]
    assert [span.content.strip() for span in spans] == [clean.plain(text, 300).strip()]


@pytest.mark.parametrize(
    "text", ["- item", "1. item", "12) item", "+ x", "# head", "> quote", "=== ", "--- ", "* x"]
)
def test_no_text_begins_a_block(text: str) -> None:
    """A message at the start of a line makes no list, heading, quote or rule."""
    kinds = {token.type for token in tokens(render_markdown.escape(text))}
    assert kinds <= {"paragraph_open", "inline", "text", "text_special", "paragraph_close"}


def test_hushed_findings_are_counted() -> None:
    """What somebody keeps from being shown is not left out in silence."""
    text = render_markdown.render(report_of(told.hushed), show_withheld=False)
    assert "Not shown: 1 suppressed by comments, 1 dismissed." in text
