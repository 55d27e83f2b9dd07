"""Asking for commands as an editor does."""

from typing import Any

from fakes.editor import URI, Editor


async def command(editor: Editor, name: str, *arguments: Any) -> Any:
    """The whole answer to a command of Mirador's."""
    asked = {"command": f"mirador.{name}", "arguments": list(arguments)}
    return await editor.ask("workspace/executeCommand", asked)


async def result(editor: Editor, name: str, *arguments: Any) -> Any:
    """What a command comes to; fails when it is refused."""
    answer = await command(editor, name, *arguments)
    assert "result" in answer, answer
    return answer["result"]


def about(finding_id: str = "f1", **more: Any) -> dict[str, Any]:
    """The argument of a command about a finding."""
    return {"uri": URI, "findingId": finding_id, **more}


def place(first: int, last: int | None = None) -> dict[str, Any]:
    """A range over whole lines, from 0."""
    end = first if last is None else last
    return {"start": {"line": first, "character": 0}, "end": {"line": end + 1, "character": 0}}
