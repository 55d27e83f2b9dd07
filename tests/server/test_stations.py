"""How data gets to a finding, in diagnostics, hovers and evidence."""

from dataclasses import replace
from typing import Any

from fakes.app import FakeApp, finding, staged
from fakes.editor import URI, ready
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Finding, Station
from mirador_lsp.core.text import Encoding, Span
from mirador_lsp.server import carry, reports, to_lsp
from mirador_lsp.server.client import Client

TEXT = "name = input()\nquery = '💥' + name\nrun(query)\n"
SHOWS = {
    "textDocument": {
        "publishDiagnostics": {"relatedInformation": True},
        "hover": {"contentFormat": ["markdown"]},
    }
}


def led() -> Finding:
    """A finding whose data comes from the first line, by another file."""
    start = TEXT.index("run(query)")
    stations = (
        Station(Span(7, 14), "what is typed in comes in"),
        Station(Span(3, 9), "given to `join`", "return a + b", "lib/text.py", 4),
        Station(Span(start, start + 10), "given to `run`"),
    )
    return replace(finding("a", start=start, end=start + 10), stations=stations)


def snapshot(text: str = TEXT) -> Snapshot:
    """The document, in a workspace."""
    return Snapshot(
        uri="file:///work/app/cart.py",
        name="app/cart.py",
        language="python",
        text=text,
        path="/work/app/cart.py",
    )


async def test_a_client_that_shows_related_places_gets_them() -> None:
    """Source, steps and sink come with the diagnostic, each with what happens there."""
    async with ready(FakeApp(staged(("instant", (led(),)))), SHOWS) as editor:
        editor.open(TEXT)
        await editor.diagnostics(lambda p: bool(p["diagnostics"]))
        (shown,) = editor.published()[-1]["diagnostics"]
        related = shown["relatedInformation"]
        assert [each["message"] for each in related][::2] == [
            "source: what is typed in comes in",
            "sink: given to `run`",
        ]
        assert related[0]["location"]["uri"] == URI
        assert related[0]["location"]["range"]["start"] == {"line": 0, "character": 7}
        hover: Any = await editor.ask(
            "textDocument/hover",
            {"textDocument": {"uri": URI}, "position": {"line": 2, "character": 1}},
        )
        text = hover["result"]["contents"]["value"]
        assert "- source 1:8: what is typed in comes in `name = input()`" in text
        assert "- sink 3:1: given to \\`run\\` `run(query)`" in text


async def test_other_clients_get_none() -> None:
    """A client that did not say that it shows them is sent nothing of the sort."""
    async with ready(FakeApp(staged(("instant", (led(),))))) as editor:
        editor.open(TEXT)
        await editor.diagnostics(lambda p: bool(p["diagnostics"]))
        (shown,) = editor.published()[-1]["diagnostics"]
        assert not shown.get("relatedInformation")


def test_a_place_in_another_file_is_that_files_line() -> None:
    """It is found from the workspace; where that is unknown the words name it."""
    client = Client(encoding=Encoding.UTF16, related_information=True)
    related = to_lsp.diagnostic(led(), snapshot(), client).related_information
    assert related is not None
    assert related[1].location.uri == "file:///work/lib/text.py"
    assert related[1].location.range.start.line == 4
    nowhere = replace(snapshot(), path=None)
    related = to_lsp.diagnostic(led(), nowhere, client).related_information
    assert related is not None
    assert related[1].location.uri == nowhere.uri
    assert related[1].message == "lib/text.py:5: step: given to `join`"


def test_places_follow_the_text() -> None:
    """After an edit above, the places are where their code is now; of an edited one, none are."""
    later = snapshot("import sys\n" + TEXT)
    carried = carry.over([led()], snapshot(), later)["a"]
    assert carried.stations[0].span == Span(18, 25)
    assert carried.stations[1].span == Span(3, 9)
    edited = snapshot(TEXT.replace("input()", "ask()"))
    assert carry.over([led()], snapshot(), edited)["a"].stations == ()


def test_the_evidence_names_the_way() -> None:
    """The page about a finding lists source, steps and sink."""
    page = reports.evidence(led(), (), snapshot())
    assert "How data gets there:" in page
    assert "- step lib/text.py:5: given to \\`join\\` `return a + b`" in page
