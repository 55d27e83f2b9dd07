"""The time of a run: what each file gets, what is left out is said, how long it will be."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

from fakes.review_app import FakeReviewApp
from mirador_lsp.app import Skipped, Source
from mirador_lsp.cli.batch import Shape, as_it_is, review_all
from mirador_lsp.cli.course import Course
from mirador_lsp.cli.report import FileReport, Report
from mirador_lsp.core.dialogue import Usage
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import (
    Event,
    NoticeKind,
    ReviewFinished,
    ReviewStarted,
    StageFinished,
    StageStarted,
)
from mirador_lsp.core.policy import INSTANT
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.settings import Settings, review_policy

POLICY = review_policy(Settings())


class Hands:
    """A clock that a review puts forward."""

    def __init__(self, facts: float, models: float) -> None:
        self.now = 100.0
        self._facts, self._models = facts, models
        self.asked: list[tuple[str, tuple[str, ...], float]] = []
        """Names, stages and the seconds of the deep stage."""
        self.app = FakeReviewApp(self._script)

    def _script(self, snapshot: Snapshot) -> Iterator[Event]:
        policy = self.app.requests[-1].policy
        self.asked.append((snapshot.name, policy.stages, policy.stage("deep").seconds))
        self.now += self._facts + (self._models if "deep" in policy.stages else 0)
        yield ReviewStarted(snapshot.name, policy.stages, "")
        yield StageStarted(INSTANT, "", "", 1)
        yield StageFinished(INSTANT, "", self._facts, Usage())
        yield ReviewFinished(1.0, (), (), 0, 0, reviewed=True)

    def run(self, names: str, budget: float, shape: Shape = as_it_is) -> tuple[Report, Course]:
        """Review files of a hundred characters each."""
        report, course = Report(), Course(lambda: self.now, budget)
        snapshots = [Snapshot(f"file:///{n}", n, "python", "x" * 100) for n in names]
        course.expect(snapshots)
        entries: Iterator[Source | Skipped] = iter([Source(each) for each in snapshots])
        asyncio.run(review_all(self.app, entries, POLICY, [], report, course=course, shape=shape))
        report.notices += course.lacks()
        return report, course


def test_without_a_budget_every_file_gets_all() -> None:
    """And nothing is said to be left out."""
    hands = Hands(1, 10)
    report, _ = hands.run("abc", 0)

    assert [stages for _, stages, _ in hands.asked] == [POLICY.stages] * 3
    assert hands.asked[0][2] == POLICY.stage("deep").seconds
    assert report.notices == []


def test_models_get_what_the_facts_of_all_files_leave() -> None:
    """The first files are looked at by models, the next ones by analyzers, the last by nobody."""
    hands = Hands(1, 12)
    report, _ = hands.run("abcdef", 30)

    assert [(name, stages == POLICY.stages) for name, stages, _ in hands.asked] == [
        ("a", True),
        ("b", True),
        ("c", False),
        ("d", False),
        ("e", False),
        ("f", False),
    ]
    assert all(seconds < 30 for _, stages, seconds in hands.asked[:2])
    assert [(n.message, n.count) for n in report.notices] == [
        ("reviewed without models within 30 s: 4 files (c, d, e, f)", 4)
    ]
    (said,) = report.files[2].heard
    assert said.kind is NoticeKind.SKIPPED
    assert said.message == ("c: quick, deep, synthesis left out: the budget of 30 s is used up.")
    assert report.files[2].partly
    assert not report.files[0].partly


def test_files_that_no_model_was_meant_for_lack_nothing() -> None:
    """Where a change only breaks something, analyzers alone look, with time or without."""

    def facts_alone(request: ReviewRequest) -> ReviewRequest:
        if request.snapshot.name == "a":
            return request
        facts = replace(request.policy, stages=(INSTANT,), automatic=False)
        return replace(request, policy=facts)

    report, _ = Hands(1, 26).run("abc", 30, facts_alone)

    assert report.notices == []
    assert [file.heard for file in report.files[1:]] == [[], []]
    assert not any(file.partly for file in report.files)


def test_a_file_that_there_is_no_time_for_is_not_reviewed() -> None:
    """It is named, and it is never clean."""
    hands = Hands(20, 30)
    report, _ = hands.run("abc", 25)

    assert [name for name, _, _ in hands.asked] == ["a"]
    assert [file.reviewed for file in report.files] == [True, False, False]
    assert [notice.message for notice in report.notices] == [
        "not reviewed within 25 s: 2 files (b, c)"
    ]


def test_files_that_were_done_before_are_spared_when_time_ends() -> None:
    """They are named, are no failure, and leave a later run nothing to go on with."""
    hands = Hands(10, 0)
    report, course = Report(), Course(lambda: hands.now, 25)
    course.known = frozenset({"file:///c", "file:///d"})
    snapshots = [Snapshot(f"file:///{n}", n, "python", "x" * 100) for n in "abcd"]
    course.expect(snapshots)
    facts = replace(POLICY, stages=(INSTANT,), automatic=False)
    entries: Iterator[Source | Skipped] = iter([Source(each) for each in snapshots])
    asyncio.run(review_all(hands.app, entries, facts, [], report, course=course))

    assert [name for name, _, _ in hands.asked] == ["a", "b", "c"]
    assert [file.snapshot.name for file in report.files] == ["a", "b", "c"]
    assert [each.message for each in course.lacks()] == [
        "done before, not looked at again within 25 s: 1 file (d)"
    ]
    assert not course.unfinished


def test_what_is_ahead_is_told_in_files_and_time() -> None:
    """By the speed so far; of the first file nobody knows."""
    hands = Hands(1, 9)
    report, _ = hands.run("abcd", 0)

    assert [file.ahead for file in report.files] == [
        "1 of 4",
        "2 of 4, about 20.0 s left",
        "3 of 4, about 10.0 s left",
        "4 of 4, about 0.00 s left",
    ]


def test_files_that_were_done_before_do_not_count_for_the_speed() -> None:
    """They are answered from what was kept."""
    now = [0.0]
    course = Course(lambda: now[0])
    course.known = frozenset({"file:///a"})
    first, second, third = (
        Snapshot(f"file:///{n}", n, "python", "x" * 100) for n in ("a", "b", "c")
    )
    course.expect([first, second, third])

    course.policy(first, POLICY)
    now[0] += 1
    asyncio.run(course.done(FileReport(first, 0.35)))
    assert course.ahead == "1 of 3"
    course.policy(second, POLICY)
    now[0] += 30
    asyncio.run(course.done(FileReport(second, 0.35)))

    assert course.ahead == "2 of 3, about 30.0 s left"
