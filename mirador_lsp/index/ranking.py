"""Putting what was found in order: by words, by meaning, by names, and by where it stands.

Pure. The constants were tuned on one half of two sets of questions and are reported on the other
half: first sentences of docstrings against 8,000 functions of installed Python, and subjects of
commits against the functions they changed (`python -m benchmarks.retrieval`). They are flat:
half or twice a value costs about 0.01 of the mean reciprocal rank.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mirador_lsp.index.words import words_of

FINAL = 0.6
"""Weight of the meaning told by an embedder that reads whole chunks; words have the rest."""
STATIC = 0.3
"""Weight of the meaning told by a table of words, where nothing better is there yet."""
FLOOR = 0.3
"""What is only this near, as a share of the nearest, has nothing to do with the question."""
NAME = 0.25
"""Weight of what the name of a symbol has in common with the question."""
DEFINITION = 1.0
"""Weight of defining the one name that is all of the question; half for the fifth such place."""
MENTIONED = 0.15
"""The same where the name stands among other words, which may be the point."""
NEAR = 0.1
"""Weight of standing in the file from which is asked; half for its folder."""
FILE = 0.05
"""Weight of the file: what its best hits amount to. (Making room for other files instead, as search
for people does, costs 0.01: what belongs together stands together.)"""
BEST = 5
"""Hits of a file that count for it."""

_TESTS, _LESSER, _GENERATED = 0.6, 0.95, 0.6
"""What is left to hits of such files. Tests mention all there is, and are seldom meant."""
_DECAY = 0.25
_ENOUGH = 3
"""A name that shares a third of the words of a question, or all its own, is as good as can be."""
_ONE_NAME = re.compile(r"[\w.:$@#!?>\\-]+(?:\(\))?")
_TEST_PATH = re.compile(
    r"(?:^|/)(?:tests?|specs?|__tests__|testing|testdata|fixtures?)/"
    r"|(?:^|/)(?:test_[^/]*|conftest|[^/]*(?:_test|_spec|\.test|\.spec|Tests?|Spec))\.[a-z]+$"
)
_LESSER_PATH = re.compile(
    r"(?:^|/)(?:examples?|samples?|demos?|compat|legacy|deprecated|docs?|benchmarks?)/"
    r"|\.d\.[cm]?ts$"
)
_GENERATED_PATH = re.compile(
    r"(?:^|/)(?:vendor|vendored|_vendor|third_party|node_modules|dist|generated|migrations)/"
    r"|[._](?:pb2?|gen|generated|min)(?:_grpc)?\.[a-z]+$"
)
_ASKS_FOR_TESTS = frozenset(("test", "spec", "fixtur", "mock", "assert"))
_SAYS_NOTHING = frozenset(
    words_of(
        "a an and are as at be been but by can could do does for from get gets give gives had has"
        " have how if in into is it its may not of on only or return returns should so than that"
        " the then there these they this to was we were what when where which while who why will"
        " with would you"
    )
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that was found, and how."""

    file: str
    """Relative to the workspace, with "/"; "" for what is no file."""
    symbols: tuple[str, ...] = ()
    """Its own path, or those of what is defined in it."""
    words: float = 0.0
    """BM25 of the question's words, larger is better; 0 where they did not find it."""
    final: float | None = None
    """Cosine by the embedder that is meant to be used; None where it has no vector."""
    static: float | None = None
    """Cosine by the table that stands in for it."""
    defines: int = 0
    """Its place among the definitions of names in the question, from 1; 0 if it is none."""


def ranked(question: str, found: Sequence[Candidate], *, near: str = "") -> list[tuple[int, float]]:
    """The places of `found`, best first, with their scores, which are comparable within the list.

    `near` is the file from which is asked. Equal candidates keep their order.
    """
    asked = telling(question)
    defining = DEFINITION if _ONE_NAME.fullmatch(question.strip()) else MENTIONED
    scores = [
        _standing(each.file, asked, near)
        * (score + defining * _place(each.defines) + _fitness(each, asked, near))
        for score, each in zip(_fused(found), found, strict=True)
    ]
    lifted = _lifted(found, scores)
    return sorted(enumerate(lifted), key=lambda each: -each[1])


def telling(question: str) -> frozenset[str]:
    """The words of a question that tell something; all of them where none does."""
    words = frozenset(words_of(question))
    return words - _SAYS_NOTHING or words


def _fused(found: Sequence[Candidate]) -> list[float]:
    """What words and meaning say together, 0…1."""
    most_words = max((each.words for each in found), default=0.0) or 1.0
    final = _Scale(each.final for each in found)
    static = _Scale(each.static for each in found)
    scores = []
    for each in found:
        words = each.words / most_words
        if each.final is not None:
            weight, meaning = FINAL, final.of(each.final)
        elif each.static is not None:
            weight, meaning = STATIC, static.of(each.static)
        else:
            # Nothing is known of its meaning: no better than the worst, no worse than no match.
            weight, meaning = (FINAL, 0.0) if final.used else (STATIC * static.used, 0.0)
        scores.append(weight * meaning + (1 - weight) * words)
    return scores


class _Scale:
    """Cosines made comparable with one another: 1 for the nearest, 0 for what is far."""

    def __init__(self, cosines: Iterable[float | None]) -> None:
        known = [each for each in cosines if each is not None]
        self.used = bool(known)
        self._most = max(known, default=0.0)

    def of(self, cosine: float) -> float:
        if self._most <= 0:
            return 0.0
        floor = FLOOR * self._most
        return max(0.0, (cosine - floor) / (self._most - floor))


def _fitness(each: Candidate, asked: frozenset[str], near: str) -> float:
    likeness = max((_likeness(asked, symbol) for symbol in each.symbols), default=0.0)
    nearness = _nearness(each.file, near) if near and each.file else 0.0
    return NAME * likeness + NEAR * nearness


def _place(defines: int) -> float:
    return 1 / (1 + _DECAY * (defines - 1)) if defines else 0.0


def _likeness(asked: frozenset[str], symbol: str) -> float:
    """How much the name of a symbol says what is asked for, 0…1."""
    name = _name_words(symbol.rpartition(".")[2])
    shared = len(name & asked)
    if not shared:
        return 0.0
    return shared / len(name) * min(1.0, _ENOUGH * shared / len(asked))


@lru_cache(maxsize=1 << 14)
def _name_words(name: str) -> frozenset[str]:
    """The parts of a name, not the whole, which would count twice."""
    words = words_of(name)
    parts = words[:-1] if len(words) > 1 else words
    return frozenset(parts) - _SAYS_NOTHING or frozenset(parts)


def _standing(file: str, asked: frozenset[str], near: str) -> float:
    """What the kind of a file takes from its hits, unless it is asked for, or from there."""
    if _GENERATED_PATH.search(file):
        return _GENERATED
    if _TEST_PATH.search(file):
        wanted = asked & _ASKS_FOR_TESTS or (near and _TEST_PATH.search(near))
        return 1.0 if wanted else _TESTS
    return _LESSER if _LESSER_PATH.search(file) else 1.0


def _nearness(file: str, near: str) -> float:
    if file == near:
        return 1.0
    return 0.5 if file.rpartition("/")[0] == near.rpartition("/")[0] else 0.0


def _lifted(found: Sequence[Candidate], scores: Sequence[float]) -> list[float]:
    """Scores with the weight of the file in them; what is no file stands for itself."""
    of_file: dict[str | int, list[float]] = {}
    for at, each in enumerate(found):
        of_file.setdefault(each.file or at, []).append(scores[at])
    sums = {file: sum(sorted(of, reverse=True)[:BEST]) for file, of in of_file.items()}
    most = max(sums.values(), default=0.0) or 1.0
    return [
        score + FILE * sums[each.file or at] / most
        for at, (each, score) in enumerate(zip(found, scores, strict=True))
    ]
