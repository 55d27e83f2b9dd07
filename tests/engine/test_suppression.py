"""Findings that a comment or the user keeps from being shown: not told, but counted and listed."""

from dataclasses import replace
from pathlib import Path

import pytest

from fakes.analyzer import FakeAnalyzer
from fakes.feedback import FakeFeedbackBook, opinion
from fakes.reviewing import URI, end_of, python, reviewed
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import FindingReported, Hush, Notice, NoticeKind
from mirador_lsp.core.feedback import Verdict
from mirador_lsp.core.findings import Lens, Severity
from mirador_lsp.core.ports import Analysis

INSTANT = ("instant",)
MODEL = """
[[model]]
name = "qwen2.5-coder-0.5b"
[[reply]]
text = "- bug: This divides by the number of items, which may be zero. Code: `return a / b`"
"""
DIVIDES = "def f(a, b):\n    return a / b\n"


async def test_a_comment_on_the_line_or_alone_above_it_silences_a_rule(tmp_path: Path) -> None:
    """The finding is not told; the count and the list know it, with the line of the comment."""
    text = "eval  # mirador: ignore[ruff/eval]\n# mirador: ignore\neval\neval\n"
    events = await reviewed(python(text), tmp_path, words=["eval"], stages=INSTANT)

    end = end_of(events)
    told = [e.finding for e in events if isinstance(e, FindingReported)]
    assert [end.findings, [f.span.start for f in told]] == [tuple(told), [text.rindex("eval")]]
    # The analyzer finds the word in the first comment, too.
    assert (end.suppressed, end.dismissed) == (3, 0)
    assert [(h.by, h.reason) for h in end.hushed] == [
        (Hush.COMMENT, "a comment on line 1"),
        (Hush.COMMENT, "a comment on line 1"),
        (Hush.COMMENT, "a comment on line 2"),
    ]
    said = [e.message for e in events if isinstance(e, Notice) and e.kind is NoticeKind.HUSHED]
    assert said == ["cart.py: 3 suppressed by comments."]


@pytest.mark.parametrize("comment", ["# mirador: ignore[other]", '"# mirador: ignore"', "# ignore"])
async def test_other_rules_and_other_words_silence_nothing(tmp_path: Path, comment: str) -> None:
    """Neither another rule's name, nor the words in a string."""
    text = f"eval, {comment}\n" if comment.startswith('"') else f"eval  {comment}\n"
    end = end_of(await reviewed(python(text), tmp_path, words=["eval"], stages=INSTANT))

    assert (len(end.findings), end.hushed) == (1, ())


async def test_without_rules_a_comment_silences_models_too(tmp_path: Path) -> None:
    """All rules on the line, whoever found what."""
    text = DIVIDES.replace("a / b\n", "a / b  # mirador: ignore\n")
    script = MODEL.replace("return a / b`", "return a / b  # mirador: ignore`")
    end = end_of(await reviewed(python(text), tmp_path, script))

    assert end.findings == ()
    assert [h.finding.rule for h in end.hushed] == ["model/bug"]


class _Security(FakeAnalyzer):
    """An analyzer whose findings are about security."""

    async def analyze(self, snapshot: Snapshot) -> Analysis:
        found = await super().analyze(snapshot)
        return Analysis(tuple(replace(f, lens=Lens.SECURITY) for f in found.findings))


@pytest.mark.parametrize("severity", [Severity.ERROR, Severity.WARNING, Severity.INFORMATION])
async def test_a_comment_cannot_hide_a_security_finding(tmp_path: Path, severity: Severity) -> None:
    """Whoever wrote the file may be the one to mistrust: it stays, as information that says so."""
    text = "eval  # mirador: ignore\n"
    analyzer = _Security("ruff", words=["eval"], severity=severity)
    end = end_of(await reviewed(python(text), tmp_path, analyzers=[analyzer], stages=INSTANT))

    (finding,) = end.findings
    assert finding.severity is Severity.INFORMATION
    assert finding.message.endswith("(silenced by a comment in the file)")


async def test_what_the_user_dismissed_is_not_told(tmp_path: Path) -> None:
    """By every stage; with the user's reason in the list."""
    (known,) = end_of(await reviewed(python(DIVIDES), tmp_path, MODEL)).findings
    book = FakeFeedbackBook()
    await book.record(opinion(known.id, uri=URI, reason="b is checked above"))

    events = await reviewed(python(DIVIDES), tmp_path, MODEL, feedback=book)

    end = end_of(events)
    assert (end.findings, end.dismissed, end.suppressed) == ((), 1, 0)
    assert [(h.by, h.reason) for h in end.hushed] == [(Hush.DISMISSED, "b is checked above")]
    assert not any(isinstance(event, FindingReported) for event in events)


@pytest.mark.parametrize("verdict", [Verdict.RESTORED, Verdict.HELPFUL, Verdict.UNHELPFUL])
async def test_other_opinions_hide_nothing(tmp_path: Path, verdict: Verdict) -> None:
    """Only a dismissal does."""
    (known,) = end_of(await reviewed(python(DIVIDES), tmp_path, MODEL)).findings
    book = FakeFeedbackBook()
    await book.record(opinion(known.id, verdict, uri=URI))

    end = end_of(await reviewed(python(DIVIDES), tmp_path, MODEL, feedback=book))

    assert len(end.findings) == 1


async def test_a_book_that_cannot_be_read_is_told_and_all_is_shown(tmp_path: Path) -> None:
    """A review goes on without the user's opinions."""
    book = FakeFeedbackBook()
    book.broken = "The disk is gone."
    book.troubles = [Notice(NoticeKind.UNAVAILABLE, "The file was damaged.")]
    events = await reviewed(
        python("eval\n"), tmp_path, words=["eval"], stages=INSTANT, feedback=book
    )

    assert len(end_of(events).findings) == 1
    said = [event.message for event in events if isinstance(event, Notice)]
    assert said == ["The disk is gone.", "The file was damaged."]
