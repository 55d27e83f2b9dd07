"""Text in word pieces."""

import hashlib
from importlib import resources

import pytest

from mirador_lsp.models.wordpieces import (
    UNKNOWN,
    VOCABULARY,
    WordPieces,
    frequencies,
    split_identifiers,
    vocabulary,
)


def _pieces(text: str, most: int = 100) -> list[str]:
    known = vocabulary()
    return [known[number] for number in WordPieces().numbers(text, most)]


def test_the_vocabulary_is_the_published_one() -> None:
    """It has the checksum of the one that all-MiniLM-L6-v2 is published with."""
    data = resources.files("mirador_lsp.models").joinpath(VOCABULARY).read_bytes()
    assert (
        hashlib.sha256(data).hexdigest()
        == "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
    )


def test_words_are_cut_into_pieces() -> None:
    """Letters are small, accents gone, marks and rare words apart, as BERT has them."""
    pieces = _pieces("Open the Tokenizer's Café!")
    assert pieces == ["open", "the", "token", "##izer", "'", "s", "cafe", "!"]


def test_what_looks_like_a_special_token_is_text() -> None:
    """A file that holds "[SEP]" ends nothing and pads nothing."""
    assert _pieces("a [SEP] b") == ["a", "[", "sep", "]", "b"]


def test_the_number_of_pieces_is_bounded() -> None:
    """No more pieces come back than were asked for, whatever the text."""
    assert len(WordPieces().numbers("word " * 100_000, 256)) == 256
    assert len(WordPieces().numbers("x" * 100_000, 256)) <= 256


@pytest.mark.parametrize("text", ["\ud800", "\0\0", "😀", "\u202e", "\ufeff"])
def test_any_text_can_be_cut(text: str) -> None:
    """What no vocabulary holds is unknown, and nothing is raised."""
    assert set(_pieces(f"a {text}")) <= {"a", UNKNOWN, "?"}


def test_identifiers_are_split() -> None:
    """Camel and snake are words of their own."""
    assert split_identifiers("parseHTTPHeader_v2 plain") == "parse HTTP Header v2 plain"


def test_frequent_pieces_are_frequent() -> None:
    """Frequencies fall with the number, marks have none, and all together are about one."""
    known, often = vocabulary(), frequencies()
    assert often[known.index("the")] == max(often)
    assert often[known.index("return")] > often[known.index("abstract")]
    assert often[known.index("(")] == often[known.index("[CLS]")] == 0
    assert sum(often) == pytest.approx(1, abs=0.2)
