"""What was found in one text, in a later one."""

from hypothesis import given
from hypothesis import strategies as st

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import Edit, apply
from mirador_lsp.core.text import Span
from mirador_lsp.server import carry

LINES = [f"line {number} = {number * number}\n" for number in range(12)]


def shot(text: str) -> Snapshot:
    """A document with that text."""
    return Snapshot("file:///a.py", "a.py", "python", text)


def test_a_place_between_two_edits_moves_with_the_first() -> None:
    """It was not edited, so it is where its text is."""
    old = "a = 1\nb = 2\nc = 3\nd = 4\n"
    new = "# new\na = 1\nb = 2\nc = 3\n"
    start = old.index("b = 2")

    placed = carry.place(Span(start, start + 6), shot(old), shot(new))

    assert placed is not None
    assert new[placed.start : placed.end] == "b = 2\n"


def test_a_line_whose_end_was_edited_is_another_line() -> None:
    """What was put behind an expression is part of what is calculated."""
    old, new = "a = 1\nb = 2\nc = 3\n", "a = 1\nb = 2 + 1\nc = 3\n"
    start = old.index("b = 2")

    assert carry.place(Span(start, start + 5), shot(old), shot(new)) is None
    assert carry.place(Span(0, 5), shot(old), shot(new)) == Span(0, 5)


def test_a_place_that_was_edited_is_nowhere() -> None:
    """Also where the code before and after it was edited as well."""
    old = "a = 1\nb = 2\nc = 3\n"
    new = "# new\na = 1\nb = 20\nc = 3\n# end\n"
    start = old.index("b = 2")

    assert carry.place(Span(start, start + 6), shot(old), shot(new)) is None


@given(
    st.lists(st.sampled_from(LINES), max_size=12),
    st.lists(
        st.tuples(st.integers(0, 300), st.integers(0, 20), st.sampled_from(["", "x", "y\nz\n"])),
        max_size=4,
    ),
    st.integers(0, 300),
    st.integers(0, 60),
)
def test_what_is_placed_reads_as_it_did(
    lines: list[str], typed: list[tuple[int, int, str]], at: int, length: int
) -> None:
    """Whatever was edited and how often: a place is where its text stands, or nowhere."""
    old = new = "".join(lines)
    for start, gone, text in typed:
        first = min(start, len(new))
        new = apply(new, [Edit(Span(first, min(first + gone, len(new))), text)])
    first = min(at, len(old))
    span = Span(first, min(first + length, len(old)))

    placed = carry.place(span, shot(old), shot(new))
    made = carry.edits([Edit(span, "made")], shot(old), shot(new))

    if placed is not None:
        assert new[placed.start : placed.end] == old[span.start : span.end]
    assert made in (None, (Edit(placed or span, "made"),))
