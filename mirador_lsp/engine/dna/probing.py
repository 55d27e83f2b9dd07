"""Measures how a model behaves: the set of questions through the doors that users' requests take.

The caller brings an engine in which nothing is kept from before, over the one model.
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mirador_lsp.core.answers import AnswerRequest, Topic
from mirador_lsp.core.behaviour import Behaviour
from mirador_lsp.core.changes import ChangeRequest, Intent
from mirador_lsp.core.dialogue import Limits, ModelCard, Priority, Prompt, Usage
from mirador_lsp.core.errors import BadReply, ModelTimeout
from mirador_lsp.core.policy import DEEP, ReviewPolicy, StagePolicy
from mirador_lsp.core.ports import ModelBackend
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.text import Span
from mirador_lsp.engine.dna.agreeing import believes
from mirador_lsp.engine.dna.deciding import Decided
from mirador_lsp.engine.dna.hearing import Asked, Heard, Request, hear
from mirador_lsp.engine.dna.probes import Probe, ProbeKind, probes, version
from mirador_lsp.engine.prompts.render import render

_LOADING_SECONDS = 300.0
"""Reading gigabytes from a slow disk."""
_MOST_READ = 0.5
"""Share of a question that may have been read before, as its standing instructions always are."""


@dataclass(frozen=True)
class Terms:
    """How the questions are put: the same for every model, whatever the user's settings say."""

    review: ReviewPolicy
    answer: ReviewPolicy
    change: ReviewPolicy
    max_tokens: int
    """Of an explanation or an answer."""


@dataclass(frozen=True)
class Progress:
    """Where the measuring of a model is."""

    model: str
    done: int
    total: int
    at: str
    """What is asked now."""


@dataclass
class _Figures:
    """What is counted while a model answers."""

    failed: int = 0
    words: list[int] = field(default_factory=list)
    claims: list[str] = field(default_factory=list)
    lines: int = 0
    broken: int = 0
    found: int = 0
    alarms: int = 0
    fixed: int = 0
    judged: int = 0
    judged_right: int = 0
    decisions: int = 0
    agreed: int = 0
    firsts: list[float] = field(default_factory=list)
    written: int = 0
    writing: float = 0.0

    def cost(self, usage: Usage) -> None:
        """Take in what a reply cost. The wait for the model says nothing of it, and neither does
        the time to a first token where the engine had read most of the question before.
        """
        if usage.first_token_seconds is None:
            return
        if usage.cached_tokens <= _MOST_READ * usage.prompt_tokens:
            self.firsts.append(max(0.0, usage.first_token_seconds - usage.wait_seconds))
        self.written += max(0, usage.completion_tokens - 1)
        self.writing += max(0.0, usage.seconds - usage.first_token_seconds)

    def take_in(self, decided: Decided, *, said: bool | None, own: bool) -> None:
        """Take in what the model thinks of a claim; `own`: the user has decided about it."""
        if said is None:
            return
        if own:
            self.decisions += 1
            self.agreed += said is decided.right
        else:
            self.judged += 1
            self.judged_right += said is decided.right


async def measure(
    card: ModelCard,
    asked: Asked,
    backend: ModelBackend,
    terms: Terms,
    decided: Sequence[Decided],
    tell: Callable[[Progress], None],
) -> Behaviour:
    """Put every question to the model. `time` and `memory_bytes` are left for the caller to fill.

    A question that it does not answer is counted; raises `ModelError` only where it cannot be used
    at all. Cancelling stops it.
    """
    every, claims = requests_of(terms), _claims()
    total = len(every) + len(claims) + len(decided)
    tell(Progress(card.name, 0, total, "loading"))
    await _load(card, backend)
    figures = _Figures()
    for number, (probe, request) in enumerate(every):
        tell(Progress(card.name, number, total, f"{probe.kind} {probe.snapshot.name}"))
        _take_in(probe, await hear(request, asked, card.name), figures)
    policy = terms.review.stage(DEEP)
    for number, each in enumerate([*claims, *decided], len(every)):
        own = number >= len(every) + len(claims)
        tell(Progress(card.name, number, total, "your decisions" if own else "judge"))
        said = await _believes(each, card, backend, policy)
        figures.take_in(each, said=said, own=own)
    tell(Progress(card.name, total, total, ""))
    return _behaviour(card, figures)


async def _believes(
    decided: Decided, card: ModelCard, backend: ModelBackend, policy: StagePolicy
) -> bool | None:
    try:
        return await believes(decided, card, backend, policy)
    except (BadReply, ModelTimeout):
        return None  # it had its chance: a model that does not say agrees with nobody


async def _load(card: ModelCard, backend: ModelBackend) -> None:
    """Have the model in memory before anything is timed."""
    limits = Limits(max_tokens=1, seconds=_LOADING_SECONDS, priority=Priority.SAVE)
    prompt = Prompt(render("meaning_system").text, "", render("ask_any", lenses="bug").text)
    async with backend.open(card.name, prompt, limits) as reply:
        async for _ in reply:
            pass


def _claims() -> list[Decided]:
    """What may be claimed of the samples, in the form of a decision."""
    return [
        Decided(
            message,
            _line_at_fault(probe),
            probe.snapshot.language,
            right,
            probe.snapshot.text,
        )
        for probe in probes()
        for message, right in probe.claims
    ]


def _line_at_fault(probe: Probe) -> str:
    """The line that a claim is about: the one at fault, of sound code the last but one."""
    index = probe.snapshot.lines
    number = probe.faults[0] - 1 if probe.faults else max(0, len(index) - 3)
    return index.line_text(number).strip()


def requests_of(terms: Terms) -> tuple[tuple[Probe, Request], ...]:
    """Every question of the set as a request."""
    return tuple((probe, _request(probe, terms)) for probe in probes())


def _request(probe: Probe, terms: Terms) -> Request:
    match probe.kind:
        case ProbeKind.REVIEW:
            return ReviewRequest(probe.snapshot, terms.review, Trigger.COMMAND)
        case ProbeKind.FIX:
            finding = probe.finding
            return ChangeRequest(
                snapshot=probe.snapshot,
                intent=Intent.FIX,
                policy=terms.change,
                span=finding.span,
                finding=finding,
                findings=(finding,),
                repairs=0,
            )
        case ProbeKind.EXPLAIN | ProbeKind.ASK:
            return AnswerRequest(
                snapshot=probe.snapshot,
                topic=Topic.ASK if probe.kind is ProbeKind.ASK else Topic.EXPLAIN,
                policy=terms.answer,
                span=Span(0, 0),
                question=probe.question,
                max_tokens=terms.max_tokens,
            )


def _take_in(probe: Probe, heard: Heard, figures: _Figures) -> None:
    if heard.usages:
        figures.cost(heard.usages[0])  # later stages ask several questions about what was read
    figures.failed += heard.failed
    match probe.kind:
        case ProbeKind.REVIEW:
            figures.lines += heard.claimed + heard.rejected
            figures.broken += heard.broken
            figures.claims += [f"{probe.name}:{line}" for line in sorted(heard.lines)]
            if probe.faults:
                figures.found += bool(heard.lines & set(probe.faults))
            else:
                figures.alarms += bool(heard.lines)
        case ProbeKind.FIX:
            figures.fixed += heard.text is not None and probe.is_fixed(heard.text)
        case ProbeKind.EXPLAIN | ProbeKind.ASK:
            figures.words.append(heard.words)


def _behaviour(card: ModelCard, figures: _Figures) -> Behaviour:
    every = probes()
    reviews = [probe for probe in every if probe.kind is ProbeKind.REVIEW]
    defects = sum(bool(probe.faults) for probe in reviews)
    speed = figures.written / figures.writing if figures.writing > 0 else 0.0
    return Behaviour(
        model=card.name,
        digest=card.digest,
        probes=version(),
        time=0.0,
        asked=len(every),
        failed=figures.failed,
        words=tuple(figures.words),
        claims=tuple(figures.claims),
        lines=figures.lines,
        broken=figures.broken,
        defects=defects,
        found=figures.found,
        sound=len(reviews) - defects,
        alarms=figures.alarms,
        fixes=sum(probe.kind is ProbeKind.FIX for probe in every),
        fixed=figures.fixed,
        judged=figures.judged,
        judged_right=figures.judged_right,
        decisions=figures.decisions,
        agreed=figures.agreed,
        first_token_seconds=round(statistics.median(figures.firsts), 4) if figures.firsts else 0.0,
        tokens_per_second=round(speed, 2),
    )
