"""Registrations follow what the client lets us, the settings, and the models there are."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from fakes.app import FakeApp
from fakes.commands import command
from fakes.editor import Editor, connected, load_defaults
from mirador_lsp.settings import Loaded

DYNAMIC = {"dynamicRegistration": True}
ALL = {
    "textDocument": {
        "codeLens": DYNAMIC,
        "codeAction": {**DYNAMIC, "codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}},
        "diagnostic": DYNAMIC,
    },
    "workspace": {
        "didChangeConfiguration": DYNAMIC,
        "didChangeWatchedFiles": DYNAMIC,
        "diagnostics": {"refreshSupport": True},
        "textDocumentContent": DYNAMIC,
    },
}


class Wanted:
    """Settings that a test changes while the session runs."""

    def __init__(self) -> None:
        self.lenses = True

    def __call__(self, **said: Any) -> Loaded:
        loaded = load_defaults(**said)
        server = replace(loaded.settings.server, code_lens=self.lenses)
        return replace(loaded, settings=replace(loaded.settings, server=server))


@asynccontextmanager
async def session(
    app: FakeApp, wanted: Wanted, capabilities: Any = ALL
) -> AsyncIterator[tuple[Editor, Any]]:
    """An editor, and what `initialize` was answered."""
    async with connected(app, wanted) as editor:
        answer = await editor.initialize(capabilities)
        yield editor, answer["result"]["capabilities"]


async def asked(editor: Editor, method: str, skip: int = 0, *, error: bool = False) -> list[Any]:
    """The next request to register or unregister, answered."""
    said = await editor.until(lambda m: m.get("method") == f"client/{method}", skip=skip)
    answer = {"error": {"code": -32601, "message": "no"}} if error else {"result": None}
    editor.put({"id": said["id"]} | answer)
    key = "registrations" if method == "registerCapability" else "unregisterations"
    listed: list[Any] = said["params"][key]
    return listed


async def test_what_can_be_registered_is_registered_and_not_said_twice() -> None:
    """A method stands in `initialize` or is registered later, never both."""
    async with session(FakeApp(), Wanted()) as (editor, said):
        methods = {each["method"] for each in await asked(editor, "registerCapability")}

        assert methods == {
            "textDocument/codeLens",
            "textDocument/codeAction",
            "textDocument/diagnostic",
            "workspace/didChangeConfiguration",
            "workspace/didChangeWatchedFiles",
            "workspace/textDocumentContent",
        }
        assert {"codeLensProvider", "codeActionProvider", "diagnosticProvider"}.isdisjoint(said)


async def test_a_client_without_registration_is_told_at_the_start() -> None:
    """What it can do stands in `initialize`, and nothing is asked of it later."""
    bare = {
        "textDocument": {"diagnostic": {}},
        "workspace": {"diagnostics": {"refreshSupport": True}},
    }
    async with session(FakeApp(), Wanted(), bare) as (editor, said):
        await editor.settled()
        await editor.settle()

        assert said["diagnosticProvider"]["workspaceDiagnostics"] is False
        assert {"codeLensProvider", "codeActionProvider"} <= said.keys()
        assert editor.of("client/registerCapability") == []


async def test_lenses_go_and_come_with_their_setting() -> None:
    """At run time, without a restart of the server."""
    wanted = Wanted()
    async with session(FakeApp(), wanted) as (editor, _):
        await asked(editor, "registerCapability")
        wanted.lenses = False
        editor.notify("workspace/didChangeConfiguration", {"settings": {"mirador": {"a": 1}}})
        gone = await asked(editor, "unregisterCapability")
        wanted.lenses = True
        editor.notify("workspace/didChangeConfiguration", {"settings": {"mirador": {"a": 2}}})
        back = await asked(editor, "registerCapability", skip=1)

        assert [each["method"] for each in gone] == ["textDocument/codeLens"]
        assert [each["method"] for each in back] == ["textDocument/codeLens"]
        assert gone[0]["id"] == back[0]["id"]


async def test_what_needs_a_model_comes_with_the_first_model() -> None:
    """Without one nothing is rewritten; once there is one, the kinds are registered anew."""
    app = FakeApp()
    app.models = False
    async with session(app, Wanted()) as (editor, _):
        first = await asked(editor, "registerCapability")
        app.models = True
        await editor.settled()
        waiting = editor.request(
            "workspace/executeCommand", {"command": "mirador.restartModels", "arguments": []}
        )
        await asked(editor, "unregisterCapability")
        second = await asked(editor, "registerCapability", skip=1)
        await editor.answer(waiting)

        kinds = [
            each["registerOptions"]["codeActionKinds"]
            for each in (*first, *second)
            if each["method"] == "textDocument/codeAction"
        ]
        assert "refactor.rewrite" not in kinds[0]
        assert "refactor.rewrite" in kinds[1]


async def test_a_client_that_declines_is_left_alone() -> None:
    """What it did not want is not asked of it again."""
    wanted = Wanted()
    async with session(FakeApp(), wanted) as (editor, _):
        await asked(editor, "registerCapability", error=True)
        wanted.lenses = False
        editor.notify("workspace/didChangeConfiguration", {"settings": {"mirador": {"a": 1}}})
        await command(editor, "restartModels")

        assert len(editor.of("client/registerCapability")) == 1
        assert editor.of("client/unregisterCapability") == []
