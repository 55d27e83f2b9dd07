"""`mirador/review`: a client that asks for it is told how each review goes; `mirador/metrics`."""

import asyncio
from typing import Any

import pytest

from fakes.app import FakeApp, clean, endless, finished
from fakes.editor import URI, Editor, ready
from fakes.metrics import NOON, request
from mirador_lsp.core.dialogue import Usage
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.events import (
    Emit,
    Notice,
    NoticeKind,
    ReviewStarted,
    StageFailed,
    StageFinished,
    StageProgressed,
    StageStarted,
)
from mirador_lsp.core.metrics import Sums
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.engine.figures.summary import Wanted, summarize
from mirador_lsp.server.feed import STEP_SECONDS

WANTS = {"experimental": {"mirador": {"review": True}}}


def news(editor: Editor) -> list[dict[str, Any]]:
    """Everything that was told so far."""
    return [message["params"] for message in editor.of("mirador/review")]


async def ended(editor: Editor) -> dict[str, Any]:
    """The news that a review is over."""
    message = await editor.until(
        lambda m: m.get("method") == "mirador/review" and m["params"]["kind"] == "ended"
    )
    told: dict[str, Any] = message["params"]
    return told


async def whole(asked: ReviewRequest, emit: Emit) -> None:
    """A review in which everything happens that is told."""
    emit(ReviewStarted(asked.snapshot.name, ("instant", "deep"), "a test", ("deep",)))
    emit(StageStarted("deep", "big", "the best\x07 here", 3))
    emit(StageProgressed("deep", 0, 3, "one"))
    emit(StageProgressed("deep", 1, 3, "two", "bug", before=2))
    await asyncio.sleep(STEP_SECONDS * 1.5)  # on one loop the earlier timer comes first
    emit(Notice(NoticeKind.SKIPPED, "one is too long", stage="deep"))
    usage = Usage(900, 600, 40, first_token_seconds=0.5)
    emit(StageFinished("deep", "big", 2.0, usage, rejected=1, not_reviewed=2))
    emit(StageFailed("synthesis", "big", 0.1, "It is gone.", "Start it."))
    emit(finished())


async def test_all_of_a_review_is_told_in_order() -> None:
    """Steps within a moment are told as the last of them; texts are plain."""
    async with ready(FakeApp(whole), WANTS) as editor:
        editor.open("pass\n")
        await ended(editor)
        told = news(editor)
    assert [each["kind"] for each in told] == [
        "began", "stage", "at", "notice", "done", "failed", "ended",
    ]  # fmt: skip
    began, stage, at, notice, done, failed, end = told
    assert {each["run"] for each in told} == {began["run"]}
    assert (began["uri"], began["version"]) == (URI, 1)
    assert (began["stages"], began["spared"]) == (["instant", "deep"], ["deep"])
    assert (stage["model"], stage["units"], stage["leaves"]) == ("big", 3, False)
    assert stage["reason"] == "the best here"
    assert (at["done"], at["total"], at["unit"], at["lens"], at["waiting"]) == (
        1, 3, "two", "bug", 2,
    )  # fmt: skip
    assert (notice["stage"], notice["message"]) == ("deep", "one is too long")
    assert (done["seconds"], done["promptTokens"], done["cachedTokens"]) == (2.0, 900, 600)
    assert (done["completionTokens"], done["rejected"], done["notReviewed"]) == (40, 1, 2)
    assert (failed["message"], failed["remedy"]) == ("It is gone.", "Start it.")
    assert (end["state"], end["findings"]) == ("finished", 0)
    assert end["message"].endswith("nothing found.")


async def test_a_review_that_is_stopped_says_so() -> None:
    """Whoever waits for its end is told that it was stopped."""
    async with ready(FakeApp(endless), WANTS) as editor:
        editor.open("pass\n")
        await editor.until(lambda m: m.get("method") == "mirador/review")
        await editor.ask("workspace/executeCommand", {"command": "mirador.cancel"})
        end = await ended(editor)
    assert end["state"] == "stopped"
    assert end["message"].endswith("was stopped.")


async def test_a_review_that_breaks_off_has_failed() -> None:
    """An error after the beginning ends it, too."""

    async def broken(asked: ReviewRequest, emit: Emit) -> None:
        emit(ReviewStarted(asked.snapshot.name, ("instant",), "a test"))
        message = "The disk is full."
        raise ServiceError(message, remedy="Empty it.")

    async with ready(FakeApp(broken), WANTS) as editor:
        editor.open("pass\n")
        end = await ended(editor)
    assert end["state"] == "failed"


async def test_two_reviews_have_numbers_of_their_own() -> None:
    """A client can tell them apart."""
    async with ready(FakeApp(clean), WANTS) as editor:
        for _ in range(2):
            editor.open("pass\n")
            await editor.ask(
                "workspace/executeCommand",
                {"command": "mirador.reviewFile", "arguments": [URI]},
            )
        runs = {each["run"] for each in news(editor)}
    assert len(runs) > 1


async def test_who_did_not_ask_is_told_nothing() -> None:
    """The notification is an extension."""
    async with ready(FakeApp(whole)) as editor:
        editor.open("pass\n")
        await editor.diagnostics(lambda _: True)
        await editor.settle()
        assert news(editor) == []


async def test_figures_are_those_of_the_command_line() -> None:
    """The same names, with `counted`; 30 days unless the client says otherwise."""
    app = FakeApp()
    app.summary = summarize(Sums(), (), (), Wanted(now=NOON), [request()])
    async with ready(app) as editor:
        told = (await editor.ask("mirador/metrics", {"days": 7}))["result"]
        await editor.ask("mirador/metrics", None)
    assert app.measured_days == [7, 30]
    assert (told["counted"], told["version"], told["requests"]) == (True, 1, 0)
    assert len(told["latest"]) == 1


async def test_a_user_who_wants_nothing_counted_is_told_so() -> None:
    """There are no figures, and that is no error."""
    async with ready(FakeApp()) as editor:
        assert (await editor.ask("mirador/metrics", {}))["result"] == {"counted": False}


@pytest.mark.parametrize("days", [0, 732, "7", True, 1.5])
async def test_a_span_that_is_none_is_refused(days: object) -> None:
    """One plain error."""
    async with ready(FakeApp()) as editor:
        answer = await editor.ask("mirador/metrics", {"days": days})
    assert answer["error"]["code"] == -32602
