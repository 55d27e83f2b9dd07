"""Explanations and answers: streamed, stopped, superseded, and shown in every kind of editor."""

import asyncio
from typing import Any

import pytest

from fakes.app import (
    FakeApp,
    answering,
    clean,
    endless,
    finding,
    never_said,
    said,
    staged,
)
from fakes.editor import URI, Editor, eventually, ready
from mirador_lsp.core.answers import (
    AnswerFinished,
    AnswerRequest,
    AnswerStarted,
    EmitAnswer,
    Topic,
    Turn,
)
from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.core.events import Notice, NoticeKind, StageFailed, StageStarted, StreamToken
from mirador_lsp.core.text import Span
from mirador_lsp.server.server import CONGESTED_BYTES

CODE = "class Cart:\n    def total(self) -> int:\n        return sum(self.prices)\n"
HERE = {"textDocument": {"uri": URI}, "position": {"line": 1, "character": 9}}
SHOWS = {"window": {"workDoneProgress": True}}


def parts(editor: Editor, where: str | int = "t") -> list[dict[str, Any]]:
    """The partial results sent so far."""
    values = [m["params"] for m in editor.of("$/progress") if m["params"]["token"] == where]
    return [params["value"] for params in values]


async def begun(app: FakeApp) -> None:
    """Wait until a question has reached the application."""
    await eventually(lambda: app.asked)


async def test_several_models_are_asked_where_the_client_names_them() -> None:
    """Each once; one that is not there, and too many, are refused in a sentence."""
    app = FakeApp()
    async with ready(app) as editor:
        editor.open(CODE)
        await editor.ask("mirador/explain", HERE | {"models": ["small", "large", "small"]})
        await editor.ask("mirador/ask", HERE | {"models": ["large"], "question": "Why?"})
        assert [asked.policy.panel for asked in app.asked] == [("small", "large"), ("large",)]

        for models, word in ((["small", "none"], "none"), (["small"] * 5, "too many")):
            refused = await editor.ask("mirador/explain", HERE | {"models": models})
            assert word in refused["error"]["message"]
        assert len(app.asked) == 2


async def test_an_explanation_streams_stage_by_stage() -> None:
    """Each stage says who speaks, its text in pieces, and then its whole answer."""
    app = FakeApp()
    deep = said("It adds up all prices.", stage="deep", model="big", confidence=0.9)
    app.answer_script = answering(said("It adds."), deep)
    async with ready(app) as editor:
        editor.open(CODE)
        answer = await editor.ask("mirador/explain", HERE | {"partialResultToken": "t"})
        kinds = [(part["kind"], part["stage"]) for part in parts(editor)]
        assert kinds == [
            *(("stage", "quick"), ("text", "quick"), ("answer", "quick")),
            *(("stage", "deep"), ("text", "deep"), ("answer", "deep")),
        ]
        text = next(part for part in parts(editor) if part["kind"] == "text")
        assert text["content"] == "It adds. "
        assert parts(editor)[-1] == {
            "kind": "answer",
            "stage": "deep",
            "model": "big",
            "text": "It adds up all prices.",
            "confidence": 0.9,
        }
        assert answer["result"] == {
            "state": "finished",
            "title": "cart.py: it",
            "stage": "deep",
            "model": "big",
            "confidence": 0.9,
            "seconds": 0.1,
            "text": "",
            "notices": [],
            "conversation": "",
        }


async def test_without_a_token_the_text_is_in_the_answer() -> None:
    """A client that wants no parts gets the whole in one."""
    app = FakeApp()
    async with ready(app) as editor:
        editor.open(CODE)
        answer = await editor.ask("mirador/explain", HERE)
        assert answer["result"]["text"] == "It adds up."
        assert editor.of("$/progress") == []


async def test_the_place_and_what_is_known_reach_the_engine() -> None:
    """A position becomes an empty span; findings on the symbol go along; the policy is that of
    answers.
    """
    start = CODE.index("sum")
    app = FakeApp(staged(("deep", (finding("f", start=start, end=start + 3),))))
    async with ready(app) as editor:
        editor.open(CODE)
        await editor.diagnostics(lambda p: bool(p["diagnostics"]))
        await editor.ask("textDocument/hover", HERE)
        document = editor.server.session.document(URI)
        assert document is not None
        assert document.taken is not None
        await editor.server.outlines.get(document.taken)
        await editor.ask("mirador/explain", HERE)
        request = app.asked[0]
        at = CODE.index("total") + 1
        assert request.span == Span(at, at)
        assert request.topic is Topic.EXPLAIN
        assert request.policy.stages == ("instant", "quick", "deep")
        assert [f.id for f in request.findings] == ["f"]
        assert request.max_tokens == editor.server.settings.answers.max_tokens


async def test_a_finding_is_explained_by_its_id() -> None:
    """With `findingId` the finding and its place are asked about; one not shown is refused."""
    one = finding("f", start=6, end=10)
    app = FakeApp(staged(("deep", (one, finding("g", start=6, end=10)))))
    async with ready(app) as editor:
        editor.open(CODE)
        await editor.diagnostics(lambda p: bool(p["diagnostics"]))
        about = {"textDocument": {"uri": URI}, "findingId": "f"}
        await editor.ask("mirador/explain", about)
        assert app.asked[0].findings == (one,)
        assert app.asked[0].span == one.span
        refused = await editor.ask("mirador/explain", about | {"findingId": "x"})
        assert refused["error"]["code"] == -32803


async def test_a_question_goes_on() -> None:
    """Follow-ups that name the conversation bring what was said before; others begin anew."""
    app = FakeApp()
    async with ready(app) as editor:
        editor.open(CODE)
        first = await editor.ask("mirador/ask", HERE | {"question": "Why?"})
        name = first["result"]["conversation"]
        again = HERE | {"question": "And how?", "conversation": name}
        second = await editor.ask("mirador/ask", again)
        assert second["result"]["conversation"] == name
        assert [r.history for r in app.asked] == [(), (Turn("Why?", "It adds up."),)]
        assert [r.question for r in app.asked] == ["Why?", "And how?"]
        other = await editor.ask("mirador/ask", HERE | {"question": "?", "conversation": "gone"})
        assert other["result"]["conversation"] not in {name, "gone"}
        assert app.asked[2].history == ()


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("mirador/explain", None, -32602),
        ("mirador/explain", [], -32602),
        ("mirador/explain", {"textDocument": 1}, -32602),
        ("mirador/explain", {"textDocument": {"uri": 1}}, -32602),
        ("mirador/explain", HERE | {"range": 3}, -32602),
        ("mirador/explain", HERE | {"findingId": []}, -32602),
        ("mirador/explain", {"textDocument": {"uri": "file:///other.py"}}, -32803),
        ("mirador/ask", HERE, -32803),
        ("mirador/ask", HERE | {"question": {}}, -32602),
        ("mirador/ask", HERE | {"question": "a", "conversation": 3}, -32602),
    ],
)
async def test_what_cannot_be_meant_is_refused(method: str, params: Any, code: int) -> None:
    """Parameters of another shape, documents that are not open and empty questions."""
    app = FakeApp()
    async with ready(app) as editor:
        editor.open(CODE)
        answer = await editor.ask(method, params)
        assert answer["error"]["code"] == code
        assert app.asked == []


@pytest.mark.parametrize("way", ["request", "command", "button", "close", "mirador.cancel"])
async def test_a_cancel_reaches_the_model(way: str) -> None:
    """`$/cancelRequest`, the cancel button, `mirador.cancel` and the end each stop the model."""
    app = FakeApp(clean)
    app.answer_script = never_said
    async with ready(app, SHOWS) as editor:
        editor.open(CODE)
        command = {"command": "mirador.explain", "arguments": [{"uri": URI}]}
        asked = (
            editor.request("workspace/executeCommand", command)
            if way == "command"
            else editor.request("mirador/explain", HERE | {"partialResultToken": "t"})
        )
        await begun(app)
        if way in {"request", "command"}:
            editor.notify("$/cancelRequest", {"id": asked})
            assert (await editor.answer(asked))["error"]["code"] == -32800
        elif way == "button":
            wish = await editor.until(lambda m: m.get("method") == "window/workDoneProgress/create")
            editor.put({"id": wish["id"], "result": None})
            editor.notify("window/workDoneProgress/cancel", {"token": wish["params"]["token"]})
            assert (await editor.answer(asked))["result"]["state"] == "stopped"
        elif way == "mirador.cancel":
            cancel = {"command": way, "arguments": [{"uri": URI}]}
            done = await editor.ask("workspace/executeCommand", cancel)
            assert done["result"] == {"cancelled": 1}
            assert (await editor.answer(asked))["result"]["state"] == "stopped"
        else:
            assert "result" in await editor.ask("shutdown")
        await eventually(lambda: len(app.stopped) == 1)
        assert editor.server.jobs.running() == ()


async def test_the_newer_explanation_of_a_document_supersedes() -> None:
    """The older one is answered "stopped", its model stops, and nothing more is said of it."""
    app = FakeApp()
    app.answer_script = never_said
    async with ready(app) as editor:
        editor.open(CODE)
        first = editor.request("mirador/explain", HERE | {"partialResultToken": "t"})
        await begun(app)
        app.answer_script = answering()
        second = await editor.ask("mirador/explain", HERE | {"partialResultToken": "u"})
        assert second["result"]["state"] == "finished"
        assert (await editor.answer(first))["result"]["state"] == "stopped"
        assert len(app.stopped) == 1
        assert [part["kind"] for part in parts(editor)] == ["stage"]


async def test_explanations_of_two_documents_run_side_by_side() -> None:
    """Only the same document's is superseded; a question does not stop an explanation."""
    app = FakeApp()
    app.answer_script = never_said
    async with ready(app) as editor:
        editor.open(CODE)
        editor.open(CODE, uri="file:///work/other.py")
        editor.request("mirador/explain", HERE)
        editor.request("mirador/explain", {"textDocument": {"uri": "file:///work/other.py"}})
        editor.request("mirador/ask", HERE | {"question": "Why?"})
        await eventually(lambda: len(app.asked) == 3)
        assert app.stopped == []
        assert len(editor.server.jobs.running()) == 3


async def test_a_failure_is_one_message_and_a_state() -> None:
    """A model that cannot run: the user reads why once for each time they ask."""

    async def fails(request: AnswerRequest, emit: EmitAnswer) -> None:
        message = "No model is installed."
        raise ModelUnavailable(message, remedy="Run: mirador models pull x")

    app = FakeApp()
    app.answer_script = fails
    async with ready(app) as editor:
        editor.open(CODE)
        for _ in range(2):
            answer = await editor.ask("mirador/explain", HERE)
            assert answer["result"]["state"] == "failed"
            assert answer["result"]["notices"] == [
                "No model is installed. Run: mirador models pull x"
            ]
        assert len(editor.of("window/showMessage")) == 2


async def test_what_was_left_out_is_told() -> None:
    """Notices and stages that fail are parts and lines of the result; no answer is a failure."""

    async def poor(request: AnswerRequest, emit: EmitAnswer) -> None:
        emit(AnswerStarted("cart.py", Span(0, 1), ("quick", "deep")))
        notice = Notice(NoticeKind.TRUNCATED, "Only a part was shown.")
        emit(notice)
        emit(StageStarted("quick", "small", "a test", 1))
        emit(StageFailed("quick", "small", 0.1, "It crashed.", "Try again."))
        emit(AnswerFinished(None, 0.2, (notice,)))

    app = FakeApp()
    app.answer_script = poor
    async with ready(app) as editor:
        editor.open(CODE)
        answer = await editor.ask("mirador/explain", HERE | {"partialResultToken": 7})
        told = [part["message"] for part in parts(editor, 7) if part["kind"] == "notice"]
        assert told == ["Only a part was shown.", "quick: It crashed. Try again."]
        assert answer["result"]["notices"] == told
        assert answer["result"]["state"] == "failed"


async def test_what_is_known_without_a_model_answers_no_question() -> None:
    """It explains code, as far as that goes; a question was not answered, and that is said."""
    app = FakeApp()
    app.answer_script = answering(said("`total`", stage="instant", model=""))
    async with ready(app) as editor:
        editor.open(CODE)
        explained = await editor.ask("mirador/explain", HERE)
        asked = await editor.ask("mirador/ask", HERE | {"question": "Why?"})
    assert explained["result"]["state"] == "finished"
    assert asked["result"]["state"] == "failed"
    assert asked["result"]["text"] == "`total`"


async def test_a_client_that_does_not_read_is_not_sent_text() -> None:
    """While too much is unsent, pieces are dropped; the whole answer of the stage still comes."""
    app = FakeApp()
    async with ready(app) as editor:
        editor.open(CODE)
        editor.link.unsent = CONGESTED_BYTES + 1
        await editor.ask("mirador/explain", HERE | {"partialResultToken": "t"})
        assert [part["kind"] for part in parts(editor)] == ["stage", "answer"]


async def test_tokens_travel_together() -> None:
    """What arrives within the gathering time is one message, sent without waiting for the end."""
    more = asyncio.Event()

    async def slow(request: AnswerRequest, emit: EmitAnswer) -> None:
        emit(AnswerStarted("cart.py", Span(0, 1), ("quick",)))
        for word in ("It ", "adds ", "up."):
            emit(StreamToken(word, 0.5, "quick", "small", {}, 0.0))
        await more.wait()

    app = FakeApp()
    app.answer_script = slow
    async with ready(app) as editor:
        editor.open(CODE)
        asked = editor.request("mirador/explain", HERE | {"partialResultToken": "t"})
        await eventually(lambda: parts(editor))
        assert [part.get("content") for part in parts(editor)] == ["It adds up."]
        more.set()
        await editor.answer(asked)


async def test_progress_goes_to_the_token_of_the_request() -> None:
    """With a `workDoneToken` no bar is created; the token begins and ends before the answer."""
    app = FakeApp()
    async with ready(app, SHOWS) as editor:
        editor.open(CODE)
        asked = editor.request("mirador/explain", HERE | {"workDoneToken": 0})
        answer = await editor.answer(asked)
        values = parts(editor, 0)
        assert values[0]["kind"] == "begin"
        assert "explain cart.py" in values[0]["title"]
        assert values[-1] == {"kind": "end", "message": "small answered"}
        assert editor.sent.index(editor.of("$/progress")[-1]) < editor.sent.index(answer)
        assert editor.of("window/workDoneProgress/create") == []


async def test_the_status_is_busy_while_an_answer_is_made() -> None:
    """`mirador/status` says that and with which model, and is calm afterwards."""
    app = FakeApp()
    app.answer_script = never_said
    async with ready(app, {"experimental": {"mirador": {"status": True}}}) as editor:
        editor.open(CODE)
        await editor.diagnostics(lambda p: True)
        asked = editor.request("mirador/explain", HERE)
        busy = await editor.until(
            lambda m: m.get("method") == "mirador/status" and m["params"]["stage"] == "deep"
        )
        assert busy["params"]["busy"] is True
        assert busy["params"]["model"] == "big-model"
        assert busy["params"]["message"] == "At work: explain cart.py."
        editor.notify("$/cancelRequest", {"id": asked})
        await editor.answer(asked)
        await eventually(lambda: editor.of("mirador/status")[-1]["params"]["busy"] is False)


async def test_an_explanation_goes_on_when_its_document_is_closed() -> None:
    """Some editors close a document when a page takes its place."""
    app = FakeApp(endless)
    app.answer_script = never_said
    async with ready(app) as editor:
        editor.open(CODE)
        editor.request("mirador/explain", HERE)
        await begun(app)
        editor.close()
        await editor.settle()
        assert [job.kind for job in editor.server.jobs.running()] == ["explain"]


async def test_a_request_means_the_text_of_its_moment() -> None:
    """A change that arrives in the same piece as the request does not reach it."""
    app = FakeApp()
    async with ready(app) as editor:
        editor.open(CODE)
        await editor.settle()
        change = {"uri": URI, "version": 2}
        editor.put(
            {"id": 900, "method": "mirador/explain", "params": HERE},
            {
                "method": "textDocument/didChange",
                "params": {"textDocument": change, "contentChanges": [{"text": "x = 1\n"}]},
            },
        )
        await editor.answer(900)
        assert app.asked[0].snapshot.text == CODE
