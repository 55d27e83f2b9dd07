"""Code actions: what is offered where, in which form, and what becomes of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from fakes.app import FakeApp, endless, finding, staged
from fakes.applying import applied
from fakes.editor import URI, Editor, eventually, insert, load_defaults, ready
from mirador_lsp.core.changes import Attempted, Rung
from mirador_lsp.core.edits import Edit, Fix
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.text import Encoding, Span
from mirador_lsp.server.asked import current
from mirador_lsp.settings import ActionSettings, Loaded

TEXT = "import os\n\n\ndef mean(prices):\n    return sum(prices) / len(prices)\n"
MEAN = TEXT.index("return")
UNUSED = replace(
    finding("unused", start=7, end=9, rule="ruff/F401", tool="ruff", message="`os` is not used."),
    fix=Fix("Remove unused import: `os`", (Edit(Span(0, 10), ""),), safe=True),
)
OPINION = finding(
    "opinion",
    start=MEAN,
    end=len(TEXT) - 1,
    rule="model/bug",
    stage="deep",
    tool="small",
    message="This divides by zero for an empty list.",
)

MODERN: dict[str, Any] = {
    "textDocument": {
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix"]}},
            "resolveSupport": {"properties": ["edit"]},
            "dataSupport": True,
            "disabledSupport": True,
            "isPreferredSupport": True,
            "tagSupport": {"valueSet": [1]},
        }
    },
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {
            "documentChanges": True,
            "resourceOperations": ["create"],
            "changeAnnotationSupport": {},
        },
    },
    "experimental": {"mirador": {"answers": True}},
}
LITERAL: dict[str, Any] = {
    "textDocument": {
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}
    },
    "workspace": {"applyEdit": True},
}
"""A client that takes actions with edits in them, and no more."""


@asynccontextmanager
async def shown(
    *findings: Finding,
    capabilities: Any = None,
    app: FakeApp | None = None,
    text: str = TEXT,
    load: Any = load_defaults,
) -> AsyncIterator[Editor]:
    """An editor that shows `findings` in its one document, and whose document was parsed."""
    app = app or FakeApp()
    app.script = staged(("instant", findings))
    async with ready(app, MODERN if capabilities is None else capabilities, load) as editor:
        editor.open(text)
        await editor.diagnostics(lambda p: len(p["diagnostics"]) == len(findings))
        await eventually(lambda: not editor.server.session.run_of(URI))
        snapshot = current(editor.server, URI)
        assert snapshot is not None
        if app.parses.is_set():
            await editor.server.outlines.get(snapshot)
        yield editor


def at(line: int, character: int, to: tuple[int, int] | None = None) -> dict[str, Any]:
    """A range of the wire; a cursor without `to`."""
    end = to or (line, character)
    return {
        "start": {"line": line, "character": character},
        "end": {"line": end[0], "character": end[1]},
    }


IMPORT, RETURN = at(0, 8), at(4, 10)
EVERYTHING = at(0, 0, (5, 0))


async def actions(editor: Editor, area: dict[str, Any], **context: Any) -> list[dict[str, Any]]:
    """What is offered for a range."""
    answer = await editor.ask(
        "textDocument/codeAction",
        {
            "textDocument": {"uri": URI},
            "range": area,
            "context": {"diagnostics": []} | context,
        },
    )
    found: list[dict[str, Any]] = answer["result"]
    return found


def titles(offered: list[dict[str, Any]]) -> list[str]:
    """What a user reads."""
    return [action["title"] for action in offered]


async def test_a_finding_of_an_analyzer_has_its_fix_first() -> None:
    """The ready fix is first and preferred; what a user thinks is not asked about a fact."""
    async with shown(UNUSED) as editor:
        offered = await actions(editor, IMPORT)

    assert titles(offered) == [
        "Remove unused import: `os` (ruff/F401)",
        "Explain ruff/F401",
        "Suppress ruff/F401 with a comment",
        "Dismiss ruff/F401",
        "Explain this file",
        "Ask Mirador about this file…",
        "Mirador: make all safe fixes (1)",
    ]
    assert offered[0]["isPreferred"] is True
    assert offered[0]["kind"] == "quickfix"
    assert [d["code"] for d in offered[0]["diagnostics"]] == ["ruff/F401"]


async def test_a_finding_of_a_model_can_be_fixed_judged_and_looked_into() -> None:
    """A model writes the fix, and it is said so; what the user thinks of the finding is asked."""
    async with shown(OPINION) as editor:
        offered = await actions(editor, RETURN)

    assert titles(offered) == [
        "Fix with Mirador: This divides by zero for an empty list.",
        "Explain model/bug",
        "Suppress model/bug with a comment",
        "Dismiss model/bug",
        "Show the evidence for model/bug",
        "model/bug is helpful",
        "model/bug is not helpful",
        "Explain `mean`",
        "Ask Mirador about `mean`…",
        "Document `mean`",
        "Write tests for `mean`",
    ]
    fix = offered[0]
    assert fix["tags"] == [1]
    assert fix["command"]["command"] == "mirador.fix"
    assert fix["command"]["arguments"] == [{"uri": URI, "findingId": "opinion"}]
    assert "isPreferred" not in fix
    assert "tags" not in offered[1]


async def test_a_fix_that_may_change_what_the_code_does_is_not_preferred() -> None:
    """It says so, and a model's fix stands beside it."""
    risky = replace(UNUSED, fix=replace(UNUSED.fix or Fix("", (), safe=True), safe=False))
    async with shown(risky) as editor:
        offered = await actions(editor, IMPORT)

    assert titles(offered)[:2] == [
        "Remove unused import: `os` (ruff/F401; may change what the code does)",
        "Fix with Mirador: `os` is not used.",
    ]
    assert "isPreferred" not in offered[0]


async def test_findings_are_known_by_range_and_code_alone() -> None:
    """Some clients echo no more of a diagnostic than its range, its code and its message."""
    async with shown(UNUSED, OPINION) as editor:
        echoed = {"range": at(0, 7, (0, 9)), "code": "ruff/F401", "message": "anything"}
        offered = await actions(editor, at(2, 0), diagnostics=[echoed])
        foreign = {**echoed, "code": "other/F401"}
        others = await actions(editor, at(2, 0), diagnostics=[foreign])

    assert titles(offered)[0] == "Remove unused import: `os` (ruff/F401)"
    assert offered[0]["diagnostics"] == [echoed]
    assert titles(others) == [
        "Explain this file",
        "Ask Mirador about this file…",
        "Mirador: make all safe fixes (1)",
    ]


async def test_a_diagnostic_that_names_its_finding_means_that_one() -> None:
    """Where a client keeps `data`, two findings of one rule at one place are not mixed up."""
    twin = replace(UNUSED, id="twin", fix=None)
    async with shown(UNUSED, twin) as editor:
        echoed = {
            "range": at(0, 7, (0, 9)),
            "code": "ruff/F401",
            "message": "",
            "data": {"finding": "twin"},
        }
        offered = await actions(editor, at(2, 0), diagnostics=[echoed])

    assert titles(offered)[0] == "Fix with Mirador: `os` is not used."


@pytest.mark.parametrize("data", [7, [], "x", {"finding": {}}, {"finding": None}, {"hash": 1}])
async def test_odd_data_of_a_diagnostic_is_survived(data: Any) -> None:
    """What a client sends back is not trusted to be ours."""
    async with shown(UNUSED) as editor:
        echoed = {"range": IMPORT, "message": "", "code": 7, "data": data}
        offered = await actions(editor, at(9, 9), diagnostics=[echoed])

    assert "Explain this file" in titles(offered)


async def test_a_selection_is_what_is_explained() -> None:
    """With a selection the words and the argument are about it."""
    async with shown() as editor:
        offered = await actions(editor, at(3, 0, (4, 4)))

    assert titles(offered)[0] == "Explain the selection"
    assert offered[0]["command"]["arguments"] == [{"uri": URI, "range": at(3, 0, (4, 4))}]


async def test_a_cursor_in_a_symbol_goes_along_as_a_position() -> None:
    """The command finds the symbol around it; for the whole file there is no place."""
    async with shown() as editor:
        inside = await actions(editor, RETURN)
        outside = await actions(editor, at(1, 0))

    assert inside[0]["command"]["arguments"] == [
        {"uri": URI, "position": {"line": 4, "character": 10}}
    ]
    assert outside[0]["command"]["arguments"] == [{"uri": URI}]


@pytest.mark.parametrize(
    ("only", "kinds"),
    [
        (["quickfix"], {"quickfix"}),
        (["refactor"], {"refactor.rewrite"}),
        (["refactor.rewrite"], {"refactor.rewrite"}),
        (["source"], {"source.fixAll.mirador"}),
        (["source.fixAll"], {"source.fixAll.mirador"}),
        (["source.fixAll.ruff"], set()),
        (["source.organizeImports"], set()),
        (["quick"], set()),
        (["source.fixAll.mirador", "quickfix"], {"source.fixAll.mirador", "quickfix"}),
        ([""], {"quickfix", "refactor.rewrite", "source.fixAll.mirador", "mirador.answer"}),
    ],
)
async def test_only_the_kinds_that_are_asked_for_are_offered(
    only: list[str], kinds: set[str]
) -> None:
    """Kinds are families: "source" means "source.fixAll.mirador" too, "quick" means none."""
    async with shown(UNUSED, OPINION) as editor:
        echoed = {"range": at(0, 7, (0, 9)), "code": "ruff/F401", "message": ""}
        offered = await actions(editor, RETURN, only=only, diagnostics=[echoed])

    assert {action["kind"] for action in offered} == kinds


async def test_a_client_that_asks_by_itself_is_told_of_findings_only() -> None:
    """A light bulb on every line would say nothing."""
    async with shown(UNUSED) as editor:
        calm = await actions(editor, RETURN, triggerKind=2)
        lit = await actions(editor, IMPORT, triggerKind=2)

    assert calm == []
    assert {action["kind"] for action in lit} == {"quickfix"}


async def test_many_findings_are_fixed_and_not_discussed() -> None:
    """Whoever selects a whole file is not given seven actions for each finding in it."""
    many = [replace(OPINION, id=f"f{number}") for number in range(30)]
    async with shown(*many) as editor:
        offered = await actions(editor, EVERYTHING, only=["quickfix"])

    assert len(offered) == 12
    assert all(title.startswith("Fix with Mirador") for title in titles(offered))


async def test_a_client_without_code_actions_gets_commands() -> None:
    """Such a client runs the command; an edit it could not take is not offered as one."""
    async with shown(UNUSED, capabilities={"workspace": {"applyEdit": True}}) as editor:
        offered = await actions(editor, IMPORT)

    assert offered[0] == {
        "title": "Remove unused import: `os` (ruff/F401)",
        "command": "mirador.fix",
        "arguments": [{"uri": URI, "findingId": "unused"}],
    }
    assert offered[-1]["command"] == "mirador.fixAll"
    assert all(set(action) <= {"title", "command", "arguments"} for action in offered)


async def test_without_resolve_the_edit_is_in_the_action_at_once() -> None:
    """The client applies it as it is; nothing newer than it declared is in it."""
    async with shown(UNUSED, capabilities=LITERAL) as editor:
        (fix, *_) = await actions(editor, IMPORT)

    assert applied(fix["edit"], {URI: TEXT}) == {URI: TEXT[10:]}
    assert list(fix["edit"]) == ["changes"]
    assert {"data", "command", "isPreferred", "tags"} & set(fix) == set()


async def test_with_resolve_the_edit_comes_later_and_nothing_else_changes() -> None:
    """Only the missing property is filled in."""
    async with shown(UNUSED) as editor:
        (fix, *_) = await actions(editor, IMPORT)
        answer = await editor.ask("codeAction/resolve", fix)

    assert "edit" not in fix
    resolved = answer["result"]
    edit = resolved.pop("edit")
    assert resolved == fix
    assert applied(edit, {URI: TEXT}) == {URI: TEXT[10:]}
    assert edit["documentChanges"][0]["textDocument"] == {"uri": URI, "version": 1}
    assert edit["changeAnnotations"]["mirador"]["needsConfirmation"] is False


@pytest.mark.parametrize("fresh", [True, False])
async def test_an_outdated_action_is_not_resolved(fresh: bool) -> None:
    """An edit of an older text would spoil the newer one: ContentModified."""
    async with shown(UNUSED) as editor:
        (fix, *_) = await actions(editor, IMPORT)
        if fresh:
            editor.change(insert(4, 0, " "), version=2)
        else:
            editor.close()
        answer = await editor.ask("codeAction/resolve", fix)

    assert answer["error"]["code"] == -32801


async def test_a_ready_fix_that_does_not_hold_is_not_resolved() -> None:
    """It is checked against the text first, and the user is told why it is not made."""
    app = FakeApp()
    app.checked = Attempted(1, (Rung.APPLIES,), Rung.PARSES, "It does not parse any more.")
    async with shown(UNUSED, app=app) as editor:
        (fix, *_) = await actions(editor, IMPORT)
        answer = await editor.ask("codeAction/resolve", fix)

    assert answer["error"]["code"] == -32803
    assert "does not parse" in answer["error"]["message"]
    assert [text for _, text in app.checks] == [TEXT[10:]]


async def test_an_action_with_a_command_resolves_to_itself() -> None:
    """Some clients resolve everything."""
    async with shown(OPINION) as editor:
        (fix, *_) = await actions(editor, RETURN)
        answer = await editor.ask("codeAction/resolve", fix)

    assert answer["result"] == fix


@pytest.mark.parametrize("data", [{"uri": 7}, {"uri": URI}, {"uri": URI, "hash": []}, [], "x"])
async def test_resolve_survives_what_is_not_ours(data: Any) -> None:
    """Data that was not ours is given back or refused, never followed."""
    async with shown(UNUSED) as editor:
        answer = await editor.ask("codeAction/resolve", {"title": "x", "data": data})

    if "result" in answer:
        assert answer["result"] == {"title": "x", "data": data}
    else:
        assert answer["error"]["code"] == -32801


async def test_findings_before_and_after_an_edit_are_offered_at_their_new_place() -> None:
    """What was edited waits for its review; ready fixes stay with the text they were made for."""
    async with shown(UNUSED, OPINION) as editor:
        editor.change(insert(1, 0, "\n\n"), version=2)
        moved = await actions(editor, at(6, 10), only=["quickfix"])
        stale = await actions(editor, IMPORT, only=["quickfix"])
        editor.change(insert(6, 11, "x"), version=3)
        gone = await actions(editor, at(6, 10), only=["quickfix"])

    assert titles(moved)[0].startswith("Fix with Mirador: This divides")
    assert titles(stale)[0] == "Fix with Mirador: `os` is not used."
    assert gone == []


async def test_a_document_in_doubt_or_closed_has_no_actions() -> None:
    """Nothing is computed from a text that may not be the editor's."""
    async with shown(UNUSED) as editor:
        editor.change(insert(0, 0, "x"), version=1)
        doubtful = await actions(editor, IMPORT)
        editor.close()
        closed = await actions(editor, IMPORT)

    assert doubtful == closed == []


async def test_actions_come_while_a_review_runs_and_no_model_is_asked() -> None:
    """The list is there at once, whatever else goes on."""
    app = FakeApp(endless)
    async with ready(app, MODERN) as editor:
        editor.open(TEXT)
        await eventually(lambda: app.requests)
        offered = await actions(editor, RETURN)

    assert titles(offered)
    assert app.changes == []
    assert app.asked == []


async def test_actions_do_not_wait_for_the_parser() -> None:
    """Without an outline the symbol is not known; the rest is offered."""
    app = FakeApp()
    app.parses.clear()
    async with shown(UNUSED, app=app) as editor:
        offered = await actions(editor, IMPORT)
        app.parses.set()

    assert titles(offered)[0] == "Remove unused import: `os` (ruff/F401)"


async def test_what_the_client_cannot_do_is_shown_disabled_with_the_reason() -> None:
    """A client that can show it says why; another one is not bothered."""
    plain = {"textDocument": MODERN["textDocument"]}
    async with shown(OPINION, capabilities=plain) as editor:
        offered = await actions(editor, RETURN)
    bare = {"textDocument": LITERAL["textDocument"]}
    async with shown(OPINION, capabilities=bare) as editor:
        fewer = await actions(editor, RETURN)

    disabled = {a["title"]: a["disabled"]["reason"] for a in offered if "disabled" in a}
    assert sorted(disabled) == [
        "Document `mean`",
        "Fix with Mirador: This divides by zero for an empty list.",
        "Suppress model/bug with a comment",
        "Write tests for `mean`",
    ]
    assert set(disabled.values()) == {"This editor does not take edits from language servers."}
    assert not set(disabled) & set(titles(fewer))


async def test_actions_of_the_user_are_offered_for_their_language() -> None:
    """Title, language and what it may edit come from the user's configuration."""

    def load(**said: Any) -> Loaded:
        loaded = load_defaults(**said)
        own = (
            ActionSettings(name="shout", title="Shout it", prompt="/p.md", edits="selection"),
            ActionSettings(name="haiku", title="As a haiku", prompt="/p.md"),
            ActionSettings(name="rusty", title="Rust only", prompt="/p.md", languages=("rust",)),
        )
        return replace(loaded, settings=replace(loaded.settings, actions=own))

    async with shown(load=load) as editor:
        cursor = await actions(editor, RETURN)
        selected = await actions(editor, at(3, 0, (4, 4)))

    assert "As a haiku" in titles(cursor)
    assert {"Shout it", "Rust only"} & set(titles(cursor)) == set()
    (shout,) = [a for a in selected if a["title"] == "Shout it"]
    assert shout["kind"] == "refactor.rewrite"
    assert shout["command"] == {
        "title": "Shout it",
        "command": "mirador.action",
        "arguments": [{"uri": URI, "name": "shout", "range": at(3, 0, (4, 4))}],
    }
    assert "Rust only" not in titles(selected)


async def test_all_safe_fixes_come_as_one_edit() -> None:
    """Unsafe ones are left out; the edit is worked out when it is asked for."""
    second = replace(
        UNUSED,
        id="second",
        fix=Fix("Say it", (Edit(Span(len(TEXT), len(TEXT)), "# end\n"),), safe=True),
    )
    risky = replace(UNUSED, id="risky", fix=Fix("No", (Edit(Span(11, 12), ""),), safe=False))
    async with shown(UNUSED, second, risky) as editor:
        (every,) = await actions(editor, at(2, 0), only=["source.fixAll"])
        answer = await editor.ask("codeAction/resolve", every)

    assert every["title"] == "Mirador: make all safe fixes (2)"
    assert applied(answer["result"]["edit"], {URI: TEXT}) == {URI: TEXT[10:] + "# end\n"}


async def test_asked_by_name_all_safe_fixes_are_in_the_action_of_a_simple_client() -> None:
    """That is how editors fix on saving; where there is nothing to fix nothing is offered."""
    async with shown(UNUSED, capabilities=LITERAL) as editor:
        (every,) = await actions(editor, at(2, 0), only=["source.fixAll.mirador"])
        listed = await actions(editor, at(2, 0))
    async with shown(OPINION, capabilities=LITERAL) as editor:
        nothing = await actions(editor, at(2, 0), only=["source.fixAll.mirador"])

    assert applied(every["edit"], {URI: TEXT}) == {URI: TEXT[10:]}
    assert listed[-1]["command"]["command"] == "mirador.fixAll"
    assert nothing == []


async def test_where_nothing_can_be_fixed_safely_that_is_not_offered() -> None:
    """By name neither, as long as it is known: before the text is edited."""
    async with shown(OPINION) as editor:
        before = await actions(editor, at(2, 0), only=["source.fixAll"])
        editor.change(insert(0, 0, "\n"), version=2)
        after = await actions(editor, at(2, 0), only=["source.fixAll"])

    assert before == []
    assert titles(after) == ["Mirador: make all safe fixes"]


@pytest.mark.parametrize("encoding", list(Encoding))
async def test_edits_are_in_the_units_of_the_client(encoding: Encoding) -> None:
    """Astral characters and CRLF before, within and after the edit."""
    text = "é = '𝄞'\r\nx = '𝄞𝄞'; import os\r\ny = 1\r\n"
    start = text.index("; import os")
    fix = Fix("Remove it", (Edit(Span(start, start + 11), "  # 𝄞"),), safe=True)
    found = replace(UNUSED, span=Span(start + 2, start + 11), fix=fix)
    capabilities = MODERN | {"general": {"positionEncodings": [encoding.value]}}
    async with shown(found, capabilities=capabilities, text=text) as editor:
        (action, *_) = await actions(editor, EVERYTHING, only=["quickfix"])
        answer = await editor.ask("codeAction/resolve", action)

    after = text[:start] + "  # 𝄞" + text[start + 11 :]
    assert applied(answer["result"]["edit"], {URI: text}, encoding) == {URI: after}


async def test_code_actions_can_be_cancelled() -> None:
    """A request that is cancelled is answered once, with what it had or with -32800."""
    async with shown(UNUSED) as editor:
        msg_id = editor.request(
            "textDocument/codeAction",
            {"textDocument": {"uri": URI}, "range": IMPORT, "context": {"diagnostics": []}},
        )
        editor.notify("$/cancelRequest", {"id": msg_id})
        answer = await editor.answer(msg_id)
        await editor.settle()
        count = sum(m.get("id") == msg_id and "method" not in m for m in editor.sent)

    assert "result" in answer or answer["error"]["code"] == -32800
    assert count == 1


@pytest.mark.parametrize("lazy", [True, False])
async def test_initialize_says_what_can_be_asked(lazy: bool) -> None:
    """Kinds are named; resolve is offered to clients that can use it."""
    async with ready(FakeApp(), MODERN if lazy else LITERAL) as editor:
        (initialized,) = [m for m in editor.sent if m.get("id") == 1]

    provider = initialized["result"]["capabilities"]["codeActionProvider"]
    assert provider["resolveProvider"] is lazy
    assert "source.fixAll.mirador" in provider["codeActionKinds"]
