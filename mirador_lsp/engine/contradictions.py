"""Two reviewers who advise the opposite of one line: which of them is heard.

The order is: a fact of an analyzer before a claim of a model; then security, bug, performance,
style, whoever the reviewer is; then the surer one. What gives way is counted as withdrawn.
"""

import re

from mirador_lsp.core.findings import Finding, Lens

ORDER = (Lens.SECURITY, Lens.BUG, Lens.PERFORMANCE, Lens.STYLE)
"""Whose advice holds where two contradict each other, the first one first."""
_MODEL = "model/"
_OPPOSITES = (
    ("add", "remove"),
    ("use", "avoid"),
    ("inline", "extract"),
    ("merge", "split"),
    ("combine", "split"),
    ("catch", "propagate"),
    ("increase", "decrease"),
    ("raise", "lower"),
    ("keep", "drop"),
    ("allow", "forbid"),
    ("lock", "unlock"),
    ("cache", "recompute"),
    ("rename", "keep"),
    ("shorten", "lengthen"),
)
"""Verbs of advice that cannot both be followed."""
_VERBS = frozenset(verb for pair in _OPPOSITES for verb in pair)
_ENDINGS = re.compile(r"(?:ing|ed|es|s)$")
_COMMON = frozenset(
    {"this", "that", "with", "from", "here", "line", "code", "which", "should", "could", "must"}
)


def contradict(one: Finding, other: Finding) -> bool:
    """Whether two findings of one line advise opposite things about the same."""
    if one.lens is other.lens:
        return False
    first, second = _words(one.message), _words(other.message)
    if not any(len(word) > 3 for word in (first & second) - _COMMON - _VERBS):
        return False
    return any(_opposed(left, right, first, second) for left, right in _OPPOSITES)


def goes_first(one: Finding, other: Finding) -> bool:
    """Whether `one` is heard where the two contradict each other."""
    return _standing(one) <= _standing(other)


def _standing(finding: Finding) -> tuple[bool, int, float]:
    is_claim = finding.rule.startswith(_MODEL)
    return is_claim, ORDER.index(finding.lens), -finding.confidence


def _opposed(left: str, right: str, first: frozenset[str], second: frozenset[str]) -> bool:
    """Whether one text has one verb of a pair and the other has the other, and none has both."""
    here, there = (left in first, right in first), (left in second, right in second)
    return sorted((here, there)) == [(False, True), (True, False)]


def _words(message: str) -> frozenset[str]:
    """The words of a message without their endings."""
    return frozenset(_stem(word) for word in re.findall(r"[a-z_]{3,}", message.lower()))


def _stem(word: str) -> str:
    bare = _ENDINGS.sub("", word)
    # "caching" and "cache", "dropping" and "drop" are one; what is left must still be a word.
    for verb in _VERBS:
        if bare in (verb, verb.removesuffix("e"), verb + verb[-1]):
            return verb
    return bare if len(bare) > 3 else word
