"""What the user seems to prefer, from what they decided and asked. Pure.

Each inference says from how many decisions it comes and how sure it is: the probability, under a
beta distribution taken as normal, that the share it rests on lies beyond its bound; of a name, by
the number of files that it was met in. Below `SURE` no share means anything. What the user set by
hand is never overwritten.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from statistics import NormalDist

from mirador_lsp.core.feedback import Opinion, document_of
from mirador_lsp.core.history import Ending, Exchange, Kind, Life
from mirador_lsp.core.policy import DEEP, SYNTHESIS
from mirador_lsp.core.preferences import (
    NAMES,
    Depth,
    Evidence,
    Pace,
    Preference,
    Source,
    SourceKind,
    Verbosity,
)
from mirador_lsp.engine.dna.deciding import leaning

SURE = 0.9
"""How sure an inference has to be."""
_FEWEST = 10
"""Decisions from which on a share means anything."""
_FEWEST_WORDS = 3
"""The same of what the user said in words: few say it at all."""
_MOSTLY_WRONG = 0.5
_MOSTLY_RIGHT = 0.75
_DEEP_RIGHT = 0.6
_DEEP_WRONG = 0.65
_OFTEN_STOPPED = 0.4
_FEWEST_FILES = 3
_FEWEST_OF_LANGUAGE = 20
_FEW_EXPLANATIONS = 0.25
"""Explanations for each decision, below which somebody seems to know their way about."""
_MOST_NAMES = 6
_SHORTER = re.compile(
    r"\b(?:shorter|brief(?:ly)?|in short|too (?:long|wordy|verbose)|tl;?dr|one sentence)\b",
    re.IGNORECASE,
)
_LONGER = re.compile(
    r"\b(?:more detail(?:s|ed)?|in detail|elaborate|go deeper|explain more|step by step"
    r"|too (?:short|terse|brief))\b",
    re.IGNORECASE,
)
_ANSWERS = (Kind.EXPLAIN, Kind.ASK, Kind.ACTION)


@dataclass(frozen=True)
class Past:
    """What inferences are drawn from."""

    opinions: Sequence[Opinion] = ()
    exchanges: Sequence[Exchange] = ()
    lives: Sequence[Life] = ()


@dataclass(frozen=True)
class Inference:
    """What seems to be preferred, and why."""

    preference: Preference
    why: str
    """In plain words, with the figures."""


@dataclass(frozen=True)
class Proposal:
    """What would change."""

    name: str
    before: tuple[str, ...] | None
    """None where the default holds."""
    inference: Inference | None
    """None where what was inferred before does not follow any more."""
    by_hand: bool = False
    """The user has set it, so that it stays."""


def infer(past: Past, now: float) -> tuple[Inference, ...]:
    """Everything that follows, in the order of `NAMES`."""
    rules: Mapping[str, Callable[[Past, float], Inference | None]] = {
        "verbosity": _verbosity,
        "depth": _depth,
        "pace": _pace,
        "evidence": _evidence,
        "frameworks": _frameworks,
        "expertise": _expertise,
    }
    found = (rules[name](past, now) for name in NAMES)
    return tuple(each for each in found if each is not None)


def proposals(found: Iterable[Inference], kept: Iterable[Preference]) -> tuple[Proposal, ...]:
    """What `found` would change of what is kept, in the order of `NAMES`."""
    inferred = {each.preference.name: each for each in found}
    held = {each.name: each for each in kept}
    told: list[Proposal] = []
    for name in NAMES:
        before, now = held.get(name), inferred.get(name)
        by_hand = before is not None and before.source.kind is SourceKind.HAND
        values = before.values if before is not None else None
        if now is None and (before is None or by_hand):
            continue
        if now is not None and values == now.preference.values and not by_hand:
            continue
        told.append(Proposal(name, values, now, by_hand))
    return tuple(told)


def _evidence(past: Past, now: float) -> Inference | None:
    said = [right for each in past.opinions if (right := leaning(each)) is not None]
    wrong, count = said.count(False), len(said)
    if count < _FEWEST:
        return None
    if (sure := _beyond(wrong, count, _MOSTLY_WRONG)) >= SURE:
        why = f"you turned down {wrong} of {count} findings that you decided about"
        return _inferred("evidence", Evidence.HIGH, why, count, sure, now)
    if (sure := _beyond(count - wrong, count, _MOSTLY_RIGHT)) >= SURE:
        why = f"you took {count - wrong} of {count} findings that you decided about"
        return _inferred("evidence", Evidence.LOW, why, count, sure, now)
    return None


def _depth(past: Past, now: float) -> Inference | None:
    stages = {(document_of(life.document), life.finding): life.stage for life in past.lives}
    deep = [
        right
        for each in past.opinions
        if stages.get((document_of(each.uri), each.finding_id)) in {DEEP, SYNTHESIS}
        and (right := leaning(each)) is not None
    ]
    taken, count = deep.count(True), len(deep)
    if count < _FEWEST:
        return None
    if (sure := _beyond(taken, count, _DEEP_RIGHT)) >= SURE:
        why = f"you took {taken} of {count} findings of the later stages"
        return _inferred("depth", Depth.DEEP, why, count, sure, now)
    if (sure := _beyond(count - taken, count, _DEEP_WRONG)) >= SURE:
        why = f"you turned down {count - taken} of {count} findings of the later stages"
        return _inferred("depth", Depth.SHALLOW, why, count, sure, now)
    return None


def _pace(past: Past, now: float) -> Inference | None:
    # A review is superseded by the next save, whoever is in a hurry; an answer somebody stops.
    asked = [each for each in past.exchanges if each.kind in _ANSWERS]
    stopped = sum(each.outcome is Ending.STOPPED for each in asked)
    sure = _beyond(stopped, len(asked), _OFTEN_STOPPED)
    if len(asked) < _FEWEST or sure < SURE:
        return None
    why = f"you stopped {stopped} of {len(asked)} answers before they had ended"
    return _inferred("pace", Pace.FAST, why, len(asked), sure, now)


def _verbosity(past: Past, now: float) -> Inference | None:
    said = [*(e.question for e in past.exchanges), *(o.reason for o in past.opinions)]
    shorter = sum(bool(_SHORTER.search(text)) for text in said)
    longer = sum(bool(_LONGER.search(text)) for text in said)
    count = shorter + longer
    if count < _FEWEST_WORDS:
        return None
    most = max(shorter, longer)
    if (sure := _beyond(most, count, 1 / 2)) < SURE:
        return None
    wish, words = (Verbosity.TERSE, "less") if shorter > longer else (Verbosity.DETAILED, "more")
    why = f"you asked for {words} words {most} times, and for the opposite {count - most} times"
    return _inferred("verbosity", wish, why, count, sure, now)


def _frameworks(past: Past, now: float) -> Inference | None:
    where: dict[str, set[str]] = defaultdict(set)
    texts = [(each.uri, f"{each.quote}\n{each.change}") for each in past.opinions]
    texts += [(each.document, each.question) for each in past.exchanges]
    texts += [(each.document, each.quote) for each in past.lives]
    for document, text in texts:
        for name in _named(text):
            where[name].add(document_of(document))
    often = [(name, len(some)) for name, some in where.items() if len(some) >= _FEWEST_FILES]
    often = sorted(often, key=lambda each: (-each[1], each[0]))[:_MOST_NAMES]
    if not often:
        return None
    count = sum(number for _, number in often)
    least = min(number for _, number in often)
    listed = ", ".join(f"{name} in {number} files" for name, number in often)
    why = f"your code and questions name {listed}"
    sure = _by_files(least)
    return Inference(
        Preference(
            "frameworks",
            tuple(name for name, _ in often),
            Source(SourceKind.INFERRED, count, sure, now),
        ),
        why,
    )


def _expertise(past: Past, now: float) -> Inference | None:
    decided: Counter[str] = Counter()
    documents: dict[str, set[str]] = defaultdict(set)
    for each in past.opinions:
        if each.language and leaning(each) is not None:
            decided[each.language] += 1
            documents[each.language].add(document_of(each.uri))
    explained = Counter(
        document_of(each.document) for each in past.exchanges if each.kind is Kind.EXPLAIN
    )
    known: list[tuple[str, int]] = []
    least = 0
    for language, count in decided.most_common():
        asked = sum(explained[document] for document in documents[language])
        enough = count >= _FEWEST_OF_LANGUAGE and len(documents[language]) >= _FEWEST_FILES
        if enough and asked <= _FEW_EXPLANATIONS * count:
            known.append((language, count))
            least = min(least or len(documents[language]), len(documents[language]))
    if not known:
        return None
    known = known[:_MOST_NAMES]
    count = sum(number for _, number in known)
    listed = ", ".join(f"{number} findings in {language}" for language, number in known)
    why = f"you decided about {listed} and had hardly anything explained"
    names = tuple(language for language, _ in known)
    source = Source(SourceKind.INFERRED, count, _by_files(least), now)
    return Inference(Preference("expertise", names, source), why)


def _inferred(
    name: str, value: str, why: str, decisions: int, sure: float, now: float
) -> Inference:
    source = Source(SourceKind.INFERRED, decisions, round(sure, 3), now)
    return Inference(Preference(name, (str(value),), source), why)


def _beyond(some: int, of: int, bound: float) -> float:
    """How probable it is that a share lies above `bound`, of which `some` of so many were seen."""
    if not of or some / of <= bound:
        return 0.0
    mean = (some + 1) / (of + 2)
    spread = math.sqrt(mean * (1 - mean) / (of + 3))
    normal = NormalDist(mean, spread)
    # A share lies between 0 and 1, which a normal distribution does not know.
    return (normal.cdf(1) - normal.cdf(bound)) / (normal.cdf(1) - normal.cdf(0))


def _by_files(count: int) -> float:
    """How sure a name is that was met in so many files: each further one halves the doubt."""
    return float(round(1 - 2.0**-count, 3))


def _named(text: str) -> set[str]:
    """The frameworks that a text names."""
    words = {word.strip(".,;:()[]{}\"'`").lower() for word in re.split(r"[\s/()\[\]\"']+", text)}
    words |= {word.split(".")[0] for word in words if "." in word}
    return words & _frameworks_known()


@cache
def _frameworks_known() -> frozenset[str]:
    """Names that are no words of every day. Reads a small file the first time."""
    return frozenset(files(__package__).joinpath("frameworks.txt").read_text("utf-8").split())
