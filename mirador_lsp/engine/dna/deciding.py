"""What the user's decisions say about findings: that they were right, or not worth showing."""

from collections.abc import Sequence
from dataclasses import dataclass

from mirador_lsp.core.feedback import Opinion, Verdict

_FOR = frozenset({Verdict.HELPFUL, Verdict.ACCEPTED, Verdict.EDITED})
_AGAINST = frozenset({Verdict.DISMISSED, Verdict.UNHELPFUL})
_GOOD_RATING = 4
_BAD_RATING = 2


@dataclass(frozen=True)
class Decided:
    """A finding that the user has decided about, and the code that it is about."""

    message: str
    quote: str
    language: str
    right: bool
    code: str
    """What stands around the quote; the quote itself where nothing else is known."""


def leaning(opinion: Opinion) -> bool | None:
    """Whether the user holds the finding to be right; None where that does not follow.

    That a fix was taken back, or a line silenced, says nothing of the finding itself.
    """
    if opinion.verdict in _FOR:
        return True
    if opinion.verdict in _AGAINST:
        return False
    if opinion.verdict is Verdict.RATED and opinion.rating:
        if opinion.rating >= _GOOD_RATING:
            return True
        return False if opinion.rating <= _BAD_RATING else None
    return None


def to_replay(opinions: Sequence[Opinion], most: int) -> tuple[tuple[Opinion, bool], ...]:
    """The first of them that can be put to a model again, each with how it was decided; as many of
    one sort as of the other where there are enough of both.
    """
    sorts: dict[bool, list[Opinion]] = {True: [], False: []}
    for opinion in opinions:
        right = leaning(opinion)
        if right is not None and opinion.message and opinion.quote:
            sorts[right].append(opinion)
    fewest = min(len(sorts[True]), len(sorts[False]), most // 2)
    count = {right: max(fewest, min(len(some), most - fewest)) for right, some in sorts.items()}
    if count[True] + count[False] > most:
        count = dict.fromkeys(count, most // 2)
    return tuple((each, right) for right, some in sorts.items() for each in some[: count[right]])
