"""The gate: every request is answered exactly once, with the code LSP names."""

import asyncio
import json
from typing import Any

import pytest
from lsprotocol.types import ShowDocumentParams
from pygls.exceptions import JsonRpcException

from fakes.app import FakeApp, endless
from fakes.editor import URI, Editor, connected, eventually, ready
from fakes.mischief import notifications
from mirador_lsp.core.errors import UserError
from mirador_lsp.server.server import MiradorServer
from mirador_lsp.server.wiring import FEATURES


def answers(editor: Editor) -> dict[Any, int]:
    """How many answers each id got."""
    counts: dict[Any, int] = {}
    for message in editor.sent:
        if "method" not in message:
            counts[message["id"]] = counts.get(message["id"], 0) + 1
    return counts


def command() -> tuple[str, dict[str, Any]]:
    """A request that reviews the open document."""
    return "workspace/executeCommand", {"command": "mirador.reviewFile", "arguments": [URI]}


async def test_requests_before_initialize_are_refused() -> None:
    """A request before `initialize` gets -32002; a notification then is ignored."""
    async with connected(FakeApp()) as editor:
        editor.open("x = 1\n")
        answer = await editor.ask("workspace/executeCommand", {"command": "mirador.status"})
        assert answer["error"]["code"] == -32002
        assert editor.server.session.document(URI) is None


async def test_requests_after_shutdown_are_refused() -> None:
    """After `shutdown`, even in the same piece of the stream, requests get -32600."""
    async with ready(FakeApp()) as editor:
        editor.put(
            {"id": "bye", "method": "shutdown"},
            {"id": "late", "method": "workspace/executeCommand", "params": {"command": "x"}},
        )
        assert (await editor.answer("late"))["error"]["code"] == -32600
        assert (await editor.answer("bye"))["result"] is None


async def test_a_second_initialize_is_refused() -> None:
    """The second `initialize` gets -32600 and changes nothing."""
    async with ready(FakeApp()) as editor:
        answer = await editor.ask("initialize", {"processId": None, "capabilities": {}})
        assert answer["error"]["code"] == -32600


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("workspace/executeCommand", None),
        ("workspace/executeCommand", {}),
        ("workspace/executeCommand", [1, 2]),
        ("workspace/executeCommand", "text"),
        ("workspace/executeCommand", {"command": "mirador.reviewFile", "arguments": 7}),
        ("workspace/executeCommand", {"command": "mirador.reviewFile", "arguments": [7]}),
        ("workspace/executeCommand", {"command": "mirador.reviewFile"}),
        ("workspace/executeCommand", {"command": "mirador.nothing"}),
        ("workspace/executeCommand", {"command": ["mirador.status"]}),
        ("workspace/executeCommand", {"command": "mirador.status", "workDoneToken": [1]}),
        ("workspace/executeCommand", {"command": "mirador.status", "workDoneToken": {"a": 1}}),
    ],
)
async def test_malformed_parameters_are_answered(method: str, params: Any) -> None:
    """Parameters of the wrong shape get -32602, not silence."""
    async with ready(FakeApp()) as editor:
        assert (await editor.ask(method, params))["error"]["code"] == -32602


@pytest.mark.parametrize("token", [[1], {"a": 1}, None])
async def test_a_progress_token_that_is_none_is_ignored(
    token: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The cancel of something that cannot be a token is no defect of ours."""
    async with ready(FakeApp()) as editor:
        editor.notify("window/workDoneProgress/cancel", {"token": token})
        await editor.settle()
    assert "failed" not in caplog.text


@pytest.mark.parametrize("field", ["text", "uri", "languageId", "version"])
@pytest.mark.parametrize("wrong", [None, [], {}])
async def test_a_document_that_cannot_be_read_is_not_opened(
    field: str, wrong: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """No text is made up from a null, and no defect is logged."""
    async with ready(FakeApp()) as editor:
        item = {"uri": URI, "languageId": "python", "version": 1, "text": "x = 1\n"}
        editor.notify("textDocument/didOpen", {"textDocument": item | {field: wrong}})
        await editor.settle()
        assert editor.server.session.uris() == ()
    assert "failed" not in caplog.text


async def test_numbers_written_as_floats_are_forgiven() -> None:
    """Clients whose language has one kind of number send 3.0 for 3."""
    async with ready(FakeApp()) as editor:
        item = {"uri": URI, "languageId": 0.5, "version": 3.0, "text": "x = 1\n"}
        editor.notify("textDocument/didOpen", {"textDocument": item})
        await editor.settle()
        document = editor.server.session.document(URI)
        assert document is not None
        assert document.version == 3


async def test_a_malformed_initialize_is_answered() -> None:
    """An `initialize` without capabilities gets -32602, and a right one may follow."""
    async with connected(FakeApp()) as editor:
        assert (await editor.ask("initialize", {"processId": []}))["error"]["code"] == -32602
        assert "result" in await editor.initialize()


async def test_unknown_methods_are_refused() -> None:
    """A method nobody knows gets -32601."""
    async with ready(FakeApp()) as editor:
        assert (await editor.ask("no/such"))["error"]["code"] == -32601


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 100_000, -32700),
        (b"[]", -32600),
        (b"7", -32600),
        (b'{"jsonrpc": "2.0", "id": null, "method": "shutdown"}', -32600),
        (b'{"jsonrpc": "2.0", "id": true, "method": "shutdown"}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1.5, "method": "shutdown"}', -32600),
        (b'{"jsonrpc": "2.0", "id": {}, "method": "shutdown"}', -32600),
    ],
)
async def test_bodies_that_are_no_message_are_refused(body: bytes, code: int) -> None:
    """What is not JSON gets -32700, what is no message -32600, and the session goes on."""
    async with ready(FakeApp()) as editor:
        editor.put_raw(body)
        refused = await editor.until(lambda m: "error" in m and m["id"] is None)
        assert refused["error"]["code"] == code
        assert (await editor.ask("no/such"))["error"]["code"] == -32601


async def test_stray_answers_change_nothing() -> None:
    """Answers nobody waits for, or of no shape at all, are ignored."""
    async with ready(FakeApp()) as editor:
        editor.put(
            {"id": "nobody", "result": 1},
            {"id": "nobody", "error": "not an object"},
            {"id": 5, "error": {"code": "x"}},
            {"hello": 1},
            {},
        )
        editor.put({"id": 1, "result": None})
        assert (await editor.ask("no/such"))["error"]["code"] == -32601


async def test_an_answer_with_the_id_of_a_running_request_changes_nothing() -> None:
    """Ids of the client's requests and of ours are two worlds; the request goes on."""
    app = FakeApp(endless)
    async with ready(app) as editor:
        editor.open("x = 1\n")
        asked = editor.request(*command())
        await eventually(lambda: len(app.requests) == 2)
        editor.put({"id": asked, "result": None}, {"id": asked, "error": {"code": 1}})
        await editor.settle()
        editor.notify("$/cancelRequest", {"id": asked})
        assert (await editor.answer(asked))["error"]["code"] == -32800
        assert answers(editor)[asked] == 1


async def test_an_id_that_is_still_in_use_is_refused() -> None:
    """Two requests under one id could not be told apart: the second gets -32600."""
    app = FakeApp(endless)
    async with ready(app) as editor:
        editor.open("x = 1\n")
        method, params = command()
        editor.put(*({"id": "same", "method": method, "params": params} for _ in range(2)))
        assert (await editor.answer("same"))["error"]["code"] == -32600
        editor.notify("$/cancelRequest", {"id": "same"})
        await editor.until(lambda m: m.get("error", {}).get("code") == -32800)
        assert answers(editor)["same"] == 2
        assert len(app.cancelled) == 2


async def test_an_answer_that_comes_too_late_is_ignored() -> None:
    """A client that takes its time to tell its settings loses them, not the session."""
    async with connected(FakeApp()) as editor:
        await editor.initialize({"workspace": {"configuration": True}})
        question = await editor.until(lambda m: m.get("method") == "workspace/configuration")
        await editor.settled()
        editor.put({"id": question["id"], "result": [None]})
        await editor.settle()
        assert question["id"] not in editor.server.protocol._request_futures


@pytest.mark.parametrize("more", [{}, {"error": None}])
async def test_an_answer_may_say_that_there_is_no_error(more: dict[str, Any]) -> None:
    """A result beside an error of null is a result."""
    async with connected(FakeApp()) as editor:
        await editor.initialize({"workspace": {"configuration": True}})
        question = await editor.until(lambda m: m.get("method") == "workspace/configuration")
        editor.put({"id": question["id"], "result": [{"review": {"gate": 0.5}}], **more})
        await editor.settled()
        assert editor.server.editor_settings == {"review": {"gate": 0.5}}


async def test_an_answer_of_nothing_fails_the_question() -> None:
    """Neither result nor error: whoever waits is told that it cannot be read."""
    async with ready(FakeApp()) as editor:
        server = editor.server
        params = ShowDocumentParams("file:///work/x.md")
        asking = server.supervisor.start(server.window_show_document_async(params), "question")
        question = await editor.until(lambda m: m.get("method") == "window/showDocument")
        editor.put({"id": question["id"], "error": None})
        with pytest.raises(JsonRpcException):
            await asking


async def test_the_client_cannot_cancel_what_it_is_asked() -> None:
    """`$/cancelRequest` means the client's own requests; a question of ours stays open."""
    async with connected(FakeApp()) as editor:
        await editor.initialize({"workspace": {"configuration": True}})
        question = await editor.until(lambda m: m.get("method") == "workspace/configuration")
        editor.notify("$/cancelRequest", {"id": question["id"]})
        editor.put({"id": question["id"], "result": [{"server": {"logLevel": "debug"}}]})
        await editor.settled()
        assert editor.server.editor_settings == {"server": {"logLevel": "debug"}}


async def test_cancel_reaches_a_running_command_and_is_answered_once() -> None:
    """`$/cancelRequest` stops the review behind the command; the one answer is -32800."""
    app = FakeApp(endless)
    async with ready(app) as editor:
        editor.server.settings = editor.server.settings.__class__(
            server=editor.server.settings.server.__class__(review_on_open=False)
        )
        editor.open("x = 1\n")
        asked = editor.request(
            "workspace/executeCommand", {"command": "mirador.reviewFile", "arguments": [URI]}
        )
        await eventually(lambda: bool(app.requests))
        editor.notify("$/cancelRequest", {"id": asked})
        assert (await editor.answer(asked))["error"]["code"] == -32800
        await eventually(lambda: len(app.cancelled) == 1)
        assert answers(editor)[asked] == 1


async def test_a_storm_of_cancels_is_survived() -> None:
    """Requests and cancels in any order: each request is answered exactly once."""
    app = FakeApp(endless)
    async with ready(app) as editor:
        editor.open("x = 1\n")
        asked = []
        for number in range(200):
            asked.append(
                editor.request(
                    "workspace/executeCommand",
                    {"command": "mirador.reviewFile", "arguments": [URI]},
                )
            )
            if number % 3:
                editor.notify("$/cancelRequest", {"id": asked[-1]})
            editor.notify("$/cancelRequest", {"id": 1_000_000 + number})
        editor.notify("$/cancelRequest", {"id": asked[0]})
        for one in asked[1:]:
            editor.notify("$/cancelRequest", {"id": one})
        for one in asked:
            await editor.answer(one)
        counts = answers(editor)
        assert all(counts[one] == 1 for one in asked)


async def test_shutdown_with_work_running_stops_the_work_first() -> None:
    """`shutdown` is answered once the reviews have let go, and the application is closed."""
    app = FakeApp(endless)
    async with ready(app) as editor:
        editor.open("x = 1\n")
        await eventually(lambda: bool(app.requests))
        command = editor.request(
            "workspace/executeCommand", {"command": "mirador.reviewFile", "arguments": [URI]}
        )
        await eventually(lambda: len(app.requests) == 2)
        answer = await editor.ask("shutdown")
        assert answer["result"] is None
        assert len(app.cancelled) == 2
        assert app.closed == 1
        assert (await editor.answer(command))["result"]["state"] == "stopped"
        editor.notify("exit")
        assert await asyncio.wait_for(editor.server.exited, 10) == 0


async def test_exit_without_shutdown_is_code_1() -> None:
    """LSP asks for exit code 1 when the client skipped `shutdown`."""
    async with ready(FakeApp()) as editor:
        editor.notify("exit")
        assert await asyncio.wait_for(editor.server.exited, 10) == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RuntimeError("secret text"), -32603),
        (RecursionError(), -32603),
        (MemoryError(), -32603),
        (UserError("No such thing.", remedy="Ask for another."), -32803),
    ],
)
async def test_a_handler_that_raises_is_answered_calmly(error: Exception, code: int) -> None:
    """A defect becomes one sentence for the user, without what the exception held."""

    async def broken(ls: MiradorServer, params: Any) -> None:
        raise error

    async with ready(FakeApp(), features=(*FEATURES, ("test/broken", broken))) as editor:
        answer = (await editor.ask("test/broken"))["error"]
        assert answer["code"] == code
        assert "secret" not in json.dumps(answer)
        assert editor.of("window/showMessage") == []


async def test_a_notification_handler_that_raises_shows_no_pop_up() -> None:
    """A defect in a notification is logged; the session goes on."""

    def broken(ls: MiradorServer, params: Any) -> None:
        message = "broken"
        raise RuntimeError(message)

    async with ready(FakeApp(), features=(*FEATURES, ("test/broken", broken))) as editor:
        editor.notify("test/broken")
        await editor.settle()
        assert editor.of("window/showMessage") == []


def test_notification_handlers_are_plain_functions() -> None:
    """Only requests may be coroutines: a notification's coroutine would see later text."""
    handlers = dict(FEATURES)
    late = {name for name in notifications() if asyncio.iscoroutinefunction(handlers[name])}
    assert late == set()


async def test_notifications_leave_nothing_behind() -> None:
    """Ten thousand changes in one burst are all applied, and no bookkeeping grows with them."""
    async with ready(FakeApp()) as editor:
        editor.open("")
        place = {"line": 0, "character": 0}
        change = {"range": {"start": place, "end": place}, "text": "x"}
        editor.put(
            *(
                {
                    "method": "textDocument/didChange",
                    "params": {
                        "textDocument": {"uri": URI, "version": version},
                        "contentChanges": [change],
                    },
                }
                for version in range(2, 10_002)
            )
        )
        await editor.settle()
        document = editor.server.session.document(URI)
        assert document is not None
        assert document.version == 10_001
        assert document.text == "x" * 10_000
        assert len(editor.server.protocol._request_futures) < 10


@pytest.mark.parametrize(
    "message",
    [
        {"method": "$/cancelRequest", "params": {"id": [1]}},
        {"method": "$/cancelRequest", "params": {"id": {}}},
        {"id": [1], "result": None},
        {"id": {}, "result": None},
    ],
)
async def test_ids_that_are_none_are_ignored(message: dict[str, Any]) -> None:
    """While a command runs, an id that is a list or an object changes nothing."""
    async with ready(FakeApp(endless)) as editor:
        editor.open("x = 1\n")
        editor.put({"jsonrpc": "2.0", **message})

        answer = await editor.ask("workspace/executeCommand", {"command": "mirador.status"})

        assert "result" in answer
