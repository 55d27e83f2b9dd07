"""The index of each workspace folder, kept going by the server while the session lasts."""

import asyncio
from pathlib import Path

from fakes.app import FakeApp
from fakes.editor import Editor, eventually, ready
from fakes.index import FakeIndex
from mirador_lsp.core.events import Emit
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.core.retrieval import IndexReport

WORK = Path("/work")
FOLDERS = ({"uri": "file:///work", "name": "work"},)
SHOWS = {"window": {"workDoneProgress": True}}


def _indexed(*folders: Path) -> tuple[FakeApp, FakeIndex]:
    """An application with an index of each folder, and the first of them."""
    app = FakeApp()
    for folder in folders or (WORK,):
        app.indexes[folder] = FakeIndex()
    return app, app.indexes[(folders or (WORK,))[0]]


async def test_each_folder_is_followed_after_the_settings_are_read() -> None:
    """The index is asked for what it does as soon as the application is there, and let go of at
    the end.
    """
    app, index = _indexed()
    async with ready(app, folders=FOLDERS):
        await eventually(lambda: index.followers == 1)
    assert index.followers == 0


async def test_folders_that_come_and_go_are_followed() -> None:
    """A folder that is added is kept going from then on, one that is removed no longer."""
    other = Path("/other")
    app, index = _indexed(WORK, other)
    async with ready(app, folders=FOLDERS) as editor:
        await eventually(lambda: index.followers == 1)
        change = {
            "added": [{"uri": "file:///other", "name": "other"}],
            "removed": [{"uri": "file:///work", "name": "work"}],
        }
        editor.notify("workspace/didChangeWorkspaceFolders", {"event": change})
        await eventually(lambda: app.indexes[other].followers == 1)
        await eventually(lambda: index.followers == 0)


async def test_what_the_user_opens_and_saves_is_told() -> None:
    """Opened files come first; saved ones and those that changed on the disk are read again."""
    app, index = _indexed()
    async with ready(app, folders=FOLDERS) as editor:
        await eventually(lambda: index.followers == 1)
        editor.open("x = 1\n", uri="file:///work/pkg/cart.py")
        await eventually(lambda: index.seen == ["pkg/cart.py"])
        editor.save("x = 1\n", uri="file:///work/pkg/cart.py")
        await eventually(lambda: index.told == ["pkg/cart.py"])
        uris = ("file:///work/a.py", "file:///work/b", "file:///elsewhere/c.py", "untitled:d")
        changes = [{"uri": uri, "type": 2} for uri in (*uris, "file:///work/a.py")]
        editor.notify("workspace/didChangeWatchedFiles", {"changes": changes})
        await eventually(lambda: index.told == ["pkg/cart.py", "a.py", "b"])


async def test_a_flood_of_changes_is_a_look_at_everything() -> None:
    """Thousands of changes at once, as when a branch is switched, are not told one by one."""
    app, index = _indexed()
    async with ready(app, folders=FOLDERS) as editor:
        await eventually(lambda: index.followers == 1)
        changes = [{"uri": f"file:///work/f{number}.py", "type": 1} for number in range(2500)]
        editor.notify("workspace/didChangeWatchedFiles", {"changes": changes})
        await eventually(lambda: index.builds == [False])
        assert index.told == []


async def test_it_stands_still_while_the_user_waits() -> None:
    """While a review runs the index is told that somebody waits, then that nobody does."""
    app, index = _indexed()
    may_end = asyncio.Event()

    async def slow(_request: ReviewRequest, _emit: Emit) -> None:
        await may_end.wait()

    app.script = slow
    async with ready(app, folders=FOLDERS) as editor:
        await eventually(lambda: index.followers == 1)
        editor.open("x = 1\n", uri="file:///work/cart.py")
        await eventually(lambda: index.waits == [True])
        may_end.set()
        await eventually(lambda: index.waits == [True, False])


def _progress(editor: Editor) -> list[tuple[str, str]]:
    found = [m["params"]["value"] for m in editor.of("$/progress")]
    return [(v["kind"], v.get("title") or v.get("message", "")) for v in found]


async def test_much_work_is_shown_as_progress() -> None:
    """A first build shows a bar that ends when all is read; a little work shows none."""
    app, index = _indexed()
    index.reports = [
        IndexReport("reading", files=0, waiting=80),
        IndexReport("reading", files=60, waiting=20),
    ]
    async with ready(app, SHOWS, folders=FOLDERS) as editor:
        wish = await editor.until(lambda m: m.get("method") == "window/workDoneProgress/create")
        editor.put({"id": wish["id"], "result": None})
        await eventually(lambda: ("begin", "Mirador: index of work") in _progress(editor))
        index.reports = [IndexReport("ready", files=80)]
        index.breaks.set()
        await eventually(lambda: _progress(editor)[-1][0] == "end")


async def test_the_bars_button_stops_the_build() -> None:
    """Cancelling the bar ends it and stops building until the user asks for more."""
    app, index = _indexed()
    index.reports = [IndexReport("reading", files=0, waiting=80)]
    async with ready(app, SHOWS, folders=FOLDERS) as editor:
        wish = await editor.until(lambda m: m.get("method") == "window/workDoneProgress/create")
        editor.put({"id": wish["id"], "result": None})
        token = wish["params"]["token"]
        await eventually(lambda: _progress(editor))
        editor.notify("window/workDoneProgress/cancel", {"token": token})
        await eventually(lambda: index.paused == 1)
        await eventually(lambda: _progress(editor)[-1][0] == "end")


async def test_a_little_work_shows_no_bar() -> None:
    """A few changed files are not worth a bar."""
    app, index = _indexed()
    index.reports = [
        IndexReport("reading", files=400, waiting=3),
        IndexReport("ready", files=403),
    ]
    async with ready(app, SHOWS, folders=FOLDERS) as editor:
        await eventually(lambda: len(index.reports) == 1)
        await editor.settle()
        assert editor.of("window/workDoneProgress/create") == []


async def test_why_it_stands_still_is_in_the_log_once() -> None:
    """An index that is off says why in the client's log, and that once a session."""
    app, index = _indexed()
    why = "The workspace is the home folder. Build it all the same: mirador index build"
    index.reports = [IndexReport("off", why), IndexReport("off", why, files=1)]
    async with ready(app, folders=FOLDERS) as editor:
        await eventually(lambda: len(index.reports) == 1)
        lines = [m["params"]["message"] for m in editor.of("window/logMessage")]
        assert lines.count(f"index of work: {why}") == 1


async def test_a_lost_index_is_followed_again() -> None:
    """When the index breaks it is asked again after a moment; nothing else notices."""
    app, index = _indexed()
    async with ready(app, folders=FOLDERS) as editor:
        await eventually(lambda: index.followers == 1)
        index.broken = True
        index.breaks.set()
        await eventually(lambda: index.followers == 0)
        index.broken = False
        index.breaks.clear()
        await eventually(lambda: index.followers == 1)
        await editor.settle()


async def test_no_index_is_no_error() -> None:
    """Where the user wants none, nothing is followed, told or shown."""
    app = FakeApp()
    async with ready(app, folders=FOLDERS) as editor:
        editor.open("x = 1\n", uri="file:///work/cart.py")
        editor.save("x = 1\n", uri="file:///work/cart.py")
        await editor.settle()
        shown = [*editor.of("window/showMessage"), *editor.of("window/workDoneProgress/create")]
        assert shown == []


async def test_what_is_sent_to_a_team_is_told_once() -> None:
    """It pops up with the first report that says so, and not again."""
    sends = "Of the index, hashes go to the team's server (x); no code."
    app, index = _indexed()
    index.reports = [
        IndexReport("looking", sends=sends),
        IndexReport("reading", files=1, sends=sends),
        IndexReport("ready", files=2, sends=sends),
    ]
    async with ready(app, folders=FOLDERS) as editor:
        await eventually(lambda: len(index.reports) == 1)
        await eventually(lambda: len(editor.of("window/showMessage")) == 1)
        (shown,) = editor.of("window/showMessage")
        assert sends in shown["params"]["message"]
