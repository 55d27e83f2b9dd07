"""What is safe to show."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_lsp.core.clean import plain, stream_safe

HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "\x1b[31m\u202e\u2066\u200b\u00ad\ufe0f\U000e0041\ud800\u3164\n\r\t\u2028\x85"
        ),
    )
)


@given(HOSTILE)
def test_plain_is_one_visible_line(text: str) -> None:
    """No control, format, surrogate, private or unassigned character is left, and no line end."""
    shown = plain(text)
    assert all(unicodedata.category(char)[0] != "C" for char in shown)
    assert not any("\ufe00" <= char <= "\ufe0f" or char >= "\U000e0100" for char in shown)
    assert len((shown + "x").splitlines()) == 1
    assert "  " not in shown
    assert shown == shown.strip()


@given(HOSTILE, st.integers(1, 40))
def test_plain_is_bounded_and_settled(text: str, limit: int) -> None:
    """The result is no longer than the limit, and cleaning it again changes nothing."""
    shown = plain(text, limit)
    assert len(shown) <= limit
    assert plain(shown, limit) == shown
    assert shown.encode("utf-8").decode("utf-8") == shown


@given(st.text(st.sampled_from("ab1é中😀.,:()"), max_size=50))
def test_plain_keeps_ordinary_text(text: str) -> None:
    """Visible text in any script stays as it is."""
    assert plain(text) == text


@given(HOSTILE)
def test_stream_safe_keeps_lines_and_nothing_hidden(text: str) -> None:
    """Only line feeds are left of the control characters, and there are as many as before."""
    shown = stream_safe(text)
    assert shown.count("\n") == text.count("\n")
    assert all(char == "\n" or unicodedata.category(char)[0] != "C" for char in shown)
    assert stream_safe(shown) == shown


@given(HOSTILE, HOSTILE)
def test_stream_safe_works_piece_by_piece(one: str, two: str) -> None:
    """A stream may be cleaned as it arrives: the pieces together are the whole cleaned."""
    assert stream_safe(one) + stream_safe(two) == stream_safe(one + two)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mred", "a[31mred"),
        ("user\u202e \u2066// check\u2069", "user // check"),
        ("\U000e0072\U000e0065turn", "turn"),
        ("one\r\n\ttwo\u2028three", "one two three"),
        ("x" * 700, "x" * 599 + "…"),
    ],
)
def test_plain_by_example(text: str, shown: str) -> None:
    """Escapes, bidi controls and tags go, white space becomes one blank, the rest is cut."""
    assert plain(text) == shown
