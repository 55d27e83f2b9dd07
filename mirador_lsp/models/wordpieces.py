"""Text cut into the word pieces of BERT's uncased vocabulary, for the embedders of this machine."""

import re
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass

VOCABULARY = "minilm_vocab.txt"
"""One piece a line, its number the line's, from 0; about the more frequent in English the earlier.
It belongs to all-MiniLM-L6-v2 (Apache-2.0)."""
BEGIN, END = 101, 102
"""The pieces around each text."""
UNKNOWN = "[UNK]"
_FIRST_CHARACTER = 999
"""From here to "the" each piece is one character; before, there are only marks."""
_ZIPF = 3.7
_LETTER, _RARE = 1e-3, 1e-5
_MOST_CHARACTERS = 8192
"""More are not even looked at: they fill any embedder many times over."""
_IDENTIFIER_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_+")


def vocabulary() -> list[str]:
    """All pieces in order."""
    text = resources.files("mirador_lsp.models").joinpath(VOCABULARY).read_text("utf-8")
    return text.split("\n")[:-1]


class WordPieces:
    """Cuts text into numbers. Building one takes a twentieth of a second."""

    def __init__(self) -> None:
        from tokenizers import Tokenizer, normalizers, pre_tokenizers
        from tokenizers.models import WordPiece

        numbers = {piece: number for number, piece in enumerate(vocabulary())}
        # No special tokens are declared: "[SEP]" in a source file is three ordinary pieces.
        made = Tokenizer(WordPiece(numbers, unk_token=UNKNOWN, max_input_chars_per_word=100))
        made.normalizer = normalizers.BertNormalizer()
        made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        self.tokenizer: Tokenizer = made
        """What cuts, without the limits of `numbers`."""

    def numbers(self, text: str, most: int) -> list[int]:
        """The first `most` pieces of any text."""
        found = self.tokenizer.encode(_plain(text), add_special_tokens=False)
        ids: list[int] = found.ids
        return ids[:most]


def frequencies() -> list[float]:
    """How often each piece is met, as a share of all; 0 for what means nothing by itself.

    By Zipf's law alone, for the vocabulary is in the order of frequency from "the" on. Counting
    pieces in real code instead changed what was found by less than a hundredth.
    """
    pieces = vocabulary()
    first = pieces.index("the")
    found = [
        1 / (number - first + _ZIPF) if number >= first else 0.0 for number in range(len(pieces))
    ]
    total = sum(found)
    found = [share / total for share in found]
    for number in range(_FIRST_CHARACTER, first):
        if pieces[number].isalnum():
            found[number] = _LETTER if pieces[number].isascii() else _RARE
    return found


def split_identifiers(text: str) -> str:
    """The text with identifiers taken apart: "parseHTTPHeader_v2" is "parse HTTP Header v2"."""
    return _IDENTIFIER_BORDER.sub(" ", text)


def _plain(text: str) -> str:
    head = text[:_MOST_CHARACTERS]
    # A lone surrogate has no bytes.
    return head if head.isascii() else head.encode("utf-8", "replace").decode()
