"""When diagnostics are sent, what they carry, and when nothing is sent."""

import asyncio
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from fakes.app import FakeApp, finding, finished, staged
from fakes.editor import URI, eventually, insert, ready
from mirador_lsp.core import events
from mirador_lsp.core.dialogue import Prompt, Usage
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import Edit, Fix
from mirador_lsp.core.events import (
    Emit,
    FindingReported,
    FindingRevised,
    FindingWithdrawn,
    ReviewStarted,
    StageFailed,
    StageFinished,
    StageStarted,
)
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.policy import ReviewPolicy
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.core.text import Span
from mirador_lsp.server import carry, publisher
from mirador_lsp.server.documents import Change, OpenDocument
from mirador_lsp.server.publisher import Publisher
from mirador_lsp.server.session import Session
from mirador_lsp.settings import Settings, review_policy

TEXT = "alpha\nbeta\ngamma\n"
POLICY = review_policy(Settings())


def snapshot(text: str = TEXT, version: int = 1) -> Snapshot:
    """The document at a version."""
    return Snapshot(uri=URI, name="cart.py", language="python", text=text, version=version)


class Room:
    """A publisher with one open document; what it sends is kept."""

    def __init__(self) -> None:
        self.session = Session(Supervisor())
        self.sent: list[types.PublishDiagnosticsParams] = []
        self.congested = False
        self.publisher = Publisher(
            self.session, self.sent.append, lambda: None, lambda: self.congested
        )
        self.session.open(OpenDocument(URI, "python", 1, TEXT))

    def listen(self, shot: Snapshot | None = None, policy: ReviewPolicy = POLICY) -> Emit:
        return self.publisher.listen(shot or snapshot(), policy)

    def shown(self) -> list[str]:
        """Finding ids of the latest set sent."""
        return [d.data["finding"] for d in self.sent[-1].diagnostics]

    def edit(self, text: str, version: int) -> Snapshot:
        self.session.change(URI, [Change(text)], version)
        return snapshot(text, version)


@pytest.fixture
def room() -> Room:
    """A publisher with one open document."""
    return Room()


async def test_each_stage_is_published_with_all_it_needs() -> None:
    """Instant findings come first; every diagnostic carries version, source, code, help, data."""
    instant = finding("a", start=0, end=5)
    deep = finding("b", start=6, end=10, stage="deep", tool="big-model", confidence=0.72)
    app = FakeApp(staged(("instant", (instant,)), ("deep", (deep,))))
    async with ready(app) as editor:
        editor.open(TEXT, version=3)
        await editor.diagnostics(lambda p: len(p["diagnostics"]) == 2)
        sets = editor.published()
        assert [len(s["diagnostics"]) for s in sets] == [1, 2]
        assert {s["version"] for s in sets} == {3}
        first = sets[0]["diagnostics"][0]
        assert first["source"] == "mirador"
        assert first["code"] == "rules/test"
        assert first["codeDescription"] == {"href": "https://example.org/rule"}
        assert first["severity"] == 2
        assert first["range"]["end"] == {"line": 0, "character": 5}
        assert first["data"] == {
            "finding": "a",
            "hash": snapshot().content_hash,
            "stage": "instant",
            "confidence": 0.9,
            "lens": "bug",
            "tool": "rules",
            "symbol": "",
        }
        said = next(d for d in sets[1]["diagnostics"] if d["data"]["finding"] == "b")
        assert said["message"].endswith("(deep, big-model, 72 %)")


async def test_what_arrives_together_is_sent_together(room: Room) -> None:
    """Many findings of one stage make one message, not one each."""
    hear = room.listen()
    for number in range(20):
        hear(FindingReported("quick", finding(f"f{number}", stage="quick")))
    assert room.sent == []
    hear(StageFinished("quick", "small", 0.1, Usage()))
    assert len(room.sent) == 1
    await asyncio.sleep(0)
    assert len(room.shown()) == 20


async def test_findings_do_not_wait_for_a_slow_stage(room: Room) -> None:
    """A finding is shown soon after it arrives though its stage goes on."""
    hear = room.listen()
    hear(FindingReported("deep", finding("early", stage="deep")))
    await eventually(lambda: room.sent)
    assert room.shown() == ["early"]


async def test_nothing_new_is_not_sent(room: Room) -> None:
    """A stage that adds nothing, and an end that changes nothing, send nothing."""
    hear = room.listen()
    one = finding("one")
    hear(FindingReported("instant", one))
    hear(StageFinished("instant", "", 0.1, Usage()))
    hear(StageFinished("quick", "small", 0.1, Usage()))
    hear(StageFailed("deep", "big", 0.1, "No.", ""))
    hear(finished(one))
    assert len(room.sent) == 1


async def test_a_clean_document_is_said_once_to_be_clean(room: Room) -> None:
    """The end of a review without findings sends one empty set for the version."""
    hear = room.listen()
    hear(StageFinished("instant", "", 0.1, Usage()))
    hear(finished())
    hear(finished())
    assert [(s.version, list(s.diagnostics)) for s in room.sent] == [(1, [])]


async def test_a_revised_finding_replaces_itself_and_a_withdrawn_one_goes(room: Room) -> None:
    """Later stages correct earlier ones by id."""
    hear = room.listen()
    hear(FindingReported("quick", finding("a", stage="quick", message="First.")))
    hear(FindingReported("quick", finding("b", stage="quick")))
    hear(StageFinished("quick", "small", 0.1, Usage()))
    hear(FindingRevised("deep", finding("a", stage="deep", message="Better."), "reworded"))
    hear(FindingWithdrawn("deep", "b", "refuted"))
    hear(StageFinished("deep", "big", 0.1, Usage()))
    assert room.shown() == ["a"]
    assert room.sent[-1].diagnostics[0].message.startswith("Better.")


async def test_half_a_reply_takes_nothing_of_an_earlier_review_away(room: Room) -> None:
    """What a broken reply said again goes with it; that an earlier review said it stays true."""
    hear = room.listen()
    hear(FindingReported("deep", finding("a", stage="deep", message="Before.")))
    hear(StageFinished("deep", "big", 0.1, Usage()))
    hear(finished(finding("a", stage="deep", message="Before.")))
    again = room.listen()
    again(FindingReported("deep", finding("a", stage="deep", message="Again.")))
    again(FindingReported("deep", finding("b", stage="deep")))
    again(FindingWithdrawn("deep", "a", "broke off", unproven=True))
    again(FindingWithdrawn("deep", "b", "broke off", unproven=True))
    again(StageFailed("deep", "big", 0.1, "It broke off.", ""))
    again(finished())
    assert room.shown() == ["a"]
    assert room.sent[-1].diagnostics[0].message.startswith("Before.")


async def test_below_the_gate_nothing_is_shown_until_a_stage_is_surer(room: Room) -> None:
    """The gate holds while the review runs, not only at its end."""
    hear = room.listen()
    hear(FindingReported("quick", finding("a", stage="quick", confidence=POLICY.gate - 0.01)))
    hear(StageFinished("quick", "small", 0.1, Usage()))
    assert [list(s.diagnostics) for s in room.sent] == [[]]
    hear(FindingRevised("deep", finding("a", stage="deep", confidence=0.8), "confirmed"))
    hear(StageFinished("deep", "big", 0.1, Usage()))
    assert room.shown() == ["a"]


async def test_a_review_of_older_text_publishes_nothing(room: Room) -> None:
    """What is said of a version the user has typed over is dropped by the server."""
    hear = room.listen()
    room.edit("other\n", 2)
    hear(FindingReported("instant", finding("a")))
    hear(StageFinished("instant", "", 0.1, Usage()))
    hear(finished(finding("a")))
    assert room.sent == []


async def test_a_superseded_review_is_not_heard(room: Room) -> None:
    """After a new review began, the old one can neither add nor take away."""
    old = room.listen()
    new = room.listen()
    new(FindingReported("instant", finding("new")))
    new(StageFinished("instant", "", 0.1, Usage()))
    old(FindingReported("instant", finding("old")))
    old(StageFinished("instant", "", 0.1, Usage()))
    old(FindingWithdrawn("deep", "new", "no"))
    old(finished())
    assert room.shown() == ["new"]
    assert len(room.sent) == 1


async def test_a_closed_document_is_cleared_and_then_silent(room: Room) -> None:
    """Closing sends an empty set; a review that was still speaking sends nothing more."""
    hear = room.listen()
    hear(FindingReported("instant", finding("a")))
    room.session.close(URI)
    room.publisher.forget(URI, 1)
    hear(StageFinished("instant", "", 0.1, Usage()))
    await asyncio.sleep(publisher.GATHER_SECONDS * 2)
    assert [list(s.diagnostics) for s in room.sent] == [[]]


async def test_findings_about_unchanged_code_stay_while_the_next_review_runs(room: Room) -> None:
    """After a save, a deep finding moves with its code at once and is replaced by the next deep
    stage alone.
    """
    hear = room.listen()
    gamma = TEXT.index("gamma")
    hear(FindingReported("deep", finding("deep", start=gamma, end=gamma + 5, stage="deep")))
    hear(FindingReported("deep", finding("edited", start=6, end=10, stage="deep")))
    hear(finished(*_findings(hear, room)))
    later = room.edit("new line\nalpha\nBETA\ngamma\n", 2)
    hear = room.listen(later)
    hear(FindingReported("instant", finding("now", start=0, end=3)))
    hear(StageFinished("instant", "", 0.1, Usage()))
    assert sorted(room.shown()) == ["deep", "now"]
    moved = next(d for d in room.sent[-1].diagnostics if d.data["finding"] == "deep")
    assert moved.range.start == types.Position(3, 0)
    assert room.sent[-1].version == 2
    hear(StageFinished("deep", "big", 0.1, Usage()))
    assert room.shown() == ["now"]


def _deep_review(room: Room) -> None:
    """A first review with a finding by each of two stages, the deep one's judged by a third."""
    hear = room.listen()
    deep = finding("deep", start=0, end=5, stage="deep")
    judged = replace(deep, origin=replace(deep.origin, stage="synthesis"))
    quick = finding("quick", start=6, end=10, stage="quick")
    hear(FindingReported("quick", quick))
    hear(StageFinished("quick", "small", 0.1, Usage()))
    hear(FindingReported("deep", deep))
    hear(StageFinished("deep", "big", 0.1, Usage()))
    hear(FindingRevised("synthesis", judged, "judged"))
    hear(StageFinished("synthesis", "big", 0.1, Usage()))
    hear(finished(judged, quick))


STAYS: dict[str, list[events.Event]] = {
    "failed": [StageFailed("deep", "big", 0.1, "The engine died.", "")],
    "not run": [],
    "incomplete": [StageFinished("deep", "big", 0.1, Usage(), not_reviewed=1)],
}


@pytest.mark.parametrize("how", STAYS)
async def test_what_no_stage_spoke_about_again_stays(room: Room, how: str) -> None:
    """A deep finding outlives every later review whose deep stage did not look at all of the text;
    that it was judged by another stage changes nothing.
    """
    _deep_review(room)
    for version in (2, 3):
        hear = room.listen(room.edit(TEXT + "more\n" * version, version))
        hear(StageFinished("quick", "small", 0.1, Usage()))
        for event in STAYS[how]:
            hear(event)
        hear(StageFinished("synthesis", "big", 0.1, Usage()))
        hear(finished())
        assert room.shown() == ["deep"]
        assert room.sent[-1].version == version
    hear = room.listen(room.edit(TEXT, 4))
    hear(StageFinished("deep", "big", 0.1, Usage()))
    hear(finished())
    assert room.shown() == []


async def test_a_review_that_could_not_look_takes_nothing_back(room: Room) -> None:
    """Not reviewed is not clean: when every stage failed, what was known is still shown."""
    _deep_review(room)
    hear = room.listen(room.edit(TEXT + "more\n", 2))
    hear(StageFailed("instant", "", 0.1, "No.", ""))
    hear(finished(reviewed=False))
    assert sorted(room.shown()) == ["deep", "quick"]


async def test_what_is_found_again_is_shown_once(room: Room) -> None:
    """A stage that leaves something out and says a finding again replaces its own words."""
    room.listen()(finished(finding("a", stage="deep", message="Old words.")))
    hear = room.listen(room.edit(TEXT + "more\n", 2))
    said_again = finding("a", stage="deep", message="New words.")
    hear(FindingReported("deep", said_again))
    hear(StageFinished("deep", "big", 0.1, Usage(), not_reviewed=1))
    hear(finished(said_again))
    assert room.shown() == ["a"]
    assert room.sent[-1].diagnostics[0].message.startswith("New words.")


async def test_an_earlier_stage_cannot_take_back_what_a_later_one_said(room: Room) -> None:
    """The quick stage finds again what the deep stage had found, and once more does not: without a
    word of the deep stage the finding stays, in the words of the deep stage.
    """
    room.listen()(finished(finding("a", stage="deep", message="Deep words.")))
    hear = room.listen(room.edit(TEXT + "more\n", 2))
    quick = finding("a", stage="quick", message="Quick words.")
    hear(FindingReported("quick", quick))
    hear(StageFinished("quick", "small", 0.1, Usage()))
    hear(finished(quick))
    hear = room.listen(room.edit(TEXT + "and more\n", 3))
    hear(StageFinished("quick", "small", 0.1, Usage()))
    hear(finished())
    assert room.sent[-1].version == 3
    assert room.sent[-1].diagnostics[0].message.startswith("Deep words.")


async def test_an_edit_taken_back_is_published_again_at_once() -> None:
    """After an edit and its undo the client may have lost its marks: the save of the text that was
    reviewed before shows them at the end of the first stage, not of the last.
    """
    fact, opinion = finding("fact"), finding("opinion", stage="deep", tool="big-model")
    app = FakeApp(staged(("instant", (fact,)), ("deep", (opinion,))))
    async with ready(app) as editor:
        editor.open(TEXT)
        await editor.diagnostics(lambda p: len(p["diagnostics"]) == 2)
        await eventually(lambda: editor.server.session.run_of(URI) is None)
        place = {"line": 0, "character": 0}
        undo = {"range": {"start": place, "end": {"line": 0, "character": 1}}, "text": ""}
        editor.change(insert(0, 0, "x"), version=2)
        editor.change(undo, version=3)

        async def slow(request: ReviewRequest, emit: Emit) -> None:
            emit(FindingReported("instant", fact))
            emit(StageFinished("instant", "", 0.0, Usage()))
            await asyncio.Event().wait()

        app.script = slow
        editor.save(TEXT)
        again = await editor.diagnostics(lambda p: p["version"] == 3)
        assert sorted(d["data"]["finding"] for d in again["diagnostics"]) == ["fact", "opinion"]


async def test_a_clean_text_saved_again_is_said_to_be_clean() -> None:
    """A new version with the text that was reviewed before gets its set though it is empty."""
    app = FakeApp()
    async with ready(app) as editor:
        editor.open(TEXT)
        await editor.diagnostics(lambda p: p["version"] == 1)
        editor.change({"text": TEXT}, version=2)
        editor.save(TEXT)
        assert (await editor.diagnostics(lambda p: p["version"] == 2))["diagnostics"] == []


def _findings(_hear: Emit, room: Room) -> tuple[Finding, ...]:
    return tuple(room.publisher._boards[URI].shown())


async def test_an_early_stage_does_not_undo_a_late_one(room: Room) -> None:
    """When the quick stage reports again what the deep stage had reworded, the wording stays until
    the deep stage speaks.
    """
    hear = room.listen()
    hear(finished(finding("a", stage="deep", message="Deep words.")))
    hear = room.listen(room.edit(TEXT + "more\n", 2))
    hear(FindingReported("quick", finding("a", stage="quick", message="Quick words.")))
    hear(StageFinished("quick", "small", 0.1, Usage()))
    assert room.sent[-1].diagnostics[0].message.startswith("Deep words.")
    hear(StageFinished("deep", "big", 0.1, Usage()))
    assert room.sent[-1].diagnostics[0].message.startswith("Quick words.")


async def test_a_client_that_does_not_read_gets_the_latest_later(room: Room) -> None:
    """While the wire is full nothing is added to it; afterwards one message holds the latest."""
    room.congested = True
    hear = room.listen()
    for number in range(5):
        hear(FindingReported("instant", finding(f"f{number}")))
        hear(StageFinished("instant", "", 0.1, Usage()))
    assert room.sent == []
    room.congested = False
    await eventually(lambda: room.sent)
    assert len(room.sent) == 1
    assert len(room.shown()) == 5


async def test_at_most_the_cap_is_shown(room: Room) -> None:
    """While the review runs the cap for a file holds too, worst first."""
    hear = room.listen()
    for number in range(POLICY.max_findings_per_file + 5):
        hear(FindingReported("instant", finding(f"f{number}")))
    hear(StageFinished("instant", "", 0.1, Usage()))
    assert len(room.shown()) == POLICY.max_findings_per_file


async def test_typing_during_a_review_drops_its_late_findings() -> None:
    """End to end through the session: the finding made for version 1 is not shown for version 2."""
    typed = asyncio.Event()

    async def slow(request: ReviewRequest, emit: Emit) -> None:
        emit(ReviewStarted(request.snapshot.name, ("instant", "deep"), "a test"))
        emit(FindingReported("instant", finding("early")))
        emit(StageFinished("instant", "", 0.0, Usage()))
        emit(StageStarted("deep", "big", "a test", 1))
        await typed.wait()
        emit(FindingReported("deep", finding("late", stage="deep")))
        emit(finished(finding("early"), finding("late", stage="deep")))

    async with ready(FakeApp(slow)) as editor:
        editor.open(TEXT)
        await editor.diagnostics(lambda p: len(p["diagnostics"]) == 1)
        editor.change(insert(0, 0, "x"), version=2)
        await editor.settle()
        typed.set()
        await editor.settle()
        assert [len(s["diagnostics"]) for s in editor.published()] == [1]


@given(
    st.text("ab\n", max_size=12),
    st.text("ab\n", max_size=12),
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 4)), max_size=4),
)
def test_carried_findings_point_at_the_same_code(
    old: str, new: str, places: list[tuple[int, int]]
) -> None:
    """A finding is carried only to a place where the new text reads exactly as the old did."""
    found = [
        finding(str(i), start=min(a, len(old)), end=min(a + n, len(old)))
        for i, (a, n) in enumerate(places)
    ]
    moved = carry.over(found, snapshot(old), snapshot(new, 2))
    for one in found:
        if one.id in moved:
            span = moved[one.id].span
            assert new[span.start : span.end] == old[one.span.start : one.span.end]
    if old == new:
        assert {f.id: f for f in found} == moved


@given(st.text("ab\n\r", max_size=12), st.text("ab\n\r", max_size=12))
def test_edited_lines_are_all_that_differ(old: str, new: str) -> None:
    """Outside the edited lines the new text reads as the old did; equal texts have none."""
    span = carry.edited(snapshot(old), snapshot(new, 2))
    assert (span is None) == (old == new)
    if span is not None:
        assert old.startswith(new[: span.start])
        assert old.endswith(new[span.end :])


@pytest.mark.parametrize(
    ("new", "edited"),
    [
        ("alpha\nbeta\nbeta two\ngamma\n", "beta two\n"),
        ("alpha\ngamma\n", "alpha\ngamma\n"),
        ("alpha\nbet\ngamma\n", "bet\n"),
        ("alpha\nbeta\ngamma\ndelta", "delta"),
        ("", ""),
    ],
)
def test_edited_are_whole_lines(new: str, edited: str) -> None:
    """Added lines are the edited ones; around a gap it is the lines on both sides."""
    span = carry.edited(snapshot(), snapshot(new, 2))
    assert span is not None
    assert new[span.start : span.end] == edited


def test_an_edit_drops_only_what_it_touches() -> None:
    """Findings before and after an edit are carried; the one within it is not."""
    new = "alpha\nBETA and more\ngamma\n"
    found = [
        finding("before", start=0, end=5),
        finding("within", start=6, end=10),
        finding("after", start=11, end=16),
    ]
    moved = carry.over(found, snapshot(), snapshot(new, 2))
    assert sorted(moved) == ["after", "before"]
    assert moved["after"].span == Span(20, 25)


def test_a_ready_fix_is_not_carried_over_an_edit() -> None:
    """A fix holds places of the text it was made for; without an edit it stays."""
    fix = Fix("Take it out", (Edit(Span(0, 5), ""),), safe=True)
    found = [
        replace(finding("before", start=0, end=5), fix=fix),
        replace(finding("after", start=11, end=16), fix=fix),
    ]
    edited = carry.over(found, snapshot(), snapshot("alpha\nBETA\ngamma\n", 2))
    same = carry.over(found, snapshot(), snapshot(version=2))
    assert {i: f.fix for i, f in edited.items()} == {"before": None, "after": None}
    assert {i: f.fix for i, f in same.items()} == {"before": fix, "after": fix}


async def test_what_is_shown_can_be_asked_for_at_its_place_in_a_later_text(room: Room) -> None:
    """Findings outside of what was edited since are shown at their new places; others are not."""
    hear = room.listen()
    hear(ReviewStarted("cart.py", ("instant",), "a test"))
    hear(FindingReported("instant", finding("one", start=0, end=5)))
    hear(FindingReported("instant", finding("two", start=6, end=10)))
    hear(FindingReported("instant", finding("three", start=11, end=16)))
    later = room.publisher.shown(snapshot("alpha\nBETA!\ngamma\n", 2))
    assert {f.id: f.span for f in later} == {"one": Span(0, 5), "three": Span(12, 17)}
    assert [f.id for f in room.publisher.shown(snapshot())] == ["one", "two", "three"]
    assert room.publisher.shown(replace(snapshot(), uri="file:///work/other.py")) == ()


def test_every_event_has_a_listener_case(room: Room) -> None:
    """Every member of the event union goes through the publisher without an error."""
    hear = room.listen()
    kinds: set[Any] = set(get_args(events.Event))
    quiet = [
        events.Notice(events.NoticeKind.SKIPPED, "x"),
        ReviewStarted("x", (), ""),
        StageStarted("quick", "", "", 1),
        events.StageProgressed("quick", 0, 1, "f"),
        events.StreamToken("x", 0.5, "quick", "m", {}, 0.0),
        events.EvidenceHeard("quick", "x", "m", "f", "", Prompt("", "", ""), "x", 0.5),
        events.ModelAsked("quick", "m", "f", "", Prompt("", "", "")),
        FindingWithdrawn("quick", "x", ""),
        StageFinished("quick", "", 0, Usage()),
        StageFailed("quick", "", 0, "", ""),
        finished(),
    ]
    loud = [FindingReported("quick", finding()), FindingRevised("quick", finding(), "")]
    assert {type(e) for e in quiet + loud} == kinds
    asyncio.run(_hear_all(hear, [*loud, *quiet]))


async def _hear_all(hear: Emit, all_events: list[events.Event]) -> None:
    for event in all_events:
        hear(event)
