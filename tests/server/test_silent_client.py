"""A client that never answers what it is asked holds nobody up."""

from typing import Any

import pytest

from fakes.app import FakeApp, finding, staged
from fakes.editor import URI, Editor, ready

EXECUTE = "workspace/executeCommand"
TEXT = "def mean(prices):\n    return sum(prices) / len(prices)\n"
CLIENT = {
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
    "window": {"showDocument": {"support": True}, "workDoneProgress": True},
    "experimental": {"mirador": {"checkDiagnostics": True}},
}


async def asked_and_silent(editor: Editor, question: str, name: str) -> int:
    """Ask for a command that asks the client, which does not answer; the command's id."""
    editor.open(TEXT)
    found = await editor.diagnostics(lambda p: bool(p["diagnostics"]))
    argument = {
        "uri": URI,
        "findingId": found["diagnostics"][0]["data"]["finding"],
        "position": {"line": 0, "character": 5},
    }
    asked = editor.request(EXECUTE, {"command": name, "arguments": [argument]})
    await editor.until(lambda m: m.get("method") == question)
    return asked


WAYS = [
    ("workspace/applyEdit", "mirador.fix"),
    ("workspace/applyEdit", "mirador.document"),
    ("workspace/applyEdit", "mirador.suppress"),
    ("window/showDocument", "mirador.explain"),
    ("window/showDocument", "mirador.showEvidence"),
]


@pytest.mark.parametrize(("question", "name"), WAYS)
@pytest.mark.parametrize("how", ["cancel", "shutdown"])
async def test_a_question_without_an_answer_ends_with_the_request(
    question: str, name: str, how: str
) -> None:
    """While the client keeps silent its request can be cancelled, and so can the session."""
    app = FakeApp(staged(("instant", (finding(end=8),))))
    async with ready(app, CLIENT) as editor:
        asked = await asked_and_silent(editor, question, name)
        if how == "cancel":
            editor.notify("$/cancelRequest", {"id": asked})
        else:
            assert (await editor.ask("shutdown"))["result"] is None
        answer: Any = await editor.answer(asked)
        assert "error" in answer or answer["result"] is not None
        await editor.settle()
        answers = [m for m in editor.sent if m.get("id") == asked and "method" not in m]
        assert len(answers) == 1
