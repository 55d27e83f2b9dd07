"""Changes of code: applied to the text they were made for, or not at all, and the user is told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes.app import RUNGS, ChangeScript, FakeApp, clean, finding, patch, staged, writing
from fakes.applying import applied
from fakes.editor import URI, Editor, eventually, insert, load_defaults, ready
from fakes.index import FakeIndex
from mirador_lsp.core.answers import Topic
from mirador_lsp.core.changes import (
    Attempted,
    ChangeFinished,
    ChangeRequest,
    EmitChange,
    Intent,
    Patch,
    Rung,
)
from mirador_lsp.core.edits import Edit, Fix
from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.core.events import StageFailed
from mirador_lsp.core.feedback import Verdict
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.text import Encoding, Span
from mirador_lsp.server.neighbours import read
from mirador_lsp.settings import ActionSettings, Loaded

TEXT = "first = 1\nsecond = 2\nthird = 3\n"
SECOND = TEXT.index("second")
FOUND = finding(
    "f1", start=SECOND, end=SECOND + 10, rule="model/bug", message="It should not be 2."
)
EDITS: dict[str, Any] = {
    "applyEdit": True,
    "workspaceEdit": {
        "documentChanges": True,
        "resourceOperations": ["create"],
        "changeAnnotationSupport": {},
    },
}
CLIENT: dict[str, Any] = {"workspace": EDITS}


class Applier:
    """What the client does with `workspace/applyEdit`: as an editor does, or as a test wishes."""

    def __init__(self, editor: Editor, text: str) -> None:
        self.editor = editor
        self.texts = {URI: text}
        self.versions = {URI: 1}
        self.asked: list[dict[str, Any]] = []

    async def next(self) -> dict[str, Any]:
        """The next edit that the client is asked to apply."""
        message = await self.editor.until(
            lambda m: m.get("method") == "workspace/applyEdit", skip=len(self.asked)
        )
        self.asked.append(message)
        return dict(message)

    def take(self, message: dict[str, Any], encoding: Encoding = Encoding.UTF16) -> None:
        """Apply it if it names the version the document is at, and answer."""
        edit = message["params"]["edit"]
        for change in edit.get("documentChanges") or ():
            named = change.get("textDocument", {}).get("version")
            if named is not None and named != self.versions[URI]:
                self.refuse(message, "the document is at another version")
                return
        self.texts = applied(edit, self.texts, encoding)
        self.reply(message, {"applied": True})
        self.versions[URI] += 1
        self.editor.change({"text": self.texts[URI]}, version=self.versions[URI])

    def refuse(self, message: dict[str, Any], why: str | None) -> None:
        self.reply(message, {"applied": False, "failureReason": why})

    def reply(self, message: dict[str, Any], result: Any) -> None:
        self.editor.put({"id": message["id"], "result": result})

    def type(self, line: int, character: int, text: str) -> None:
        """The user types."""
        self.versions[URI] += 1
        change = insert(line, character, text)
        edit = {"range": change["range"], "newText": text}
        self.texts = applied({"changes": {URI: [edit]}}, self.texts)
        self.editor.change(change, version=self.versions[URI])


@asynccontextmanager
async def fixable(
    app: FakeApp,
    *findings: Finding,
    capabilities: Any = None,
    text: str = TEXT,
    load: Any = load_defaults,
    language: str = "python",
) -> AsyncIterator[tuple[Editor, Applier]]:
    """An editor with a document whose findings are shown."""
    known = findings or (FOUND,)
    app.script = staged(("instant", known))
    async with ready(app, CLIENT if capabilities is None else capabilities, load) as editor:
        editor.open(text, language=language)
        await editor.diagnostics(lambda p: len(p["diagnostics"]) == len(known))
        await eventually(lambda: not editor.server.session.run_of(URI))
        yield editor, Applier(editor, text)


def command(editor: Editor, name: str = "mirador.fix", /, **argument: Any) -> int:
    """Ask for a change; the finding is `f1` unless told otherwise."""
    said = {"uri": URI} | (argument or {"findingId": "f1"})
    return editor.request("workspace/executeCommand", {"command": name, "arguments": [said]})


def shown(editor: Editor) -> list[str]:
    """What popped up."""
    return [m["params"]["message"] for m in editor.of("window/showMessage")]


def waiting(script: ChangeScript) -> tuple[ChangeScript, list[asyncio.Event]]:
    """A script that waits before each of its runs for the event that it adds to the list."""
    gates: list[asyncio.Event] = []

    async def play(request: ChangeRequest, emit: EmitChange) -> None:
        gate = asyncio.Event()
        gates.append(gate)
        await gate.wait()
        await script(request, emit)

    return play, gates


async def test_a_fix_arrives_as_one_versioned_annotated_edit() -> None:
    """It touches that document only, says what it is and how far it was checked."""
    app = FakeApp()
    async with fixable(app) as (editor, client):
        msg_id = command(editor)
        message = await client.next()
        client.take(message)
        answer = await editor.answer(msg_id)

    assert answer["result"] == {
        "state": "applied",
        "title": "Fix: it (parses, lints clean)",
        "why": "",
        "rungs": ["applies", "parses", "clean"],
        "attempts": 1,
    }
    assert client.texts == {URI: "first = 1\nfixed\nthird = 3\n"}
    params = message["params"]
    assert params["label"] == "Fix: it (parses, lints clean)"
    (change,) = params["edit"]["documentChanges"]
    assert change["textDocument"] == {"uri": URI, "version": 1}
    assert params["edit"]["changeAnnotations"]["mirador"] == {
        "label": "Fix: it (parses, lints clean)",
        "needsConfirmation": False,
    }
    (request,) = app.changes
    assert (request.intent, request.finding, request.span) == (Intent.FIX, FOUND, FOUND.span)
    assert request.findings == (FOUND,)
    assert shown(editor) == []


@pytest.mark.parametrize("late", [False, True])
async def test_what_a_fix_mended_is_gone_without_a_save(late: bool) -> None:
    """The facts are looked up again for the text that the fix made, whichever of the client's two
    messages comes first.
    """
    app = FakeApp()
    async with fixable(app) as (editor, client):
        reviews = len(app.requests)
        app.script = clean
        msg_id = command(editor)
        message = await client.next()
        if late:
            client.texts = applied(message["params"]["edit"], client.texts)
            client.reply(message, {"applied": True})
            await editor.answer(msg_id)
            await editor.settle()
            assert len(app.requests) == reviews
            client.versions[URI] += 1
            editor.change({"text": client.texts[URI]}, version=client.versions[URI])
        else:
            client.take(message)
        await editor.diagnostics(lambda p: p["version"] == 2 and not p["diagnostics"])
        assert app.requests[-1].policy.stages == ("instant",)
        assert app.requests[-1].snapshot.text == client.texts[URI]


async def test_what_no_analyzer_could_look_at_is_confirmed_by_the_user() -> None:
    """An edit that only parses is shown before it is made."""
    app = FakeApp()

    async def parses(request: ChangeRequest, emit: EmitChange) -> None:
        made = patch(request, [Edit(request.span, "x")], rungs=(Rung.APPLIES, Rung.PARSES))
        emit(ChangeFinished(made, "", 0.1))

    app.change_script = parses
    async with fixable(app) as (editor, client):
        msg_id = command(editor)
        message = await client.next()
        client.take(message)
        await editor.answer(msg_id)

    assert message["params"]["edit"]["changeAnnotations"]["mirador"]["needsConfirmation"] is True


async def test_without_a_patch_nothing_is_edited_and_the_user_is_told_why() -> None:
    """One clear message, and the same in the answer."""
    app = FakeApp()
    app.change_script = writing(
        why="The last of 3 attempts was not good enough: it does not parse."
    )
    async with fixable(app) as (editor, _):
        answer = await editor.answer(command(editor))
        await editor.settle()

    assert answer["result"]["state"] == "notOffered"
    assert answer["result"]["attempts"] == 1
    assert "does not parse" in answer["result"]["why"]
    assert editor.of("workspace/applyEdit") == []
    assert shown(editor) == [
        "Mirador: The last of 3 attempts was not good enough: it does not parse."
    ]


async def test_an_error_of_the_model_is_one_message() -> None:
    """Whatever kept the model away, the user reads it once, and the command is answered."""
    app = FakeApp()

    async def broken(_request: ChangeRequest, _emit: EmitChange) -> None:
        message = "No model is installed."
        raise ModelUnavailable(message, remedy="Get one: mirador models pull 0.5b")

    app.change_script = broken
    async with fixable(app) as (editor, _):
        answer = await editor.answer(command(editor))

    assert answer["result"]["state"] == "notOffered"
    assert shown(editor) == ["Mirador: No model is installed. Get one: mirador models pull 0.5b"]


async def test_a_model_that_fails_is_named_as_the_reason_in_one_message() -> None:
    """No pop-up for the stage and another one for the outcome: the cause is the outcome's."""
    app = FakeApp()

    async def failing(request: ChangeRequest, emit: EmitChange) -> None:
        emit(StageFailed("deep", "small", 0.1, "The model small would not load.", "Free memory."))
        emit(ChangeFinished(None, "No model could write it; the notices say why.", 0.1))

    app.change_script = failing
    async with fixable(app) as (editor, _):
        answer = await editor.answer(command(editor))

    assert answer["result"]["why"] == "The model small would not load. Free memory."
    assert shown(editor) == ["Mirador: The model small would not load. Free memory."]


async def test_a_client_that_takes_no_edits_is_told_so() -> None:
    """No model is asked for an edit that nobody can apply."""
    app = FakeApp()
    async with fixable(app, capabilities={}) as (editor, _):
        answer = await editor.answer(command(editor))

    assert answer["result"]["state"] == "notOffered"
    assert app.changes == []
    assert len(shown(editor)) == 1
    assert "takes no edits" in shown(editor)[0]


async def test_an_edit_elsewhere_moves_the_fix_along() -> None:
    """The document moved on, the code in question did not: the fix is checked again and applied."""
    app = FakeApp()
    app.change_script, gates = waiting(writing())
    async with fixable(app) as (editor, client):
        msg_id = command(editor)
        await eventually(lambda: gates)
        client.type(0, 0, "# a new line\n")
        await editor.settle()
        gates[0].set()
        message = await client.next()
        client.take(message)
        answer = await editor.answer(msg_id)

    assert answer["result"]["state"] == "applied"
    assert message["params"]["edit"]["documentChanges"][0]["textDocument"]["version"] == 2
    assert client.texts[URI] == "# a new line\nfirst = 1\nfixed\nthird = 3\n"
    assert [text for _, text in app.checks] == [client.texts[URI]]
    assert len(app.changes) == 1


async def test_a_moved_fix_that_does_not_hold_is_worked_out_again() -> None:
    """What held for the old text need not hold for the new one."""
    app = FakeApp()
    app.checked = Attempted(1, RUNGS[:1], Rung.PARSES, "It does not parse any more.")
    app.change_script, gates = waiting(writing())
    async with fixable(app) as (editor, client):
        msg_id = command(editor)
        await eventually(lambda: gates)
        client.type(0, 0, "# a new line\n")
        await editor.settle()
        gates[0].set()
        await eventually(lambda: len(gates) == 2)
        gates[1].set()
        client.take(await client.next())
        answer = await editor.answer(msg_id)

    assert answer["result"]["state"] == "applied"
    assert answer["result"]["attempts"] == 2
    assert [request.snapshot.version for request in app.changes] == [1, 2]
    assert app.changes[1].span == Span(SECOND + 13, SECOND + 23)


async def test_code_that_was_edited_meanwhile_is_left_alone() -> None:
    """The user is told, and no edit is sent."""
    app = FakeApp()
    app.change_script, gates = waiting(writing())
    async with fixable(app) as (editor, client):
        msg_id = command(editor)
        await eventually(lambda: gates)
        client.type(1, 3, "typed")
        await editor.settle()
        gates[0].set()
        answer = await editor.answer(msg_id)

    assert answer["result"]["state"] == "notOffered"
    assert "edited meanwhile" in answer["result"]["why"]
    assert editor.of("workspace/applyEdit") == []
    assert len(shown(editor)) == 1


@pytest.mark.parametrize("late", [False, True], ids=["told-before", "told-after"])
async def test_a_refused_edit_is_moved_along_with_what_was_typed(late: bool) -> None:
    """The user typed while the edit was on its way, and the client refused it, as it should; some
    tell of what was typed only then. The model is not asked again.
    """
    app = FakeApp()
    async with fixable(app) as (editor, client):
        msg_id = command(editor)
        message = await client.next()
        if late:
            client.refuse(message, "the document is at another version")
        client.type(0, 0, "# a new line\n")
        if not late:
            client.refuse(message, "the document is at another version")
        client.take(await client.next())
        answer = await editor.answer(msg_id)

    assert answer["result"]["state"] == "applied"
    assert client.texts[URI] == "# a new line\nfirst = 1\nfixed\nthird = 3\n"
    assert len(app.changes) == 1
    assert shown(editor) == []


async def test_edits_above_and_below_move_the_fix_along() -> None:
    """What lies between two edits was not edited."""
    app = FakeApp()
    app.change_script, gates = waiting(writing())
    async with fixable(app) as (editor, client):
        msg_id = command(editor)
        await eventually(lambda: gates)
        client.type(2, 9, "\nfourth = 4")
        client.type(0, 0, "# a new line\n")
        await editor.settle()
        gates[0].set()
        client.take(await client.next())
        answer = await editor.answer(msg_id)

    assert answer["result"]["state"] == "applied"
    assert client.texts[URI] == "# a new line\nfirst = 1\nfixed\nthird = 3\nfourth = 4\n"
    assert len(app.changes) == 1


async def test_a_change_of_code_that_was_edited_is_worked_out_again() -> None:
    """The finding's own line is as it was, but the function that the model saw is another now."""
    app = FakeApp()

    async def function(request: ChangeRequest, emit: EmitChange) -> None:
        whole = Span(0, len(request.snapshot.text))
        made = replace(patch(request, [Edit(request.span, "fixed")]), basis=whole)
        emit(ChangeFinished(made, "", 0.1))

    app.change_script, gates = waiting(function)
    async with fixable(app) as (editor, client):
        msg_id = command(editor)
        await eventually(lambda: gates)
        client.type(0, 9, "00")
        await editor.settle()
        gates[0].set()
        await eventually(lambda: len(gates) == 2)
        gates[1].set()
        client.take(await client.next())
        answer = await editor.answer(msg_id)

    assert answer["result"]["state"] == "applied"
    assert app.checks == []
    assert [request.snapshot.version for request in app.changes] == [1, 2]
    assert client.texts[URI] == "first = 100\nfixed\nthird = 3\n"


async def test_who_types_all_the_time_is_told() -> None:
    """In one message, with what to do; the model was asked once."""
    app = FakeApp()
    async with fixable(app) as (editor, client):
        msg_id = command(editor)
        for number in range(6):
            message = await client.next()
            client.type(0, 0, f"# {number}\n")
            client.refuse(message, "it changed")
        answer = await editor.answer(msg_id)

    assert answer["result"]["state"] == "refused"
    assert answer["result"]["attempts"] == 1
    (said,) = shown(editor)
    assert "edited all the time" in said
    assert "Ask again" in said


async def test_what_the_user_declined_is_not_offered_again() -> None:
    """They were shown it and said no: nobody tells them so, whatever they typed meanwhile."""
    app = FakeApp()
    async with fixable(app) as (editor, client):
        msg_id = command(editor)
        message = await client.next()
        client.type(0, 0, "# a new line\n")
        client.refuse(message, "declined")
        answer = await editor.answer(msg_id)
        await editor.settle()

    assert answer["result"]["state"] == "refused"
    assert "not wanted" in answer["result"]["why"]
    assert len(editor.of("workspace/applyEdit")) == 1
    assert shown(editor) == []


@pytest.mark.parametrize(
    "result",
    [
        {"applied": False},
        {"applied": False, "failureReason": "the user \x1b[31m declined\nit"},
        {},
        None,
        7,
        {"applied": "no", "failureReason": []},
    ],
)
async def test_the_same_edit_is_not_sent_twice(result: Any) -> None:
    """Where the text is as it was, asking again would only annoy; odd answers are refusals."""
    app = FakeApp()
    async with fixable(app) as (editor, client):
        msg_id = command(editor)
        client.reply(await client.next(), result)
        answer = await editor.answer(msg_id)

    assert answer["result"]["state"] == "refused"
    assert len(app.changes) == 1
    assert len(shown(editor)) == 1
    assert shown(editor)[0].startswith("Mirador: The editor did not make the change")
    assert "\x1b" not in shown(editor)[0]


async def test_an_error_in_place_of_an_answer_is_a_refusal() -> None:
    """A client that fails to apply an edit fails it alone."""
    app = FakeApp()
    async with fixable(app) as (editor, client):
        msg_id = command(editor)
        message = await client.next()
        editor.put({"id": message["id"], "error": {"code": -32603, "message": "broken"}})
        answer = await editor.answer(msg_id)

    assert answer["result"]["state"] == "refused"
    assert "broken" in answer["result"]["why"]


@pytest.mark.parametrize("how", ["request", "command", "close", "superseded"])
async def test_stopping_a_fix_stops_its_model(how: str) -> None:
    """However it is stopped, the work ends and the request is answered once."""
    app = FakeApp()
    app.change_script, gates = waiting(writing())
    async with fixable(app) as (editor, client):
        msg_id = command(editor)
        await eventually(lambda: gates)
        if how == "request":
            editor.notify("$/cancelRequest", {"id": msg_id})
        elif how == "command":
            command(editor, "mirador.cancel", uri=URI)
        elif how == "close":
            editor.close()
        else:
            later = command(editor)
            await eventually(lambda: len(gates) == 2)
            gates[1].set()
            client.take(await client.next())
            assert (await editor.answer(later))["result"]["state"] == "applied"
        answer = await editor.answer(msg_id)
        await eventually(lambda: app.dropped)
        await editor.settle()

    if how == "request":
        assert answer["error"]["code"] == -32800
    else:
        assert answer["result"]["state"] == "stopped"
    assert app.dropped == app.changes[:1]
    assert sum(m.get("id") == msg_id and "method" not in m for m in editor.sent) == 1


async def test_a_fix_shows_progress_on_the_clients_own_token() -> None:
    """The token is the command's; the bar begins and ends on it."""
    app = FakeApp()
    async with fixable(app) as (editor, client):
        msg_id = editor.request(
            "workspace/executeCommand",
            {
                "command": "mirador.fix",
                "arguments": [{"uri": URI, "findingId": "f1"}],
                "workDoneToken": "mine",
            },
        )
        client.take(await client.next())
        await editor.answer(msg_id)

    kinds = [
        m["params"]["value"]["kind"]
        for m in editor.of("$/progress")
        if m["params"]["token"] == "mine"
    ]
    assert (kinds[0], kinds[-1]) == ("begin", "end")


@pytest.mark.parametrize(
    "argument",
    [
        [],
        [7],
        [{}],
        [{"uri": URI}],
        [{"uri": URI, "findingId": 7}],
        [{"uri": URI, "findingId": ""}],
    ],
)
async def test_malformed_arguments_are_answered(argument: Any) -> None:
    """What cannot be meant is no wish."""
    async with fixable(FakeApp()) as (editor, _):
        answer = await editor.ask(
            "workspace/executeCommand", {"command": "mirador.fix", "arguments": argument}
        )

    assert answer["error"]["code"] == -32602


async def test_a_finding_that_is_gone_or_a_document_that_is_closed_is_said() -> None:
    """The message has a remedy."""
    async with fixable(FakeApp()) as (editor, _):
        gone = await editor.answer(command(editor, findingId="other"))
        editor.close()
        closed = await editor.answer(command(editor))

    assert "not shown any more" in gone["error"]["message"]
    assert "not open" in closed["error"]["message"]
    assert gone["error"]["code"] == closed["error"]["code"] == -32803


async def test_the_innermost_folder_is_asked_for_its_tests() -> None:
    """A document's tests are those of the folder it lies in."""
    app = FakeApp()
    async with fixable(app) as (editor, client):
        editor.server.session.folders = (Path("/work"), Path("/"), Path("/elsewhere"))
        msg_id = command(editor)
        client.take(await client.next())
        await editor.answer(msg_id)

    assert app.test_folders == [Path("/work")]


async def test_a_fix_that_was_made_is_remembered() -> None:
    """It is found again among the changes that the user accepted; one that was refused is not."""
    app, index = FakeApp(), FakeIndex()
    app.indexes[Path("/work")] = index
    async with fixable(app) as (editor, client):
        editor.server.session.folders = (Path("/work"),)
        msg_id = command(editor)
        client.refuse(await client.next(), "no")
        await editor.answer(msg_id)
        assert index.memories == {}
        msg_id = command(editor)
        client.take(await client.next())
        await editor.answer(msg_id)
        await eventually(lambda: index.memories)

    (memory,) = index.memories.values()
    assert memory.title == "Fix: it (parses, lints clean)"


async def test_all_safe_fixes_can_be_made_by_a_command() -> None:
    """For clients that cannot be given the edit with the action."""
    app = FakeApp()
    safe = replace(FOUND, fix=Fix("Take it out", (Edit(Span(SECOND, SECOND + 11), ""),), safe=True))
    async with fixable(app, safe) as (editor, client):
        msg_id = command(editor, "mirador.fixAll", uri=URI)
        client.take(await client.next())
        answer = await editor.answer(msg_id)
        nothing = await editor.answer(command(editor, "mirador.fixAll", uri=URI))

    assert answer["result"]["state"] == "applied"
    assert client.texts[URI] == "first = 1\nthird = 3\n"
    assert nothing["result"]["state"] == "notOffered"
    assert shown(editor) == ["Mirador: There is nothing to fix safely."]


@pytest.mark.parametrize("encoding", list(Encoding))
async def test_fixes_are_in_the_units_of_the_client(encoding: Encoding) -> None:
    """Astral characters and CRLF stand before the fix."""
    text = "é = '𝄞'\r\n'𝄞𝄞'; second = 2\r\nthird = 3\r\n"
    start = text.index("second")
    found = replace(FOUND, span=Span(start, start + 10))
    app = FakeApp()
    app.change_script = writing("'𝄞'")
    capabilities = CLIENT | {"general": {"positionEncodings": [encoding.value]}}
    async with fixable(app, found, capabilities=capabilities, text=text) as (editor, client):
        msg_id = command(editor)
        client.take(await client.next(), encoding)
        await editor.answer(msg_id)

    assert client.texts[URI] == "é = '𝄞'\r\n'𝄞𝄞'; '𝄞'\r\nthird = 3\r\n"


async def test_documenting_and_the_users_own_actions_go_the_same_way(tmp_path: Path) -> None:
    """Another intent and another place; everything else is as for a fix."""
    prompt = tmp_path / "shout.md"
    prompt.write_text("Shout it.\n")

    def load(**said: Any) -> Loaded:
        loaded = load_defaults(**said)
        own = ActionSettings(name="shout", title="Shout", prompt=str(prompt), edits="selection")
        return replace(loaded, settings=replace(loaded.settings, actions=(own,)))

    app = FakeApp()
    area = {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 6}}
    async with fixable(app, load=load) as (editor, client):
        documented = command(
            editor, "mirador.document", uri=URI, position={"line": 2, "character": 1}
        )
        client.take(await client.next())
        await editor.answer(documented)
        acted = command(editor, "mirador.action", uri=URI, name="shout", range=area)
        client.take(await client.next())
        await editor.answer(acted)
        unknown = await editor.answer(command(editor, "mirador.action", uri=URI, name="x"))
        nothing = await editor.answer(command(editor, "mirador.action", uri=URI, name="shout"))

    documenting, acting = app.changes
    third = TEXT.index("third") + 1
    assert (documenting.intent, documenting.span) == (Intent.DOCUMENT, Span(third, third))
    assert (acting.intent, acting.question, acting.scope) == (
        Intent.CUSTOM,
        "Shout it.",
        "selection",
    )
    assert acting.span == Span(SECOND, SECOND + 6)
    assert "no action" in unknown["error"]["message"]
    assert "Nothing is selected" in nothing["error"]["message"]


async def test_a_test_file_is_created_and_shown() -> None:
    """The file comes with its text in one edit, and is brought before the user's eyes."""
    app = FakeApp()
    new = "file:///work/test_cart.py"

    async def tests(request: ChangeRequest, emit: EmitChange) -> None:
        made = Patch(
            new,
            "",
            None,
            (Edit(Span(0, 0), "import cart\n"),),
            "Write tests (parses, lints clean)",
            RUNGS,
            Intent.TESTS,
            "small",
            creates=True,
            after="import cart\n",
        )
        emit(ChangeFinished(made, "", 0.1))

    app.change_script = tests
    capabilities = CLIENT | {"window": {"showDocument": {"support": True}}}
    async with fixable(app, capabilities=capabilities) as (editor, client):
        msg_id = command(editor, "mirador.writeTests", uri=URI)
        client.take(await client.next())
        message = await editor.until(lambda m: m.get("method") == "window/showDocument")
        editor.put({"id": message["id"], "result": {"success": True}})
        answer = await editor.answer(msg_id)

    assert answer["result"]["state"] == "applied"
    assert client.texts == {URI: TEXT, new: "import cart\n"}
    assert message["params"]["uri"] == new


@pytest.mark.parametrize("own", [False, True], ids=["elsewhere", "the-code-itself"])
async def test_tests_are_for_the_code_as_it_is(own: bool) -> None:
    """Edits elsewhere do not keep the file back; where the tested code was edited, it is written
    anew.
    """
    app = FakeApp()
    new = "file:///work/test_cart.py"

    async def tests(request: ChangeRequest, emit: EmitChange) -> None:
        line = request.snapshot.lines.full_line_span(request.snapshot.lines.line_of(SECOND))
        made = replace(
            patch(request, []), uri=new, base_hash="", version=None, creates=True, basis=line
        )
        emit(ChangeFinished(replace(made, after="import cart\n"), "", 0.1))

    app.change_script, gates = waiting(tests)
    async with fixable(app) as (editor, client):
        place = {"line": 1, "character": 0}
        msg_id = command(editor, "mirador.writeTests", uri=URI, position=place)
        await eventually(lambda: gates)
        client.type(1 if own else 2, 5, "_")
        await editor.settle()
        gates[0].set()
        if own:
            await eventually(lambda: len(gates) == 2)
            gates[1].set()
        client.take(await client.next())
        answer = await editor.answer(msg_id)

    assert answer["result"]["state"] == "applied"
    assert client.texts[new] == "import cart\n"
    assert len(app.changes) == 1 + own


async def test_a_client_that_creates_no_files_is_told_so() -> None:
    """No model is asked for tests that have nowhere to go."""
    app = FakeApp()
    async with fixable(app, capabilities={"workspace": {"applyEdit": True}}) as (editor, _):
        answer = await editor.answer(command(editor, "mirador.writeTests", uri=URI))

    assert answer["result"]["state"] == "notOffered"
    assert app.changes == []
    assert "creates no files" in shown(editor)[0]


@pytest.mark.parametrize(
    ("language", "text", "place", "after"),
    [
        ("python", "x = eval(y)\n", "eval", "x = eval(y)  # mirador: ignore[model/bug]\n"),
        (
            "go",
            "package a\n\nvar x = 1\n",
            "x",
            "package a\n\nvar x = 1 // mirador: ignore[model/bug]\n",
        ),
        (
            "css",
            "a { color: red }\r\n",
            "red",
            "a { color: red } /* mirador: ignore[model/bug] */\r\n",
        ),
        (
            "python",
            "x = eval(y)  # mirador: ignore[ruff/S307] it is fine\n",
            "eval",
            "x = eval(y)  # mirador: ignore[ruff/S307, model/bug] it is fine\n",
        ),
        (
            "python",
            "def f():\n    x = '''\n  a\n'''\n",
            "x",
            "def f():\n    # mirador: ignore[model/bug]\n    x = '''\n  a\n'''\n",
        ),
    ],
)
async def test_a_finding_is_suppressed_by_a_comment_that_changes_nothing_else(
    language: str, text: str, place: str, after: str
) -> None:
    """In the language's own form; where none can end the line, it stands above."""
    start = text.index(place)
    found = replace(FOUND, span=Span(start, start + len(place)))
    app = FakeApp()
    async with fixable(app, found, text=text, language=language) as (editor, client):
        msg_id = command(editor, "mirador.suppress", uri=URI, findingId="f1")
        client.take(await client.next())
        answer = await editor.answer(msg_id)
        (kept,) = await app.book.about(URI)

    assert answer["result"]["state"] == "applied"
    assert client.texts[URI] == after
    assert (kept.verdict, kept.rule, kept.language) == (Verdict.SUPPRESSED, found.rule, language)


@pytest.mark.parametrize(
    ("language", "text", "place"),
    [
        ("python", "x = '''\na\nb'''\n", "a"),
        ("json", '{"a": 1}\n', "1"),
    ],
)
async def test_where_no_comment_can_stand_nothing_is_edited(
    language: str, text: str, place: str
) -> None:
    """Within a string, and in a language without comments."""
    start = text.index(place)
    found = replace(FOUND, span=Span(start, start + len(place)))
    async with fixable(FakeApp(), found, text=text, language=language) as (editor, _):
        answer = await editor.answer(command(editor, "mirador.suppress", uri=URI, findingId="f1"))

    assert answer["result"]["state"] == "notOffered"
    assert editor.of("workspace/applyEdit") == []
    assert shown(editor)[0].endswith("Dismiss the finding instead.")


def neighbourly(answers: Callable[[Any], Any]) -> tuple[ChangeScript, list[Any]]:
    """A script that asks the neighbours first, and what it was told."""
    told: list[Any] = []

    async def script(request: ChangeRequest, emit: EmitChange) -> None:
        assert request.ask_neighbours is not None
        told.append(await request.ask_neighbours(request.snapshot, "new text"))
        await writing()(request, emit)

    return script, told


async def test_a_client_that_offers_it_is_asked_what_others_say() -> None:
    """Its answer reaches the check; what is ours is left out."""
    app = FakeApp()
    app.change_script, told = neighbourly(lambda _: None)
    capabilities = CLIENT | {"experimental": {"mirador": {"checkDiagnostics": True}}}
    async with fixable(app, capabilities=capabilities) as (editor, client):
        msg_id = command(editor)
        question = await editor.until(lambda m: m.get("method") == "mirador/checkDiagnostics")
        worse = [
            {"message": "`x` is\nunbound", "source": "pyright"},
            {"message": "ours", "source": "mirador"},
            {"message": 7, "source": "odd"},
            {"message": "alone"},
            "odd",
        ]
        editor.put({"id": question["id"], "result": {"asked": True, "worse": worse}})
        client.take(await client.next())
        await editor.answer(msg_id)

    assert question["params"] == {
        "textDocument": {"uri": URI, "version": 1},
        "text": "new text",
    }
    assert told[0].worse == ("pyright: `x` is unbound", "alone")


@pytest.mark.parametrize(
    "result",
    [
        *(None, 7, "x", [], {}, {"asked": False}, {"asked": "yes", "worse": []}, {"asked": True}),
        {"asked": True, "worse": "x"},
        {"asked": True, "worse": 7},
        {"type_name": "0", "asked": True},
    ],
)
async def test_an_answer_about_others_that_cannot_be_read_counts_for_nothing(result: Any) -> None:
    """Nobody could be asked, then; the check goes on without them."""
    app = FakeApp()
    app.change_script, told = neighbourly(lambda _: None)
    capabilities = CLIENT | {"experimental": {"mirador": {"checkDiagnostics": True}}}
    async with fixable(app, capabilities=capabilities) as (editor, client):
        msg_id = command(editor)
        question = await editor.until(lambda m: m.get("method") == "mirador/checkDiagnostics")
        editor.put({"id": question["id"], "result": result})
        client.take(await client.next())
        answer = await editor.answer(msg_id)

    assert told == [None]
    assert answer["result"]["state"] == "applied"


async def test_a_client_that_does_not_offer_it_is_not_asked() -> None:
    """Other servers are a rung that is left out there."""
    app = FakeApp()
    async with fixable(app) as (editor, client):
        msg_id = command(editor)
        client.take(await client.next())
        await editor.answer(msg_id)

    assert app.changes[0].ask_neighbours is None


def test_what_is_no_object_says_nothing_about_others() -> None:
    """The reader takes whatever pygls makes of an answer."""
    assert read(object()) is None


async def test_an_action_that_changes_nothing_is_answered_in_words(tmp_path: Path) -> None:
    """It goes the way of explanations: its prompt is the question, a page shows the answer."""
    prompt = tmp_path / "haiku.md"
    prompt.write_text("Say it as a haiku.\n")

    def load(**said: Any) -> Loaded:
        loaded = load_defaults(**said)
        own = ActionSettings(name="haiku", title="As a haiku", prompt=str(prompt))
        return replace(loaded, settings=replace(loaded.settings, actions=(own,)))

    app = FakeApp()
    async with fixable(app, load=load) as (editor, _):
        answer = await editor.answer(command(editor, "mirador.action", uri=URI, name="haiku"))

    (request,) = app.asked
    assert (request.topic, request.question) == (Topic.CUSTOM, "Say it as a haiku.")
    assert answer["result"]["state"] == "finished"
    assert answer["result"]["text"] == "It adds up."
    assert app.changes == []
