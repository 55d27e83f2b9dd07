"""Model text is harmless wherever it is shown, and streams."""

import re
from collections.abc import Iterator

import hypothesis
import pytest
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mirador_lsp.engine.answers.harmless import Harmless, harmless


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("See [the docs](https://evil.example/x).", "See [the docs]."),
        ("![pixel](https://evil.example/p.png?q=1)", "[pixel]"),
        ("[a](x)(y)", "[a] (x)(y)"),
        ("[a](//evil.example)(//evil.example)", "[a] (//evil.example)"),
        ("[a]: https://evil.example", "[a] : `https://evil.example`"),
        ("Go to https://evil.example now", "Go to `https://evil.example` now"),
        ("(www.evil.example)", "(`www.evil.example`)"),
        ("mail me@evil.example", "mail `me@evil.example`"),
        ('<img src=x onerror="y">', '`<img` src=x onerror="y">'),
        ("a </div> b", "a `</div>` b"),
        ("<!-- x", "`<!--` x"),
        ("&#x202e;abc &lt;", "`&#x202e;abc` `&lt;`"),
        ("a\u202eb\x1b[31mc\u200b", "ab[31mc"),
        ("`<b>` is code", "`<b>` is code"),
        ("`<b is not\ncode", "`<b` is not\ncode"),
        ("\\`<b>`", "`<b>`"),
        ("``a`b``", "`a'b`"),
        ("`a``b`", "`a''b`"),
        ("`a` `b`", "`a` `b`"),
        ("<`img src=x>", "`<img` src=x>"),
        ("# Title\ntext", "Title\ntext"),
        ("~~~\n<b>\n~~~", "~~\n`<b>`\n~~"),
        ("A `List<int>` or List<int>.", "A `List<int>` or `List<int>`."),
        ("`__init__` and __init__", "`__init__` and `__init__`"),
        ("a < b and c<d and x[i] = 2**3", "a < b and `c<d` and x[i] = 2**3"),
        ("- one\n- two\n  1. three", "- one\n- two\n  1. three"),
        ("one\n\n\n\n\ntwo", "one\n\ntwo"),
        ("  ```python\nx = '<b>'\n  ```\nend <b>", "```python\nx = '<b>'\n```\nend `<b>`"),
        ("- ```\n<b>\n```", "- \n`<b>`"),
        ("```evil <b>\ncode", "```evil\ncode\n```"),
        ("日本語の[説明](http://evil.example)です。", "日本語の[説明]です。"),
    ],
)
def test_nothing_acts(hostile: str, shown: str) -> None:
    """Links, images, tags, entities and controls are gone; words, lists and code stay."""
    assert harmless(hostile) == shown


_PIECES = st.lists(
    st.sampled_from(
        (
            *("`", "``", "```", "\n", " ", "<", "b>", "[", "]", "(", ")", "!", ":", "http", "://"),
            *("x", "\\", "~~~", "# ", "- ", "    ", "&", "#1;", "字", "\t", "www.", "__", "m@a.b"),
        )
    ),
    max_size=40,
)


@hypothesis.given(_PIECES)
def test_how_it_was_cut_into_pieces_does_not_matter(pieces: list[str]) -> None:
    """Streaming gives what the whole text gives, and what was shown is never taken back."""
    stream = Harmless()
    shown = "".join(stream.add(piece) for piece in pieces) + stream.end()

    whole = Harmless()
    whole.add("".join(pieces))
    whole.end()

    assert shown == stream.text == whole.text


@hypothesis.given(_PIECES)
def test_a_markdown_renderer_finds_words_lists_and_code_only(pieces: list[str]) -> None:
    """Rendered with HTML allowed, it holds no tag, link or image."""
    shown = harmless("".join(pieces))

    active = {"html_block", "html_inline", "link_open", "image"}
    assert not active & set(_kinds(shown)), shown


@hypothesis.given(_PIECES)
def test_nothing_that_renderers_make_clickable_is_left_outside_of_code(pieces: list[str]) -> None:
    """Addresses stand in code only; no entity brings back a removed character."""
    shown = harmless("".join(pieces))

    for token in (t for top in MarkdownIt().parse(shown) for t in top.children or ()):
        if token.type == "text":
            assert not re.search(r"://|(?<![A-Za-z0-9])www\.|\x01|m@a\.b", token.content), shown


def _kinds(text: str) -> Iterator[str]:
    for top in MarkdownIt("commonmark", {"html": True}).parse(text):
        yield top.type
        yield from (token.type for token in top.children or ())


def test_words_are_shown_as_they_come() -> None:
    """Nothing but the unfinished word waits."""
    stream = Harmless()

    assert [stream.add(piece) for piece in ("It ", "takes `a", "`, ", "then")] == [
        "It",
        " takes ",
        "`a`,",
        " ",
    ]
    assert stream.end() == "then"


def test_text_without_blanks_streams_too() -> None:
    """Scripts that put no blanks between words are not held back to the end of the line."""
    stream = Harmless()

    assert stream.add("これは関数") == "これは関数"


def test_a_backtick_without_partner_does_not_hold_the_text_for_ever() -> None:
    """After some hundred characters it is dropped."""
    stream = Harmless()

    shown = stream.add("`" + "word " * 200)

    assert shown.startswith("word word")
