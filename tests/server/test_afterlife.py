"""What becomes of fixes: made, edited, taken back; what the user sees; who comes back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from fakes.app import FakeApp, answering, finding, said, staged
from fakes.editor import URI, Editor, eventually, ready
from mirador_lsp.core.answers import Turn
from mirador_lsp.core.edits import Edit, Fix
from mirador_lsp.core.feedback import Verdict
from mirador_lsp.core.history import Surface, Visit
from mirador_lsp.core.text import Span

TEXT = "first = 1\nsecond = 2\nthird = 3\n"
FIXED = "first = 1\nsecond = two\nthird = 3\n"
AT = TEXT.index("2")
READY = Fix("Write it out", (Edit(Span(AT, AT + 1), "two"),), safe=True)
ACTIONS: dict[str, Any] = {
    "textDocument": {
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}
    }
}
WORK = {"uri": "file:///work", "name": "work"}


@asynccontextmanager
async def fixable(app: FakeApp) -> AsyncIterator[Editor]:
    """An editor that was offered the ready fix of what it shows."""
    one = finding("f1", start=AT, end=AT + 1)
    app.script = staged(("instant", (replace(one, fix=READY),)))
    async with ready(app, ACTIONS, folders=[WORK]) as editor:
        editor.open(TEXT)
        await editor.diagnostics(lambda p: len(p["diagnostics"]) == 1)
        await eventually(lambda: not editor.server.session.run_of(URI))
        place = {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 10}}
        params = {"textDocument": {"uri": URI}, "range": place, "context": {"diagnostics": []}}
        await editor.ask("textDocument/codeAction", params)
        yield editor


async def decided(app: FakeApp, *verdicts: Verdict) -> None:
    """Wait until exactly these decisions were told, in this order."""
    await eventually(lambda: len(app.opinions) >= len(verdicts))
    assert verdicts_of(app) == list(verdicts)


def verdicts_of(app: FakeApp) -> list[Verdict]:
    """What was decided so far."""
    return [opinion.verdict for opinion in app.opinions]


async def test_a_fix_that_the_client_makes_by_itself_is_known() -> None:
    """By the text that it leads to; the finding's lines and the change go along."""
    app = FakeApp()
    async with fixable(app) as editor:
        editor.change({"text": FIXED}, version=2)
        await decided(app, Verdict.ACCEPTED)

    (opinion,) = app.opinions
    assert (opinion.finding_id, opinion.language, opinion.lines) == ("f1", "python", 2)
    assert "-second = 2\n+second = two\n" in opinion.change


async def test_another_edit_is_no_fix() -> None:
    """Whoever types the like of it wrote it themselves; nothing is decided."""
    app = FakeApp()
    async with fixable(app) as editor:
        editor.change({"text": TEXT.replace("2", "ten")}, version=2)
        editor.change({"text": FIXED}, version=3)
        editor.save(FIXED)
        await editor.settle()

    assert app.opinions == []


async def test_undo_and_redo_are_decisions() -> None:
    """The text of before is back, and then that of the fix."""
    app = FakeApp()
    async with fixable(app) as editor:
        for version, text in ((2, FIXED), (3, TEXT), (4, FIXED), (5, TEXT)):
            editor.change({"text": text}, version=version)
        await decided(app, Verdict.ACCEPTED, Verdict.UNDONE, Verdict.ACCEPTED, Verdict.UNDONE)


async def test_lines_that_are_edited_before_the_save_tell_of_the_fix() -> None:
    """Once; edits elsewhere and a formatter's white space say nothing."""
    app = FakeApp()
    async with fixable(app) as editor:
        editor.change({"text": FIXED}, version=2)
        await decided(app, Verdict.ACCEPTED)
        moved = f"zero = 0\n{FIXED}".replace(" = two", "   =  two")
        editor.change({"text": moved}, version=3)
        editor.save(moved)
        await editor.settle()
        assert verdicts_of(app) == [Verdict.ACCEPTED]
        for version, word in ((4, "deux"), (5, "zwei")):
            edited = FIXED.replace("two", word)
            editor.change({"text": edited}, version=version)
            editor.save(edited)
        await decided(app, Verdict.ACCEPTED, Verdict.EDITED)


async def test_lines_put_back_by_hand_are_an_undo() -> None:
    """Also where something else in the document was edited meanwhile."""
    app = FakeApp()
    async with fixable(app) as editor:
        editor.change({"text": FIXED}, version=2)
        back = TEXT.replace("third = 3", "third = 4")
        editor.change({"text": back}, version=3)
        editor.save(back)
        await decided(app, Verdict.ACCEPTED, Verdict.UNDONE)


async def test_what_is_published_is_told_as_shown() -> None:
    """Every other set once."""
    app = FakeApp()
    async with fixable(app) as editor:
        editor.save(TEXT)
        await eventually(lambda: len(app.requests) == 2)
        await eventually(lambda: not editor.server.session.run_of(URI))

    assert [[f.id for f in shown] for _, shown in app.seen] == [["f1"]]


async def test_the_client_and_its_workspace_are_introduced() -> None:
    """Before the first request."""
    app = FakeApp()
    async with ready(app, folders=[WORK]):
        await eventually(lambda: app.visits)

    assert app.visits == [Visit("/work", Surface.EDITOR, "")]


async def test_a_conversation_of_before_is_gone_on_with() -> None:
    """Its turns come from where history is kept; the request says which one it is."""
    app = FakeApp()
    app.talked["0123456789abcdef"] = (Turn("Why a list?", "Prices repeat."),)
    app.answer_script = answering(said("So be it."))
    asked = {"textDocument": {"uri": URI}, "question": "And now?"}
    async with ready(app) as editor:
        editor.open(TEXT)
        for name in ("0123456789abcdef", "unknown"):
            answer = await editor.ask("mirador/ask", asked | {"conversation": name})
            assert (answer["result"]["conversation"] == name) is (name != "unknown")

    first, second = app.asked
    assert first.history == (Turn("Why a list?", "Prices repeat."),)
    assert first.conversation == "0123456789abcdef"
    assert second.history == ()
    assert second.conversation not in ("", "unknown")
