"""What is explained before anybody asks: only while all is quiet, and it gives way to anything."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from fakes.app import FakeApp, answering, endless, never_said, said
from fakes.editor import URI, Editor, eventually, insert, ready
from mirador_lsp.core.answers import AnswerFinished, AnswerRequest, AnswerStarted, EmitAnswer
from mirador_lsp.core.dialogue import Priority
from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.text import Span
from mirador_lsp.settings import Loaded, Settings, paths
from mirador_lsp.settings.settings import EngineSettings, ServerSettings

CODE = "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(12))
HERE = {"textDocument": {"uri": URI}, "position": {"line": 20, "character": 5}}
DEFAULTS = Loaded(Settings(), (), paths({}))


@asynccontextmanager
async def watching(
    app: FakeApp, quiet: float = 0.0, load: Callable[..., Loaded] = lambda **_: DEFAULTS
) -> AsyncIterator[Editor]:
    """An editor whose server explains ahead after `quiet` seconds."""
    async with ready(app, load=load) as editor:
        editor.server.ahead.quiet = quiet
        yield editor


def remembers(app: FakeApp) -> None:
    """Let the application know what it has answered, as the engine does."""
    script = app.answer_script

    async def answer(request: AnswerRequest, emit: EmitAnswer) -> None:
        await script(request, emit)
        app.known[symbol(request)] = said(stage=request.policy.stages[-1])

    app.answer_script = answer


def symbol(request: AnswerRequest) -> str:
    """The function a question is about."""
    assert request.span is not None
    at = request.span.start
    return request.snapshot.text[at:].split("(")[0].removeprefix("def ")


async def test_the_symbols_around_the_cursor_are_explained_nearest_first() -> None:
    """One after the other, at idle priority, with the first model stage; at last the one at the
    cursor with every stage. Then there is nothing left to do.
    """
    app = FakeApp()
    remembers(app)
    async with watching(app) as editor:
        editor.open(CODE)
        await editor.ask("textDocument/hover", HERE)
        await eventually(lambda: len(app.asked) == 9)
        await eventually(lambda: not editor.server.ahead.running)
        assert [symbol(r) for r in app.asked[:4]] == ["f5", "f4", "f6", "f3"]
        assert {r.priority for r in app.asked} == {Priority.SPECULATION}
        assert {r.policy.stages for r in app.asked[:8]} == {("instant", "quick")}
        assert symbol(app.asked[8]) == "f5"
        assert app.asked[8].policy.stages == ("instant", "quick", "deep")
        await editor.ask("textDocument/hover", HERE)
        await eventually(lambda: not editor.server.ahead.running)
        assert len(app.asked) == 9
        assert editor.server.ahead.figures.explained == 9


async def test_the_code_around_the_cursor_is_read_first() -> None:
    """A model reads what the next question begins with, before anything is explained."""
    app = FakeApp()
    order: list[str] = []

    async def explains(request: AnswerRequest, emit: EmitAnswer) -> None:
        order.append("read" if app.read else "not read")
        app.known[symbol(request)] = said(stage=request.policy.stages[-1])
        emit(AnswerFinished(None, 0.0))

    app.answer_script = explains
    async with watching(app) as editor:
        editor.open(CODE)
        await editor.ask("textDocument/hover", HERE)
        await eventually(lambda: app.asked)
        snapshot, cursor = app.read[0]
        assert snapshot.text[cursor:].startswith("def f5")
        assert order[0] == "read"
        assert editor.server.ahead.figures.read == len(app.read)


@pytest.mark.parametrize("prewarm", [True, False])
async def test_without_explanations_the_code_may_still_be_read(prewarm: bool) -> None:
    """Either of the two can be turned off alone."""
    settings = Settings(
        server=ServerSettings(explain_ahead=False), engine=EngineSettings(prewarm=prewarm)
    )
    app = FakeApp()
    async with watching(app, load=lambda **_: Loaded(settings, (), paths({}))) as editor:
        editor.open(CODE)
        await editor.ask("textDocument/hover", HERE)
        if prewarm:
            await eventually(lambda: app.read)
            await eventually(lambda: not editor.server.ahead.running)
        await editor.settle()
        assert bool(app.read) is prewarm
        assert app.asked == []


async def test_the_first_model_is_loaded_when_the_server_starts() -> None:
    """Once, before anything is opened."""
    app = FakeApp()
    async with watching(app, quiet=3600):
        await eventually(lambda: app.loaded)
    assert (app.warmed, app.loaded) == (1, 1)


async def test_nothing_is_done_before_all_is_quiet() -> None:
    """While the quiet time has not passed, no model is asked."""
    app = FakeApp()
    async with watching(app, quiet=3600) as editor:
        editor.open(CODE)
        await editor.ask("textDocument/hover", HERE)
        await editor.settle()
        assert not editor.server.ahead.running
        assert app.asked == []


async def test_looking_around_puts_nothing_off() -> None:
    """A pointer that moves over code asks for hovers again and again; the work begins all the same,
    at the time that was set.
    """
    app = FakeApp()
    async with watching(app, quiet=3600) as editor:
        editor.open(CODE)
        await editor.ask("textDocument/hover", HERE)
        first = editor.server.ahead.begins
        for _ in range(3):
            await editor.ask("textDocument/hover", HERE)

        assert first is not None
        assert editor.server.ahead.begins == first


def did_open(editor: Editor) -> None:
    """Open another document."""
    editor.open("x = 1\n", uri="file:///work/other.py")


def did_change(editor: Editor) -> None:
    """Type."""
    editor.change(insert(0, 0, "#"), version=2)


def did_save(editor: Editor) -> None:
    """Save."""
    editor.save()


def command(editor: Editor) -> None:
    """Run a command."""
    editor.request("workspace/executeCommand", {"command": "mirador.status"})


def explain(editor: Editor) -> None:
    """Ask for an explanation."""
    editor.request("mirador/explain", HERE)


@pytest.mark.parametrize("act", [did_open, did_change, did_save, command, explain])
async def test_whatever_the_user_does_stops_it(act: Callable[[Editor], None]) -> None:
    """The model that works ahead is stopped at once, and the work is taken up again later."""
    app = FakeApp()
    app.answer_script = never_said
    async with watching(app) as editor:
        editor.open(CODE)
        await editor.ask("textDocument/hover", HERE)
        await eventually(lambda: len(app.asked) == 1)
        editor.server.ahead.quiet = 3600
        app.answer_script = answering()
        act(editor)
        await eventually(lambda: len(app.stopped) == 1)
        assert app.stopped[0].priority is Priority.SPECULATION
        assert editor.server.ahead.figures.stopped == 1
        assert not editor.server.ahead.running
        await eventually(lambda: not editor.server.jobs.running())
        editor.server.ahead.quiet = 0.0
        before = len(app.asked)
        editor.server.ahead.pause()
        await eventually(lambda: len(app.asked) > before)
        assert app.asked[before].priority is Priority.SPECULATION


@pytest.mark.parametrize("act", [did_open, did_change, did_save, command, explain])
async def test_whatever_the_user_does_stops_a_model_from_reading_ahead(
    act: Callable[[Editor], None],
) -> None:
    """The prefix that nobody has asked for is given up at once."""
    app = FakeApp()
    async with watching(app, quiet=3600) as editor:
        await eventually(lambda: app.loaded)
        editor.open(CODE)
        await editor.ask("textDocument/hover", HERE)
        app.warms.clear()
        editor.server.ahead.quiet = 0.0
        editor.server.ahead.pause()
        await eventually(lambda: app.read)
        editor.server.ahead.quiet = 3600
        act(editor)
        await eventually(lambda: app.gave_way == ["read"])


@pytest.mark.parametrize("act", [did_open, command])
async def test_whatever_the_user_does_stops_a_model_from_loading(
    act: Callable[[Editor], None],
) -> None:
    """The load at the start gives way; the first quiet moment brings the model all the same."""
    app = FakeApp()
    app.warms.clear()
    async with watching(app, quiet=3600) as editor:
        await eventually(lambda: app.loaded)
        act(editor)
        await eventually(lambda: app.gave_way == ["start"])


async def test_the_model_that_is_likely_next_is_loaded_for_the_language_in_view() -> None:
    """After the code was read, while all is quiet; whatever the user does stops that, too."""
    app = FakeApp()
    async with watching(app, quiet=3600) as editor:
        await eventually(lambda: app.loaded)
        editor.open(CODE)
        await editor.ask("textDocument/hover", HERE)
        editor.server.ahead.quiet = 0.0
        editor.server.ahead.pause()
        await eventually(lambda: app.asked)
        assert app.expected == ["python"]


async def test_what_the_user_asks_does_not_wait_for_it() -> None:
    """An explanation is begun before the one that was made ahead has let go of its model."""
    letting_go, gone = asyncio.Event(), asyncio.Event()

    async def clings(request: AnswerRequest, emit: EmitAnswer) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            letting_go.set()
            await gone.wait()
            raise

    app = FakeApp()
    app.answer_script = clings
    async with watching(app) as editor:
        editor.open(CODE)
        await editor.ask("textDocument/hover", HERE)
        await eventually(lambda: len(app.asked) == 1)
        editor.server.ahead.quiet = 3600
        app.answer_script = answering()
        answer = await editor.ask("mirador/explain", HERE)
        assert answer["result"]["state"] == "finished"
        assert letting_go.is_set()
        assert app.stopped == []
        gone.set()


async def test_it_waits_for_reviews_and_jobs() -> None:
    """While the user waits for a review, nothing is explained ahead; after it, it is."""
    app = FakeApp(endless)
    async with watching(app) as editor:
        editor.open(CODE)
        await eventually(lambda: app.requests)
        await editor.ask("textDocument/hover", HERE)
        await eventually(lambda: editor.server.outlines.known(app.requests[0].snapshot))
        for _ in range(20):
            await editor.settle()
        assert app.asked == []
        editor.server.session.cancel(URI)
        await eventually(lambda: app.asked)


@pytest.mark.parametrize("why", ["off", "no model"])
async def test_it_is_not_done_where_it_cannot_or_shall_not(why: str) -> None:
    """Off by its setting, and without a model, nobody is asked."""
    app = FakeApp()
    app.models = why != "no model"
    server = replace(Settings().server, explain_ahead=why != "off")
    loaded = replace(DEFAULTS, settings=replace(Settings(), server=server))
    async with watching(app, load=lambda **_: loaded) as editor:
        editor.open(CODE)
        await editor.ask("textDocument/hover", HERE)
        await eventually(lambda: not editor.server.ahead.running)
        for _ in range(20):
            await editor.settle()
        assert app.asked == []


async def test_failures_are_counted_and_backed_off_from() -> None:
    """A model that fails is not asked again at once; nobody is bothered with it."""

    async def fails(request: AnswerRequest, emit: EmitAnswer) -> None:
        if len(app.asked) == 1:
            emit(AnswerStarted("f5", Span(0, 1), ()))
            emit(AnswerFinished(None, 0.1, (Notice(NoticeKind.UNAVAILABLE, "It is gone."),)))
            return
        message = "It crashed."
        raise ModelUnavailable(message)

    app = FakeApp()
    app.answer_script = fails
    async with watching(app) as editor:
        ahead = editor.server.ahead
        editor.open(CODE)
        await editor.ask("textDocument/hover", HERE)
        await eventually(lambda: ahead.figures.failed == 1)
        assert ahead.figures.reason == "It is gone."
        await eventually(lambda: not ahead.running)
        await editor.ask("textDocument/hover", HERE)
        for _ in range(20):
            await editor.settle()
        assert len(app.asked) == 1
        ahead.allow(Settings())
        await eventually(lambda: ahead.figures.failed == 2)
        assert ahead.figures.reason == "It crashed."
        assert editor.of("window/showMessage") == []


async def test_new_settings_wait_for_it_to_let_go() -> None:
    """Before the application is closed, the model that works ahead is stopped."""
    app = FakeApp()
    app.answer_script = never_said
    now: list[Any] = [DEFAULTS]
    async with watching(app, load=lambda **_: now[0]) as editor:
        editor.open(CODE)
        await editor.ask("textDocument/hover", HERE)
        await eventually(lambda: len(app.asked) == 1)
        server = replace(Settings().server, explain_ahead=False)
        engine = replace(Settings().engine, prewarm=False)
        now[0] = replace(DEFAULTS, settings=replace(Settings(), server=server, engine=engine))
        editor.notify("workspace/didChangeConfiguration", {"settings": {"a": 1}})
        await eventually(lambda: app.closed == 1)
        assert len(app.stopped) == 1
        await eventually(lambda: len(app.opened) == 2)
        assert not editor.server.ahead.running
