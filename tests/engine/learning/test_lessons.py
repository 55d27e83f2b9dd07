"""What lessons do to a review: ranked up, doubted, withheld with the reason, and never too much."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.analyzer import FakeAnalyzer
from fakes.deciding import NOW, decide, decided, found
from fakes.feedback import FakeFeedbackBook
from fakes.reviewing import URI, end_of, python, reviewed
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import FindingReported, Hush, Hushed, Notice, NoticeKind
from mirador_lsp.core.feedback import Verdict, Which
from mirador_lsp.core.findings import Finding, Lens, Severity, ranked
from mirador_lsp.core.ports import Analysis
from mirador_lsp.engine.learning.judging import MOST_OF_RULE, Decisions
from mirador_lsp.engine.learning.lessons import ALWAYS, Bounds, Lessons

INSTANT = ("instant",)


def fact(word: str, **more: object) -> Finding:
    """What the analyzer of these tests says of a word."""
    finding = found(f"{word} is here", word, rule=f"ruff/{word}", confidence=0.9)
    return replace(finding, **more)  # type: ignore[arg-type] — a test's own fields


class _As(FakeAnalyzer):
    """An analyzer whose findings are under a lens and of a severity."""

    def __init__(self, lens: Lens, severity: Severity, words: Sequence[str]) -> None:
        super().__init__("ruff", words=words, severity=severity)
        self._lens = lens

    async def analyze(self, snapshot: Snapshot) -> Analysis:
        said = await super().analyze(snapshot)
        return Analysis(tuple(replace(f, lens=self._lens) for f in said.findings))


async def test_a_kind_that_was_dismissed_is_withheld_with_the_reason(tmp_path: Path) -> None:
    """In a new file; it is counted, listed and told in a notice, and never reported."""
    book = FakeFeedbackBook()
    await decide(book, fact("eval"), times=4)
    events = await reviewed(
        python("eval\nexec\n"), tmp_path, words=["eval", "exec"], stages=INSTANT, feedback=book
    )

    end = end_of(events)
    assert [f.quote for f in end.findings] == ["exec"]
    assert [e.finding.quote for e in events if isinstance(e, FindingReported)] == ["exec"]
    assert [(h.by, h.reason) for h in end.hushed] == [(Hush.LEARNED, "you dismissed 4 like this")]
    told = [e.message for e in events if isinstance(e, Notice) and e.kind is NoticeKind.HUSHED]
    assert told == ["cart.py: 1 like others that you dismissed."]


async def test_a_kind_that_was_accepted_comes_first(tmp_path: Path) -> None:
    """Within its severity, however sure others are."""
    book = FakeFeedbackBook()
    await decide(book, fact("exec"), Verdict.ACCEPTED, times=2)
    events = await reviewed(
        python("eval\nexec\n"), tmp_path, words=["eval", "exec"], stages=INSTANT, feedback=book
    )

    first, second = end_of(events).findings
    assert (first.quote, first.favoured, first.lesson) == (
        "exec",
        True,
        "you accepted 2 like this",
    )
    assert (second.quote, second.favoured, second.lesson) == ("eval", False, "")


async def test_what_is_doubted_falls_below_the_gate(tmp_path: Path) -> None:
    """It is not hushed but withheld like what a model is not sure of, with the reason."""
    book = FakeFeedbackBook()
    await decide(book, fact("eval"), times=2)
    await decide(book, fact("eval"), Verdict.UNDONE, times=0)
    for number in range(8):
        await book.record(
            decided(fact("eval"), Verdict.UNHELPFUL, document=f"more{number}.py", days_ago=1.0)
        )
    end = end_of(
        await reviewed(python("eval\n"), tmp_path, words=["eval"], stages=INSTANT, feedback=book)
    )

    assert (end.findings, end.hushed) == ((), ())
    (withheld,) = end.withheld
    assert withheld.confidence < 0.35
    assert withheld.lesson == "you dismissed 2 and found 8 unhelpful like this"


@pytest.mark.parametrize(
    ("severity", "allowed", "shown"),
    [
        (Severity.ERROR, False, 1),
        (Severity.WARNING, False, 1),
        (Severity.WARNING, True, 0),
        (Severity.INFORMATION, False, 0),
    ],
)
async def test_warnings_about_security_are_withheld_only_by_hand(
    tmp_path: Path, severity: Severity, *, allowed: bool, shown: int
) -> None:
    """However many like it were dismissed; what was accepted still lifts them."""
    book = FakeFeedbackBook()
    await decide(book, fact("eval", lens=Lens.SECURITY), times=20)
    rules = frozenset({"ruff/eval"} if allowed else ())
    end = end_of(
        await reviewed(
            python("eval\n"),
            tmp_path,
            analyzers=[_As(Lens.SECURITY, severity, ["eval"])],
            stages=INSTANT,
            feedback=book,
            security_rules=rules,
        )
    )

    assert len(end.findings) == shown
    assert [f.confidence for f in end.findings] == [0.9] * shown


async def test_ten_thousand_dismissals_do_no_more_than_a_few(tmp_path: Path) -> None:
    """They count once for each rule's share, hide half of a review at most, and no other kind."""
    book = FakeFeedbackBook()
    await decide(book, fact("exec"), Verdict.ACCEPTED, times=2)
    await decide(book, fact("eval"), times=10_000)
    text = "".join(f"eval_{n}\nexec_{n}\n" for n in range(20))
    end = end_of(
        await reviewed(
            python(text), tmp_path, words=["eval", "exec"], stages=INSTANT, feedback=book
        )
    )

    kept_back = [h.finding.quote for h in end.hushed]
    assert set(kept_back) == {"eval"}
    assert {h.reason for h in end.hushed} == {f"you dismissed {MOST_OF_RULE} like this"}
    assert len(kept_back) <= 20
    assert [f.quote for f in end.findings[:20]] == ["exec"] * 20

    only = "".join(f"eval_{n}\n" for n in range(40))
    end = end_of(
        await reviewed(python(only), tmp_path, words=["eval"], stages=INSTANT, feedback=book)
    )
    assert len(end.hushed) == 20
    assert {f.lesson.partition("; ")[2] for f in end.findings} == {
        "shown all the same, for lessons keep back no more of one review"
    }


async def test_what_is_decided_counts_in_the_next_review_and_undone_it_does_not(
    tmp_path: Path,
) -> None:
    """No restart: another process that recorded is heard too, as its book is this one."""
    book = FakeFeedbackBook()
    learned = []
    for _ in range(ALWAYS + 1):
        end = end_of(
            await reviewed(
                python("eval\n"), tmp_path, words=["eval"], stages=INSTANT, feedback=book
            )
        )
        learned.append(len(end.hushed))
        await decide(book, fact("eval"), times=len(learned))
    assert learned == [0, 0, 0, 1]

    await book.forget(Which(rule="ruff/eval"))
    end = end_of(
        await reviewed(python("eval\n"), tmp_path, words=["eval"], stages=INSTANT, feedback=book)
    )
    assert len(end.findings) == 1


async def test_what_was_said_of_the_very_finding_goes_before(tmp_path: Path) -> None:
    """Restored here, it stays, whatever was dismissed elsewhere since."""
    book = FakeFeedbackBook()
    words = ["eval"]
    first = end_of(
        await reviewed(python("eval\n"), tmp_path, words=words, stages=INSTANT, feedback=book)
    ).findings[0]
    await book.record(replace(decided(first, Verdict.RESTORED, days_ago=9.0), uri=URI))
    await decide(book, fact("eval"), times=5)
    end = end_of(
        await reviewed(python("eval\n"), tmp_path, words=words, stages=INSTANT, feedback=book)
    )

    assert [f.id for f in end.findings] == [first.id]


def test_a_lesson_raises_no_finding_to_an_error() -> None:
    """One step at most, and errors of security stay above what is favoured."""
    accepted = [decided(fact("eval"), Verdict.ACCEPTED, document=f"{n}.py") for n in range(3)]
    lessons = Lessons(Decisions(accepted), bounds=Bounds(0.35), now=NOW)
    for severity, higher in (
        (Severity.HINT, Severity.INFORMATION),
        (Severity.INFORMATION, Severity.WARNING),
        (Severity.WARNING, Severity.WARNING),
        (Severity.ERROR, Severity.ERROR),
    ):
        given = fact("eval", severity=severity)
        heard = lessons.hear(given, given)
        assert isinstance(heard, Finding)
        assert (heard.severity, heard.favoured) == (higher, True)

    favoured = fact("a", severity=Severity.ERROR, favoured=True, confidence=0.4)
    secure = fact("b", severity=Severity.ERROR, lens=Lens.SECURITY, confidence=0.5)
    plain = fact("c", severity=Severity.ERROR, confidence=0.99)
    assert ranked([plain, favoured, secure]) == [secure, favoured, plain]


def test_once_said_it_stays_said() -> None:
    """A finding that was shown because enough was kept back is not taken away later."""
    decisions = Decisions([decided(fact("eval"), document=f"{n}.py") for n in range(4)])
    lessons = Lessons(decisions, bounds=Bounds(0.35), now=NOW)
    many = [fact("eval", id=str(n)) for n in range(12)]
    first = [isinstance(lessons.hear(f, f), Hushed) for f in many]
    assert first == [isinstance(lessons.hear(f, f), Hushed) for f in many]
    assert first[:4] == [True, True, True, False]
    assert sum(first) == 6


async def test_a_book_that_cannot_be_read_changes_nothing(tmp_path: Path) -> None:
    """It is told once, and all is shown."""
    book = FakeFeedbackBook()
    await decide(book, fact("eval"), times=4)
    book.broken = "The disk is gone."
    events = await reviewed(
        python("eval\n"), tmp_path, words=["eval"], stages=INSTANT, feedback=book
    )

    assert len(end_of(events).findings) == 1
    assert [e.message for e in events if isinstance(e, Notice)] == ["The disk is gone."]
