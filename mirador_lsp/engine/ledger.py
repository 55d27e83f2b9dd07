"""The findings of one running review: what is new, what confirms, what is withdrawn.

A finding keeps its identity through every stage and every later review of the file: the id is made
from its topic (the rule of an analyzer, the lens of a model), the text of the lines it touches and
the symbol around it, never from a line number. Ids that analyzers bring are replaced by these: an
analyzer need not know the symbol.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from mirador_lsp.core.errors import ModelError
from mirador_lsp.core.events import (
    Emit,
    FindingReported,
    FindingRevised,
    FindingWithdrawn,
    Hushed,
    Notice,
    NoticeKind,
)
from mirador_lsp.core.findings import Finding, Severity, fingerprint, ranked
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.text import LineIndex
from mirador_lsp.engine.contradictions import contradict, goes_first
from mirador_lsp.engine.quiet import Quiet
from mirador_lsp.engine.scope import Scope
from mirador_lsp.engine.weight import severity_of

_MODEL = "model/"
_CONFIRMATION = 0.3
"""How much of the remaining doubt a second, independent voice takes away."""
_SURE = 0.97
_SAME_WORDS = 0.5
_BROKE_OFF = "the reply that said so broke off"


class Ledger:
    """Belongs to one review; its stages propose, it decides what listeners are told.

    Findings below `gate` are kept but not told until a later stage lifts them above it; those that
    `quiet` keeps are not told at all; those outside of `scope` are counted there and not kept.
    """

    def __init__(
        self,
        emit: Emit,
        gate: float,
        lines: LineIndex,
        quiet: Quiet | None = None,
        scope: Scope | None = None,
    ) -> None:
        self._emit = emit
        self._gate = gate
        self._lines = lines
        self._quiet = quiet or Quiet((), lines)
        self._scope = scope or Scope(None, lines)
        self._known: dict[str, Finding] = {}
        self._told: dict[str, Finding] = {}
        """As listeners know them."""
        self.withdrawn = 0

    def learn(self, outline: Outline) -> None:
        """Take note of the comments that silence findings, before there are any."""
        self._quiet.read(outline.suppressions)

    def cut(self, outline: Outline) -> Outline:
        """The outline with the units alone that the review is about."""
        return self._scope.cut(outline)

    def record_facts(
        self,
        stage: str,
        findings: Sequence[Finding],
        outline: Outline,
        caused: Sequence[Finding] = (),
    ) -> None:
        """Take over what analyzers found, in the order of the text; what a change `caused`, whether
        it lies in the scope or not.
        """
        seen: dict[str, int] = {}
        everywhere = {id(finding) for finding in caused}
        for finding in sorted(
            (*findings, *caused), key=lambda f: (f.span.start, f.span.end, f.rule)
        ):
            symbol = outline.symbol_at(finding.span.start)
            touched = self._lines.touched(finding.span)
            key = family_of(finding, self._lines, outline)
            number = seen[key] = seen.get(key, -1) + 1
            identity = fingerprint(finding.rule, touched, symbol, number)
            if id(finding) in everywhere or self._scope.admits(finding):
                self._put(stage, replace(finding, id=identity, symbol=symbol))

    def carry(self, stage: str, findings: Iterable[Finding]) -> None:
        """Take over what an earlier review found and what still holds, as it was found."""
        for finding in findings:
            if finding.id not in self._known:
                self._put(stage, finding)

    def propose(self, stage: str, finding: Finding) -> str | None:
        """Hear what a model says: a new finding, or a second voice for one on the same line.

        It is a second voice when it speaks under the same lens or in much the same words. Of two
        that contradict each other one gives way. Returns the id of the finding that it is or
        confirms; None when it is outside of the scope, or gave way.
        """
        if not self._scope.admits(finding):
            return None
        known = self._known.get(finding.id)
        if known is None:
            known = next(
                (other for other in self._on_line(finding) if _alike(other, finding)), None
            )
        if known is not None:
            self._confirm(stage, known, finding)
            return known.id
        for rival in [other for other in self._on_line(finding) if contradict(other, finding)]:
            if goes_first(rival, finding):
                self.withdrawn += 1
                text = f"A finding gave way: {_gives_way(finding, rival)}."
                self._emit(Notice(NoticeKind.REJECTED, text, stage=stage))
                return None
            if is_model_finding(rival):
                self.withdraw(stage, rival, _gives_way(rival, finding))
        self._put(stage, finding)
        return finding.id

    def revise(self, stage: str, finding: Finding, reason: str) -> None:
        """Replace a known finding by a changed one of the same id."""
        self._known[finding.id] = finding
        self._tell(stage, finding, reason, f"{reason}; now below the gate")

    def withdraw(
        self, stage: str, finding: Finding, reason: str, *, unproven: bool = False
    ) -> None:
        """Drop a finding that does not hold or, where it is `unproven`, was not told to the end."""
        del self._known[finding.id]
        self.withdrawn += 1
        if self._told.pop(finding.id, None) is not None:
            self._emit(FindingWithdrawn(stage, finding.id, reason, unproven))

    @contextmanager
    def unless_it_breaks_off(self, stage: str) -> Iterator[None]:
        """What is proposed in the block is told at once, and taken back when a `ModelError` ends
        the block: the reply was not whole, and half of one can say what the whole would not.
        """
        before = dict(self._known)
        try:
            yield
        except ModelError:
            for finding in tuple(self._known.values()):
                former = before.get(finding.id)
                if former is None:
                    self.withdraw(stage, finding, _BROKE_OFF, unproven=True)
                elif former is not finding:
                    self.revise(stage, former, _BROKE_OFF)
            raise

    def findings(self) -> list[Finding]:
        """All that stand at the moment, withheld ones too, hushed ones not, in the order in which
        they are shown; as they were found, whatever comments in the code ask for.
        """
        return [f for f in self._all() if isinstance(self._meant(f), Finding)]

    def shown(self) -> list[Finding]:
        """Those at or above the gate, as listeners are told of them."""
        return ranked([seen for f in self._all() if (seen := self._seen(f)) is not None])

    def withheld(self) -> list[Finding]:
        """Those below the gate, be it because of what was learned."""
        heard = (self._heard(f) for f in self._all())
        return [f for f in heard if isinstance(f, Finding) and f.confidence < self._gate]

    def hushed(self) -> list[Hushed]:
        """Those at or above the gate that somebody asked not to be shown."""
        heard = (self._heard(f) for f in self._all())
        return [each for each in heard if isinstance(each, Hushed)]

    async def reconsider(self, stage: str) -> None:
        """Hear the findings again once they were compared by meaning with those that the user
        decided about, and tell what became of them.
        """
        await self._quiet.look([f for f in self._all() if f.confidence >= self._gate])
        for finding in self._all():
            heard = self._heard(finding)
            why = heard.reason if isinstance(heard, Hushed) else heard.lesson
            if self._told.get(finding.id) != self._seen(finding):
                self._tell(stage, finding, why, why)

    def _all(self) -> list[Finding]:
        return ranked(list(self._known.values()))

    def _seen(self, finding: Finding) -> Finding | None:
        """The finding as listeners are told of it; None when they are not."""
        heard = self._heard(finding)
        return heard if isinstance(heard, Finding) and heard.confidence >= self._gate else None

    def _meant(self, finding: Finding) -> Finding | Hushed:
        # What is not shown anyway must not count as kept back by what was learned.
        unsure = finding.confidence < self._gate
        return self._quiet.asked(finding) if unsure else self._quiet.hear(finding)

    def _heard(self, finding: Finding) -> Finding | Hushed:
        return finding if finding.confidence < self._gate else self._quiet.hear(finding)

    def _tell(self, stage: str, finding: Finding, revised: str, gone: str) -> None:
        """Tell what listeners do not know of it yet, with the reason for either case."""
        seen, known = self._seen(finding), self._told.pop(finding.id, None)
        if seen is not None:
            self._told[finding.id] = seen
            reported = FindingReported(stage, seen)
            self._emit(reported if known is None else FindingRevised(stage, seen, revised))
        elif known is not None:
            self._emit(FindingWithdrawn(stage, finding.id, gone))

    def _put(self, stage: str, finding: Finding) -> None:
        self._known[finding.id] = finding
        self._tell(stage, finding, "", "")

    def _on_line(self, finding: Finding) -> list[Finding]:
        """Known findings on the same line; of analyzers only those that warn."""
        line = self._lines.line_of(finding.span.start)
        return [
            other
            for other in self._known.values()
            if (is_model_finding(other) or other.severity.at_least(Severity.WARNING))
            and self._lines.line_of(other.span.start) == line
        ]

    def _confirm(self, stage: str, known: Finding, voice: Finding) -> None:
        heard = (known.origin.tool, *known.confirmed_by)
        if voice.origin.tool in heard:
            return
        confidence = max(known.confidence, voice.confidence)
        # A voice that would not be shown by itself says much the same of sound code: it lifts none.
        if min(known.confidence, voice.confidence) >= self._gate:
            confidence = round(min(_SURE, confidence + _CONFIRMATION * (1 - confidence)), 3)
        heard_now = (*known.confirmed_by, voice.origin.tool)
        if is_model_finding(known) and voice.confidence > known.confidence:
            # The surer voice is heard; the first one is who confirms it.
            base = replace(voice, id=known.id)
            heard_now = (*known.confirmed_by, known.origin.tool)
        else:
            base = known
        severity = severity_of(base.lens, confidence) if is_model_finding(base) else base.severity
        revised = replace(base, confidence=confidence, severity=severity, confirmed_by=heard_now)
        self.revise(stage, revised, f"{voice.origin.tool} says so too")


def family_of(finding: Finding, lines: LineIndex, outline: Outline) -> str:
    """The identity of an analyzer's finding without its number among equal ones."""
    touched = lines.touched(finding.span)
    return fingerprint(finding.rule, touched, outline.symbol_at(finding.span.start))


def is_model_finding(finding: Finding) -> bool:
    """Whether a model made the finding, not an analyzer."""
    return finding.rule.startswith(_MODEL)


def _gives_way(loser: Finding, winner: Finding) -> str:
    return f"{winner.lens.value} goes before {loser.lens.value} where the two contradict each other"


def _alike(known: Finding, voice: Finding) -> bool:
    """Whether two findings on one line are about the same thing."""
    return known.lens is voice.lens or same_words(known, voice)


def same_words(one_finding: Finding, other_finding: Finding) -> bool:
    """Whether two findings are told in much the same words."""
    one, other = _words(one_finding.message), _words(other_finding.message)
    return bool(one and other) and len(one & other) / min(len(one), len(other)) >= _SAME_WORDS


def _words(message: str) -> frozenset[str]:
    return frozenset(word[:6] for word in re.findall(r"[a-z]{4,}", message.lower()))
