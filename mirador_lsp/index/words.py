"""The words of a text, the same way for what is kept and for what is asked.

Identifiers are taken apart where their parts meet, so that "parse header" finds `parseHeader`, and
are kept whole as well, so that `parse_header` finds its namesake before anything that merely parses
some header.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

LONGEST = 80
"""Longer runs of letters and digits are data (digests, pictures), not words, and are left out."""

_RUN = re.compile(r"\w+")
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_VOWEL = re.compile(r"[aeiouy]")
_SHORTEST_STEM = 3
_NO_PLURAL = ("ss", "us", "is")
_HISSING = ("s", "x", "z", "ch", "sh")
_UNSPACED = (
    (0x0E00, 0x0EFF),
    (0x3040, 0x30FF),
    (0x3400, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
"""Scripts that write without spaces: Thai and Lao, kana, Chinese characters."""


def words_of(text: str) -> list[str]:
    """The words of `text` in their order, as often as they stand there.

    Each is made of letters and digits only, in lower case, without the commonest English endings:
    a text of them joined by spaces is cut at the same places by SQLite's `unicode61`, with
    `remove_diacritics 0`. Scripts without spaces give pairs of neighbouring characters.
    """
    words: list[str] = []
    for match in _RUN.finditer(text):
        run = match[0]
        if run.isascii():
            if len(run) <= LONGEST:
                words += _split(run)
        else:
            _split_foreign(unicodedata.normalize("NFKC", run), words)
    return words


@lru_cache(maxsize=1 << 14)  # a workspace says the same few thousand names over and over
def _split(run: str) -> tuple[str, ...]:
    parts = _PARTS.findall(run)
    words = [stem(part.lower()) for part in parts]
    if len(parts) > 1:
        words.append(run.replace("_", "").lower())
    return tuple(words)


def _split_foreign(run: str, words: list[str]) -> None:
    # Normalising may bring in characters that are no part of a word, such as spaces and marks.
    for match in _RUN.finditer(run):
        for unspaced, piece in _by_script(match[0]):
            if unspaced:
                words += _pairs(piece)
            elif len(piece) <= LONGEST:
                parts = list(_cased(piece))
                words += [stem(part) for part in parts]
                if len(parts) > 1:
                    words.append("".join(parts))


def _by_script(run: str) -> Iterator[tuple[bool, str]]:
    """`run` in pieces that are written with spaces between words, or (True) without."""
    start = 0
    before = _unspaced(run[0])
    for at, char in enumerate(run):
        now = _unspaced(char)
        if now != before:
            yield before, run[start:at]
            start, before = at, now
    yield before, run[start:]


def _unspaced(char: str) -> bool:
    code = ord(char)
    return any(first <= code <= last for first, last in _UNSPACED)


def _pairs(piece: str) -> Iterable[str]:
    if len(piece) == 1:
        return [piece]
    return [piece[at : at + 2] for at in range(len(piece) - 1)]


def _cased(piece: str) -> Iterator[str]:
    """The parts of an identifier in any alphabet, in lower case."""
    start = 0
    for at in range(1, len(piece) + 1):
        if at < len(piece) and not _border(piece, at):
            continue
        part = piece[start:at].strip("_").casefold()
        letters = "".join(char for char in part if char.isalnum())
        if letters:
            yield letters
        start = at


def _border(piece: str, at: int) -> bool:
    before, here = piece[at - 1], piece[at]
    if "_" in (before, here) or before.isdigit() != here.isdigit():
        return True
    if not here.isupper():
        return False
    return not before.isupper() or piece[at + 1 : at + 2].islower()


def stem(word: str) -> str:
    """A lower-case word without the endings that most often hide that two words are one.

    "parses", "parsing", "parsed" and "parse" become "pars". Only ASCII words change.
    """
    if len(word) <= _SHORTEST_STEM or not word.isascii():
        return word
    word = _singular(word)
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= _SHORTEST_STEM and _VOWEL.search(rest):
            return _undoubled(rest).removesuffix("e")
    rest = word.removesuffix("e")
    return rest if len(rest) >= _SHORTEST_STEM else word


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > _SHORTEST_STEM + 1:
        return word[:-3] + "y"
    if word.endswith("es") and word[:-2].endswith(_HISSING):
        return word[:-2]
    if word.endswith("s") and not word.endswith(_NO_PLURAL):
        return word[:-1]
    return word


def _undoubled(rest: str) -> str:
    """`rest` of "stopping" is "stopp": one of the two goes, but not in "pass" or "call"."""
    if rest[-1] == rest[-2] and rest[-1] not in "aeiouylsz":
        return rest[:-1]
    return rest
