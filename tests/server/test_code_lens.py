"""Code lenses: above every function and class, quick, and off by one setting."""

from collections import Counter
from dataclasses import replace
from typing import Any

from fakes.app import FakeApp, finding, staged
from fakes.editor import URI, Editor, eventually, load_defaults, ready
from mirador_lsp.settings import Loaded

CODE = "class Cart:\n    def total(self):\n        return 1\n\n\ndef f():\n    return 2\n"
EDITS: dict[str, Any] = {
    "workspace": {
        "applyEdit": True,
        "codeLens": {"refreshSupport": True},
        "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create"]},
    }
}
PULLS = {"textDocument": {"codeLens": {"dynamicRegistration": True}}}


async def lenses(editor: Editor) -> list[dict[str, Any]]:
    """What stands above the code."""
    answer = await editor.ask("textDocument/codeLens", {"textDocument": {"uri": URI}})
    found: list[dict[str, Any]] = answer["result"]
    return found


async def parsed(editor: Editor) -> list[dict[str, Any]]:
    """The lenses, once the document is parsed."""
    while not (found := await lenses(editor)):
        pass
    return found


def titles(found: list[dict[str, Any]], line: int) -> list[str]:
    """The titles above a line."""
    return [lens["command"]["title"] for lens in found if lens["range"]["start"]["line"] == line]


def off(**said: Any) -> Loaded:
    """Settings without lenses."""
    loaded = load_defaults()
    server = replace(loaded.settings.server, code_lens=False)
    return replace(loaded, settings=replace(loaded.settings, server=server))


async def test_every_function_and_class_has_lenses() -> None:
    """Findings where there are any, then what can be done; each names its place."""
    one = finding(start=CODE.index("return 1"), end=CODE.index("return 1") + 6)
    async with ready(FakeApp(staged(("deep", (one,)))), EDITS) as editor:
        editor.open(CODE)
        await editor.diagnostics(lambda p: bool(p["diagnostics"]))
        found = await parsed(editor)
        rest = ["Review", "Explain", "Document", "Write tests"]
        assert titles(found, 0) == ["1 finding", *rest]
        assert titles(found, 1) == ["1 finding", *rest]
        assert titles(found, 5) == rest
        assert found[1]["command"] == {
            "title": "Review",
            "command": "mirador.reviewSymbol",
            "arguments": [{"uri": URI, "position": {"line": 0, "character": 0}}],
        }


async def test_an_editor_that_takes_no_edits_is_offered_none() -> None:
    """Without `workspace.applyEdit` there is nothing to document or to write."""
    async with ready(FakeApp()) as editor:
        editor.open(CODE)
        assert titles(await parsed(editor), 5) == ["Review", "Explain"]


async def test_off_by_one_setting() -> None:
    """With `server.code_lens` off there are none, and nothing is parsed for them."""
    app = FakeApp()
    async with ready(app, EDITS, load=off) as editor:
        editor.open(CODE)
        assert await lenses(editor) == []
        assert app.outlined == []


async def test_none_while_the_parser_works_and_a_call_when_it_is_done() -> None:
    """A slow parse gives an empty answer; when it is over, the client is asked to look again."""
    app = FakeApp()
    app.parses.clear()
    async with ready(app, EDITS) as editor:
        editor.open(CODE)
        assert await lenses(editor) == []
        app.parses.set()
        await editor.until(lambda m: m.get("method") == "workspace/codeLens/refresh")
        assert len(await lenses(editor)) == 12


async def test_new_findings_refresh_what_is_shown_a_few_times() -> None:
    """However often findings change at once, the client is asked to look again once."""
    stages = tuple(("deep", (finding(f"f{n}", end=n + 1),)) for n in range(9))
    app = FakeApp(staged(*stages))
    async with ready(app, EDITS) as editor:
        await lenses(editor)
        editor.open(CODE)
        await editor.until(lambda m: m.get("method") == "workspace/codeLens/refresh")
        published = editor.published()
        assert len(published) > len(editor.of("workspace/codeLens/refresh"))


async def test_who_did_not_ask_or_cannot_is_not_told() -> None:
    """No refresh before the first request for lenses, nor to a client without support."""
    app = FakeApp(staged(("deep", (finding(),))))
    for capabilities, asks in ((EDITS, False), ({}, True)):
        async with ready(app, capabilities) as editor:
            if asks:
                await lenses(editor)
            editor.open(CODE)
            await editor.diagnostics(lambda p: bool(p["diagnostics"]))
            assert editor.server.lenses._timer is None


async def test_the_registration_follows_the_setting() -> None:
    """A client that takes registrations has lenses registered, and taken back when turned off."""
    loaded = [load_defaults()]
    app = FakeApp()
    async with ready(app, PULLS, load=lambda **_: loaded[0]) as editor:
        wish = await editor.until(lambda m: m.get("method") == "client/registerCapability")
        methods = [r["method"] for r in wish["params"]["registrations"]]
        assert methods == ["textDocument/codeLens"]
        editor.put({"id": wish["id"], "result": None})
        loaded[0] = off()
        await eventually(editor.server.registrations.held)
        editor.notify("workspace/didChangeConfiguration", {"settings": {"a": 1}})
        gone = await editor.until(lambda m: m.get("method") == "client/unregisterCapability")
        assert gone["params"]["unregisterations"][0]["id"] == "mirador-code-lens"
        editor.put({"id": gone["id"], "result": None})
        await eventually(lambda: not editor.server.registrations.held())


async def test_initialize_offers_lenses_to_clients_without_registrations() -> None:
    """One way or the other, never both."""
    async with ready(FakeApp(), PULLS) as editor:
        assert "codeLensProvider" not in editor.sent[0]["result"]["capabilities"]
    async with ready(FakeApp()) as editor:
        assert "codeLensProvider" in editor.sent[0]["result"]["capabilities"]


async def test_the_number_of_findings_leads_to_the_worst() -> None:
    """The command shows the document at the finding, where the client can; else it says it."""
    one = finding("f", start=CODE.index("return 1"), end=CODE.index("return 1") + 6)
    app = FakeApp(staged(("deep", (one, finding("g", start=CODE.index("f()"), end=len(CODE))))))
    command = {
        "command": "mirador.showFindings",
        "arguments": [{"uri": URI, "position": {"line": 1, "character": 4}}],
    }
    for capabilities in ({"window": {"showDocument": {"support": True}}}, {}):
        async with ready(app, capabilities) as editor:
            editor.open(CODE)
            await editor.diagnostics(lambda p: bool(p["diagnostics"]))
            asked = editor.request("workspace/executeCommand", command)
            if capabilities:
                show = await editor.until(lambda m: m.get("method") == "window/showDocument")
                assert show["params"]["selection"]["start"] == {"line": 2, "character": 8}
                editor.put({"id": show["id"], "result": {"success": True}})
            answer = await editor.answer(asked)
            assert answer["result"] == {"findings": ["f"], "shown": bool(capabilities)}
            assert len(editor.of("window/showMessage")) == (0 if capabilities else 1)


async def test_a_file_of_many_functions_is_bounded() -> None:
    """Thousands of functions do not make tens of thousands of lenses."""
    async with ready(FakeApp(), EDITS) as editor:
        editor.open("".join(f"def f{n}(): pass\n" for n in range(1200)))
        found = Counter(lens["command"]["title"] for lens in await parsed(editor))
        assert found["Explain"] == 1000
