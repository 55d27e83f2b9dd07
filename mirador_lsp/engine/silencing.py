"""What rules by path and a baseline do to a finding, and which silences have nothing to silence.

Both may be by whoever wrote the code. A rule that the user has not said to trust, and a baseline
always, cannot make a security finding disappear: it stays as information that says who wanted it
gone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import (
    Event,
    Hush,
    Hushed,
    Notice,
    NoticeKind,
    ReviewStarted,
    StageFailed,
    StageFinished,
)
from mirador_lsp.core.findings import Finding, Lens
from mirador_lsp.core.outline import Suppression
from mirador_lsp.core.policy import DEEP, INSTANT, QUICK
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.core.shielding import is_shielded, known_to, softened
from mirador_lsp.core.silence import Accepted, PathRule, Silence, likeness, rule_means
from mirador_lsp.core.text import LineIndex

_BY_RULE = "(made less of by a settings file of the workspace)"
_MOST_TOLD = 20
"""Stale comments of one file that get a line each."""


class Silencer:
    """Belongs to the review of one document."""

    def __init__(self, rules: Sequence[PathRule] = (), accepted: Accepted | None = None) -> None:
        self._rules = tuple(rules)
        self._accepted = accepted
        self._moved = dict(accepted.moved) if accepted is not None else {}
        self._known_as_moved: set[str] = set()
        self._used: set[tuple[int, str]] = set()

    @classmethod
    def of(cls, request: ReviewRequest) -> "Silencer":
        """What is asked for the document of a request."""
        rules = [rule for rule in request.policy.rules if rule.covers(request.snapshot)]
        return cls(rules, request.accepted)

    def hear(self, finding: Finding) -> Finding | Hushed:
        """The finding as it is shown, or why it is not."""
        heard = self._by_rules(finding)
        if isinstance(heard, Hushed) or not self._accepts(finding):
            return heard
        return known_to(self._accepted.name if self._accepted is not None else "", heard)

    def silences(self, ran: "Ran") -> tuple[Silence, ...]:
        """What the rules ask for, and whether there was any of it."""
        return tuple(
            Silence(rule.path, written, (number, written) in self._used)
            for number, rule in enumerate(self._rules)
            for written in (*rule.ignore, *(name for name, _ in rule.severity))
            if (number, written) in self._used or ran.could_raise(written)
        )

    def _by_rules(self, finding: Finding) -> Finding | Hushed:
        heard: Finding | Hushed = finding
        for number, rule in enumerate(self._rules):
            ignored = [name for name in rule.ignore if rule_means(name, finding.rule)]
            changed = [(name, to) for name, to in rule.severity if rule_means(name, finding.rule)]
            self._used.update((number, name) for name in (*ignored, *(n for n, _ in changed)))
            if isinstance(heard, Hushed):
                continue
            shielded = not rule.trusted and is_shielded(finding)
            if ignored:
                why = f"rules for {rule.path}"
                heard = softened(heard, _BY_RULE) if shielded else Hushed(heard, Hush.RULE, why)
            elif changed:
                to = changed[-1][1]
                less = not to.at_least(heard.severity)
                heard = (
                    softened(heard, _BY_RULE) if shielded and less else replace(heard, severity=to)
                )
        return heard

    def _accepts(self, finding: Finding) -> bool:
        if self._accepted is None:
            return False
        if finding.id in self._accepted.ids or finding.id in self._known_as_moved:
            return True
        like = likeness(finding)
        if not self._moved.get(like):
            return False
        self._moved[like] -= 1
        self._known_as_moved.add(finding.id)
        return True


class Ran:
    """Which stages looked at the whole document. Call it with each event of its review.

    Only those can tell that a silence silences nothing.
    """

    def __init__(self, request: ReviewRequest) -> None:
        self._all = request.only is None and set(request.policy.lenses) == set(Lens)
        self._whole: set[str] = set()
        self._spared: tuple[str, ...] = ()

    def __call__(self, event: Event) -> None:
        """Take note of an event."""
        match event:
            case ReviewStarted(spared=spared):
                self._spared = spared
            case StageFinished(stage=stage, not_reviewed=missing) if stage not in self._spared:
                self._whole = self._whole - {stage} if missing else self._whole | {stage}
            case StageFailed(stage=stage):
                self._whole.discard(stage)
            case Notice(kind=NoticeKind.BROKEN):
                self._all = False
            case _:
                pass

    def could_raise(self, rule: str) -> bool:
        """Whether findings of a rule, as somebody spells it, would have been found."""
        if not self._all:
            return False
        models = {QUICK, DEEP} <= self._whole
        if rule.startswith("model/") or rule in set(Lens):
            return models
        facts = INSTANT in self._whole
        return facts and (models or not rule.startswith("*"))


def narrowed(request: ReviewRequest) -> tuple[ReviewRequest, tuple[Notice, ...]]:
    """The request with the lenses alone that rules leave for its document.

    Security is looked at in any case where a rule may be by whoever wrote the code.
    """
    policy, snapshot = request.policy, request.snapshot
    lenses, by = policy.lenses, ""
    for rule in policy.rules:
        if rule.lenses and rule.covers(snapshot):
            kept = {*rule.lenses} | (set() if rule.trusted else {Lens.SECURITY})
            lenses, by = tuple(lens for lens in lenses if lens in kept), rule.path
    if lenses == policy.lenses:
        return request, ()
    stages = policy.stages if lenses else tuple(s for s in policy.stages if s == INSTANT)
    what = f"under {', '.join(lenses)} alone" if lenses else "under no lens that was asked for"
    notice = Notice(NoticeKind.HUSHED, f"{snapshot.name}: looked at {what}: rules for {by}.")
    return replace(request, policy=replace(policy, lenses=lenses, stages=stages)), (notice,)


def stale(
    snapshot: Snapshot, idle: Iterable[tuple[Suppression, str]], ran: Ran
) -> Iterator[Notice]:
    """A line for each comment that silences nothing although there was who could have spoken."""
    lines: LineIndex = snapshot.lines
    by_line: dict[int, list[str]] = {}
    for comment, rule in idle:
        if ran.could_raise(rule):
            by_line.setdefault(lines.line_of(comment.comment.start) + 1, []).append(rule)
    for line, rules in list(by_line.items())[:_MOST_TOLD]:
        what = "nothing" if rules == ["*"] else f"nothing of {', '.join(rules)}"
        text = f"{snapshot.name}: the comment on line {line} silences {what}; remove it."
        yield Notice(NoticeKind.STALE, text)
    if (more := len(by_line) - _MOST_TOLD) > 0:
        text = f"{snapshot.name}: {more} more comments silence nothing."
        yield Notice(NoticeKind.STALE, text, count=more)
