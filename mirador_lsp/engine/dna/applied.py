"""What preferences change: the one place where they meet a request.

What the user set by name, in the settings or for this request, is left as it is: a preference fills
only what is open. The sentences for models are in `engine.prompts.manner`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeVar

from mirador_lsp.core.answers import AnswerRequest
from mirador_lsp.core.changes import ChangeRequest
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.policy import INSTANT, QUICK, ReviewPolicy, StagePolicy
from mirador_lsp.core.preferences import (
    NAMES,
    Depth,
    Evidence,
    Pace,
    PreferenceBook,
    Preferences,
    Verbosity,
    preferences_of,
)
from mirador_lsp.core.requests import ReviewRequest

_Said = TypeVar("_Said")

_TIME: Mapping[Pace, float] = MappingProxyType(
    {Pace.FAST: 0.5, Pace.BALANCED: 1.0, Pace.THOROUGH: 2.0}
)
"""What the time of a stage and of reading context is multiplied by."""
_ANSWER: Mapping[Verbosity, float] = MappingProxyType(
    {Verbosity.TERSE: 0.5, Verbosity.NORMAL: 1.0, Verbosity.DETAILED: 2.0}
)
"""What the length of an answer is multiplied by."""
_REPLY: Mapping[Verbosity, float] = MappingProxyType(
    {Verbosity.TERSE: 1.0, Verbosity.NORMAL: 1.0, Verbosity.DETAILED: 1.5}
)
"""The same of a reply that reports findings: a shorter one would break off in the middle of one."""
_OVERRULED_BY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "verbosity": ("answers.max_tokens",),
        "depth": ("review.stages",),
        "pace": ("answers.seconds", "stages.quick.seconds", "stages.deep.seconds"),
        "evidence": ("review.gate",),
    }
)
"""The settings by whose names the user says the same, and more exactly."""
_LEAST_TOKENS = 96
_MOST_TOKENS = 1600
_LOW_GATE = 0.2
"""Shows what a model was not sure of."""
_HIGH_GATE = 0.65
"""Above the most that a first look alone is believed: a second one or an analyzer has to agree."""
_MORE_FINDINGS = 2
"""More of one reply, where the user wants depth."""
_DEEPER = 2.0
"""What the time for reading context is multiplied by, where the user wants depth."""


@dataclass(frozen=True)
class Effect:
    """What a preference does, in words; for people."""

    name: str
    does: str


def to_review(request: ReviewRequest, preferences: Preferences) -> ReviewRequest:
    """A review as the user prefers it."""
    policy = _paced(_deep(request.policy, preferences), preferences)
    held = policy.given
    tokens = _REPLY[preferences.verbosity]
    models = tuple(
        replace(stage, max_tokens=_length(stage.max_tokens, tokens))
        if f"stages.{stage.name}.max_tokens" not in held
        else stage
        for stage in policy.models
    )
    gate = policy.gate if "review.gate" in held else _gate(policy.gate, preferences.evidence)
    return replace(request, policy=replace(policy, models=models, gate=gate))


def to_answer(request: AnswerRequest, preferences: Preferences) -> AnswerRequest:
    """An answer as the user prefers it."""
    policy = request.policy
    if preferences.depth is Depth.SHALLOW:
        policy = _first_look(policy)
    if "answers.seconds" in policy.given:
        policy = _speaking(policy, preferences)
    else:
        policy = _paced(policy, preferences, named=False)
    tokens = request.max_tokens
    if "answers.max_tokens" not in policy.given:
        tokens = _length(tokens, _ANSWER[preferences.verbosity])
    return replace(request, policy=policy, max_tokens=tokens)


def to_change(request: ChangeRequest, preferences: Preferences) -> ChangeRequest:
    """A change as the user prefers it: in its time and with its words. Code has the length it
    needs, and the model that writes is the one that was chosen for writing.
    """
    return replace(request, policy=_paced(request.policy, preferences))


def to_policy(policy: ReviewPolicy, preferences: Preferences) -> ReviewPolicy:
    """A policy with which a model is made ready before anybody asks."""
    return _speaking(_deep(policy, preferences), preferences)


def effects(preferences: Preferences, given: frozenset[str] = frozenset()) -> tuple[Effect, ...]:
    """What each preference does now, in words, in the order of `NAMES`; `given` are the names of
    the settings that somebody set.
    """
    pace, much = _TIME[preferences.pace], _ANSWER[preferences.verbosity]
    depth = {
        Depth.SHALLOW: "the instant and the quick stage alone",
        Depth.NORMAL: "as many stages as the change takes",
        Depth.DEEP: "every stage, also after a small change",
    }
    shown = {
        Evidence.LOW: f"findings from {100 * _LOW_GATE:.0f} % confidence on are shown",
        Evidence.NORMAL: "findings are shown from `review.gate` on",
        Evidence.HIGH: f"findings from {100 * _HIGH_GATE:.0f} % confidence on are shown",
    }
    named = len(preferences.frameworks), len(preferences.expertise)
    does = (
        f"answers of {much:g} times the usual length" if much != 1 else "answers as usual",
        depth[preferences.depth],
        f"{pace:g} times the usual time" if pace != 1 else "the usual time",
        shown[preferences.evidence],
        "models are told of them" if named[0] else "nothing is said of them",
        "explanations leave their basics out" if named[1] else "explanations suppose nothing",
    )
    usual = Preferences()
    told: list[Effect] = []
    for name, text in zip(NAMES, does, strict=True):
        held = [key for key in _OVERRULED_BY.get(name, ()) if key in given]
        if held and preferences.values(name) != usual.values(name):
            told.append(Effect(name, f"{text}; but {' and '.join(held)} stays as it is set"))
        else:
            told.append(Effect(name, text))
    return tuple(told)


def in_words(preferences: Preferences) -> str:
    """What differs from the defaults, as "depth deep, evidence high"; "" where nothing does."""
    usual = Preferences()
    changed = [name for name in NAMES if preferences.values(name) != usual.values(name)]
    return ", ".join(f"{name} {' and '.join(preferences.values(name))}" for name in changed)


class Dna:
    """What the user prefers now, for one engine. A book that cannot be read is told once, and all
    is done as usual.
    """

    def __init__(self, book: PreferenceBook | None = None) -> None:
        self._book = book
        self._notices: list[Notice] = []
        self.held = Preferences()
        """As it was last read."""

    async def read(self) -> Preferences:
        """What holds now: `mirador dna set` counts from the next request on, in every process."""
        if self._book is None:
            return self.held
        try:
            self.held = preferences_of(await self._book.all())
        except ServiceError as error:
            self._book = None
            text = f"What you prefer cannot be read, so all is done as usual. {error.sentence()}"
            self._notices.append(Notice(NoticeKind.UNAVAILABLE, text))
        else:
            self._notices += self._book.notices()
        return self.held

    def notices(self) -> tuple[Notice, ...]:
        """What went wrong and was not told yet."""
        told, self._notices = tuple(self._notices), []
        return told

    def telling(self, emit: Callable[[_Said | Notice], None]) -> Callable[[_Said], None]:
        """`emit`, which is told what went wrong after the first thing that is said."""

        def tell(event: _Said) -> None:
            emit(event)
            for notice in self.notices():
                emit(notice)

        return tell


def _deep(policy: ReviewPolicy, preferences: Preferences) -> ReviewPolicy:
    if preferences.depth is Depth.SHALLOW:
        return _first_look(policy)
    if preferences.depth is Depth.NORMAL:
        return policy
    most = policy.max_findings_per_reply
    if "review.max_findings_per_reply" not in policy.given:
        most += _MORE_FINDINGS
    return replace(policy, automatic=False, max_findings_per_reply=most)


def _first_look(policy: ReviewPolicy) -> ReviewPolicy:
    """The stages up to the quick one, unless the user named stages or that one does not run."""
    if "review.stages" in policy.given or QUICK not in policy.stages or policy.panel:
        return policy
    return replace(
        policy, stages=tuple(stage for stage in policy.stages if stage in {INSTANT, QUICK})
    )


def _paced(policy: ReviewPolicy, preferences: Preferences, *, named: bool = True) -> ReviewPolicy:
    """With the times of the user's pace. `named`: each stage has its own setting for its time."""
    pace = _TIME[preferences.pace]

    def paced(stage: StagePolicy) -> StagePolicy:
        held = named and f"stages.{stage.name}.seconds" in policy.given
        return replace(stage, seconds=stage.seconds if held else stage.seconds * pace)

    spoken = _speaking(policy, preferences)
    return replace(spoken, models=tuple(paced(stage) for stage in spoken.models))


def _speaking(policy: ReviewPolicy, preferences: Preferences) -> ReviewPolicy:
    """With the user's manner, and the context that may be read: the same for every request, or the
    text that a model has read would not be met again.
    """
    pace = _TIME[preferences.pace]
    if preferences.depth is Depth.DEEP:
        pace *= _DEEPER

    def spoken(stage: StagePolicy) -> StagePolicy:
        held = "context.seconds" in policy.given
        seconds = stage.context_seconds if held else stage.context_seconds * pace
        return replace(stage, context_seconds=seconds, preferences=preferences)

    return replace(policy, models=tuple(spoken(stage) for stage in policy.models))


def _gate(usual: float, evidence: Evidence) -> float:
    match evidence:
        case Evidence.LOW:
            return min(usual, _LOW_GATE)
        case Evidence.HIGH:
            return max(usual, _HIGH_GATE)
        case Evidence.NORMAL:
            return usual


def _length(tokens: int, factor: float) -> int:
    """So many tokens times the factor, within what is worth asking for."""
    changed = int(tokens * factor)
    if factor < 1:
        return max(changed, min(tokens, _LEAST_TOKENS))
    return min(changed, max(tokens, _MOST_TOKENS))
