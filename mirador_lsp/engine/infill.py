"""What a model would write into a gap, held against what stands there. Pure.

A model that was trained to fill gaps has read far more sound code than faulty code. Given the code
before and behind a line, it writes the line that such code usually has. Where it surely writes
another one that differs in little, and all but rules out what stands there, the line is worth a
second look. Nothing is asked, so nothing can be put into its mouth: neither a comment nor a leading
question has a say.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from types import MappingProxyType

from mirador_lsp.core.dialogue import Chunk

LEAST_ODDS = 3.0
"""Natural logarithm of how much likelier the model's own word must be than the one that stands
there."""
_LEAST_SURE = 0.6
"""Probability that its own word must have: where many words would do, none is expected."""
_LEAST_ALIKE = 0.5
"""Share of the tokens that both lines have in common. A slip leaves most of a line as it should be;
a line that shares less says something else, which is no less right."""
_WORD = re.compile(r"\w+|[^\w\s]")
_BACKTICK = re.compile(r"(?<!\\)`")
_LONG_STRINGS: Mapping[str, "re.Pattern[str]"] = MappingProxyType(
    {
        "python": re.compile(r"\"\"\"|'''"),
        "javascript": _BACKTICK,
        "typescript": _BACKTICK,
        "tsx": _BACKTICK,
        "go": _BACKTICK,
    }
)
"""What strings of several lines begin and end with, by the language's id."""
_COMMENT = re.compile(r"\s+(?:#|//).*$")


@dataclass(frozen=True)
class Doubt:
    """How far a model would have written a line otherwise."""

    said: str
    """The line as the model would have it, without indentation."""
    sure: float
    """Probability of its first word that is another one, 0…1."""
    odds: float
    """Natural logarithm of the odds of that word against the one that stands there; at least so
    much where that one is not among those listed."""
    whole: bool = True
    """Whether the model got to the end of its line."""
    literal: bool = False
    """The lines part inside of a string: one text is as good as another."""


def doubt(line: str, chunks: Sequence[Chunk]) -> Doubt | None:
    """Where the words a model says, one after the other, part from those of `line`, which begins
    where they do. None where they do not, or where the model gave no probabilities.
    """
    at = 0
    for chunk in chunks:
        rest = line[at:]
        word = _head(chunk.text)
        if not chunk.alternatives or (not word and not rest):
            return None
        there = _word_there(rest, chunk.alternatives)
        if word and rest.startswith(word) and len(there) <= len(word):
            at += len(word)
            continue
        sure, known = _weight(word, chunk.alternatives), _weight(there, chunk.alternatives)
        if not there and rest:
            known = math.exp(min(logprob for _, logprob in chunk.alternatives))
        said = _head("".join(each.text for each in chunks)).strip()
        odds = math.log(sure / known) if sure > 0 and known > 0 else 0.0
        return Doubt(said, sure, odds, literal=_ends_in_string(line[:at]))
    return None


def is_slip(line: str, found: Doubt, around: Sequence[str]) -> bool:
    """Whether a doubt is worth telling: the model is sure, and the line looks like a slip for what
    it would write, not like another way to write it. `around` are the other lines near it: a model
    that says one of them has merely left this one out.
    """
    if found.odds < LEAST_ODDS or found.sure < _LEAST_SURE or found.literal:
        return False
    mine, theirs = _WORD.findall(bare(line)), _WORD.findall(bare(found.said))
    if not theirs or _normal(mine) == _normal(theirs):
        return False
    if any(_normal(_WORD.findall(bare(other))) == _normal(theirs) for other in around):
        return False
    return SequenceMatcher(None, mine, theirs, autojunk=False).ratio() >= _LEAST_ALIKE


def in_strings(rows: Sequence[str], language: str) -> list[bool]:
    """Of each row whether it begins inside of a string that began above it. Approximate: what looks
    like the border of such a string is taken for one.
    """
    borders = _LONG_STRINGS.get(language)
    found, around = [], ""
    for row in rows:
        found.append(bool(around))
        for border in borders.findall(row) if borders is not None else ():
            if not around:
                around = border
            elif around == border:
                around = ""
    return found


def _ends_in_string(text: str) -> bool:
    """Whether the end of a piece of a line is inside of a string that began in it."""
    quote = ""
    for at, sign in enumerate(text):
        if sign in "\"'`" and (at == 0 or text[at - 1] != "\\") and quote in ("", sign):
            quote = "" if quote else sign
    return bool(quote)


def _head(text: str) -> str:
    return text.partition("\n")[0]


def _word_there(rest: str, alternatives: Sequence[tuple[str, float]]) -> str:
    """The longest of the listed words that the line goes on with: what a vocabulary has as one
    word is one word in a text. "" for the end of the line, and where none fits.
    """
    words = [_head(token) for token, _ in alternatives]
    return max((word for word in words if rest.startswith(word)), key=len, default="")


def _weight(word: str, alternatives: Sequence[tuple[str, float]]) -> float:
    """Probability of a word, whether the line ends with it or not."""
    return sum(math.exp(logprob) for token, logprob in alternatives if _head(token) == word)


def bare(line: str) -> str:
    """A line without indentation and without the comment behind its code."""
    return _COMMENT.sub("", line).strip()


def _normal(words: Sequence[str]) -> str:
    """What two lines must share to be the same but for taste: quotes and a last comma or semicolon
    do not count.
    """
    return "".join(words).replace('"', "'").rstrip(",;")
