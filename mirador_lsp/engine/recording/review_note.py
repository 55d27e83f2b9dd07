"""Notes of one running review: its request, and what it does to the lives of findings."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import assert_never

from mirador_lsp.core.events import (
    Event,
    EvidenceHeard,
    FindingReported,
    FindingRevised,
    FindingWithdrawn,
    ModelAsked,
    Notice,
    ReviewFinished,
    ReviewStarted,
    StageFailed,
    StageFinished,
    StageProgressed,
    StageStarted,
    StreamToken,
)
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.history import Ending, Exchange, Kind, Life, Moment, Step, life_of
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.engine.recording.notes import Costs, Wall, review_id

BELOW_THE_GATE = "its confidence is too low to be shown"
EDITED_AWAY = "its lines were edited"
REPLACED = "its lines were edited, and another finding is there now"
NOT_FOUND = "a review did not find it any more"


class ReviewNote:
    """Belongs to one review."""

    def __init__(self, request: ReviewRequest, wall: Wall, *, shows: bool) -> None:
        """`shows` says that what a review ends with is before the user's eyes then."""
        self._request = request
        self._wall = wall
        self._began = wall()
        self._shows = shows
        self._costs = Costs()
        self._known: dict[str, Finding] = {}
        self._fresh: list[tuple[Finding, Moment]] = []
        self._end: ReviewFinished | None = None

    @property
    def document(self) -> str:
        """The URI of what is reviewed."""
        return self._request.snapshot.uri

    def hear(self, event: Event) -> None:
        """Take note of an event."""
        self._costs.hear(event)
        match event:
            case FindingReported(stage=stage, finding=finding):
                self._note(finding, Step.REPORTED, stage, confidence=finding.confidence)
            case FindingRevised(stage=stage, finding=finding, reason=reason):
                known = self._known.get(finding.id)
                worded = finding.message if known and known.message != finding.message else ""
                sure = finding.confidence
                self._note(finding, Step.REVISED, stage, reason, message=worded, confidence=sure)
            case FindingWithdrawn(stage=stage, finding_id=finding_id, reason=reason):
                if (known := self._known.get(finding_id)) is not None:
                    self._note(known, Step.WITHDRAWN, stage, reason)
            case ReviewFinished():
                self._end = event
                self._finish(event)
            case Notice() | ReviewStarted() | StageStarted() | StageProgressed() | StreamToken():
                pass
            case ModelAsked() | EvidenceHeard() | StageFinished() | StageFailed():
                pass
            case _:
                assert_never(event)

    @property
    def has_news(self) -> bool:
        """Whether something happened to a finding that was not taken yet."""
        return bool(self._fresh)

    def take(self) -> list[Life]:
        """What happened to findings since this was last asked for."""
        fresh, self._fresh = self._fresh, []
        moments: dict[str, list[Moment]] = {}
        for finding, moment in fresh:
            moments.setdefault(finding.id, []).append(moment)
        return [self._life(self._known[i], *lived) for i, lived in moments.items()]

    def exchange(self, session: str) -> Exchange:
        """What is kept of the review; one id for all of the same text with the same outcome."""
        snapshot, end = self._request.snapshot, self._end
        outcome = Ending.STOPPED
        if end is not None:
            outcome = Ending.FINISHED if end.reviewed else Ending.FAILED
        about = sorted(self._known)
        stages = " ".join(self._costs.stages)
        told = (session, self.document, snapshot.content_hash, stages, outcome.value, *about)
        made = Exchange(
            id=review_id(*told),
            kind=Kind.REVIEW,
            document=self.document,
            name=snapshot.name,
            outcome=outcome,
            time=self._began,
            session=session,
            question=self._request.trigger.value,
            response=end.summary if end is not None else "",
            model=self._costs.model,
            digest=next((d for d in reversed(self._costs.stages.values()) if d), ""),
            seconds=end.seconds if end is not None else self._wall() - self._began,
            findings=tuple(about),
        )
        return self._costs.put_on(made)

    def absent(self, stood: Sequence[Life]) -> Iterator[Life]:
        """Of the findings that `stood` before, those that this review did not find any more."""
        if self._end is None or not self._end.reviewed or self._request.only is not None:
            return
        text, now = _squeezed(self._request.snapshot.text), self._wall()
        places = {(finding.rule, finding.symbol) for finding in self._known.values()}
        for life in stood:
            if life.finding in self._known or life.stage not in self._costs.whole:
                continue
            moment = Moment(Step.GONE, now, life.stage, NOT_FOUND)
            if _squeezed(life.quote) not in text:
                moment = Moment(Step.FIXED, now, life.stage, EDITED_AWAY)
                if (life.rule, life.symbol) in places:
                    moment = Moment(Step.GONE, now, life.stage, REPLACED)
            yield replace(life, moments=(moment,))

    def _life(self, finding: Finding, *lived: Moment) -> Life:
        """With the whole lines that its identity is made of as its quote."""
        snapshot = self._request.snapshot
        life = life_of(self.document, snapshot.name, finding, *lived)
        return replace(life, quote=snapshot.lines.touched(finding.span))

    def _finish(self, end: ReviewFinished) -> None:
        for finding in end.withheld:
            self._note(finding, Step.WITHHELD, finding.origin.stage, BELOW_THE_GATE)
        for hushed in end.hushed:
            why = f"{hushed.by.value}: {hushed.reason}" if hushed.reason else hushed.by.value
            self._note(hushed.finding, Step.WITHHELD, hushed.finding.origin.stage, why)
        for finding in end.findings if self._shows else ():
            self._note(finding, Step.SHOWN)

    def _note(
        self,
        finding: Finding,
        step: Step,
        stage: str = "",
        reason: str = "",
        *,
        message: str = "",
        confidence: float | None = None,
    ) -> None:
        self._known[finding.id] = finding
        moment = Moment(step, self._wall(), stage, reason, message, confidence)
        self._fresh.append((finding, moment))


def _squeezed(text: str) -> str:
    """Without white space, as identities are compared."""
    return "".join(text.split())
