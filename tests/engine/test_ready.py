"""Changes that need no model: every safe fix at once, and a text that is ready to be checked."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.analyzer import FakeAnalyzer
from fakes.changes import Desk, document
from mirador_lsp.core.changes import ChangeRequest, Intent, Rung
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import Edit, Fix
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.events import Event, ReviewFinished
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.text import Span
from mirador_lsp.settings import Settings, review_policy

UNTIDY = """\
def show(value):
    if value == None:
        return f"nothing"
    return f"some" + f"thing"
"""
TIDY = UNTIDY.replace('f"', '"')
SAFE = "ruff/F541"


def wish(desk: Desk, snapshot: Snapshot, *findings: Finding) -> ChangeRequest:
    """A request about findings that are shown."""
    return ChangeRequest(snapshot, Intent.FIX, desk.policy, Span(0, 0), findings=findings)


async def untidy(desk: Desk, text: str = UNTIDY) -> tuple[Snapshot, tuple[Finding, ...]]:
    """A document and everything its analyzers say of it."""
    snapshot = document(text)
    events: list[Event] = []
    instant = review_policy(Settings(), stages=["instant"])
    await desk.engine.review(ReviewRequest(snapshot, instant, Trigger.CLI), events.append)
    last = events[-1]
    assert isinstance(last, ReviewFinished)
    return snapshot, last.findings


async def test_all_safe_fixes_are_one_checked_patch(tmp_path: Path) -> None:
    """What is safe and apart is made at once, checked, and named with its number."""
    desk = Desk(tmp_path)
    snapshot, findings = await untidy(desk)
    empty = [f for f in findings if f.rule == SAFE]
    assert len(empty) == 3

    patch = await desk.engine.safe_fixes(wish(desk, snapshot, *empty))

    assert patch is not None
    assert patch.after == TIDY
    assert patch.title == "Make 3 safe fixes (parses, lints clean)"
    assert patch.base_hash == snapshot.content_hash
    assert patch.model == ""


async def test_only_what_is_shown_is_fixed(tmp_path: Path) -> None:
    """A finding that the user dismissed is not fixed behind their back."""
    desk = Desk(tmp_path)
    snapshot, findings = await untidy(desk)
    (one, *_) = [f for f in findings if f.rule == SAFE]

    patch = await desk.engine.safe_fixes(wish(desk, snapshot, one))
    nothing = await desk.engine.safe_fixes(wish(desk, snapshot))

    assert patch is not None
    assert patch.after == UNTIDY.replace('f"nothing', '"nothing')
    assert nothing is None


async def test_fixes_are_those_of_the_text_as_it_is(tmp_path: Path) -> None:
    """A finding that was carried over an edit has left its fix behind; it is found anew."""
    desk = Desk(tmp_path)
    _, findings = await untidy(desk)
    now = document("# a comment\n" + UNTIDY)
    carried = [
        replace(f, span=Span(f.span.start + 12, f.span.end + 12), fix=None)
        for f in findings
        if f.rule == SAFE
    ]

    patch = await desk.engine.safe_fixes(wish(desk, now, *carried))
    used = document(TIDY)
    moot = await desk.engine.safe_fixes(wish(desk, used, *carried))

    assert patch is not None
    assert patch.after == "# a comment\n" + TIDY
    assert moot is None


class Mender(FakeAnalyzer):
    """Reports words, and knows what to put in their place."""

    def __init__(self, fixes: Mapping[str, tuple[int, int, str]]) -> None:
        super().__init__(words=tuple(fixes))
        self._fixes = fixes

    def _finding(self, word: str, at: int, occurrence: int) -> Finding:
        start, end, text = self._fixes[word]
        fix = Fix(f"Mend {word}", (Edit(Span(start, end), text),), safe=True)
        return replace(super()._finding(word, at, occurrence), fix=fix)


async def test_of_fixes_that_overlap_the_first_is_made(tmp_path: Path) -> None:
    """Two changes of one place would spoil each other; an insertion beside one counts as such."""
    mender = Mender({"alpha": (0, 9, "a"), "= 1": (9, 9, "0"), "beta": (10, 14, "b")})
    desk = Desk(tmp_path, analyzers=[mender])
    snapshot, findings = await untidy(desk, "alpha = 1\nbeta = 2\n")

    patch = await desk.engine.safe_fixes(wish(desk, snapshot, *findings))

    assert patch is not None
    assert patch.after == "a\nb = 2\n"
    assert patch.title.startswith("Make 2 safe fixes")


@pytest.mark.parametrize(("text", "why"), [("beta", "something new"), ("(", "parse")])
async def test_fixes_that_do_not_hold_are_not_made(tmp_path: Path, text: str, why: str) -> None:
    """An analyzer may be wrong about what is safe; the user is told."""
    mender = Mender({"alpha": (0, 5, text), "beta": (10, 10, "")})
    desk = Desk(tmp_path, analyzers=[mender])
    snapshot, findings = await untidy(desk, "alpha = 1\nx = 2\n")

    with pytest.raises(UserError, match=why):
        await desk.engine.safe_fixes(wish(desk, snapshot, *findings))


async def test_a_text_that_is_ready_is_checked_like_any_other(tmp_path: Path) -> None:
    """It climbs as far as it can; nothing of it is applied."""
    desk = Desk(tmp_path)
    snapshot, findings = await untidy(desk)
    (one, *_) = [f for f in findings if f.rule == SAFE]
    request = replace(wish(desk, snapshot, *findings), finding=one)

    good = await desk.engine.check(request, UNTIDY.replace('f"nothing', '"nothing'))
    broken = await desk.engine.check(request, UNTIDY.replace('f"nothing"', '"nothing'))
    idle = await desk.engine.check(request, UNTIDY + "# nothing is mended\n")

    assert (good.reached[-1], good.failed) == (Rung.CLEAN, None)
    assert broken.failed is Rung.PARSES
    assert idle.failed is Rung.CLEAN
    assert "still there" in idle.why
