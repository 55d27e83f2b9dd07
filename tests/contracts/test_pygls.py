"""What pygls does by itself and what Mirador needs instead, row by row.

The rows P1 to P23 are findings about pygls 2.1. Each test holds the requirement that a row puts on
Mirador: where Mirador relies on pygls the installed one is run, and where it does not it is shown
that Mirador goes another way. Rows about processes are in `test_pygls_process.py`.
"""

import ast
import asyncio
import inspect
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.constants import ATTR_EXECUTE_IN_THREAD

import mirador_lsp
from fakes.app import FakeApp, clean, endless, finding, staged
from fakes.editor import URI, Editor, MemoryLink, eventually, insert, ready
from fakes.mischief import notifications, requests
from mirador_lsp.core.answers import AnswerRequest, EmitAnswer
from mirador_lsp.core.changes import ChangeRequest, EmitChange
from mirador_lsp.core.events import Emit
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.server.features.commands import COMMANDS
from mirador_lsp.server.run import talk
from mirador_lsp.server.server import MiradorServer
from mirador_lsp.server.wiring import FEATURES, create_server

PACKAGE = Path(mirador_lsp.__file__).parent
EXECUTE = "workspace/executeCommand"
CANCELLED = -32800
TEXT = "def mean(prices):\n    return sum(prices) / len(prices)\n"
FROM_MEMORY = {
    types.INITIALIZE,
    types.TEXT_DOCUMENT_DIAGNOSTIC,
    types.WORKSPACE_TEXT_DOCUMENT_CONTENT,
}
"""Requests that answer at once from what the server holds."""
EDITS = {"workspace": {"applyEdit": True}}


def command(name: str = "mirador.reviewFile", **more: Any) -> dict[str, Any]:
    """The parameters of a command about the usual document."""
    return {"command": name, "arguments": [{"uri": URI, **more}]}


def codes(editor: Editor, msg_id: int | str) -> list[int]:
    """The error codes of every answer to a request, 0 for a result."""
    answers = [m for m in editor.sent if "method" not in m and m.get("id") == msg_id]
    return [m["error"]["code"] if "error" in m else 0 for m in answers]


def source_trees() -> Iterator[tuple[Path, ast.Module]]:
    """Every file of the server."""
    for path in sorted((PACKAGE / "server").rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


async def never(request: AnswerRequest | ChangeRequest, emit: EmitAnswer | EmitChange) -> None:
    """Work that ends only when it is cancelled."""
    await asyncio.Event().wait()


async def test_p01_a_cancel_reaches_an_async_request_and_is_its_answer() -> None:
    """`$/cancelRequest` raises CancelledError inside the handler; the one answer is -32800."""
    begun, stopped = asyncio.Event(), asyncio.Event()

    async def slow(ls: MiradorServer, params: Any) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            stopped.set()
            raise

    async with ready(FakeApp(), features=(*FEATURES, ("test/slow", slow))) as editor:
        asked = editor.request("test/slow")
        await begun.wait()
        editor.notify("$/cancelRequest", {"id": asked})
        await editor.answer(asked)
        await editor.settle()
        assert stopped.is_set()
        assert codes(editor, asked) == [CANCELLED]


async def test_p01_a_cancel_reaches_the_model_behind_a_request_of_ours() -> None:
    """`mirador/explain` that is cancelled cancels the question to the model."""
    app = FakeApp()
    app.answer_script = never
    async with ready(app) as editor:
        editor.open(TEXT)
        params = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 5}}
        asked = editor.request("mirador/explain", params)
        await eventually(lambda: len(app.asked) == 1)
        editor.notify("$/cancelRequest", {"id": asked})
        await editor.answer(asked)
        await eventually(lambda: len(app.stopped) == 1)
        assert codes(editor, asked) == [CANCELLED]


async def test_p02_no_handler_runs_in_a_thread_of_pygls() -> None:
    """A handler in a thread cannot be cancelled: there is none, and the pool is never made."""
    handlers = [*dict(FEATURES).values(), *COMMANDS.values()]
    assert not [h for h in handlers if getattr(h, ATTR_EXECUTE_IN_THREAD, False)]
    async with ready(FakeApp()) as editor:
        editor.open(TEXT)
        await editor.ask(EXECUTE, command())
        assert editor.server._thread_pool is None


@pytest.mark.parametrize("name", ["mirador.reviewFile", "mirador.explain", "mirador.fix"])
async def test_p03_a_cancelled_command_stops_its_work(name: str) -> None:
    """A command is a coroutine of ours, not of pygls' generator, which would let it run on."""
    app = FakeApp(staged(("instant", (finding(end=8),))))
    app.answer_script = app.change_script = never
    async with ready(app, EDITS) as editor:
        editor.open(TEXT)
        found = (await editor.diagnostics(lambda p: bool(p["diagnostics"])))["diagnostics"][0]
        app.script = endless
        before = len(app.cancelled)
        place = {"line": 0, "character": 5}
        asked = editor.request(
            EXECUTE, command(name, findingId=found["data"]["finding"], position=place)
        )
        await eventually(lambda: len(app.requests) == 2 or app.asked or app.changes)
        editor.notify("$/cancelRequest", {"id": asked})
        await editor.answer(asked)
        await eventually(lambda: len(app.cancelled) > before or app.stopped or app.dropped)
        await editor.settle()
        assert codes(editor, asked) == [CANCELLED]


def test_p03_commands_are_coroutines_and_none_is_pygls_own() -> None:
    """Every command can be cancelled, which only a coroutine can."""
    assert [n for n, c in COMMANDS.items() if not inspect.iscoroutinefunction(c)] == []
    assert inspect.iscoroutinefunction(dict(FEATURES)[EXECUTE])


async def test_p03_pygls_own_features_and_commands_are_not_there() -> None:
    """What pygls brings along is replaced as a whole, its `executeCommand` included."""
    async with ready(FakeApp()) as editor:
        manager = editor.server.protocol.fm
        assert set(manager.builtin_features) == set(dict(FEATURES))
        assert not manager.commands
        assert not manager.features


async def test_p04_a_command_whose_work_is_cancelled_elsewhere_is_answered() -> None:
    """CancelledError that comes from inside, not from the client, is an answer as well."""

    async def inside(ls: MiradorServer, params: Any) -> None:
        raise asyncio.CancelledError

    async with ready(FakeApp(), features=(*FEATURES, ("test/inside", inside))) as editor:
        asked = editor.request("test/inside")
        await editor.answer(asked)
        assert codes(editor, asked) == [CANCELLED]


@pytest.mark.parametrize("name", ["mirador.explain", "mirador.document"])
async def test_p04_a_job_stopped_by_another_command_is_answered(name: str) -> None:
    """`mirador.cancel` stops the job of another request, which is answered all the same."""
    app = FakeApp()
    app.answer_script = app.change_script = never
    async with ready(app, EDITS) as editor:
        editor.open(TEXT)
        asked = editor.request(EXECUTE, command(name, position={"line": 0, "character": 5}))
        await eventually(lambda: app.asked or app.changes)
        await editor.ask(EXECUTE, command("mirador.cancel"))
        await editor.answer(asked)
        await eventually(lambda: app.stopped or app.dropped)
        assert len(codes(editor, asked)) == 1


async def test_p05_what_is_cancelled_at_once_is_not_worked_on() -> None:
    """Of requests and their cancels that arrive together not one runs on."""
    app = FakeApp(endless)
    async with ready(app) as editor:
        editor.open(TEXT)
        await eventually(lambda: len(app.requests) == 1)
        messages: list[dict[str, Any]] = []
        for number in range(20):
            messages.append({"id": f"r{number}", "method": EXECUTE, "params": command()})
            messages.append({"method": "$/cancelRequest", "params": {"id": f"r{number}"}})
        editor.put(*messages)
        for number in range(20):
            await editor.answer(f"r{number}")
        await editor.settle()
        assert [codes(editor, f"r{number}") for number in range(20)] == [[CANCELLED]] * 20
        # A long burst is cut into turns, so one or the other may have begun; none goes on.
        await eventually(lambda: len(app.cancelled) == len(app.requests))


def test_p05_every_request_that_works_is_a_coroutine() -> None:
    """A plain function holds the reader up: only answers from memory are made by one."""
    handlers = dict(FEATURES)
    assert {m for m in requests() if not inspect.iscoroutinefunction(handlers[m])} <= FROM_MEMORY
    assert not [m for m in notifications() if inspect.iscoroutinefunction(handlers[m])]


async def test_p06_shutdown_with_commands_in_flight_stops_and_answers_them(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Reviews, answers and changes are cancelled and answered before `shutdown` is."""
    app = FakeApp(endless)
    app.answer_script = app.change_script = never
    async with ready(app, EDITS) as editor:
        editor.open(TEXT)
        place = {"position": {"line": 0, "character": 5}}
        names = ("mirador.reviewFile", "mirador.explain", "mirador.ask", "mirador.document")
        asked = [editor.request(EXECUTE, command(n, **place, question="Why?")) for n in names]
        await eventually(lambda: len(app.requests) == 2 and len(app.asked) == 2 and app.changes)
        shutdown = editor.request("shutdown")
        assert (await editor.answer(shutdown))["result"] is None
        for one in asked:
            await editor.answer(one)
        assert (len(app.cancelled), len(app.stopped), len(app.dropped)) == (2, 2, 1)
        editor.notify("exit")
        assert await editor.server.exited == 0
        assert all(len(codes(editor, one)) == 1 for one in [*asked, shutdown])
    assert "changed size" not in caplog.text


async def test_p10_lines_end_where_lsp_says(caplog: pytest.LogCaptureFixture) -> None:
    """Form feeds, NEL, U+2028 and the like end no line, in findings and in edits alike."""
    text = "a = '\f\v\x1c\x1d\x1e\x85\u2028\u2029'\r# one\r\n# two\n"
    start = text.index("# two")
    app = FakeApp(staged(("instant", (finding(start=start, end=start + 5),))))
    async with ready(app) as editor:
        editor.open(text)
        found = await editor.diagnostics(lambda p: bool(p["diagnostics"]))
        assert found["diagnostics"][0]["range"]["start"] == {"line": 2, "character": 0}
        editor.change(insert(2, 0, "!"), version=2)
        await editor.settle()
        document = editor.server.session.document(URI)
        assert document is not None
        assert document.text == text.replace("# two", "!# two")


def test_p10_p11_p23_the_documents_of_pygls_are_not_used() -> None:
    """Pygls' workspace splits lines otherwise, changes under one's feet and reads files anew."""
    used = [
        path.name
        for path, tree in source_trees()
        for node in ast.walk(tree)
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pygls.workspace"))
        or (
            isinstance(node, ast.Attribute)
            and node.attr in {"get_text_document", "text_documents", "offset_at_position"}
        )
    ]
    assert used == []


async def test_p11_work_keeps_the_text_of_its_message() -> None:
    """An edit during a review reaches neither its text nor, with old findings, the screen."""
    texts, step = [], asyncio.Event()

    async def script(request: ReviewRequest, emit: Emit) -> None:
        texts.append(request.snapshot.text)
        await step.wait()
        texts.append(request.snapshot.text)
        await staged(("instant", (finding(end=3),)))(request, emit)

    async with ready(FakeApp(script)) as editor:
        editor.open(TEXT)
        await eventually(lambda: len(texts) == 1)
        editor.change(insert(0, 0, "import os\n"), version=2)
        await editor.settle()
        step.set()
        await eventually(lambda: len(texts) == 2)
        await editor.settle()
        assert texts == [TEXT, TEXT]
        assert [p for p in editor.published() if p["diagnostics"]] == []


async def test_p12_progress_tokens_are_used_once_and_freed() -> None:
    """Thirty reviews have thirty bars, and nothing is kept of them afterwards."""

    async def modelled(request: ReviewRequest, emit: Emit) -> None:
        await staged(("deep", ()))(request, emit)

    async with ready(FakeApp(modelled), {"window": {"workDoneProgress": True}}) as editor:
        for number in range(30):
            uri = f"file:///work/{number}.py"
            editor.open(TEXT, uri=uri)
            await editor.diagnostics(lambda p: True, uri)
        created = editor.of("window/workDoneProgress/create")
        for one in created:
            editor.put({"id": one["id"], "result": None})
        await editor.settle()
        tokens = [one["params"]["token"] for one in created]
        assert len(set(tokens)) == len(tokens) == 30
        assert not editor.server.bars._bars
        assert not editor.server.protocol.progress.tokens


async def test_p12_the_cancel_button_reaches_the_model() -> None:
    """`window/workDoneProgress/cancel` stops a job, whoever made its token."""
    app = FakeApp()
    app.change_script = never
    async with ready(app, EDITS) as editor:
        editor.open(TEXT)
        params = command("mirador.document", position={"line": 0, "character": 5})
        asked = editor.request(EXECUTE, {**params, "workDoneToken": "mine"})
        await eventually(lambda: app.changes)
        editor.notify("window/workDoneProgress/cancel", {"token": "mine"})
        await editor.answer(asked)
        await eventually(lambda: app.dropped)
        assert len(codes(editor, asked)) == 1


async def test_p13_a_change_of_what_was_never_opened_is_no_pop_up() -> None:
    """The user cannot help what their client does; it is logged."""
    async with ready(FakeApp()) as editor:
        editor.change(insert(0, 0, "x"), version=2)
        await editor.settle()
        assert editor.of("window/showMessage") == []


async def test_p14_parts_of_an_answer_come_before_it() -> None:
    """`$/progress` on the client's own token carries the text; the answer is the last message."""
    app = FakeApp()
    client = {"experimental": {"mirador": {"answers": True}}}
    async with ready(app, client) as editor:
        editor.open(TEXT)
        params = {
            "textDocument": {"uri": URI},
            "position": {"line": 0, "character": 5},
            "partialResultToken": "part",
        }
        asked = editor.request("mirador/explain", params)
        answer = await editor.answer(asked)
        parts = [m for m in editor.of("$/progress") if m["params"]["token"] == "part"]
        assert {"stage", "answer"} <= {m["params"]["value"]["kind"] for m in parts}
        assert answer["result"]["text"] == ""
        assert all(editor.sent.index(m) < editor.sent.index(answer) for m in parts)


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["utf-8", "utf-16"], "utf-8"),
        (["utf-16", "utf-8"], "utf-16"),
        (["utf-32", "utf-8"], "utf-32"),
        (None, "utf-16"),
    ],
)
async def test_p15_positions_are_in_what_the_client_likes_best(
    offered: list[str] | None, chosen: str
) -> None:
    """The first of the client's encodings is taken, and every position is in it."""
    text = "x = '😀' # note\n"
    start = text.index("#")
    width = {"utf-8": 4, "utf-16": 2, "utf-32": 1}[chosen]
    app = FakeApp(staged(("instant", (finding(start=start, end=start + 1),))))
    async with ready(app, {"general": {"positionEncodings": offered}} if offered else {}) as editor:
        assert editor.sent[0]["result"]["capabilities"]["positionEncoding"] == chosen
        editor.open(text)
        found = await editor.diagnostics(lambda p: bool(p["diagnostics"]))
        assert found["diagnostics"][0]["range"]["start"]["character"] == start - 1 + width


@pytest.mark.parametrize("dynamic", [True, False])
async def test_p16_virtual_documents_are_announced_and_answered(dynamic: bool) -> None:
    """`workspace/textDocumentContent` is registered where the client takes that, else announced."""
    content = {"textDocumentContent": {"dynamicRegistration": dynamic}}
    async with ready(FakeApp(), {"workspace": content}) as editor:
        said = editor.sent[0]["result"]["capabilities"]["workspace"].get("textDocumentContent")
        assert said == (None if dynamic else {"schemes": ["mirador"]})
        if dynamic:
            asked = await editor.until(lambda m: m.get("method") == "client/registerCapability")
            methods = {r["method"]: r for r in asked["params"]["registrations"]}
            options = methods["workspace/textDocumentContent"]["registerOptions"]
            assert options["schemes"] == ["mirador"]
        answer = await editor.ask("workspace/textDocumentContent", {"uri": "mirador:/x/gone.md"})
        assert answer["result"]["text"]


def test_p18_every_handler_takes_the_server_as_ls() -> None:
    """Pygls would pass the server only under that name; we pass it always, and keep the name."""
    handlers = [*dict(FEATURES).values(), *COMMANDS.values()]
    for handler in handlers:
        first = next(iter(inspect.signature(handler).parameters.values()))
        assert first.name.lstrip("_") == "ls", handler
        assert first.annotation is MiradorServer, handler


PROVIDERS = {
    types.TEXT_DOCUMENT_HOVER: "hoverProvider",
    types.WORKSPACE_SYMBOL: "workspaceSymbolProvider",
    types.TEXT_DOCUMENT_CODE_ACTION: "codeActionProvider",
    types.CODE_ACTION_RESOLVE: "codeActionProvider",
    types.TEXT_DOCUMENT_CODE_LENS: "codeLensProvider",
    types.CODE_LENS_RESOLVE: "codeLensProvider",
    types.TEXT_DOCUMENT_DIAGNOSTIC: "diagnosticProvider",
    types.WORKSPACE_DIAGNOSTIC: "diagnosticProvider",
    types.WORKSPACE_EXECUTE_COMMAND: "executeCommandProvider",
    types.WORKSPACE_TEXT_DOCUMENT_CONTENT: "workspace",
}


async def test_p19_what_the_server_speaks_is_announced() -> None:
    """Nothing is inferred from handlers: each method of the table has its provider, in full."""
    asked = [m for m in requests() if m in types.METHOD_TO_TYPES and m != types.INITIALIZE]
    assert [m for m in asked if m not in PROVIDERS] == [], "name the provider of a new method here"
    lazy = {"resolveSupport": {"properties": ["edit"]}, "dataSupport": True}
    literal = {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix"]}}}
    client = {
        "textDocument": {"codeAction": {**lazy, **literal}, "codeLens": {}, "diagnostic": {}},
        "workspace": {"diagnostics": {"refreshSupport": True}, "textDocumentContent": {}},
    }
    async with ready(FakeApp(), client) as editor:
        said = editor.sent[0]["result"]["capabilities"]
        assert [PROVIDERS[m] for m in asked if not said.get(PROVIDERS[m])] == []
        assert said["codeActionProvider"]["resolveProvider"] is True
        assert set(said["executeCommandProvider"]["commands"]) == set(COMMANDS)


class OneThread(MemoryLink):
    """A wire that remembers which threads wrote to it."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[int] = set()

    def write(self, body: bytes) -> None:
        self.threads.add(threading.get_ident())
        super().write(body)


async def test_p21_everything_is_sent_from_the_loops_own_thread() -> None:
    """Writers of pygls are not safe elsewhere: whatever works in a thread, the loop speaks."""
    link = OneThread()
    app = FakeApp(clean)
    server = create_server(app.open)
    async with asyncio.TaskGroup() as group:
        talking = group.create_task(talk(server, link))
        try:
            editor = Editor(link, server)
            await editor.initialize({"window": {"workDoneProgress": True}})
            await editor.settled()
            editor.open(TEXT)
            place = {"position": {"line": 0, "character": 5}, "question": "Why?"}
            for name in COMMANDS:
                await editor.ask(EXECUTE, command(name, **place))
            await editor.ask("shutdown")
        finally:
            server.leave(1)
            await talking
    assert link.threads == {threading.get_ident()}


async def test_p23_what_is_not_open_is_not_read(tmp_path: Path) -> None:
    """A file that is no UTF-8 and not open costs neither an error nor a look at the disk."""
    file = tmp_path / "latin.py"
    file.write_bytes(b"# caf\xe9\n")
    uri = file.as_uri()
    place = {"line": 0, "character": 1}
    where = {"textDocument": {"uri": uri}}
    async with ready(FakeApp()) as editor:
        hover = await editor.ask("textDocument/hover", {**where, "position": place})
        assert hover["result"] is None
        span = {"range": {"start": place, "end": place}, "context": {"diagnostics": []}}
        actions = await editor.ask("textDocument/codeAction", {**where, **span})
        assert not actions["result"]
        refused = await editor.ask(
            EXECUTE, {"command": "mirador.explain", "arguments": [{"uri": uri}]}
        )
        assert refused["error"]["code"] == -32803
