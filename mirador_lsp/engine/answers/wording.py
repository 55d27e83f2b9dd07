"""The prompt of a question: standing text and code as reviews have them, then what is asked.

What does not fit the model's context is left out in this order: earlier turns of the conversation,
oldest first; the context of the code; code far from what is meant. Each is said in a notice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mirador_lsp.core.answers import AnswerRequest, Topic, Turn
from mirador_lsp.core.dialogue import ModelCard, Prompt
from mirador_lsp.core.errors import ContextOverflow
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.findings import Finding, ranked
from mirador_lsp.core.policy import StagePolicy
from mirador_lsp.core.preferences import Preferences
from mirador_lsp.core.stations import stops
from mirador_lsp.core.text import Span, utf8
from mirador_lsp.engine.answers.subject import Subject
from mirador_lsp.engine.fencing import fenced
from mirador_lsp.engine.prompts.manner import length
from mirador_lsp.engine.prompts.render import Rendered, render
from mirador_lsp.engine.stages.material import material, standing_text
from mirador_lsp.engine.units import ShownUnit, show

_BYTES_PER_TOKEN = 3.0
"""Fewer than code has on average (about 3.5), so that the estimate errs on the safe side."""
_TEMPLATE_TOKENS = 48
"""For the marks between the parts of a prompt."""
_MOST_TOKENS = 2400
"""Of code and context, however large the model's context: on two cores a small model reads about
170 tokens a second."""
_LEAST_TOKENS = 96
"""Less code than this is not worth asking about."""
_MOST_FINDINGS = 5
_SHORT = "two or three sentences"
_LONGER = "three or four sentences"
_FEW = "a few sentences"
"""How long answers are unless the user likes them otherwise."""


@dataclass(frozen=True)
class Wording:
    """A prompt, and what was left out of it."""

    prompt: Prompt
    notices: tuple[Notice, ...]


def explained_finding(request: AnswerRequest) -> Finding | None:
    """The finding an explanation is wanted of: the one whose place is the place asked about."""
    if request.topic is not Topic.EXPLAIN or request.span is None:
        return None
    return next((f for f in ranked(list(request.findings)) if f.span == request.span), None)


@dataclass(frozen=True)
class Shown:
    """What a model is shown of the subject."""

    unit: ShownUnit
    reach: str = ""
    """What goes with the question itself: of a finding the lines that decide what happens there,
    where the unit does not show them; of a question what was answered to such ones before.
    """


def word(
    request: AnswerRequest,
    subject: Subject,
    known: Shown,
    policy: StagePolicy,
    card: ModelCard,
    share: float,
) -> Wording:
    """The prompt for a model; `share` of its context may be used, 0…1.

    Raises `ContextOverflow` when not even the question fits.
    """
    system = standing_text(policy)
    room = int(card.context_tokens * share) - request.max_tokens - _TEMPLATE_TOKENS
    room -= tokens_of(system.text)
    shown = known.unit
    history = list(request.history) if request.topic is Topic.ASK else []
    notices: list[Notice] = []
    asked = _question(request, subject, history, known.reach, policy.preferences)
    code = material(request.snapshot.language, shown)
    while history and tokens_of(code.text) + tokens_of(asked.text) > room:
        del history[0]
        asked = _question(request, subject, history, known.reach, policy.preferences)
    if (dropped := len(request.history) - len(history)) and request.topic is Topic.ASK:
        text = f"{dropped} earlier question{'s' * (dropped > 1)} of the conversation left out"
        notices.append(_cut(policy, f"{text}: the context of {card.name} is full.", dropped))
    room = min(room - tokens_of(asked.text), _MOST_TOKENS)
    if room < _LEAST_TOKENS:
        message = f"The question is too long for the context of {card.name}."
        raise ContextOverflow(message)
    if tokens_of(code.text) > room and shown.background is not None and shown.background.text:
        shown = replace(shown, background=None)
        code = material(request.snapshot.language, shown)
        text = f"{subject.title}: shown to {card.name} without its context, for lack of room."
        notices.append(_cut(policy, text))
    if tokens_of(code.text) > room and shown.unit.context and subject.kind != "file":
        shown = replace(shown, unit=replace(shown.unit, context=""))
        code = material(request.snapshot.language, shown)
        text = f"{subject.title}: shown to {card.name} without what is around it, for lack of room."
        notices.append(_cut(policy, text))
    if tokens_of(code.text) > room:
        shown, lines = _part(request, subject, shown, room)
        code = material(request.snapshot.language, shown)
        text = f"{subject.title}: {card.name} was shown {len(shown.lines)} of {lines} lines."
        notices.append(_cut(policy, text))
    version = f"{system.version}+{code.version}+{asked.version}"
    prompt = Prompt(system.text, code.text, asked.text, version=version)
    return Wording(prompt, tuple(notices))


def tokens_of(text: str) -> int:
    """About how many tokens a text has; rather too many than too few."""
    return int(len(utf8(text)) / _BYTES_PER_TOKEN) + 1


def _cut(policy: StagePolicy, text: str, count: int = 1) -> Notice:
    return Notice(NoticeKind.TRUNCATED, text, count=count, stage=policy.name)


def _question(
    request: AnswerRequest,
    subject: Subject,
    history: Sequence[Turn],
    reach: str,
    preferences: Preferences,
) -> Rendered:
    finding = explained_finding(request)
    if finding is not None or request.topic is Topic.EXPLAIN:
        return _explanation(subject, finding, reach, preferences)
    said = _picked(subject) if subject.picked else ""
    known = _known(request.findings)
    if request.topic is Topic.CUSTOM:
        what = _what(subject)
        return render(
            "answer_custom", part=said, known=known, what=what, question=request.question.strip()
        )
    turns = [render("answer_turn", question=t.question, answer=t.answer) for t in history]
    before = "".join(f"{turn.text}\n\n" for turn in turns)
    asked = render(
        "answer_ask",
        turns=before,
        before=reach,
        last="last " if turns else "",
        part=said,
        known=known,
        what=_what(subject),
        question=request.question.strip(),
        length=length(preferences, _FEW),
    )
    return Rendered(asked.text, "+".join([*(turn.version for turn in turns[:1]), asked.version]))


def _explanation(
    subject: Subject, finding: Finding | None, reach: str, preferences: Preferences
) -> Rendered:
    long = length(preferences, _SHORT)
    if finding is not None:
        about = {"message": finding.message, "quote": finding.quote}
        way = _way(finding, subject)
        return render("answer_finding", reach=reach, way=way, length=long, **about)
    if subject.picked:
        return render("answer_explain_part", part=_picked(subject), length=long)
    if subject.kind == "file":
        return render("answer_explain_file", length=length(preferences, _LONGER))
    return render("answer_explain", what=_what(subject), length=long)


def _way(finding: Finding, subject: Subject) -> str:
    """How data gets to the line, place by place; "" where that is not the matter."""
    if not finding.stations:
        return ""
    steps = [
        f"- {stop.role}, {stop.place}, `{stop.quote.replace('`', '')}`: {stop.says}"
        for stop in stops(finding, subject.snapshot)
    ]
    return "\n".join(("Data gets there like this:", *steps, ""))


def _what(subject: Subject) -> str:
    if subject.symbol is not None:
        return f"the {subject.kind} `{subject.name.replace('`', '')}`"
    return "this file" if subject.kind == "file" else "this code"


def _picked(subject: Subject) -> str:
    return f"{fenced(subject.snapshot.language, subject.picked)}\n"


def _known(findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    listed = [f"- {f.message} Code: `{f.quote}`" for f in ranked(list(findings))[:_MOST_FINDINGS]]
    return render("answer_known", findings="\n".join(listed)).text + "\n\n"


def _part(
    request: AnswerRequest, subject: Subject, shown: ShownUnit, room: int
) -> tuple[ShownUnit, int]:
    """As many whole lines as fit, around what is meant; and how many there are.

    An explanation of a whole symbol begins at its top, so that it does not depend on the cursor.
    """
    around = subject.span.start
    if request.span is not None and (request.topic is not Topic.EXPLAIN or subject.picked):
        around = request.span.start
    costs = [tokens_of(text) for _, text in shown.lines]
    room -= tokens_of(shown.unit.context) + 8
    first = next((n for n, (span, _) in enumerate(shown.lines) if span.end >= around), 0)
    last = first
    room -= costs[first]
    while True:
        up, down = first - 1, last + 1
        if down < len(costs) and costs[down] <= room:
            last, room = down, room - costs[down]
        elif up < 0 or costs[up] > room:
            break
        if up >= 0 and costs[up] <= room:
            first, room = up, room - costs[up]
    pieces = (Span(shown.lines[first][0].start, shown.lines[last][0].end),)
    kept = tuple(
        Span(max(piece.start, pieces[0].start), min(piece.end, pieces[0].end))
        for piece in shown.unit.pieces
        if piece.overlaps(pieces[0])
    )
    return show(request.snapshot, replace(shown.unit, pieces=kept)), len(costs)
