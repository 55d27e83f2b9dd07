"""What the user is told in words, and how often; status and stream for clients that ask."""

import asyncio
import logging
from dataclasses import replace
from typing import Any

import pytest

from fakes.app import FakeApp, clean, finding, finished
from fakes.editor import PATIENCE, URI, Editor, eventually, ready
from mirador_lsp.core.dialogue import Queue, Usage
from mirador_lsp.core.errors import ModelUnavailable, UserError
from mirador_lsp.core.events import (
    Emit,
    FindingReported,
    Notice,
    NoticeKind,
    ReviewStarted,
    StageFailed,
    StageFinished,
    StageProgressed,
    StageStarted,
    StreamToken,
)
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.core.routing import Chosen, Workings
from mirador_lsp.server.streams import GATHER_SECONDS

REMEDY = "Run: mirador models pull 0.5b"
ASKS = {"experimental": {"mirador": {"status": True, "stream": True}}}


async def no_model(request: ReviewRequest, emit: Emit) -> None:
    """What a review says where no model is installed."""
    emit(ReviewStarted(request.snapshot.name, ("instant", "quick", "deep"), ""))
    emit(FindingReported("instant", finding("a")))
    emit(StageFinished("instant", "", 0.0, Usage()))
    for stage in ("quick", "deep"):
        emit(StageFailed(stage, "", 0.0, f"No model for {stage} is installed.", REMEDY))
    emit(finished(finding("a")))


async def chatty(request: ReviewRequest, emit: Emit) -> None:
    """A review that streams two replies."""
    emit(ReviewStarted(request.snapshot.name, ("quick",), ""))
    emit(StageStarted("quick", "small", "", 2))
    for unit in ("f", "g"):
        for word in ("one ", "two ", "three"):
            emit(StreamToken(word, 0.5, "quick", "small", {"unit": unit, "lens": "bug"}, 0.0))
    emit(StageFinished("quick", "small", 0.0, Usage()))
    emit(finished())


def pop_ups(editor: Editor) -> list[str]:
    """What popped up so far."""
    return [m["params"]["message"] for m in editor.of("window/showMessage")]


async def test_without_a_model_there_are_findings_and_one_message() -> None:
    """Instant findings come; one pop-up a session names the remedy, the rest is in the log."""
    async with ready(FakeApp(no_model)) as editor:
        editor.open("x = 1\n")
        await editor.diagnostics(lambda p: bool(p["diagnostics"]))
        editor.save("x = 2\n")
        editor.open("y = 1\n", uri="file:///work/other.py")
        await editor.diagnostics(lambda p: bool(p["diagnostics"]), uri="file:///work/other.py")
        await editor.settle()
        assert len(pop_ups(editor)) == 1
        assert REMEDY in pop_ups(editor)[0]
        logged = [m["params"]["message"] for m in editor.of("window/logMessage")]
        assert sum(REMEDY in line for line in logged) >= 4


async def test_an_application_that_does_not_open_is_said_once() -> None:
    """When the engine cannot start at all, reviews end and one pop-up says why."""

    class Broken(FakeApp):
        def open(self, loaded: Any) -> Any:
            message = "The engine does not start."
            raise ModelUnavailable(message, remedy="Run: mirador doctor")

    async with ready(Broken(), ASKS) as editor:
        editor.open("x = 1\n")
        editor.save("x = 2\n")
        status = await editor.until(
            lambda m: m.get("method") == "mirador/status" and m["params"]["kind"] == "error"
        )
        assert status["params"]["remedy"] == "Run: mirador doctor"
        await editor.settle()
        assert len(pop_ups(editor)) == 1
        assert pop_ups(editor)[0].startswith("Mirador: The engine does not start.")


async def test_that_code_leaves_the_machine_pops_up_once() -> None:
    """It is no warning, and nothing of the status."""

    async def leaving(request: ReviewRequest, emit: Emit) -> None:
        emit(Notice(NoticeKind.ELSEWHERE, "Your code goes to the moon.", stage="deep"))
        emit(finished())

    app = FakeApp(leaving)
    async with ready(app, ASKS) as editor:
        editor.open("x = 1\n")
        await eventually(lambda: bool(pop_ups(editor)))
        editor.save("x = 2\n")
        await eventually(lambda: len(app.requests) == 2)
        await editor.settle()
        assert pop_ups(editor) == ["Mirador: Your code goes to the moon."]


async def test_a_part_that_cannot_run_pops_up_once() -> None:
    """That no model is installed is a notice: it pops up once, and the status keeps saying it
    until a review goes well.
    """

    async def missing(request: ReviewRequest, emit: Emit) -> None:
        emit(Notice(NoticeKind.UNAVAILABLE, f"No model is installed. {REMEDY}"))
        emit(finished())

    app = FakeApp(missing)
    async with ready(app, ASKS) as editor:
        editor.open("x = 1\n")
        await editor.until(
            lambda m: m.get("method") == "mirador/status" and m["params"]["kind"] == "warning"
        )
        editor.save("x = 2\n")
        await eventually(lambda: len(app.requests) == 2)
        await editor.settle()
        assert pop_ups(editor) == [f"Mirador: No model is installed. {REMEDY}"]
        app.script = chatty
        editor.save("x = 3\n")
        await eventually(lambda: editor.of("mirador/status")[-1]["params"]["kind"] == "normal")
        assert app.warmed == 1


async def test_notices_are_in_the_log_only() -> None:
    """What was left out is visible in the client's log, without a pop-up."""

    async def notice(request: ReviewRequest, emit: Emit) -> None:
        emit(Notice(NoticeKind.TRUNCATED, "3 lines cut", count=3))
        emit(finished(reviewed=False))

    async with ready(FakeApp(notice)) as editor:
        editor.open("x = 1\n")
        found = await editor.until(lambda m: "lines cut" in str(m))
        assert found["params"]["message"] == "cart.py: 3 lines cut"
        await editor.until(lambda m: "not reviewed" in str(m))
        assert pop_ups(editor) == []


async def test_every_cause_pops_up_once() -> None:
    """A second cause in the same review is a second pop-up; neither comes again."""

    async def twofold(request: ReviewRequest, emit: Emit) -> None:
        for stage in ("quick", "deep"):
            emit(StageFailed(stage, "m", 0.0, f"{stage} is broken.", f"Mend {stage}."))
        emit(finished(reviewed=False))

    async with ready(FakeApp(twofold)) as editor:
        editor.open("x = 1\n")
        await editor.until(lambda m: "not reviewed" in str(m))
        editor.save("x = 2\n")
        await editor.until(lambda m: "not reviewed" in str(m), skip=1)
        assert pop_ups(editor) == [
            "Mirador: quick is broken. Mend quick.",
            "Mirador: deep is broken. Mend deep.",
        ]


async def test_what_a_review_says_is_in_the_clients_log_and_not_in_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Words that may quote code or repeat a model reach the client, and no file of ours; the
    figures of a review are in both.
    """
    canary = "hunter2_canary"
    caplog.set_level(logging.DEBUG, "mirador_lsp")

    async def quoting(request: ReviewRequest, emit: Emit) -> None:
        emit(Notice(NoticeKind.SKIPPED, f"{canary} 1 was not reviewed", stage="quick"))
        emit(Notice(NoticeKind.UNAVAILABLE, f"The analyzer said {canary} 2", stage="instant"))
        emit(StageFailed("deep", "m", 0.0, f"The model said {canary} 3.", "Ask another."))
        emit(replace(finished(), summary=f"Remove {canary} 4 from line 3."))

    async with ready(FakeApp(quoting)) as editor:
        editor.open("x = 1\n")
        await editor.until(lambda m: f"{canary} 4" in str(m))
        told = " ".join(m["params"]["message"] for m in editor.of("window/logMessage"))
    assert [n for n in range(1, 5) if f"{canary} {n}" not in told] == []
    assert canary not in caplog.text
    assert "cart.py: quick: 1 skipped" in caplog.text
    assert "cart.py: deep failed" in caplog.text
    assert "cart.py: 0 shown, in 0.1 s" in caplog.text


async def test_the_log_names_the_document_once_and_counts_rightly() -> None:
    """Also where a notice begins with the name; one of something is not several."""

    async def counting(request: ReviewRequest, emit: Emit) -> None:
        emit(Notice(NoticeKind.SKIPPED, "cart.py: not parsed: too large", stage="instant"))
        emit(Notice(NoticeKind.SKIPPED, "Rules: left out", stage="instant"))
        emit(StageFinished("quick", "", 1.0, Usage(), rejected=1, not_reviewed=1))
        emit(StageFinished("deep", "", 1.0, Usage(), rejected=2, not_reviewed=2))
        emit(finished())

    async with ready(FakeApp(counting)) as editor:
        editor.open("x = 1\n")
        await editor.until(lambda m: "0 shown" in str(m))
        told = [m["params"]["message"] for m in editor.of("window/logMessage")]
    assert told[:4] == [
        "cart.py: not parsed: too large",
        "cart.py: Rules: left out",
        "cart.py: quick finished in 1.0 s, 1 finding dropped as unfounded, 1 unit not reviewed",
        "cart.py: deep finished in 1.0 s, 2 findings dropped as unfounded, 2 units not reviewed",
    ]


async def test_text_is_streamed_in_pieces_to_those_who_ask() -> None:
    """Tokens of one reply travel together; another reply begins another message."""
    async with ready(FakeApp(chatty), ASKS) as editor:
        editor.open("x = 1\n", version=4)
        await editor.until(lambda m: m.get("method") == "mirador/stream", skip=1)
        sent = [m["params"] for m in editor.of("mirador/stream")]
        assert [(s["unit"], s["content"]) for s in sent] == [
            ("f", "one two three"),
            ("g", "one two three"),
        ]
        assert sent[0]["uri"] == URI
        assert (sent[0]["version"], sent[0]["stage"], sent[0]["model"]) == (4, "quick", "small")
        assert sent[0]["confidence"] == 0.5


@pytest.mark.parametrize("how", ["closed", "saved", "cancelled"])
async def test_a_stopped_review_streams_nothing_more(how: str) -> None:
    """What was gathered by then is dropped, and so is what the model says while it unwinds."""
    unwound = asyncio.Event()

    async def unstoppable(request: ReviewRequest, emit: Emit) -> None:
        def speak(word: str) -> None:
            emit(StreamToken(word, 0.5, "quick", "small", {"unit": "f", "lens": ""}, 0.0))

        speak("early")
        try:
            await asyncio.Event().wait()
        finally:
            speak("late")
            await asyncio.sleep(GATHER_SECONDS * 2)
            emit(StageFinished("quick", "small", 0.0, Usage()))
            unwound.set()

    app = FakeApp(unstoppable)
    async with ready(app, ASKS) as editor:
        editor.open("x = 1\n")
        await eventually(lambda: app.requests)
        app.script = clean
        match how:
            case "closed":
                editor.close()
            case "saved":
                editor.save("x = 2\n")
            case _:
                cancel = {"command": "mirador.cancel", "arguments": [URI]}
                await editor.ask("workspace/executeCommand", cancel)
        await asyncio.wait_for(unwound.wait(), PATIENCE)
        await editor.settle()
        assert editor.of("mirador/stream") == []


async def test_status_tells_why_this_model_and_how_many_go_first() -> None:
    """While a review waits behind others its user reads so, and when it has its turn no more."""

    async def waits(request: ReviewRequest, emit: Emit) -> None:
        emit(ReviewStarted(request.snapshot.name, ("quick",), "a test"))
        emit(StageStarted("quick", "small", "made for code", 1))
        for before in (3, 1, None):
            emit(StageProgressed("quick", 0, 1, "f", before=before))
        emit(StageFinished("quick", "small", 0.0, Usage()))
        emit(finished())

    async with ready(FakeApp(waits), ASKS) as editor:
        editor.open("x = 1\n")
        await editor.until(
            lambda m: m.get("method") == "mirador/status" and not m["params"]["busy"]
        )
        told = [m["params"] for m in editor.of("mirador/status") if m["params"]["model"]]
        assert {status["reason"] for status in told} == {"made for code"}
        assert [(status["waiting"], status["message"]) for status in told] == [
            (0, "Reviewing cart.py."),
            (3, "Reviewing cart.py. Waiting: 3 before you."),
            (1, "Reviewing cart.py. Waiting: 1 before you."),
            (0, "Reviewing cart.py."),
        ]


async def test_status_tells_what_the_stages_run_on_and_what_waits() -> None:
    """After a review the application is asked anew, for clients that show it."""
    app = FakeApp()
    chosen = Chosen("quick", "small", "made for code")
    app.inside = Workings((chosen,), (Queue("embedded", 1, 1, 4, ("small",)),))
    async with ready(app, ASKS) as editor:
        editor.open("x = 1\n")
        said = await editor.until(
            lambda m: m.get("method") == "mirador/status" and m["params"]["stages"]
        )

    assert said["params"]["stages"] == [
        {"stage": "quick", "model": "small", "reason": "made for code"}
    ]
    assert said["params"]["queues"] == [
        {"name": "embedded", "slots": 1, "running": 1, "waiting": 4, "residents": ["small"]}
    ]


async def test_status_follows_the_review() -> None:
    """The status says busy while a review runs, with stage and model, and calm afterwards."""
    async with ready(FakeApp(chatty), ASKS) as editor:
        editor.open("x = 1\n")
        await editor.until(
            lambda m: m.get("method") == "mirador/status" and not m["params"]["busy"]
        )
        statuses = [m["params"] for m in editor.of("mirador/status")]
        assert [s["busy"] for s in statuses] == [True, True, False]
        assert (statuses[1]["stage"], statuses[1]["model"]) == ("quick", "small")
        assert [s["message"] for s in statuses[:2]] == ["Reviewing cart.py."] * 2
        assert {s["uri"] for s in statuses} == {URI}
        assert statuses[-1]["kind"] == "normal"


async def test_clients_that_did_not_ask_get_plain_lsp() -> None:
    """No message of our own goes to a client that did not declare it."""
    async with ready(FakeApp(chatty)) as editor:
        editor.open("x = 1\n")
        await editor.diagnostics(lambda p: True)
        await asyncio.sleep(0.1)
        assert [m for m in editor.sent if str(m.get("method", "")).startswith("mirador/")] == []


async def test_a_client_that_does_not_read_misses_streamed_text_only() -> None:
    """While the wire is full, streamed text is dropped; diagnostics come when it is free."""
    async with ready(FakeApp(chatty), ASKS) as editor:
        editor.link.unsent = 10**9
        editor.open("x = 1\n")
        await editor.until(lambda m: "in 0.1 s" in str(m))
        assert editor.of("mirador/stream") == []
        assert editor.published() == []
        editor.link.unsent = 0
        await editor.diagnostics(lambda p: True)


async def test_what_pops_up_makes_no_link() -> None:
    """Some editors make links of it, also such as run commands; a model may have written it."""
    async with ready(FakeApp()) as editor:
        editor.server.messages.refusal(UserError("[harmless](command:quit) [0](x)"))
        await eventually(lambda: pop_ups(editor))
        assert "[harmless] (command:quit) [0] (x)" in pop_ups(editor)[-1]
