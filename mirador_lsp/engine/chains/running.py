"""Runs a chain on one file: reviews it, mends it, and checks what came of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from mirador_lsp.core.chains import (
    Chain,
    EmitChain,
    Mended,
    Outcome,
    Step,
    StepFinished,
    StepStarted,
    Unmended,
    Within,
)
from mirador_lsp.core.changes import (
    ChangeEvent,
    ChangeFinished,
    ChangeRequest,
    EmitChange,
    Intent,
    Patch,
    RunTests,
    TestRun,
)
from mirador_lsp.core.dialogue import Priority
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import Edit
from mirador_lsp.core.errors import AnalyzerError, UserError
from mirador_lsp.core.events import Emit, Event, Notice, NoticeKind, ReviewFinished
from mirador_lsp.core.findings import Finding, Severity
from mirador_lsp.core.policy import INSTANT, ReviewPolicy
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.text import Span
from mirador_lsp.engine.chains.policies import check, under
from mirador_lsp.engine.ledger import is_model_finding

Now = Callable[[], float]
"""Seconds that never go back."""


class Worker(Protocol):
    """Who does the work of the steps."""

    async def review(self, request: ReviewRequest, emit: Emit) -> None:
        """Review a document."""
        ...

    async def change(self, request: ChangeRequest, emit: EmitChange) -> None:
        """Write a change and check it."""
        ...

    async def safe_fixes(self, request: ChangeRequest) -> Patch | None:
        """Every safe analyzer fix among the request's findings, as one patch."""
        ...


@dataclass(frozen=True)
class Manner:
    """How the steps of a chain run."""

    chain: Chain
    review: ReviewPolicy
    """The user's, for reviews."""
    change: ReviewPolicy
    """The user's, for changes."""
    run_tests: RunTests | None = None
    """The project's tests, where the user trusts them to run."""
    repairs: int = 2


@dataclass
class _Heard:
    """Listens to one review."""

    end: ReviewFinished | None = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, ReviewFinished):
            self.end = event


async def run_chain(
    manner: Manner, snapshot: Snapshot, worker: Worker, now: Now, emit: EmitChain
) -> Outcome:
    """Run every step on one file; what came of it. Writes nothing.

    Cancelling stops the models. Raises `UserError` for steps in an order that makes no sense.
    """
    check(manner.chain)
    return await _Run(manner, snapshot, worker, now, emit).to_the_end()


class _Run:
    """One file on its way through the steps."""

    def __init__(
        self, manner: Manner, snapshot: Snapshot, worker: Worker, now: Now, emit: EmitChain
    ) -> None:
        self._manner = manner
        self._before = snapshot
        self._now = now
        self._worker = worker
        self._emit = emit
        self._text = snapshot
        """As it is by now."""
        self._findings: list[Finding] = []
        """That are to be mended, with their places in `_text`."""
        self._out = Outcome(snapshot, snapshot, reviewed=False)

    async def to_the_end(self) -> Outcome:
        began = self._now()
        steps = self._manner.chain.steps
        for number, step in enumerate(steps, 1):
            self._emit(StepStarted(self._before.name, step, number, len(steps)))
            started = self._now()
            summary = await self._step(Step(step))
            seconds = self._now() - started
            self._emit(StepFinished(self._before.name, step, seconds, summary))
            if not self._out.reviewed:
                break
        return replace(self._out, after=self._text, seconds=self._now() - began)

    async def _step(self, step: Step) -> str:
        match step:
            case Step.ANALYSE:
                return await self._analyse()
            case Step.FIX:
                return await self._fix()
            case Step.VALIDATE:
                return await self._validate()

    async def _analyse(self) -> str:
        end = await self._review(Step.ANALYSE)
        if end is None or not end.reviewed:
            self._out = replace(self._out, reviewed=False)
            return "not one stage could look at it"
        if not self._out.reviewed:
            self._out = replace(self._out, reviewed=True, found=end.findings)
        self._findings = list(end.findings)
        return _count(len(end.findings), "finding")

    async def _fix(self) -> str:
        before = len(self._out.mended), len(self._out.unmended)
        await self._fix_safely()
        bar = Severity(self._manner.chain.severity)
        wanted = [finding for finding in self._findings if finding.severity.at_least(bar)]
        most = self._manner.chain.most_fixes
        for finding in wanted[:most]:
            await self._fix_one(finding.id)
        if over := len(wanted[most:]) if most else 0:
            text = f"{_count(over, 'finding')} left as they are: no more than {most} are mended."
            self._tell(NoticeKind.SKIPPED, text, over)
        made = sum(len(each.findings) for each in self._out.mended[before[0] :])
        stay = len(self._out.unmended) - before[1]
        parts = [f"{made} mended"]
        parts += [f"{stay} could not be"] if stay else []
        parts += [f"{over} left as they are"] if over else []
        return ", ".join(parts)

    async def _fix_safely(self) -> None:
        """What analyzers know to mend without changing what the code does."""
        if not any(f.fix is not None and f.fix.safe for f in self._findings):
            return
        try:
            patch = await self._worker.safe_fixes(self._request(None))
        except (AnalyzerError, UserError) as error:
            self._tell(NoticeKind.UNAVAILABLE, error.sentence())
            return
        if patch is None:
            return
        former = self._findings
        self._take(patch)
        there = {finding.id for finding in await self._facts()}
        gone = [f for f in former if not is_model_finding(f) and f.id not in there]
        self._findings = [f for f in self._findings if f.id not in {g.id for g in gone}]
        self._out = replace(self._out, mended=(*self._out.mended, Mended(tuple(gone), patch)))

    async def _facts(self) -> tuple[Finding, ...]:
        """What analyzers say of the text as it is now."""
        policy = replace(self._manner.review, stages=(INSTANT,), automatic=False)
        end = await self._review(Step.FIX, policy)
        return () if end is None else (*end.findings, *end.withheld)

    async def _fix_one(self, finding_id: str) -> None:
        finding = next((f for f in self._findings if f.id == finding_id), None)
        if finding is None:
            return
        ends: list[ChangeFinished] = []

        def hear(event: ChangeEvent) -> None:
            if isinstance(event, ChangeFinished):
                ends.append(event)
            self._emit(Within(self._before.name, Step.FIX.value, event))

        try:
            await self._worker.change(self._request(finding), hear)
        except (AnalyzerError, UserError) as error:
            self._stays(finding, error.sentence())
            return
        patch = ends[0].patch if ends else None
        if patch is None:
            self._stays(finding, ends[0].why if ends else "Nothing came of it.")
            return
        self._findings = [other for other in self._findings if other.id != finding.id]
        self._take(patch)
        self._out = replace(self._out, mended=(*self._out.mended, Mended((finding,), patch)))

    async def _validate(self) -> str:
        """Review what came of it. What is worse than before is taken back, all of it: what one
        change broke may rest on another.
        """
        if self._text.text == self._before.text:
            self._out = replace(self._out, left=self._out.found)
            return "nothing was changed"
        end = await self._review(Step.VALIDATE)
        tests = await self._tests()
        left = end.findings if end is not None else ()
        known = {finding.id for finding in self._out.found}
        fresh = tuple(finding for finding in left if finding.id not in known)
        self._out = replace(self._out, left=left, fresh=fresh, tests=tests)
        why = _worse(end, fresh, tests)
        if why:
            self._text = self._before
            self._out = replace(self._out, taken_back=why, left=self._out.found)
            return f"taken back: {why}"
        gone = len(known - {finding.id for finding in left})
        return f"{_count(gone, 'finding')} gone, {len(left)} left" + (
            f", {len(fresh)} of them new" if fresh else ""
        )

    async def _tests(self) -> TestRun | None:
        if self._manner.run_tests is None:
            return None
        try:
            return await self._manner.run_tests(self._before, self._text.text)
        except AnalyzerError as error:
            self._tell(NoticeKind.UNAVAILABLE, error.sentence())
            return None

    async def _review(
        self, step: Step, policy: ReviewPolicy | None = None
    ) -> ReviewFinished | None:
        heard = _Heard()

        def hear(event: Event) -> None:
            heard(event)
            self._emit(Within(self._before.name, step.value, event))

        wanted = policy or self._manner.review
        request = ReviewRequest(
            self._text,
            under(wanted, self._manner.chain),
            Trigger.CLI,
            priority=Priority.SAVE,
        )
        await self._worker.review(request, hear)
        if heard.end is not None and policy is None:
            notices = dict.fromkeys((*self._out.notices, *heard.end.notices))
            self._out = replace(self._out, notices=tuple(notices))
        return heard.end

    def _request(self, finding: Finding | None) -> ChangeRequest:
        return ChangeRequest(
            snapshot=self._text,
            intent=Intent.FIX,
            policy=under(self._manner.change, replace(self._manner.chain, stages=())),
            span=finding.span if finding is not None else Span(0, 0),
            finding=finding,
            findings=tuple(self._findings),
            run_tests=self._manner.run_tests,
            repairs=self._manner.repairs,
            priority=Priority.SAVE,
        )

    def _take(self, patch: Patch) -> None:
        """Go on with the patched text; findings keep their places as far as there is one."""
        self._findings = [
            replace(finding, span=moved)
            for finding in self._findings
            if (moved := _moved(finding.span, patch.edits)) is not None
        ]
        self._text = replace(self._text, text=patch.after)

    def _stays(self, finding: Finding, why: str) -> None:
        self._out = replace(self._out, unmended=(*self._out.unmended, Unmended(finding, why)))

    def _tell(self, kind: NoticeKind, message: str, count: int = 1) -> None:
        notice = Notice(kind, f"{self._before.name}: {message}", count)
        self._out = replace(self._out, notices=(*self._out.notices, notice))


def _worse(end: ReviewFinished | None, fresh: tuple[Finding, ...], tests: TestRun | None) -> str:
    """Why the changed text is worse than it was, one plain sentence; "" where it is not.

    Only facts count: a model that reads a changed text finds something else in any case.
    """
    if end is None or not end.reviewed:
        return "not one stage could look at what came of it"
    if any(notice.kind is NoticeKind.BROKEN for notice in end.notices):
        return "it does not parse any more"
    if tests is not None and not tests.ok:
        return "the project's tests fail with it"
    facts = [f for f in fresh if not is_model_finding(f) and f.severity.at_least(Severity.WARNING)]
    if facts:
        return f"{facts[0].rule} is new: {facts[0].message}"
    return ""


def _moved(span: Span, edits: tuple[Edit, ...]) -> Span | None:
    """Where a place lies once `edits` are made; None where one of them rewrote it."""
    shift = 0
    for edit in sorted(edits):
        if edit.span.start >= span.end and edit.span.end > span.start:
            break
        if edit.span.end > span.start:
            return None
        shift += len(edit.text) - (edit.span.end - edit.span.start)
    return Span(span.start + shift, span.end + shift)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
