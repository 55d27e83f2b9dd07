"""What a review will do: the stages, why these, and what is left out. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.findings import Lens
from mirador_lsp.core.outline import Unit
from mirador_lsp.core.policy import DEEP, INSTANT, QUICK, STAGES, ReviewPolicy
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.routing import Insight, Task, review_task
from mirador_lsp.core.text import Span, utf8
from mirador_lsp.engine.difficulty import Difficulty
from mirador_lsp.engine.router import choose, lacking, missing
from mirador_lsp.engine.scope import Scope

_ASKED = MappingProxyType(
    {
        Trigger.OPEN: "because the file was opened",
        Trigger.SAVE: "because the file was saved",
        Trigger.COMMAND: "because you asked for it",
        Trigger.CLI: "because it was asked for on the command line",
    }
)

NOTHING_KNOWN: Mapping[str, str] = MappingProxyType({})
"""Of why models are absent."""


@dataclass(frozen=True)
class Plan:
    """The stages to run, in order."""

    stages: tuple[str, ...]
    reason: str
    notices: tuple[Notice, ...] = ()
    spared: tuple[str, ...] = ()
    """Stages that only repeat what they said before, in their turn."""

    @property
    def turns(self) -> tuple[str, ...]:
        """All of them, in the order in which they run."""
        return tuple(name for name in STAGES if name in self.stages or name in self.spared)


def make_plan(
    request: ReviewRequest,
    cards: Sequence[ModelCard],
    insight: Insight,
    difficulty: Difficulty | None = None,
    absent: Mapping[str, str] = NOTHING_KNOWN,
) -> Plan:
    """The stages asked for, less the model stages where no model can or may read the file, and
    less those that a change of that `difficulty` does not take. Why models are `absent` is told
    with what stands in for them.
    """
    stages = tuple(request.policy.stages)
    model_stages = tuple(name for name in stages if name != INSTANT)
    if not model_stages:
        return Plan(stages, "as asked")
    if QUICK in stages and request.policy.lenses == (Lens.STYLE,):
        left = tuple(name for name in stages if name != QUICK)
        notice = Notice(NoticeKind.SKIPPED, "The quick stage does not look at style.", stage=QUICK)
        narrowed = replace(request, policy=replace(request.policy, stages=left))
        rest = make_plan(narrowed, cards, insight, difficulty, absent)
        return replace(rest, notices=(notice, *rest.notices))
    if not cards:
        return _instant_only(stages, "no model can be used", no_model(absent))
    if (why := unfit(request.snapshot, request.policy)) is not None:
        notice = Notice(NoticeKind.SKIPPED, f"{request.snapshot.name}: no model reads it, {why}.")
        return _instant_only(stages, why, notice)

    def task_of(stage: str) -> Task:
        return review_task(stage, request.policy.lenses)

    named = bool(request.policy.panel)  # then nothing stands in
    notices = () if named else stand_ins(request.policy, cards, insight, task_of, absent)
    spared = tuple(name for name in stages if difficulty is not None and name in difficulty.spared)
    asked = tuple(name for name in stages if name not in spared)
    return Plan(asked, _reason(request, difficulty), notices, spared)


def _reason(request: ReviewRequest, difficulty: Difficulty | None) -> str:
    reason = _ASKED[request.trigger]
    policy = request.policy
    own = [each.name for each in policy.reviewers if each.is_for(request.snapshot)]
    if own and DEEP in policy.stages:
        reason += f", with {', '.join(own)}"
    if difficulty is not None:
        return f"{reason}, {difficulty.level.value}: {difficulty.why}"
    if request.only is None:
        return reason
    lines = request.snapshot.lines
    return f"{reason}, for {Scope(request.only, lines).size()} of {len(lines)} lines"


def no_model(absent: Mapping[str, str] = NOTHING_KNOWN) -> Notice:
    """Said where no model can be used at all."""
    if absent:
        why = " ".join(dict.fromkeys(absent.values()))
        text = f"No model can be used, so only the instant stage runs. {why}"
        return Notice(NoticeKind.UNAVAILABLE, text)
    return Notice(
        NoticeKind.UNAVAILABLE,
        "No model is installed, so only the instant stage runs; get one with: "
        "mirador models pull 0.5b",
    )


def stand_ins(
    policy: ReviewPolicy,
    cards: Sequence[ModelCard],
    insight: Insight,
    task_of: Callable[[str], Task],
    absent: Mapping[str, str] = NOTHING_KNOWN,
) -> tuple[Notice, ...]:
    """One notice for each model that would be first choice and cannot be used. `task_of` names
    the task of a stage.
    """
    standing: dict[tuple[str, str], list[str]] = {}
    for name in policy.stages:
        if name == INSTANT:
            continue
        stage = policy.stage(name)
        chosen = choose(task_of(name), stage, cards, insight).cards[0]
        wanted = missing(task_of(name), stage, chosen, cards, insight)
        if wanted is not None:
            standing.setdefault((wanted, chosen.name), []).append(name)
    return tuple(
        Notice(NoticeKind.FALLBACK, _instead(names, chosen, wanted, absent))
        for (wanted, chosen), names in standing.items()
    )


def _instead(stages: Sequence[str], chosen: str, wanted: str, absent: Mapping[str, str]) -> str:
    runs = f"{' and '.join(stages)} run{'s' * (len(stages) == 1)} on {chosen}"
    if wanted in absent:
        return f"{runs} instead of {wanted}: {absent[wanted]}"
    return f"{lacking(wanted)}, so {runs}; {obtaining(wanted)}"


def obtaining(model: str) -> str:
    """How a model can be had that is not there; models of servers are their servers' business."""
    if "/" in model:
        return "`mirador doctor` says why"
    return f"get it with: mirador models pull {model}"


def _instant_only(stages: tuple[str, ...], reason: str, notice: Notice) -> Plan:
    return Plan(tuple(name for name in stages if name == INSTANT), reason, (notice,))


def unfit(snapshot: Snapshot, policy: ReviewPolicy) -> str | None:
    """Why no model may read a text; None when one may."""
    if len(utf8(snapshot.text)) > policy.max_model_bytes:
        return f"it is larger than {policy.max_model_bytes:,} bytes"
    lines = snapshot.lines
    spans = (lines.line_span(number) for number in range(len(lines)))
    longest = max(span.end - span.start for span in spans)
    if longest > policy.max_line_length:
        return f"a line of {longest:,} characters says it is minified or generated"
    return None


def in_order(units: Sequence[Unit], focus: Span | None) -> list[Unit]:
    """The units, those the user looks at or has changed first."""
    if focus is None:
        return list(units)
    return sorted(units, key=lambda unit: not any(piece.overlaps(focus) for piece in unit.pieces))
