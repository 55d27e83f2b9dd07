"""The commands that review: what they ask of the engine, and what they answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from fakes.app import FakeApp, endless, finding, finished, staged
from fakes.commands import command, place, result
from fakes.editor import URI, Editor, connected, eventually, insert, ready
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Emit
from mirador_lsp.core.requests import ReviewRequest, Trigger

TEXT = "def one():\n    a = 1\n    return a\n\n\ndef two():\n    b = 2\n    return b\n"
FOLDER = {"workspaceFolders": [{"uri": "file:///work", "name": "work"}]}


@asynccontextmanager
async def _opened(app: FakeApp) -> AsyncIterator[Editor]:
    """An editor with a workspace folder."""
    async with connected(app) as editor:
        await editor.initialize(**FOLDER)
        await editor.settled()
        yield editor


def looked_at(app: FakeApp) -> list[str]:
    """The pieces of the text that the last review was about."""
    request = app.requests[-1]
    assert request.only is not None
    return [request.snapshot.text[span.start : span.end] for span in request.only]


async def test_a_selection_is_reviewed_alone() -> None:
    """The range travels as places of the text; the answer counts."""
    app = FakeApp(staged(("instant", (finding(start=26, end=27),))))
    async with ready(app) as editor:
        editor.open(TEXT)
        answer = await result(editor, "reviewSelection", {"uri": URI, "range": place(1, 2)})

        assert (answer["state"], answer["findings"], answer["suppressed"]) == ("finished", 1, 0)
        assert looked_at(app) == ["    a = 1\n    return a\n"]
        assert app.requests[-1].trigger is Trigger.COMMAND
        assert "error" in await command(editor, "reviewSelection", {"uri": URI})


async def test_a_symbol_is_the_function_around_the_cursor() -> None:
    """Outside of any, the user is told so."""
    app = FakeApp()
    async with ready(app) as editor:
        editor.open(TEXT)
        at = {"line": 6, "character": 3}
        answer = await result(editor, "reviewSymbol", {"uri": URI, "position": at})

        assert answer["state"] == "finished"
        assert looked_at(app) == ["def two():\n    b = 2\n    return b"]
        nowhere = {"uri": URI, "position": {"line": 4, "character": 0}}
        refused = await command(editor, "reviewSymbol", nowhere)
        assert "no function or class here" in refused["error"]["message"]


async def test_changed_lines_are_those_edited() -> None:
    """The answer says since when; without a change nothing is reviewed."""
    app = FakeApp()
    async with ready(app) as editor:
        editor.open(TEXT)
        await editor.settle()
        unchanged = await result(editor, "reviewChanges", {"uri": URI})
        before = len(app.requests)
        editor.change(insert(1, 8, "1"), version=2)
        answer = await result(editor, "reviewChanges", {"uri": URI})

        assert (unchanged["state"], unchanged["places"]) == ("unchanged", 0)
        assert (answer["state"], answer["since"]) == ("finished", "it was opened")
        assert len(app.requests) == before + 1
        assert looked_at(app) == ["1"]


async def test_a_part_keeps_what_is_known_of_the_rest() -> None:
    """A review of one function does not take away what was found in the other."""
    first, second = finding("f1", start=15, end=16), finding("f2", start=50, end=51)
    app = FakeApp(staged(("instant", (first, second))))
    async with ready(app) as editor:
        editor.open(TEXT)
        await editor.diagnostics(lambda p: len(p["diagnostics"]) == 2)
        app.script = staged(("instant", ()))
        await result(editor, "reviewSelection", {"uri": URI, "range": place(1, 1)})

        left = editor.published()[-1]["diagnostics"]
        assert [d["data"]["finding"] for d in left] == ["f2"]


def _files(*names: str) -> list[Snapshot | str]:
    return [
        Snapshot(f"file:///work/{name}", name, "python", TEXT, path=f"/work/{name}")
        for name in names
    ]


async def test_the_workspace_is_reviewed_file_by_file() -> None:
    """Open documents as the editor has them, the others as they lie there; all of it is counted."""
    app = FakeApp(staged(("instant", (finding(),))))
    app.files = [*_files("a.py", "cart.py", "b.py", "c.py"), "logo.png: binary"]
    async with _opened(app) as editor:
        editor.open("opened = 1\n")
        answer = await result(editor, "reviewWorkspace", {"limit": 3})

        assert answer == {
            "state": "finished",
            "files": 3,
            "notReviewed": 0,
            "skipped": 1,
            "overLimit": 1,
            "findings": 3,
        }
        texts = {r.snapshot.name.rpartition("/")[2]: r.snapshot.text for r in app.requests}
        assert texts == {"a.py": TEXT, "cart.py": "opened = 1\n", "b.py": TEXT}
        assert len(editor.published("file:///work/a.py")[-1]["diagnostics"]) == 1


async def test_a_review_of_the_workspace_is_cancelled_at_once() -> None:
    """`mirador.cancel` stops it and the review that runs; the answer says how far it came."""
    app = FakeApp(endless)
    app.files = _files("a.py", "b.py")
    async with _opened(app) as editor:
        asked = {"command": "mirador.reviewWorkspace", "arguments": [{}]}
        waiting = editor.request("workspace/executeCommand", asked)
        await eventually(lambda: app.requests)
        stopped = await result(editor, "cancel")
        answer = (await editor.answer(waiting))["result"]

        assert stopped == {"cancelled": 1}
        assert (answer["state"], answer["files"]) == ("stopped", 0)
        await eventually(lambda: len(app.cancelled) == 1)


async def test_a_file_nobody_could_look_at_is_told() -> None:
    """It does not count as reviewed."""

    async def script(_request: ReviewRequest, emit: Emit) -> None:
        emit(finished(reviewed=False))

    app = FakeApp(script)
    app.files = _files("a.py")
    async with _opened(app) as editor:
        answer = await result(editor, "reviewWorkspace")

        assert (answer["files"], answer["notReviewed"]) == (0, 1)


@pytest.mark.parametrize("said", [{"limit": 0}, {"limit": "1"}, {"limit": True}, 7])
async def test_a_limit_is_a_number(said: Any) -> None:
    """Anything else is refused."""
    async with _opened(FakeApp()) as editor:
        assert (await command(editor, "reviewWorkspace", said))["error"]["code"] == -32602


async def test_without_a_folder_there_is_no_workspace() -> None:
    """The user is told what to do."""
    async with ready(FakeApp()) as editor:
        refused = await command(editor, "reviewWorkspace")
        assert "no workspace folder" in refused["error"]["message"]
