"""Edits: made, refused, and as small as they can be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_lsp.core.edits import Edit, apply, smallest
from mirador_lsp.core.text import Span

TEXTS = st.text(st.sampled_from("ab \n\r\x0c\u2028é𝄞"), max_size=40)


@given(TEXTS, TEXTS)
def test_smallest_edits_make_the_new_text(old: str, new: str) -> None:
    """Whatever the two texts are, the edits lead from one to the other."""
    assert apply(old, smallest(old, new)) == new


@given(TEXTS, TEXTS)
def test_no_edit_begins_or_ends_inside_a_line_end(old: str, new: str) -> None:
    r"""A client has no position between `\r` and `\n`."""
    for edit in smallest(old, new):
        for offset in (edit.span.start, edit.span.end):
            assert old[max(offset - 1, 0) : offset + 1] != "\r\n"


def test_equal_texts_need_no_edit() -> None:
    """Nothing to do is nothing done."""
    assert smallest("a\nb\n", "a\nb\n") == ()


def test_lines_that_stay_are_not_touched() -> None:
    """Two changes far apart are two edits, each within its line."""
    edits = smallest("one = 1\nkeep\ntwo = 2\n", "one = 11\nkeep\ntwo = 3\n")
    assert edits == (Edit(Span(7, 7), "1"), Edit(Span(19, 20), "3"))


def test_many_equal_lines_do_not_hold_the_loop() -> None:
    """A text of one line over and over, changed at both ends, is replaced whole between them."""
    old = "a\n" + "x\n" * 50_000 + "b\n"
    new = "c\n" + "x\n" * 50_001 + "d\n"
    (edit,) = smallest(old, new)
    assert apply(old, [edit]) == new


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(Span(0, 3), ""), Edit(Span(2, 4), "")],
        [Edit(Span(3, 9), "x")],
    ],
)
def test_edits_that_overlap_or_lie_outside_are_refused(edits: list[Edit]) -> None:
    """Such edits mean that text and edits do not belong together."""
    with pytest.raises(ValueError, match="overlaps or lies outside"):
        apply("abcd", edits)
