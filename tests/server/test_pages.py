"""Pages: a document that fills as it goes, in whichever way the client can show one."""

import fcntl
import os
import re
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes.app import FakeApp, answering, said
from fakes.editor import URI, Editor, eventually, load_defaults, ready
from mirador_lsp.server.page_files import PageFiles
from mirador_lsp.settings import Loaded

CODE = "def total(prices):\n    return sum(prices)\n"
SHOWS = {"window": {"showDocument": {"support": True}}}
VIRTUAL = SHOWS | {"workspace": {"textDocumentContent": {"dynamicRegistration": True}}}
STATIC = SHOWS | {"workspace": {"textDocumentContent": {}}}
EXPLAIN = {
    "command": "mirador.explain",
    "arguments": [{"uri": URI, "position": {"line": 0, "character": 5}}],
}


def kept_in(folder: Path) -> Callable[..., Loaded]:
    """Settings whose cache lies in `folder`."""
    loaded = load_defaults()
    return lambda **_: replace(loaded, paths=replace(loaded.paths, cache=folder))


async def registered(editor: Editor) -> list[str]:
    """Agree to what the server registers; returns the methods."""
    wish = await editor.until(lambda m: m.get("method") == "client/registerCapability")
    editor.put({"id": wish["id"], "result": None})
    return [r["method"] for r in wish["params"]["registrations"]]


async def shown(editor: Editor, *, success: bool = True, skip: int = 0) -> str:
    """Answer the wish to show a document; returns its URI."""
    wish = await editor.until(lambda m: m.get("method") == "window/showDocument", skip=skip)
    editor.put({"id": wish["id"], "result": {"success": success}})
    uri: str = wish["params"]["uri"]
    return uri


async def content(editor: Editor, uri: str) -> str:
    """What the server says that the document holds."""
    answer = await editor.ask("workspace/textDocumentContent", {"uri": uri})
    text: str = answer["result"]["text"]
    return text


def file_of(uri: str) -> Path:
    """The path of a file's URI."""
    return Path(uri.removeprefix("file://"))


async def test_an_explanation_is_a_virtual_document_where_the_client_shows_them() -> None:
    """It is opened once, fills, and the client is told when it does."""
    app = FakeApp()
    deep = said("It adds `prices` up.", stage="deep", model="big", confidence=0.9)
    app.answer_script = answering(said("It adds."), deep)
    async with ready(app, VIRTUAL) as editor:
        assert "workspace/textDocumentContent" in await registered(editor)
        editor.open(CODE)
        asked = editor.request("workspace/executeCommand", EXPLAIN)
        uri = await shown(editor)
        assert uri.startswith("mirador:/explain/")
        assert uri.endswith(".md")
        refresh = await editor.until(
            lambda m: m.get("method") == "workspace/textDocumentContent/refresh"
        )
        assert refresh["params"] == {"uri": uri}
        editor.put({"id": refresh["id"], "result": None})
        answer = await editor.answer(asked)
        assert answer["result"]["state"] == "finished"
        text = await content(editor, uri)
        assert text.startswith("# cart.py: it\n")
        assert "It adds `prices` up.\n\n— deep, big, **high** (90 %)" in text
        assert "It adds.\n" not in text
        assert len(editor.of("window/showDocument")) == 1
        show = editor.of("window/showDocument")[0]["params"]
        assert show["takeFocus"] is False


async def test_a_client_without_registrations_is_told_of_the_scheme_at_once() -> None:
    """`initialize` names it; clients that register later are not told twice."""
    async with ready(FakeApp(), STATIC) as editor:
        workspace = editor.sent[0]["result"]["capabilities"]["workspace"]
        assert workspace["textDocumentContent"] == {"schemes": ["mirador"]}
    async with ready(FakeApp(), VIRTUAL) as editor:
        assert "textDocumentContent" not in editor.sent[0]["result"]["capabilities"]["workspace"]


async def test_an_unknown_page_has_a_text_too() -> None:
    """A page of an earlier session, restored by the editor, says that it is gone."""
    async with ready(FakeApp(), STATIC) as editor:
        assert "not kept" in await content(editor, "mirador:/explain/old.md")


async def test_elsewhere_it_is_a_file_that_only_its_user_can_read(tmp_path: Path) -> None:
    """In a folder of this server's own; both go with the session."""
    app = FakeApp()
    async with ready(app, SHOWS, load=kept_in(tmp_path)) as editor:
        await eventually(lambda: editor.server.pages.files)
        editor.open(CODE)
        asked = editor.request("workspace/executeCommand", EXPLAIN)
        uri = await shown(editor)
        path = file_of(uri)
        await shown(editor, skip=1)
        await editor.answer(asked)
        assert "It adds up." in path.read_text()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert path.is_relative_to(tmp_path / "pages")
        assert [p.name for p in path.parent.iterdir() if p.suffix == ".part"] == []
        await editor.ask("shutdown")
        assert not path.parent.exists()


@pytest.mark.parametrize("able", ["declines", "cannot"])
async def test_without_documents_it_is_a_message(able: str, tmp_path: Path) -> None:
    """The whole answer is in the log, its beginning pops up; nothing before it is whole."""
    app = FakeApp()
    capabilities: Any = SHOWS if able == "declines" else {}
    async with ready(app, capabilities, load=kept_in(tmp_path)) as editor:
        await eventually(lambda: editor.server.pages.files)
        editor.open(CODE)
        asked = editor.request("workspace/executeCommand", EXPLAIN)
        if able == "declines":
            await shown(editor, success=False)
        await editor.answer(asked)
        popped = [m["params"]["message"] for m in editor.of("window/showMessage")]
        assert len(popped) == 1
        assert popped[0].startswith("cart.py: it It adds up. — quick, small, ")
        assert not re.search(r"[#\\]|\*\*", popped[0])
        assert any("It adds up." in m["params"]["message"] for m in editor.of("window/logMessage"))


async def test_a_disk_that_is_full_leaves_the_message(tmp_path: Path) -> None:
    """A page that cannot be written is still read."""
    (tmp_path / "pages").write_text("not a folder")
    app = FakeApp()
    async with ready(app, SHOWS, load=kept_in(tmp_path)) as editor:
        await eventually(lambda: editor.server.pages.files)
        editor.open(CODE)
        await editor.ask("workspace/executeCommand", EXPLAIN)
        assert len(editor.of("window/showMessage")) == 1
        assert editor.of("window/showDocument") == []


async def test_a_stopped_page_says_so() -> None:
    """What was said by then stays, and that it was stopped stands below it."""
    async with ready(FakeApp(), STATIC) as editor:
        page = editor.server.pages.page("explain", "cart.py: total", URI)
        page.write("one")
        await shown(editor)
        again = editor.server.pages.page("explain", "cart.py: total", URI)
        assert again.uri == page.uri
        again.write("two")
        await shown(editor, skip=1)
        await page.finish("late")
        assert await content(editor, page.uri) == "two"


async def test_the_oldest_pages_go(tmp_path: Path) -> None:
    """A long session does not fill memory or the disk."""
    async with ready(FakeApp(), SHOWS, load=kept_in(tmp_path)) as editor:
        pages = editor.server.pages
        await eventually(lambda: pages.files)
        first = ""
        for number in range(33):
            page = pages.page("doctor", f"page {number}")
            page.write("x")
            uri = await shown(editor, skip=number)
            first = first or uri
        await eventually(lambda: not file_of(first).exists())
        assert file_of(uri).exists()


def test_what_killed_servers_left_is_swept(tmp_path: Path) -> None:
    """Folders whose lock nobody holds go; those of running servers, and strangers', stay."""
    above = tmp_path / "pages"
    running, dead = PageFiles(above), PageFiles(above)
    kept = running.write("a", "text")
    left = dead.write("b", "text")
    os.close(dead._lock)
    (above / "session-odd").mkdir()
    (above / "session-odd" / "folder").mkdir()
    (above / "other").mkdir()
    (above / "session-link").symlink_to(kept.parent)
    assert PageFiles(above).sweep() == 1
    assert kept.read_text() == "text"
    assert not left.parent.exists()
    assert (above / "other").exists()
    assert (above / "session-odd" / "folder").exists()
    running.close()
    assert not kept.parent.exists()


def test_nothing_is_swept_where_nothing_is(tmp_path: Path) -> None:
    """A first start makes no folder."""
    assert PageFiles(tmp_path / "pages").sweep() == 0
    assert list(tmp_path.iterdir()) == []


def test_a_lock_is_held_while_the_server_runs(tmp_path: Path) -> None:
    """That is how others know that its folder is in use."""
    files = PageFiles(tmp_path / "pages")
    folder = files.write("a", "x").parent
    with (folder / "lock").open() as lock, pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    files.close()
