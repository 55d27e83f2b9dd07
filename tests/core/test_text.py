"""Places in a text, against independent ways to compute them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_lsp.core.text import ByteMap, Encoding, LineIndex, Span, utf8

SEPARATORS = ["\n", "\r\n", "\r", "\x0b", "\f", "\x1c", "\x85", "\u2028", "\u2029"]
LETTERS = ["a", "é", "ß", "中", "😀", "\U0001d4b3", "\u0301", "\u200d", "\t", " ", "\0", "\ufeff"]
TEXTS = st.lists(st.sampled_from(SEPARATORS + LETTERS), max_size=60).map("".join)
SURROGATES = st.lists(
    st.sampled_from([*LETTERS, "\n", "\r\n", "\ud800", "\udfff"]), max_size=40
).map("".join)


def scanned_lines(text: str) -> list[tuple[int, int, int]]:
    """(start, end of content, end) of every line, one character at a time."""
    lines, start, at = [], 0, 0
    while at < len(text):
        width = 2 if text[at : at + 2] == "\r\n" else 1 if text[at] in "\r\n" else 0
        if width:
            lines.append((start, at, at + width))
            start = at = at + width
        else:
            at += 1
    return [*lines, (start, len(text), len(text))]


def units(text: str, encoding: Encoding) -> int:
    """Length of `text` by encoding it, which is not how the code counts."""
    width = {Encoding.UTF8: 1, Encoding.UTF16: 2, Encoding.UTF32: 4}[encoding]
    return len(text.encode(encoding.value + ("" if width == 1 else "-le"))) // width


@given(TEXTS)
def test_lines_are_what_a_scan_finds(text: str) -> None:
    """Lines end at the three line ends of LSP and nowhere else."""
    index = LineIndex(text)
    expected = scanned_lines(text)
    assert len(index) == len(expected)
    for number, (start, content, end) in enumerate(expected):
        assert index.line_span(number) == Span(start, content)
        assert index.full_line_span(number) == Span(start, end)
        assert index.line_text(number) == text[start:content]


@pytest.mark.parametrize("char", ["\x0b", "\f", "\x1c", "\x85", "\u2028", "\u2029"])
def test_other_separators_do_not_end_a_line(char: str) -> None:
    """Form feed, NEL, U+2028 and the rest are characters of their line."""
    index = LineIndex(f"a{char}b\nc")
    assert len(index) == 2
    assert index.line_text(0) == f"a{char}b"


@given(TEXTS, st.data())
def test_line_of_agrees_with_the_scan(text: str, data: st.DataObject) -> None:
    """Every offset belongs to the line whose range, line end included, holds it."""
    offset = data.draw(st.integers(-3, len(text) + 3))
    inside = min(max(offset, 0), len(text))
    lines = scanned_lines(text)
    expected = next(
        (n for n, (start, _, end) in enumerate(lines) if start <= inside < end), len(lines) - 1
    )
    assert LineIndex(text).line_of(offset) == expected


@pytest.mark.parametrize("encoding", list(Encoding))
@given(text=TEXTS, data=st.data())
def test_position_counts_encoded_units(encoding: Encoding, text: str, data: st.DataObject) -> None:
    """A character number is the length of what stands before it on its line, encoded."""
    offset = data.draw(st.integers(0, len(text)))
    index = LineIndex(text)
    line, character = index.position(offset, encoding)
    start, content, _ = scanned_lines(text)[line]
    assert character == units(text[start : min(offset, content)], encoding)


@pytest.mark.parametrize("encoding", list(Encoding))
@given(text=TEXTS, data=st.data())
def test_position_and_offset_are_inverse(
    encoding: Encoding, text: str, data: st.DataObject
) -> None:
    """Going to a position and back ends where it began, except inside a line end."""
    offset = data.draw(st.integers(0, len(text)))
    index = LineIndex(text)
    back = index.offset(*index.position(offset, encoding), encoding)
    _, content, _ = scanned_lines(text)[index.line_of(offset)]
    assert back == min(offset, content)


@pytest.mark.parametrize(
    ("encoding", "expected"), [(Encoding.UTF8, 4), (Encoding.UTF16, 2), (Encoding.UTF32, 1)]
)
def test_an_astral_character_has_the_width_of_its_encoding(
    encoding: Encoding, expected: int
) -> None:
    """😀 is four bytes, two UTF-16 units and one code point."""
    assert LineIndex("😀x").position(1, encoding) == (0, expected)
    assert LineIndex("😀x").offset(0, expected, encoding) == 1


@pytest.mark.parametrize("character", [1, 2, 3])
def test_inside_a_code_point_means_its_start(character: int) -> None:
    """A position in the middle of a character is moved to where it starts."""
    assert LineIndex("a😀b").offset(0, 1 + character, Encoding.UTF8) == 1
    assert LineIndex("a😀b").offset(0, 2, Encoding.UTF16) == 1


def test_positions_outside_are_moved_in() -> None:
    """Beyond a line means its end, beyond the text the text's end, before it the start."""
    index = LineIndex("é\r\nb")
    for encoding in Encoding:
        assert index.offset(0, 99, encoding) == 1
        assert index.offset(9, 0, encoding) == 4
        assert index.offset(-1, 5, encoding) == 0
        assert index.offset(1, -5, encoding) == 3
        assert index.position(2, encoding)[0] == 0
    assert index.position(2, Encoding.UTF16) == (0, 1)
    assert index.position(-5, Encoding.UTF16) == (0, 0)
    assert index.position(99, Encoding.UTF16) == (1, 1)


@given(st.one_of(TEXTS, SURROGATES), st.data())
def test_bytes_round_trip(text: str, data: st.DataObject) -> None:
    """The byte where a code point begins leads back to it, in texts of several pages too."""
    text *= data.draw(st.sampled_from([1, 90]))
    offset = data.draw(st.integers(0, len(text)))
    assert ByteMap(utf8(text)).offset(len(utf8(text[:offset]))) == offset


@given(st.one_of(TEXTS, SURROGATES), st.data())
def test_any_byte_leads_to_the_code_point_that_holds_it(text: str, data: st.DataObject) -> None:
    """A byte within a character means the character's start; outside the text, its ends."""
    byte = data.draw(st.integers(-2, len(utf8(text)) + 2))
    expected, seen = 0, 0
    for number, char in enumerate(text):
        expected = number
        seen += len(utf8(char))
        if seen > byte:
            break
    else:
        expected = len(text)
    assert ByteMap(utf8(text)).offset(byte) == expected


@pytest.mark.parametrize(("start", "end"), [(-1, 0), (2, 1)])
def test_an_impossible_span_is_refused(start: int, end: int) -> None:
    """A span is never negative nor inside out."""
    with pytest.raises(ValueError, match="not a span"):
        Span(start, end)


SPANS = st.tuples(st.integers(0, 6), st.integers(0, 6)).map(lambda p: Span(min(p), max(p)))


@given(SPANS, SPANS)
def test_overlap_and_containment_agree_with_sets(one: Span, two: Span) -> None:
    """For spans that are not empty both mean what they mean for sets of offsets."""
    assert one.overlaps(two) == two.overlaps(one)
    left, right = set(range(one.start, one.end)), set(range(two.start, two.end))
    if left and right:
        assert one.overlaps(two) == bool(left & right)
        assert one.contains(two) == (right <= left)


def test_lines_outside_the_text_are_refused() -> None:
    """There is no line -1, and none after the last."""
    index = LineIndex("a\n")
    for ask in (index.line_span, index.full_line_span, index.line_text):
        for number in (-1, 2):
            with pytest.raises(IndexError):
                ask(number)


def test_the_text_a_span_touches_is_bounded() -> None:
    """Whole lines, at most five; of a line of machine length only what is near the span."""
    text = "one\ntwo\nthree\nfour\nfive\nsix\n"
    assert LineIndex(text).touched(Span(5, 6)) == "two"
    assert LineIndex(text).touched(Span(5, len(text))) == "two\nthree\nfour\nfive\nsix"
    long = "x" * 100_000
    assert len(LineIndex(long).touched(Span(50_000, 50_001))) <= 2000
    assert LineIndex("").touched(Span(0, 0)) == ""
