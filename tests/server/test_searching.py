"""`workspace/symbol` and `mirador/search`."""

from pathlib import Path
from typing import Any

import pytest

from fakes.app import FakeApp
from fakes.editor import Editor, ready
from fakes.index import FakeIndex, hit
from mirador_lsp.core.retrieval import Collection, Found, Query

ROOT = {"uri": "file:///work", "name": "work"}
OTHER = {"uri": "file:///other", "name": "other"}


def app_with(index: FakeIndex, folder: str = "/work") -> FakeApp:
    """An application whose one folder has an index."""
    app = FakeApp()
    app.indexes[Path(folder)] = index
    return app


async def search(editor: Editor, **said: object) -> dict[str, Any]:
    """Ask, and give the result."""
    return (await editor.ask("mirador/search", said))["result"]


async def test_symbols_are_found_by_what_they_do() -> None:
    """A question in words names places that any editor can jump to."""
    async with ready(app_with(FakeIndex([hit()])), folders=[ROOT]) as editor:
        answer = await editor.ask("workspace/symbol", {"query": "total of all prices"})

    (symbol,) = answer["result"]
    assert symbol == {
        "name": "total",
        "kind": 6,
        "containerName": "cart.py Cart",
        "location": {
            "uri": "file:///work/cart.py",
            "range": {"start": {"line": 4, "character": 0}, "end": {"line": 6, "character": 0}},
        },
    }


async def test_no_symbols_where_nothing_is_asked_or_there_is_no_index() -> None:
    """An empty query and an index that is lost are no errors in an editor's symbol box."""
    lost = FakeIndex([hit()])
    lost.broken = True
    async with ready(app_with(lost), folders=[ROOT]) as editor:
        assert (await editor.ask("workspace/symbol", {"query": "  "}))["result"] == []
        assert (await editor.ask("workspace/symbol", {"query": "total"}))["result"] == []


async def test_search_says_where_and_why() -> None:
    """Every field of a hit, and the notes of the index."""
    index = FakeIndex([hit(why=("words #1",))])
    index.notes = ("3 files are still to be read.",)
    async with ready(app_with(index), folders=[ROOT]) as editor:
        found = await search(
            editor, query="prices", most=5, languages=["python"], under="", uri="file:///work/a.py"
        )

    assert found["notes"] == ["3 files are still to be read."]
    (one,) = found["hits"]
    assert (one["uri"], one["symbol"], one["why"]) == (
        "file:///work/cart.py",
        "Cart.total",
        ["words #1"],
    )
    assert one["range"]["start"] == {"line": 4, "character": 0}
    assert one["text"].startswith("def total")
    assert index.queries[0].near == "a.py"
    assert index.queries[0].languages == ("python",)


async def test_what_was_said_before_is_no_file() -> None:
    """A hit among answers has no place to jump to."""
    talk = hit("id-1", "Why a list?", "Because prices repeat.", collection=Collection.TALK)
    async with ready(app_with(FakeIndex([talk, hit()])), folders=[ROOT]) as editor:
        found = await search(editor, query="prices", collections=["talk"])

    assert [one["uri"] for one in found["hits"]] == [""]


async def test_folders_take_turns_and_one_without_an_index_says_so() -> None:
    """Scores of two indexes cannot be compared, so the best of each comes first."""
    app = app_with(FakeIndex([hit("a.py"), hit("b.py")]))
    app.indexes[Path("/other")] = FakeIndex([hit("c.py")])
    folders = [ROOT, OTHER, {"uri": "file:///third", "name": "third"}]
    async with ready(app, folders=folders) as editor:
        found = await search(editor, query="prices")

    assert [one["name"] for one in found["hits"]] == ["a.py", "c.py", "b.py"]
    assert [one["uri"] for one in found["hits"]][1] == "file:///other/c.py"
    assert found["notes"] == ["The index is switched off. Switch it on."]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ([], -32602),
        ({}, -32803),
        ({"query": 7}, -32602),
        ({"query": "x", "most": 0}, -32602),
        ({"query": "x", "most": True}, -32602),
        ({"query": "x", "collections": ["secrets"]}, -32602),
        ({"query": "x", "languages": "python"}, -32602),
    ],
)
async def test_what_cannot_be_meant_is_refused(said: object, code: int) -> None:
    """Malformed parameters are answered, each with its code."""
    async with ready(app_with(FakeIndex([hit()])), folders=[ROOT]) as editor:
        answer = await editor.ask("mirador/search", said)

    assert answer["error"]["code"] == code


async def test_without_a_folder_the_user_is_told() -> None:
    """Silence would look like "nothing found"."""
    async with ready(FakeApp()) as editor:
        answer = await editor.ask("mirador/search", {"query": "x"})

    assert answer["error"]["message"].startswith("There is no folder to search in.")


class Closing(FakeIndex):
    """While it answers, the client closes the folder."""

    def __init__(self, editors: list[Editor]) -> None:
        super().__init__([hit()])
        self._editors = editors

    async def search(self, query: Query) -> Found:
        self._editors[0].server.session.folders = ()
        return await super().search(query)


@pytest.mark.parametrize("method", ["workspace/symbol", "mirador/search"])
async def test_a_folder_that_is_closed_meanwhile_is_answered_all_the_same(method: str) -> None:
    """The answer is about the folders of the moment in which it was asked."""
    editors: list[Editor] = []
    async with ready(app_with(Closing(editors)), folders=[ROOT]) as editor:
        editors.append(editor)
        answer = await editor.ask(method, {"query": "prices"})

    assert "result" in answer, answer
