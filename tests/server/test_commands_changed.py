"""The command that reviews what is not committed yet, over a real repository."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fakes.app import FakeApp, finding, staged
from fakes.commands import command, result
from fakes.editor import Editor, connected, ready
from fakes.repository import FakeDeveloper, needs_git
from mirador_lsp.analysis.worker import InlineParser
from mirador_lsp.core.document import Snapshot

pytestmark = needs_git
CART = "def total(items, tax):\n    return sum(items) * tax\n\n\ndef share(items):\n    return 1\n"
TILL = "from cart import total\n\nprint(total([1], 2))\n"


@pytest.fixture
async def dev(tmp_path: Path) -> FakeDeveloper:
    """A repository with a history, and a parser that has read its queries from disk."""
    dev = await asyncio.to_thread(FakeDeveloper, tmp_path / "shop")
    await asyncio.to_thread(dev.commit, {"cart.py": CART, "till.py": TILL, "same.py": "x = 1\n"})
    sample = Snapshot("stdin:x.py", "x.py", "python", CART)
    await asyncio.to_thread(asyncio.run, InlineParser().references(sample))
    return dev


@asynccontextmanager
async def _opened(app: FakeApp, *folders: Path) -> AsyncIterator[Editor]:
    """An editor with workspace folders."""
    listed = [{"uri": folder.as_uri(), "name": folder.name} for folder in folders]
    async with connected(app) as editor:
        await editor.initialize(workspaceFolders=listed)
        await editor.settled()
        yield editor


async def test_what_is_not_committed_is_reviewed_with_what_it_breaks(dev: FakeDeveloper) -> None:
    """Changed places alone, unsaved texts as the editor has them, callers with what no longer fits;
    the overview is in the answer and on the page.
    """
    app = FakeApp(staged(("instant", (finding(),))))
    await asyncio.to_thread(dev.write, {"new.py": "a = 1\n", "logo.png": b"\x89PNG\0"})
    unsaved = CART.replace("items, tax):", "items):")
    async with _opened(app, dev.folder) as editor:
        uri = (dev.folder / "cart.py").as_uri()
        editor.open(unsaved, uri=uri)
        answer = await result(editor, "reviewMyChanges")

        asked = {request.snapshot.name.rpartition("/")[2]: request for request in app.requests}
        assert sorted(asked) == ["cart.py", "new.py", "till.py"]
        cart, till = asked["cart.py"], asked["till.py"]
        assert (cart.snapshot.text, cart.before) == (unsaved, CART)
        assert [unsaved[s.start : s.end] for s in cart.only or ()] == ["def total(items):"]
        assert (till.only, [f.rule for f in till.caused]) == ((), ["change/call-misfit"])
        assert till.policy.stages == ("instant",)
        assert (answer["state"], answer["changed"], answer["files"]) == ("finished", 3, 3)
        assert answer["notReviewed"] == 1
        (overview,) = answer["overviews"]
        assert overview["risk"] == "high"
        assert overview["sentences"][0].startswith("3 files: 1 changed, 2 new;")
        till_uri = (dev.folder / "till.py").as_uri()
        assert len(editor.published(till_uri)[-1]["diagnostics"]) == 1


async def test_nothing_changed_is_an_answer_too(dev: FakeDeveloper) -> None:
    """No model, no file, and it says so."""
    app = FakeApp()
    async with _opened(app, dev.folder) as editor:
        answer = await result(editor, "reviewMyChanges")

        assert (answer["changed"], answer["files"], app.requests) == (0, 0, [])
        assert answer["overviews"][0]["sentences"] == ["Nothing changed."]


async def test_a_folder_without_a_repository_is_told(dev: FakeDeveloper, tmp_path: Path) -> None:
    """Alone it is a failure with the remedy; beside others it is told."""
    bare = tmp_path / "bare"
    bare.mkdir()
    async with _opened(FakeApp(), bare) as editor:
        assert (await result(editor, "reviewMyChanges"))["state"] == "failed"
        told = [message["params"]["message"] for message in editor.of("window/showMessage")]
        assert any("in no git repository" in text for text in told)
    await asyncio.to_thread(dev.write, {"new.py": "a = 1\n"})
    async with _opened(FakeApp(), bare, dev.folder) as editor:
        assert (await result(editor, "reviewMyChanges"))["files"] == 1


async def test_without_a_folder_there_is_nothing_to_ask() -> None:
    """The user is told what to do."""
    async with ready(FakeApp()) as editor:
        refused = await command(editor, "reviewMyChanges")
        assert "no workspace folder" in refused["error"]["message"]
        assert (await command(editor, "reviewMyChanges", 7))["error"]["code"] == -32602
