"""How alike two findings are: by rule, by topic, and by what they say.

What they say is compared by words, stems and letters, and by vectors of the workspace's embedder
where both are known. Either measure alone tells kinds apart about equally well; together they do
it better: see docs/adr/0023.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from mirador_lsp.core.feedback import Opinion
from mirador_lsp.core.findings import Finding, Lens

BY_WORDS = 0.25
"""Likeness by words from which two findings of models are of one kind."""
BY_BOTH = 0.30
"""The same of the mean of words and vectors."""
_SAME_WEAKNESS = 0.1
"""What an equal CWE adds."""
_MODEL = "model/"
_NAMES = re.compile(r"`[^`]*`|\"[^\"]*\"|'[^']*'|\d+")
_CODE = re.compile(r"`[^`]*`|\"[^\"]*\"|'[^']*'")
_WORD = re.compile(r"[a-z]+")
_ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ied", "ers", "er", "ed", "es", "ly", "s", "e")
_EMPTY = frozenset(
    (
        *("a", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "code"),
        *("could", "do", "does", "done", "each", "every", "for", "from", "function", "has"),
        *("have", "here", "if", "in", "into", "is", "it", "its", "line", "may", "might", "of"),
        *("on", "or", "should", "so", "some", "that", "the", "their", "them", "then", "there"),
        *("these", "they", "this", "to", "use", "used", "uses", "using", "value", "variable"),
        *("was", "were", "what", "when", "where", "which", "while", "will", "with", "would"),
    )
)


@dataclass(frozen=True)
class Told:
    """A finding as it is compared: the same for one that is new and one that was decided."""

    rule: str
    lens: Lens | None
    cwe: str
    message: str
    quote: str

    @classmethod
    def of(cls, said: Finding | Opinion) -> "Told":
        """What a finding, or an opinion about one, tells. The messages of an analyzer's rule are
        one sentence with names in it: what is left without those is the same for all its findings,
        so that it is judged once.
        """
        if said.rule.startswith(_MODEL):
            return cls(said.rule, said.lens, said.cwe or "", said.message, said.quote)
        return cls(said.rule, said.lens, said.cwe or "", _NAMES.sub("", said.message), "")

    @cached_property
    def by_model(self) -> bool:
        """Whether a model said so, whose rule is no more than a lens."""
        return self.rule.startswith(_MODEL)

    @property
    def text(self) -> str:
        """What an embedder is shown: with the code it was measured to tell kinds less well."""
        return self.message[:600]

    @cached_property
    def key(self) -> str:
        """By which its vector is kept."""
        return hashlib.sha256(self.text.encode("utf-8", "backslashreplace")).hexdigest()[:32]

    @cached_property
    def stems(self) -> frozenset[str]:
        """The words of the message that mean something, without their endings. Names do not."""
        words = _WORD.findall(_CODE.sub(" ", self.message.lower()))
        return frozenset(_stem(word) for word in words if len(word) > 1 and word not in _EMPTY)

    @cached_property
    def letters(self) -> frozenset[str]:
        """Every four letters in a row within those words: what endings and prefixes hide."""
        padded = (f" {stem} " for stem in self.stems)
        return frozenset(word[i : i + 4] for word in padded for i in range(max(1, len(word) - 3)))

    @cached_property
    def parts(self) -> frozenset[str]:
        """The words and signs of the quoted line."""
        return frozenset(re.findall(r"[a-z]{2,}|[^\w\s]", self.quote.lower()))


def comparable(one: Told, other: Told) -> bool:
    """Whether a decision about one can say anything about the other: never across lenses, and
    across rules only where a model said one of them or both are the same weakness.
    """
    if one.lens is None or one.lens is not other.lens:
        return False
    if one.rule == other.rule or (one.cwe and one.cwe == other.cwe):
        return True
    return one.by_model or other.by_model


def by_words(one: Told, other: Told) -> float:
    """How alike what they say is, 0…1, by their words."""
    said = 0.5 * _dice(one.stems, other.stems) + 0.5 * _dice(one.letters, other.letters)
    return 0.85 * said + 0.15 * _dice(one.parts, other.parts)


def alike(one: Told, other: Told, vectors: Mapping[str, Sequence[float]]) -> float:
    """How alike two findings are: 1 and above are of one kind. `vectors` by `Told.key`."""
    return nearness(one, other, vectors) if comparable(one, other) else 0.0


def nearness(one: Told, other: Told, vectors: Mapping[str, Sequence[float]]) -> float:
    """The same of two that are comparable. A rule of an analyzer is a kind of its own."""
    if one.rule == other.rule and not one.by_model:
        return 1.0
    said = by_words(one, other)
    here, there = vectors.get(one.key), vectors.get(other.key)
    if here is not None and there is not None and len(here) == len(there):
        near = sum(a * b for a, b in zip(here, there, strict=True))
        said = (said + max(0.0, near)) / 2 / BY_BOTH
    else:
        said /= BY_WORDS
    return said + (_SAME_WEAKNESS if one.cwe and one.cwe == other.cwe else 0.0)


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0
