"""What is found again later: answers that were given, changes that were made."""

from pathlib import Path

from fakes.app import FakeApp, answering, said
from fakes.editor import URI, eventually, ready
from fakes.index import FakeIndex
from mirador_lsp.core.changes import Intent, Patch, Rung
from mirador_lsp.core.edits import Edit
from mirador_lsp.core.retrieval import Collection
from mirador_lsp.core.text import Span
from mirador_lsp.server import remembering

CODE = "first = 1\nsecond = 2\nthird = 3\n"
FOLDER = {"uri": "file:///work", "name": "work"}
PATCH = Patch(
    uri=URI,
    base_hash="",
    version=1,
    edits=(Edit(Span(10, 20), "second = 3"),),
    title="Fix: it should be 3",
    rungs=(Rung.APPLIES,),
    intent=Intent.FIX,
    model="small",
    after="first = 1\nsecond = 3\nthird = 3\n",
)


def app_with(index: FakeIndex) -> FakeApp:
    """An application whose one folder has an index."""
    app = FakeApp()
    app.indexes[Path("/work")] = index
    return app


async def test_a_question_that_was_answered_is_found_again() -> None:
    """With the question as its title; asked twice, it is there once."""
    index = FakeIndex()
    app = app_with(index)
    app.answer_script = answering(said("Because prices repeat."))
    place = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 0}}
    async with ready(app, folders=[FOLDER]) as editor:
        editor.open(CODE)
        for _ in range(2):
            await editor.ask("mirador/ask", place | {"question": "Why a list?"})
        await eventually(lambda: index.memories)

    (memory,) = index.memories.values()
    assert memory.collection is Collection.TALK
    assert (memory.title, memory.text) == ("Why a list?", "Because prices repeat.")
    assert memory.name == "cart.py"


async def test_an_explanation_is_no_conversation() -> None:
    """Nobody asked anything in words."""
    index = FakeIndex()
    app = app_with(index)
    app.answer_script = answering(said("It counts."))
    place = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 0}}
    async with ready(app, folders=[FOLDER]) as editor:
        editor.open(CODE)
        await editor.ask("mirador/explain", place)
        await editor.ask("mirador/ask", place | {"question": "Why?"})
        await eventually(lambda: index.memories)

    assert [memory.title for memory in index.memories.values()] == ["Why?"]


async def test_a_change_that_was_made_is_kept_as_a_diff() -> None:
    """What it replaced and what it put there, under what it was called."""
    index = FakeIndex()
    async with ready(app_with(index), folders=[FOLDER]) as editor:
        editor.open(CODE)
        await eventually(lambda: editor.server.snapshot(URI))
        snapshot = editor.server.snapshot(URI)
        assert snapshot is not None
        remembering.accepted(editor.server, snapshot, PATCH)
        await eventually(lambda: index.memories)

    (memory,) = index.memories.values()
    assert memory.collection is Collection.FIX
    assert memory.title == "Fix: it should be 3"
    assert "\n-second = 2\n+second = 3\n" in memory.text


async def test_without_an_index_nothing_is_kept_and_nothing_fails() -> None:
    """The answer is all the same what the user asked for."""
    app = FakeApp()
    app.answer_script = answering(said("It counts."))
    place = {"textDocument": {"uri": URI}, "question": "Why?"}
    async with ready(app) as editor:
        editor.open(CODE)
        answer = await editor.ask("mirador/ask", place)

    assert answer["result"]["state"] == "finished"
