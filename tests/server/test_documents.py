"""The text of open documents against an independent, slower way of applying edits."""

import random

from hypothesis import given
from hypothesis import strategies as st

from mirador_lsp.core.text import Encoding
from mirador_lsp.server.documents import Change, OpenDocument, Place

PIECES = ["a", "é", "漢", "😀", "\n", "\r", "\r\n", "\f", "\u2028", "\x85", "\v", "\t", "x = 1"]
texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
encodings = st.sampled_from(list(Encoding))


def units(char: str, encoding: Encoding) -> int:
    """How many units one code point takes: by encoding it, as the specification says."""
    codec = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[encoding.value]
    size = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding.value]
    return len(char.encode(codec)) // size


def offset(text: str, line: int, character: int, encoding: Encoding) -> int:
    """The offset of a position, found by walking the text from its beginning."""
    at = 0
    for _ in range(line):
        while at < len(text) and text[at] not in "\r\n":
            at += 1
        if at == len(text):
            return at
        at += 2 if text[at : at + 2] == "\r\n" else 1
    seen = 0
    while at < len(text) and text[at] not in "\r\n":
        seen += units(text[at], encoding)
        if seen > character:
            break
        at += 1
    return at


places = st.builds(Place, st.integers(0, 8), st.integers(0, 8))
edits = st.lists(st.tuples(places, places, texts), max_size=6)


@given(texts, edits, encodings)
def test_edits_give_the_text_the_editor_has(
    text: str, changes: list[tuple[Place, Place, str]], encoding: Encoding
) -> None:
    """Any edits, in any units, over any line ends leave exactly the text that splicing gives."""
    document = OpenDocument("file:///x", "python", 1, text)
    expected = text
    for number, (one, other, new) in enumerate(changes, 2):
        start, end = sorted((one, other), key=lambda p: (p.line, p.character))
        document.apply([Change(new, start, end)], number, encoding)
        first = offset(expected, start.line, start.character, encoding)
        last = offset(expected, end.line, end.character, encoding)
        expected = expected[:first] + new + expected[last:]
        assert document.text == expected
    assert OpenDocument("file:///x", "python", 1, expected)._lines == document._lines


def test_a_line_feed_behind_a_lone_carriage_return_joins_it() -> None:
    """Typing the second half of a CRLF makes one line end of two characters, not two lines."""
    document = OpenDocument("file:///x", "python", 1, "a\rb")
    document.apply([Change("\n", Place(1, 0), Place(1, 0))], 2, Encoding.UTF16)
    assert document.text == "a\r\nb"
    document.apply([Change("!", Place(1, 0), Place(1, 0))], 3, Encoding.UTF16)
    assert document.text == "a\r\n!b"


def test_odd_changes_are_told_and_survived() -> None:
    """Inverted ranges, ranges beyond the end and versions that go back are applied as well as
    can be, and said.
    """
    document = OpenDocument("file:///x", "python", 5, "one\ntwo")
    odd = document.apply([Change("X", Place(1, 3), Place(0, 3))], 6, Encoding.UTF16)
    assert document.text == "oneX"
    assert len(odd) == 1
    assert document.apply([Change("!", Place(99, 0), Place(99, 0))], 7, Encoding.UTF16)
    assert document.text == "oneX!"
    assert not document.doubt
    assert document.apply([Change("?", Place(0, 0), Place(0, 0))], 3, Encoding.UTF16)
    assert document.doubt


def test_a_full_text_ends_all_doubt() -> None:
    """After a change without a range, or a saved text, the document is known again."""
    document = OpenDocument("file:///x", "python", 5, "one")
    document.doubt = "a change could not be read"
    document.apply([Change("whole")], 6, Encoding.UTF16)
    assert document.text == "whole"
    assert not document.doubt


def test_an_edit_costs_what_it_touches() -> None:
    """An edit leaves the text of all other lines alone, however large the document is."""
    lines = [f"line {number}\n" for number in range(20_000)]
    document = OpenDocument("file:///x", "python", 1, "".join(lines))
    before = {id(line) for line in document._lines}
    rng = random.Random(7)  # noqa: S311 — places, not secrets
    for version in range(2, 102):
        place = Place(rng.randrange(20_000), 3)
        document.apply([Change("x", place, place)], version, Encoding.UTF16)
    touched = sum(id(line) not in before for line in document._lines)
    assert touched <= 100
