"""A chain reviews, mends and checks one file; what is worse than before is taken back."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from mirador_lsp.core.chains import (
    BUILT_IN,
    Chain,
    ChainEvent,
    Outcome,
    StepFinished,
    StepStarted,
    Within,
)
from mirador_lsp.core.changes import (
    ChangeFinished,
    ChangeRequest,
    EmitChange,
    Intent,
    Patch,
    Rung,
    RunTests,
)
from mirador_lsp.core.changes import (
    TestRun as Ran,
)
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import Edit, Fix, apply
from mirador_lsp.core.errors import AnalyzerError, UserError
from mirador_lsp.core.events import Emit, Notice, NoticeKind, ReviewFinished
from mirador_lsp.core.findings import Finding, Lens, Origin, Severity, fingerprint
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.core.text import Span
from mirador_lsp.engine.chains.running import Manner, run_chain
from mirador_lsp.settings import Settings, change_policy, review_policy

WHOLE = BUILT_IN[0]
BAD = {"BUG": "model/bug", "UGLY": "ruff/X1", "WORSE": "ruff/X2"}
"""Words that a review finds, with their rules; `UGLY` has a safe fix."""


@dataclass
class Worker:
    """Finds the words of `BAD`, and writes what `cures` says in their place."""

    cures: dict[str, str] = field(default_factory=lambda: {"BUG": "fine"})
    blind: bool = False
    requests: list[ReviewRequest] = field(default_factory=list)
    changes: list[ChangeRequest] = field(default_factory=list)

    async def review(self, request: ReviewRequest, emit: Emit) -> None:
        """As the engine does."""
        self.requests.append(request)
        notices = ()
        if "SYNTAX" in request.snapshot.text:
            notices = (Notice(NoticeKind.BROKEN, "a.py: line 1 does not parse."),)
        found = () if self.blind else tuple(findings(request.snapshot))
        emit(ReviewFinished(0.1, found, (), 0, 0, reviewed=not self.blind, notices=notices))

    async def change(self, request: ChangeRequest, emit: EmitChange) -> None:
        """As the engine does: a patch, or why there is none."""
        self.changes.append(request)
        assert request.finding is not None
        cure = self.cures.get(request.finding.quote)
        if cure is None:
            emit(ChangeFinished(None, "The model wrote the same code again.", 0.1))
            return
        if cure == "RAISE":
            message = "The parser is lost."
            raise AnalyzerError(message)
        edits = (Edit(request.finding.span, cure),)
        emit(ChangeFinished(patch(request.snapshot, edits, "small"), "", 0.1))

    async def safe_fixes(self, request: ChangeRequest) -> Patch | None:
        """As the engine does."""
        fixes = [f.fix for f in request.findings if f.fix is not None and f.fix.safe]
        edits = tuple(edit for fix in fixes for edit in fix.edits)
        return patch(request.snapshot, edits, "") if edits else None


def findings(snapshot: Snapshot) -> Sequence[Finding]:
    """One for each bad word of a text."""
    found = []
    for word, rule in BAD.items():
        start, number = snapshot.text.find(word), 0
        while start >= 0:
            span = Span(start, start + len(word))
            fix = Fix("Tidy up", (Edit(span, "neat"),), safe=True) if word == "UGLY" else None
            found.append(
                Finding(
                    id=fingerprint(rule, word, "", number),
                    rule=rule,
                    lens=Lens.BUG,
                    severity=Severity.WARNING,
                    message=f"{word} is bad.",
                    span=span,
                    confidence=1.0,
                    origin=Origin("instant", "ruff"),
                    quote=word,
                    fix=fix,
                )
            )
            start, number = snapshot.text.find(word, start + 1), number + 1
    return found


def patch(snapshot: Snapshot, edits: tuple[Edit, ...], model: str) -> Patch:
    """A checked change of a text."""
    after = apply(snapshot.text, edits)
    rungs = (Rung.APPLIES, Rung.PARSES)
    base = snapshot.content_hash
    return Patch(snapshot.uri, base, None, edits, "Mend", rungs, Intent.FIX, model, after=after)


async def run(
    text: str,
    worker: Worker | None = None,
    chain: Chain = WHOLE,
    tests: RunTests | None = None,
) -> tuple[Outcome, list[ChainEvent]]:
    """What a chain makes of a text, and what it says meanwhile."""
    said: list[ChainEvent] = []
    manner = Manner(chain, review_policy(Settings()), change_policy(Settings()), tests)
    snapshot = Snapshot("file:///a.py", "a.py", "python", text)
    outcome = await run_chain(manner, snapshot, worker or Worker(), lambda: 0.0, said.append)
    return outcome, said


async def test_findings_are_mended_one_after_the_other() -> None:
    """Each change is made on the text that the one before it left."""
    outcome, said = await run("x = BUG + BUG\ny = UGLY\n")

    assert outcome.after.text == "x = fine + fine\ny = neat\n"
    assert [len(each.findings) for each in outcome.mended] == [1, 1, 1]
    assert outcome.left == ()
    assert outcome.fresh == ()
    assert outcome.changed
    steps = [(e.step, e.number) for e in said if isinstance(e, StepStarted)]
    assert steps == [("analyse", 1), ("fix", 2), ("validate", 3)]
    summaries = [event.summary for event in said if isinstance(event, StepFinished)]
    assert summaries == ["3 findings", "3 mended", "3 findings gone, 0 left"]
    assert any(isinstance(event, Within) for event in said)


async def test_what_cannot_be_mended_stays_and_says_why() -> None:
    """The others are mended all the same; an analyzer that fails is one more reason."""
    worker = Worker(cures={"WORSE": "RAISE"})
    outcome, _ = await run("x = BUG\ny = WORSE\nz = UGLY\n", worker)

    assert outcome.after.text == "x = BUG\ny = WORSE\nz = neat\n"
    assert [(each.finding.quote, each.why) for each in outcome.unmended] == [
        ("BUG", "The model wrote the same code again."),
        ("WORSE", "The parser is lost."),
    ]
    assert outcome.left is not None
    assert [finding.quote for finding in outcome.left] == ["BUG", "WORSE"]


@pytest.mark.parametrize(
    ("cure", "why"),
    [
        ("WORSE", "ruff/X2 is new: WORSE is bad."),
        ("SYNTAX", "it does not parse any more"),
    ],
)
async def test_what_is_worse_than_before_is_taken_back(cure: str, why: str) -> None:
    """All of it, the good changes too: one may rest on another."""
    outcome, said = await run("x = BUG\ny = UGLY\n", Worker(cures={"BUG": cure}))

    assert outcome.taken_back == why
    assert not outcome.changed
    assert outcome.left == outcome.found
    assert said[-1] == StepFinished("a.py", "validate", 0.0, f"taken back: {why}")


async def test_another_claim_of_a_model_is_no_reason_to_take_back() -> None:
    """Models find something else in every text; it is told as new."""
    outcome, _ = await run("x = WORSE\n", Worker(cures={"WORSE": "BUG"}))

    assert outcome.taken_back == ""
    assert outcome.after.text == "x = BUG\n"
    assert [finding.quote for finding in outcome.fresh] == ["BUG"]


@pytest.mark.parametrize("ok", [True, False])
async def test_the_projects_tests_have_the_last_word(ok: bool) -> None:
    """They run on what came of all changes together."""
    texts: list[str] = []

    async def tests(_snapshot: Snapshot, text: str) -> Ran:
        texts.append(text)
        return Ran(ok, 3, "", 0.1)

    outcome, _ = await run("x = BUG\n", tests=tests)

    assert texts == ["x = fine\n"]
    assert outcome.taken_back == ("" if ok else "the project's tests fail with it")
    assert outcome.changed is ok
    assert outcome.tests is not None


async def test_no_more_is_mended_than_the_chain_allows() -> None:
    """What lies beyond is counted; milder findings are not touched."""
    chain = replace(WHOLE, most_fixes=1, severity="warning")
    worker = Worker()
    outcome, _ = await run("x = BUG + BUG + BUG\n", worker, chain)

    assert outcome.after.text == "x = fine + BUG + BUG\n"
    assert [notice.message for notice in outcome.notices] == [
        "a.py: 2 findings left as they are: no more than 1 are mended."
    ]
    assert [notice.count for notice in outcome.notices] == [2]
    worker = Worker()
    await run("x = BUG\n", worker, replace(WHOLE, severity="error"))
    assert worker.changes == []


async def test_a_file_that_no_stage_could_look_at_goes_no_further() -> None:
    """It is not reviewed, and that is not clean."""
    worker = Worker(blind=True)
    outcome, said = await run("x = BUG\n", worker)

    assert not outcome.reviewed
    assert not outcome.changed
    assert len(worker.requests) == 1
    assert isinstance(said[-1], StepFinished)
    assert said[-1].summary == "not one stage could look at it"


async def test_without_a_change_nothing_is_reviewed_again() -> None:
    """The text is the one that was reviewed."""
    worker = Worker(cures={})
    outcome, _ = await run("x = BUG\n", worker)

    assert len(worker.requests) == 1
    assert outcome.left == outcome.found


async def test_the_chain_says_which_models_stages_and_lenses() -> None:
    """What it leaves open is the settings'."""
    chain = Chain(
        name="mine", quick=("a",), deep=("b", "c"), lenses=("security",), stages=("instant", "deep")
    )
    worker = Worker()
    await run("x = BUG\n", worker, chain)

    policy = worker.requests[0].policy
    assert policy.stages == ("instant", "deep")
    assert policy.lenses == (Lens.SECURITY,)
    assert policy.stage("quick").models == ("a",)
    assert policy.stage("deep").models == ("b", "c")
    assert policy.stage("synthesis").models == ()
    assert worker.changes[0].policy.stage("deep").models == ("b", "c")


@pytest.mark.parametrize("steps", [(), ("fix",), ("validate", "analyse")])
async def test_steps_that_make_no_sense_are_refused(steps: tuple[str, ...]) -> None:
    """There is nothing to mend before anything was found."""
    with pytest.raises(UserError):
        await run("x = BUG\n", chain=Chain(name="odd", steps=steps))
