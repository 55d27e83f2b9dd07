"""Jobs: one of a kind for a document, stopped in every way there is, and heard no more then."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from fakes.app import FakeApp
from fakes.editor import URI, Editor, eventually, load_defaults, ready
from mirador_lsp.core.changes import Attempted, ChangeFinished, ChangeStarted, Rung
from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.core.events import StageStarted
from mirador_lsp.server.jobs import Emit, Ending, Job, JobEvent, Kind
from mirador_lsp.settings import Loaded
from mirador_lsp.settings.settings import ReviewSettings

SHOWS = {"window": {"workDoneProgress": True}}
OTHER = "file:///work/other.py"


class Work:
    """Work that says it has begun and goes on until it is told to end or cancelled."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.cancelled = False
        self.emit: Emit = lambda _: None

    async def __call__(self, emit: Emit) -> None:
        self.emit = emit
        emit(ChangeStarted("cart.py: fix it"))
        emit(StageStarted("deep", "big-model", "a test", 1))
        self.begun.set()
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


def job(kind: Kind = "fix", uri: str = URI) -> Job:
    """A job about a document."""
    return Job(kind, f"{kind} cart.py", uri)


@asynccontextmanager
async def working(
    editor: Editor, work: Work, what: Job | None = None
) -> AsyncIterator[asyncio.Task[Ending]]:
    """A job that runs; what is left of it afterwards is cancelled."""
    async with asyncio.TaskGroup() as group:
        running = group.create_task(editor.server.jobs.run(what or job(), work))
        await work.begun.wait()
        yield running
        editor.server.jobs.cancel()


async def test_a_job_ends_as_its_work_does() -> None:
    """Finished work is finished; what it says reaches the listeners in order."""
    heard: list[JobEvent] = []
    async with ready(FakeApp()) as editor:
        work = Work()
        work.may_end.set()
        ending = await editor.server.jobs.run(job(), work, heard.append)
        assert ending is Ending.FINISHED
        assert [type(event) for event in heard] == [ChangeStarted, StageStarted]
        assert editor.server.jobs.running() == ()


async def test_a_newer_job_of_the_same_kind_and_document_supersedes() -> None:
    """Other kinds and other documents go on."""
    async with ready(FakeApp()) as editor:
        first, other, elsewhere, second = Work(), Work(), Work(), Work()
        async with (
            working(editor, first) as old,
            working(editor, other, job("tests")),
            working(editor, elsewhere, job(uri=OTHER)),
            working(editor, second),
        ):
            assert await old is Ending.STOPPED
            assert first.cancelled
            assert [(j.kind, j.uri) for j in editor.server.jobs.running()] == [
                ("tests", URI),
                ("fix", OTHER),
                ("fix", URI),
            ]


async def test_a_stopped_job_is_heard_no_more() -> None:
    """What it says while it unwinds is about a job that the user gave up."""
    heard: list[JobEvent] = []
    async with ready(FakeApp()) as editor:

        async def talks_on(emit: Emit) -> None:
            emit(ChangeStarted("cart.py"))
            try:
                await asyncio.Event().wait()
            finally:
                emit(ChangeFinished(None, "too late", 0.0))

        async with asyncio.TaskGroup() as group:
            running = group.create_task(editor.server.jobs.run(job(), talks_on, heard.append))
            await eventually(lambda: heard)
            assert editor.server.jobs.cancel(URI) == 1
            assert await running is Ending.STOPPED
        assert [type(event) for event in heard] == [ChangeStarted]


async def test_jobs_are_cancelled_by_document_or_all() -> None:
    """The count is of those that were stopped; a second time there is nothing to stop."""
    async with ready(FakeApp()) as editor:
        one, two = Work(), Work()
        async with working(editor, one), working(editor, two, job(uri=OTHER)):
            assert editor.server.jobs.cancel("file:///nothing.py") == 0
            assert editor.server.jobs.cancel(OTHER) == 1
            assert editor.server.jobs.cancel(OTHER) == 0
            assert editor.server.jobs.cancel() == 1
        assert one.cancelled
        assert two.cancelled


async def test_cancelling_who_waits_stops_the_work() -> None:
    """`$/cancelRequest` cancels the task of the request, and so the model."""
    async with ready(FakeApp()) as editor:
        work = Work()
        async with working(editor, work) as running:
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
        assert work.cancelled


async def test_closing_a_document_stops_what_would_change_it() -> None:
    """Fixes, documentation, tests and actions stop; explanations and answers go on."""
    async with ready(FakeApp()) as editor:
        fix, explain = Work(), Work()
        editor.open("x = 1\n")
        async with working(editor, fix) as running, working(editor, explain, job("explain")):
            editor.close()
            assert await running is Ending.STOPPED
            assert [j.kind for j in editor.server.jobs.running()] == ["explain"]


async def test_shutdown_waits_until_the_model_is_let_go() -> None:
    """`shutdown` is answered when no job runs any more."""
    async with ready(FakeApp()) as editor:
        work = Work()
        async with working(editor, work):
            await editor.ask("shutdown")
            assert work.cancelled


async def test_an_error_is_one_message() -> None:
    """A `MiradorError` is told with its remedy; the job failed, the server goes on."""

    async def fails(emit: Emit) -> None:
        message = "No model is installed."
        raise ModelUnavailable(message, remedy="Install one.")

    async with ready(FakeApp()) as editor:
        assert await editor.server.jobs.run(job(), fails) is Ending.FAILED
        texts = [m["params"]["message"] for m in editor.of("window/showMessage")]
        assert texts == ["Mirador: No model is installed. Install one."]


async def test_a_defect_reaches_the_border() -> None:
    """What nobody foresaw is not taken for an ending."""

    async def broken(emit: Emit) -> None:
        raise ZeroDivisionError

    async with ready(FakeApp()) as editor:
        with pytest.raises(ZeroDivisionError):
            await editor.server.jobs.run(job(), broken)
        assert editor.server.jobs.running() == ()


async def test_a_job_has_a_bar_that_names_its_attempts() -> None:
    """The bar appears at once, says how each attempt went, and ends with the outcome."""
    async with ready(FakeApp(), SHOWS) as editor:
        work = Work()
        async with working(editor, work):
            wish = await editor.until(lambda m: m.get("method") == "window/workDoneProgress/create")
            editor.put({"id": wish["id"], "result": None})
            await editor.until(lambda m: m.get("method") == "$/progress")
            work.emit(Attempted(1, (Rung.APPLIES,), Rung.PARSES, "A bracket is missing."))
            await editor.until(
                lambda m: (
                    m.get("method") == "$/progress"
                    and m["params"]["value"].get("message")
                    == "attempt 1: parses: A bracket is missing."
                )
            )
            work.emit(ChangeFinished(None, "It cannot be fixed.", 0.1))
            work.may_end.set()
        end = editor.of("$/progress")[-1]["params"]["value"]
        assert end == {"kind": "end", "message": "It cannot be fixed."}


async def test_the_clients_own_token_is_used_and_can_be_cancelled() -> None:
    """No bar of ours is created beside it; its cancel button stops the work all the same."""
    async with ready(FakeApp(), SHOWS) as editor:
        work = Work()
        async with asyncio.TaskGroup() as group:
            run = editor.server.jobs.run(job(), work, work_done_token="mine")
            running = group.create_task(run)
            await work.begun.wait()
            editor.notify("window/workDoneProgress/cancel", {"token": "mine"})
            assert await running is Ending.STOPPED
        tokens = {m["params"]["token"] for m in editor.of("$/progress")}
        assert tokens == {"mine"}
        assert editor.of("window/workDoneProgress/create") == []


async def test_new_settings_stop_jobs_before_the_application_closes() -> None:
    """A job that began under the old settings must not ask an application that is gone."""
    async with ready(FakeApp()) as editor:
        work = Work()
        async with working(editor, work) as running:
            editor.server.load = lambda **_: _other_settings()
            editor.notify("workspace/didChangeConfiguration", {"settings": {"a": 1}})
            assert await running is Ending.STOPPED


def _other_settings() -> Loaded:
    loaded = load_defaults()
    return replace(loaded, settings=replace(loaded.settings, review=ReviewSettings(gate=0.9)))
