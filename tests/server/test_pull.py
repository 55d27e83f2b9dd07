"""Diagnostics that a client asks for: one channel, today's text, and a nudge to ask again."""

from typing import Any

import pytest

from fakes.app import FakeApp, finding, staged
from fakes.commands import about, result
from fakes.editor import URI, Editor, eventually, insert, ready

PULLS = {
    "textDocument": {"diagnostic": {}},
    "workspace": {"diagnostics": {"refreshSupport": True}},
}
TEXT = "alpha\nbeta\ngamma\n"
TWO = staged(("instant", (finding("f1", start=0, end=5), finding("f2", start=11, end=16))))


async def pulled(editor: Editor, previous: str | None = None) -> Any:
    """What the server answers to a client that asks."""
    params: dict[str, Any] = {"textDocument": {"uri": URI}}
    if previous is not None:
        params["previousResultId"] = previous
    return (await editor.ask("textDocument/diagnostic", params))["result"]


async def refreshed(editor: Editor, skip: int = 0, *, error: bool = False) -> None:
    """Wait until the server says that there is more, and answer it."""
    said = await editor.until(
        lambda m: m.get("method") == "workspace/diagnostic/refresh", skip=skip
    )
    answer = {"error": {"code": -32601, "message": "no"}} if error else {"result": None}
    editor.put({"id": said["id"]} | answer)


async def test_a_client_that_pulls_is_pushed_nothing() -> None:
    """Two channels would show everything twice."""
    async with ready(FakeApp(TWO), PULLS) as editor:
        editor.open(TEXT)
        await refreshed(editor)
        report = await pulled(editor)
        editor.close()
        await editor.settle()

        assert report["kind"] == "full"
        assert [d["data"]["finding"] for d in report["items"]] == ["f1", "f2"]
        assert editor.of("textDocument/publishDiagnostics") == []


@pytest.mark.parametrize(
    "capabilities",
    [{}, {"textDocument": {"diagnostic": {}}}, {"workspace": PULLS["workspace"]}],
)
async def test_without_both_abilities_it_is_pushed(capabilities: Any) -> None:
    """Model findings come late: a client that cannot be told to ask again would never see them."""
    async with ready(FakeApp(TWO), capabilities) as editor:
        editor.open(TEXT)
        await editor.diagnostics(lambda p: len(p["diagnostics"]) == 2)

        assert editor.of("workspace/diagnostic/refresh") == []
        # Whoever asks all the same is not told a second time.
        assert (await pulled(editor))["items"] == []


async def test_what_did_not_change_is_not_sent_again() -> None:
    """The name of a set is the name of its content."""
    async with ready(FakeApp(TWO), PULLS) as editor:
        editor.open(TEXT)
        await refreshed(editor)
        first = await pulled(editor)
        same = await pulled(editor, first["resultId"])
        await result(editor, "dismiss", about())
        other = await pulled(editor, first["resultId"])

        assert same == {"kind": "unchanged", "resultId": first["resultId"]}
        assert (other["kind"], len(other["items"])) == ("full", 1)


async def test_the_answer_is_about_the_text_as_it_is_now() -> None:
    """Findings after an edit are where their code now is; those in it wait for the review."""
    async with ready(FakeApp(TWO), PULLS) as editor:
        editor.open(TEXT)
        await refreshed(editor)
        editor.change(insert(1, 0, "new\n"), version=2)
        report = await pulled(editor)

        lines = {d["data"]["finding"]: d["range"]["start"]["line"] for d in report["items"]}
        assert lines == {"f1": 0, "f2": 3}


async def test_a_client_that_declines_to_refresh_is_asked_again_later() -> None:
    """An error is tolerated, and the next change is told all the same."""
    async with ready(FakeApp(TWO), PULLS) as editor:
        editor.open(TEXT)
        await refreshed(editor, error=True)
        await result(editor, "dismiss", about())
        await refreshed(editor, skip=1)

        assert len((await pulled(editor))["items"]) == 1


async def test_many_changes_are_few_refreshes() -> None:
    """While one is not answered no other is sent; then one for all that came meanwhile."""
    async with ready(FakeApp(TWO), PULLS) as editor:
        editor.open(TEXT)
        await editor.until(lambda m: m.get("method") == "workspace/diagnostic/refresh")
        for number in range(5):
            await result(editor, "dismiss" if number % 2 == 0 else "restore", about())
        assert len(editor.of("workspace/diagnostic/refresh")) == 1
        await refreshed(editor)
        await refreshed(editor, skip=1)
        await eventually(lambda: len(editor.of("workspace/diagnostic/refresh")) == 2)


async def test_a_document_that_is_not_open_has_none() -> None:
    """And no name by which it could be unchanged."""
    async with ready(FakeApp(), PULLS) as editor:
        assert await pulled(editor, "x") == {"kind": "full", "items": []}
