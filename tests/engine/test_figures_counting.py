"""A request is counted from what the engine says of it, and nothing of its words is kept."""

from dataclasses import asdict

import pytest

from mirador_lsp.core.answers import Answer, AnswerFinished, AnswerRevised
from mirador_lsp.core.changes import Attempted, ChangeFinished, Intent, Patch, Rung
from mirador_lsp.core.dialogue import Prompt, Usage
from mirador_lsp.core.events import (
    FindingReported,
    FindingRevised,
    FindingWithdrawn,
    ModelAsked,
    ReviewFinished,
    ReviewStarted,
    StageFailed,
    StageFinished,
    StageStarted,
)
from mirador_lsp.core.findings import Finding, Lens, Origin, Severity
from mirador_lsp.core.metrics import ChangeFigures, Ending, RequestFigures, Surface
from mirador_lsp.core.text import Span
from mirador_lsp.engine.figures.counting import Count, Said

SECRET = "the_secret_word"


def finding(number: int = 1) -> Finding:
    """A finding that says what nobody may keep."""
    return Finding(
        id=f"{number:016x}",
        rule="model/bug",
        lens=Lens.BUG,
        severity=Severity.ERROR,
        message=SECRET,
        span=Span(0, 1),
        confidence=0.9,
        origin=Origin("deep", "small"),
        quote=SECRET,
    )


def review(*events: Said) -> RequestFigures:
    """A review in which that happened."""
    count = Count("review", Surface.EDITOR, "python")
    for event in events:
        count.hear(event)
    return count.figures(2.5, 1000.0)


def asked(*, kept: bool = False) -> ModelAsked:
    """A question to the model."""
    return ModelAsked("deep", "small", SECRET, "", Prompt("", SECRET, SECRET), kept=kept)


BEGUN = (
    ReviewStarted(SECRET, ("deep",), ""),
    StageStarted("deep", "small", "", 2, "d" * 64, leaves=True),
)


def test_a_stage_is_counted_with_what_it_cost() -> None:
    """Tokens, times, questions, dropped lines; the model's version, and that code leaves."""
    usage = Usage(900, 600, 40, 0.25, 0.5, 1.5)
    counted = review(
        *BEGUN,
        asked(),
        asked(kept=True),
        FindingReported("deep", finding()),
        FindingWithdrawn("deep", finding().id, ""),
        StageFinished("deep", "small", 2.0, usage, 5, 1, misquoted=2, malformed=1),
    )

    (run,) = counted.stages
    assert (run.stage, run.model, run.digest, run.leaves) == ("deep", "small", "d" * 64, True)
    assert run.first_token_seconds == 0.5
    assert asdict(run.costs) == {
        "runs": 1,
        "failures": 0,
        "seconds": 2.0,
        "wait_seconds": 0.25,
        "prompt_tokens": 900,
        "cached_tokens": 600,
        "completion_tokens": 40,
        "asked": 1,
        "kept": 1,
        "rejected": 5,
        "misquoted": 2,
        "malformed": 1,
        "not_reviewed": 1,
        "reported": 1,
        "withdrawn": 1,
    }


def test_what_became_of_findings_is_counted() -> None:
    """While the review runs and at its end."""
    end = ReviewFinished(2.0, (finding(1), finding(2)), (finding(3),), 4, 1, reviewed=True)
    counted = review(
        *BEGUN,
        FindingReported("deep", finding(1)),
        FindingReported("deep", finding(2)),
        FindingRevised("deep", finding(2), ""),
        StageFinished("deep", "small", 2.0, Usage()),
        end,
    ).findings

    assert (counted.reported, counted.revised, counted.shown) == (2, 1, 2)
    assert (counted.withheld, counted.over_cap) == (1, 4)


def test_nothing_of_the_words_is_kept() -> None:
    """No code, no question, no message and no name of a file."""
    counted = review(
        *BEGUN,
        asked(),
        FindingReported("deep", finding()),
        StageFailed("deep", "small", 0.1, SECRET, SECRET),
    )

    assert SECRET not in repr(counted)


@pytest.mark.parametrize(
    ("events", "ending"),
    [
        ((), Ending.STOPPED),
        ((StageFinished("deep", "small", 1.0, Usage()),), Ending.STOPPED),
        ((ReviewFinished(1.0, (), (), 0, 0, reviewed=False),), Ending.FAILED),
        (
            (
                StageFinished("deep", "small", 1.0, Usage()),
                ReviewFinished(1.0, (), (), 0, 0, reviewed=True),
            ),
            Ending.DONE,
        ),
    ],
)
def test_how_it_ended_is_known(events: tuple[Said, ...], ending: Ending) -> None:
    """Without a last event it was stopped; without one good stage it failed."""
    assert review(*BEGUN, *events).ending is ending


def test_a_stage_that_failed_is_told_from_the_stand_in_that_did_not() -> None:
    """Two runs of one stage, on two models."""
    counted = review(
        *BEGUN,
        StageFailed("deep", "small", 0.5, "gone", ""),
        StageStarted("deep", "large", "small cannot run", 2),
        StageFinished("deep", "large", 2.0, Usage()),
    )

    failed, stood_in = counted.stages
    assert (failed.model, failed.costs.failures, failed.costs.seconds) == ("small", 1, 0.5)
    assert (stood_in.model, stood_in.costs.failures, stood_in.costs.runs) == ("large", 0, 1)


@pytest.mark.parametrize(("kept", "counts"), [(False, (1, 0)), (True, (0, 1))])
def test_an_answer_that_was_known_is_a_hit(kept: bool, counts: tuple[int, int]) -> None:
    """And one that had to be given is none."""
    count = Count("ask", Surface.EDITOR, "python")
    answer = Answer(SECRET, "quick", "small", 0.5, kept=kept)
    for event in (
        StageStarted("quick", "small", "", 1),
        AnswerRevised(answer),
        StageFinished("quick", "small", 0.1, Usage()),
        AnswerFinished(answer, 0.2),
    ):
        count.hear(event)

    counted = count.figures(0.2, 1000.0)
    assert (counted.stages[0].costs.asked, counted.stages[0].costs.kept) == counts
    assert counted.ending is Ending.DONE
    assert SECRET not in repr(counted)


def _change(*events: Said) -> RequestFigures:
    count = Count("fix", Surface.EDITOR, "python")
    for event in (StageStarted("deep", "small", "", 3), *events):
        count.hear(event)
    return count.figures(1.0, 1000.0)


def test_a_change_is_counted_by_the_step_it_reached() -> None:
    """The highest that it passed, and after how many attempts."""
    failed = Attempted(1, (Rung.APPLIES, Rung.PARSES), Rung.CLEAN, SECRET)
    passed = Attempted(2, (Rung.APPLIES, Rung.PARSES, Rung.CLEAN), None, "")
    patch = Patch("", "", None, (), SECRET, passed.reached, Intent.FIX, "small", after=SECRET)
    end = ChangeFinished(patch, "", 1.0, (failed, passed))
    counted = _change(failed, passed, StageFinished("deep", "small", 1.0, Usage()), end)

    assert counted.change == ChangeFigures(offered=True, rung="clean", attempts=2)
    assert counted.stages[0].costs.asked == 2
    assert SECRET not in repr(counted)


def test_a_change_that_is_not_offered_says_where_it_failed() -> None:
    """At the step of its last attempt; one that was never written failed nowhere."""
    failed = Attempted(1, (Rung.APPLIES,), Rung.PARSES, SECRET)

    assert _change(failed, ChangeFinished(None, SECRET, 1.0, (failed,))).change == ChangeFigures(
        offered=False, rung="applies", failed="parses", attempts=1
    )
    assert _change(ChangeFinished(None, SECRET, 1.0)).change == ChangeFigures(offered=False)
