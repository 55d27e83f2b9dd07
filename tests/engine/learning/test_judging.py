"""What decisions teach: counted, weighed by age, and ended by what was accepted."""

from collections.abc import Sequence

import pytest

from fakes.deciding import NOW, decided, found
from mirador_lsp.core.feedback import Opinion, Verdict
from mirador_lsp.core.findings import Finding, Lens
from mirador_lsp.engine.learning.judging import Decisions, Effect, Lesson
from mirador_lsp.engine.learning.likeness import Told

MESSAGES = (
    "This divides by the number of items, which may be zero.",
    "It divides by the number of rows, which may be zero.",
    "This divides by the number of users, which can be zero.",
    "The division by the number of names may be by zero.",
)


def kind(number: int) -> Finding:
    """One of several findings of one kind."""
    return found(MESSAGES[number % len(MESSAGES)], f"return a / len(items_{number})")


def lesson(opinions: Sequence[Opinion], finding: Finding | None = None) -> Lesson:
    """What they teach about a further finding of the kind."""
    told = Told.of(finding or kind(9))
    return Decisions(opinions).judge(told, NOW, {})


def said(*verdicts: Verdict | int) -> list[Opinion]:
    """Decisions about the kind, oldest first, a day apart; a number is a rating."""
    last = len(verdicts) - 1
    return [
        decided(
            kind(number),
            Verdict.RATED if isinstance(verdict, int) else verdict,
            days_ago=last - number,
            rating=verdict if isinstance(verdict, int) else 0,
        )
        for number, verdict in enumerate(verdicts)
    ]


NO, YES = Verdict.DISMISSED, Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("verdicts", "effect", "reason"),
    [
        ((), Effect.NONE, ""),
        ((NO,), Effect.LOWERED, "you dismissed 1 like this"),
        ((NO, NO, NO), Effect.WITHHELD, "you dismissed 3 like this"),
        ((NO, NO, NO, NO), Effect.WITHHELD, "you dismissed 4 like this"),
        ((NO, Verdict.SUPPRESSED, NO), Effect.WITHHELD, "you dismissed 2 and suppressed 1"),
        ((NO, 1, NO), Effect.WITHHELD, "you dismissed 2 and rated 1 low like this"),
        ((NO, NO, Verdict.UNHELPFUL), Effect.LOWERED, "you found 1 unhelpful and dismissed 2"),
        ((Verdict.UNDONE,) * 5, Effect.LOWERED, "you undid the fix of 5 like this"),
        ((YES,), Effect.FIRST, "you accepted 1 like this"),
        ((YES, YES, YES), Effect.RAISED, "you accepted 3 like this"),
        ((5, Verdict.HELPFUL, Verdict.EDITED), Effect.RAISED, "you accepted 1, found 1 helpful"),
        ((NO, YES, YES, YES), Effect.FIRST, "you accepted 3 like this"),
        ((NO, NO, NO, NO, YES), Effect.FIRST, "you accepted 1 like this"),
        ((NO, NO, NO, NO, Verdict.RESTORED), Effect.FIRST, "you restored 1 like this"),
        ((YES, NO, NO, NO), Effect.WITHHELD, "you dismissed 3 like this"),
        ((YES, YES, YES, NO, NO, NO), Effect.FIRST, ""),
        ((3, 3, 3), Effect.NONE, ""),
    ],
)
def test_what_verdicts_teach(
    verdicts: tuple[Verdict | int, ...], effect: Effect, reason: str
) -> None:
    """Three refusals withhold, unless as many were accepted; one acceptance brings a kind back."""
    taught = lesson(said(*verdicts))
    if verdicts == (YES, YES, YES, NO, NO, NO):
        # The acceptances are a little older, and so weigh a little less: hardly any doubt.
        assert taught.effect is Effect.LOWERED
        assert taught.factor > 0.9
        return
    assert taught.effect is effect
    assert reason in taught.reason


def test_doubt_grows_with_dismissals() -> None:
    """One takes a third of the confidence, two take half."""
    one, two = lesson(said(NO)), lesson(said(NO, NO))
    assert one.factor == pytest.approx(0.67, abs=0.01)
    assert two.factor == pytest.approx(0.5, abs=0.01)


def test_old_decisions_fade() -> None:
    """What was dismissed a year ago no longer withholds; with more of them it does."""
    old = [decided(kind(n), days_ago=360.0 + n) for n in range(4)]
    assert lesson(old).effect is Effect.LOWERED
    fresh = [decided(kind(n), days_ago=float(n)) for n in range(2)]
    assert lesson([*old, *fresh]).effect is Effect.WITHHELD


def test_other_kinds_and_lenses_teach_nothing() -> None:
    """Neither what reads otherwise, nor the same words under another lens."""
    other = found("The exception is swallowed, so the error is lost.", "except Exception: pass")
    assert lesson(said(NO, NO, NO, NO), other).effect is Effect.NONE
    security = found(MESSAGES[0], lens=Lens.SECURITY, rule="model/security")
    assert lesson(said(NO, NO, NO, NO), security).effect is Effect.NONE


def test_a_lesson_names_its_decisions() -> None:
    """Those that count, newest first, so that they can be undone."""
    opinions = said(NO, NO, NO)
    assert lesson(opinions).because == tuple(reversed(opinions))


def test_what_earlier_versions_kept_teaches_nothing() -> None:
    """It is not known what it was about."""
    bare = Opinion("file:///a.py", "f1", "model/bug", NO, "", "tool", NOW)
    assert not Decisions([bare])
    assert lesson([bare] * 4).effect is Effect.NONE
