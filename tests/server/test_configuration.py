"""Where settings come from in an editor, and what happens when they change."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes.app import FakeApp, clean, endless
from fakes.editor import PATIENCE, URI, Editor, connected, eventually, ready
from mirador_lsp.core.events import Emit
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.settings import Loaded, Problem, Settings, paths

PULLS = {"workspace": {"configuration": True}}


class Loader:
    """Settings whose gate is what the editor says it is."""

    def __init__(self, problems: tuple[Problem, ...] = (), *, review_on_open: bool = True) -> None:
        self.problems = problems
        self.review_on_open = review_on_open
        self.said: list[dict[str, Any]] = []

    def __call__(self, **said: Any) -> Loaded:
        self.said.append(said)
        settings = Settings()
        server = replace(settings.server, review_on_open=self.review_on_open)
        settings = replace(settings, server=server)
        editor = said["editor"]
        if isinstance(editor, Mapping) and "gate" in editor:
            settings = replace(settings, review=replace(settings.review, gate=editor["gate"]))
        return Loaded(settings, self.problems, paths({}))


def gate(editor: Editor) -> float:
    """The gate that holds now."""
    return editor.server.settings.review.gate


async def test_initialization_options_are_settings() -> None:
    """What the client sends with `initialize` holds, with or without the key "mirador"."""
    for sent in ({"gate": 0.7}, {"mirador": {"gate": 0.7}, "other": 1}):
        async with connected(FakeApp(), Loader()) as editor:
            await editor.initialize(initializationOptions=sent)
            await editor.settled()
            assert gate(editor) == 0.7


async def test_the_client_is_asked_where_it_answers() -> None:
    """A client with `workspace/configuration` is asked for our section before the first review."""
    app = FakeApp()
    async with connected(app, Loader()) as editor:
        await editor.initialize(PULLS)
        editor.open("x = 1\n")
        asked = await editor.until(lambda m: m.get("method") == "workspace/configuration")
        assert asked["params"]["items"] == [{"section": "mirador"}]
        assert app.requests == []
        editor.put({"id": asked["id"], "result": [{"gate": 0.8}]})
        await editor.diagnostics(lambda p: True)
        assert app.requests[0].policy.gate == 0.8


async def test_a_client_that_declines_to_answer_gets_defaults() -> None:
    """An error instead of settings is no reason not to start."""
    async with connected(FakeApp(), Loader()) as editor:
        await editor.initialize(PULLS)
        asked = await editor.until(lambda m: m.get("method") == "workspace/configuration")
        editor.put({"id": asked["id"], "error": {"code": -32601, "message": "no"}})
        await editor.settled()
        assert gate(editor) == Settings().review.gate


async def test_an_unreadable_answer_gets_defaults() -> None:
    """An answer of the wrong shape ends the question instead of leaving it open for ever."""
    async with connected(FakeApp(), Loader()) as editor:
        await editor.initialize(PULLS)
        asked = await editor.until(lambda m: m.get("method") == "workspace/configuration")
        editor.put({"id": asked["id"], "error": "no"})
        await editor.settled()


async def test_changed_settings_reopen_and_review_again() -> None:
    """New settings stop what ran under the old ones; what is open is reviewed under the new."""
    app = FakeApp(endless)
    async with ready(app, load=Loader()) as editor:
        editor.open("x = 1\n")
        await eventually(lambda: len(app.requests) == 1)
        editor.notify("workspace/didChangeConfiguration", {"settings": {"mirador": {"gate": 0.9}}})
        await eventually(lambda: len(app.requests) == 2)
        assert len(app.cancelled) == 1
        assert (len(app.opened), app.closed) == (2, 1)
        assert app.requests[1].policy.gate == 0.9


@pytest.mark.parametrize("asked", ["save", "command"])
async def test_changed_settings_begin_again_what_they_stopped(asked: str) -> None:
    """With `review_on_open = false` too, a review that a save or a command began is not lost."""
    app = FakeApp(endless)
    async with ready(app, load=Loader(review_on_open=False)) as editor:
        editor.open("x = 1\n")
        editor.open("y = 1\n", uri="file:///work/other.py")
        if asked == "save":
            editor.save()
        else:
            wish = {"uri": URI, "stages": ["deep"]}
            review = {"command": "mirador.reviewFile", "arguments": [wish]}
            editor.request("workspace/executeCommand", review)
        await eventually(lambda: len(app.requests) == 1)
        editor.notify("workspace/didChangeConfiguration", {"settings": {"mirador": {"gate": 0.9}}})
        await eventually(lambda: len(app.requests) == 2)
        first, second = app.requests
        assert second.policy.gate == 0.9
        assert second.snapshot == first.snapshot
        assert (second.trigger, second.policy.stages) == (first.trigger, first.policy.stages)
        await editor.settle()
        assert [run.snapshot.uri for run in editor.server.session.runs()] == [URI]


async def test_what_is_saved_before_the_settings_are_known_is_reviewed_after() -> None:
    """A save is not lost while the client is asked for its settings; one of a document that was
    closed meanwhile, and one that was cancelled, is.
    """
    app = FakeApp()
    async with connected(app, Loader(review_on_open=False)) as editor:
        await editor.initialize(PULLS)
        uris = [URI, "file:///work/closed.py", "file:///work/cancelled.py"]
        for uri in uris:
            editor.open("x = 1\n", uri=uri)
            editor.save(uri=uri)
        editor.close(uris[1])
        cancel = {"command": "mirador.cancel", "arguments": [uris[2]]}
        answer = await editor.ask("workspace/executeCommand", cancel)
        assert answer["result"] == {"cancelled": 1}
        asked = await editor.until(lambda m: m.get("method") == "workspace/configuration")
        editor.put({"id": asked["id"], "result": [{}]})
        await editor.diagnostics(lambda p: True)
        await editor.settle()
        assert [(r.snapshot.uri, r.trigger) for r in app.requests] == [(URI, Trigger.SAVE)]


async def test_a_save_while_the_application_closes_waits_for_the_next() -> None:
    """Reviews that were superseded are waited for before the application closes, and none begins
    on it once it is about to.
    """
    unwinding, let_go = asyncio.Event(), asyncio.Event()
    open_at_the_end: list[bool] = []

    async def slow_to_stop(request: ReviewRequest, emit: Emit) -> None:
        try:
            await endless(request, emit)
        finally:
            unwinding.set()
            await let_go.wait()
            open_at_the_end.append(app.closed == 0)

    app = FakeApp(slow_to_stop)
    async with ready(app, load=Loader()) as editor:
        editor.open("x = 1\n")
        await eventually(lambda: len(app.requests) == 1)
        app.script = clean
        editor.save("x = 2\n")
        await eventually(lambda: len(app.requests) == 2)
        await asyncio.wait_for(unwinding.wait(), PATIENCE)
        editor.notify("workspace/didChangeConfiguration", {"settings": {"mirador": {"gate": 0.9}}})
        await eventually(lambda: not editor.server.settled.is_set())
        editor.save("x = 3\n")
        await editor.settle()
        assert len(app.requests) == 2
        let_go.set()
        await eventually(lambda: len(app.requests) == 3)
        assert open_at_the_end == [True]
        assert app.closed == 1
        assert (app.requests[2].snapshot.text, app.requests[2].policy.gate) == ("x = 3\n", 0.9)


async def test_settings_that_change_while_the_session_ends_open_nothing() -> None:
    """After `shutdown` no application is opened and no review begins."""
    unwinding, let_go = asyncio.Event(), asyncio.Event()

    async def slow_to_stop(request: ReviewRequest, emit: Emit) -> None:
        try:
            await endless(request, emit)
        finally:
            unwinding.set()
            await let_go.wait()

    app = FakeApp(slow_to_stop)
    async with ready(app, load=Loader()) as editor:
        editor.open("x = 1\n")
        await eventually(lambda: len(app.requests) == 1)
        editor.notify("workspace/didChangeConfiguration", {"settings": {"mirador": {"gate": 0.9}}})
        await asyncio.wait_for(unwinding.wait(), PATIENCE)
        asked = editor.request("shutdown")
        await editor.settle()
        let_go.set()
        assert (await editor.answer(asked))["result"] is None
        await eventually(lambda: app.closed == 1)
    assert (len(app.opened), len(app.requests)) == (1, 1)


async def test_the_same_settings_disturb_nothing() -> None:
    """A change that changes nothing leaves the running review alone."""
    app = FakeApp(endless)
    async with ready(app, load=Loader()) as editor:
        editor.open("x = 1\n")
        await eventually(lambda: len(app.requests) == 1)
        editor.notify("workspace/didChangeConfiguration", {"settings": {"mirador": {}}})
        await editor.settle()
        await editor.settle()
        assert app.cancelled == []
        assert len(app.opened) == 1


async def test_problems_are_logged_each_and_shown_once() -> None:
    """Every problem is a line in the log; one pop-up a session says that there are some."""
    problem = Problem("the editor", "review.gate", "must be a number", "Write one.")
    async with ready(FakeApp(), load=Loader((problem, problem))) as editor:
        editor.notify("workspace/didChangeConfiguration", {"settings": {"mirador": {"gate": 0.9}}})
        await eventually(lambda: gate(editor) == 0.9)
        shown = [m["params"]["message"] for m in editor.of("window/showMessage")]
        assert shown == [
            "Mirador: 2 settings were not used. Mirador's log in the editor says which and why."
        ]
        logged = [m["params"]["message"] for m in editor.of("window/logMessage")]
        assert logged.count("settings: the editor: review.gate must be a number. Write one.") == 4


async def test_an_empty_table_of_lua_is_no_settings() -> None:
    """Such an editor sends it as a list, also where an object is meant."""
    load = Loader()
    async with ready(FakeApp(), load=load) as editor:
        editor.notify("workspace/didChangeConfiguration", {"settings": {"mirador": {"gate": 0.9}}})
        await eventually(lambda: gate(editor) == 0.9)
        editor.notify("workspace/didChangeConfiguration", {"settings": {"mirador": []}})
        await eventually(lambda: gate(editor) != 0.9)
        assert load.said[-1]["editor"] is None


async def test_the_server_asks_to_be_told_of_changes() -> None:
    """Where the client registers on request, our section and the workspace file are watched."""
    abilities = {
        "workspace": {
            "didChangeConfiguration": {"dynamicRegistration": True},
            "didChangeWatchedFiles": {"dynamicRegistration": True},
        }
    }
    loader = Loader()
    async with ready(FakeApp(), abilities, loader) as editor:
        wish = await editor.until(lambda m: m.get("method") == "client/registerCapability")
        editor.put({"id": wish["id"], "result": None})
        methods = [r["method"] for r in wish["params"]["registrations"]]
        assert methods == ["workspace/didChangeConfiguration", "workspace/didChangeWatchedFiles"]
        read = len(loader.said)
        editor.notify(
            "workspace/didChangeWatchedFiles",
            {"changes": [{"uri": "file:///work/.mirador.toml", "type": 2}]},
        )
        await eventually(lambda: len(loader.said) > read)


async def test_the_first_folder_is_the_workspace_and_folders_change() -> None:
    """Settings are read from the first workspace folder that is on this machine's disk."""
    loader = Loader()
    folders = [
        {"uri": "vscode-remote://x/y", "name": "far"},
        {"uri": "file:///work", "name": "near"},
    ]
    app = FakeApp()
    async with connected(app, loader) as editor:
        await editor.initialize(workspaceFolders=folders)
        await editor.settled()
        assert loader.said[-1]["workspace"] == Path("/work")
        assert loader.said[-1]["editor_vouches"] is False
        event = {
            "added": [{"uri": "file:///other", "name": "o"}],
            "removed": [{"uri": "file:///work", "name": "near"}],
        }
        editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        await eventually(lambda: loader.said[-1]["workspace"] == Path("/other"))


async def test_a_client_may_vouch_for_its_settings() -> None:
    """Only a declaration in the capabilities, which no settings file can make, counts."""
    loader = Loader()
    vouching = {"experimental": {"mirador": {"vouchesForSettings": True}}}
    async with ready(FakeApp(), vouching, loader):
        assert loader.said[-1]["editor_vouches"] is True


async def test_status_command_shows_the_health() -> None:
    """`mirador.status` answers with the checks of the doctor."""
    async with ready(FakeApp()) as editor:
        editor.open("x = 1\n")
        answer = await editor.ask("workspace/executeCommand", {"command": "mirador.status"})
        result = answer["result"]
        assert result["open"] == 1
        assert result["checks"] == [
            {"name": "models", "health": "ok", "detail": "one is installed", "remedy": ""}
        ]


async def test_review_command_answers_with_the_outcome_and_cancel_stops_it() -> None:
    """`mirador.reviewFile` answers when done; `mirador.cancel` stops it, and it says so."""
    app = FakeApp()
    async with ready(app) as editor:
        editor.open("x = 1\n", version=3)
        wish = {"uri": URI, "stages": ["instant"], "lenses": ["bug"]}
        asked = {"command": "mirador.reviewFile", "arguments": [wish]}
        answer = (await editor.ask("workspace/executeCommand", asked))["result"]
        assert (answer["state"], answer["version"], answer["findings"]) == ("finished", 3, 0)
        assert app.requests[-1].policy.stages == ("instant",)
        app.script = endless
        running = editor.request("workspace/executeCommand", asked)
        await eventually(lambda: editor.server.session.run_of(URI) is not None)
        cancel = await editor.ask("workspace/executeCommand", {"command": "mirador.cancel"})
        assert cancel["result"] == {"cancelled": 1}
        assert (await editor.answer(running))["result"]["state"] == "stopped"


async def test_review_command_names_what_is_wrong_with_it() -> None:
    """A document that is not open, and a stage that does not exist, are said with a remedy."""
    async with ready(FakeApp()) as editor:
        for wish in ("file:///nowhere.py", {"uri": URI, "stages": ["fast"]}):
            editor.open("x = 1\n")
            answer = await editor.ask(
                "workspace/executeCommand", {"command": "mirador.reviewFile", "arguments": [wish]}
            )
            assert answer["error"]["code"] == -32803
