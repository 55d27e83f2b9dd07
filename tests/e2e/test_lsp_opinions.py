"""What the user says of findings, end to end: known to the next session and the command line."""

import asyncio
import os
import sys
from typing import Any

from lsprotocol import types

from fakes.session import CART, FIXED, MEAN, RecordingClient, Workspace, eventually, over_stdio

SCRIPT = f"""
[[reply]]
model = "qwen2.5-coder-0.5b"
text = '''{FIXED.format(quote=MEAN)}'''
"""


async def began(client: RecordingClient, workspace: Workspace) -> str:
    """Begin a session and open the cart."""
    await client.initialize_session(
        types.InitializeParams(
            capabilities=types.ClientCapabilities(),
            workspace_folders=[types.WorkspaceFolder(workspace.folder.as_uri(), "work")],
        )
    )
    uri = workspace.write("cart.py", CART)
    item = types.TextDocumentItem(uri, "python", 1, CART)
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    return uri


async def run(client: RecordingClient, name: str, **said: Any) -> Any:
    """What a command comes to."""
    params = types.ExecuteCommandParams(f"mirador.{name}", [said])
    return await client.workspace_execute_command_async(params)


def rules(client: RecordingClient, uri: str) -> dict[str, str]:
    """By rule, the finding that is shown now."""
    sets = client.of(uri)
    return {str(d.code): _finding(d) for d in sets[-1].diagnostics} if sets else {}


def _finding(diagnostic: types.Diagnostic) -> str:
    data: Any = diagnostic.data
    return str(data["finding"] if isinstance(data, dict) else data.finding)


async def test_a_dismissal_holds_for_later_sessions_and_for_the_command_line(
    workspace: Workspace,
) -> None:
    """The finding goes, its evidence can be seen, and it comes back when restored."""
    workspace.script(SCRIPT)
    async with over_stdio(workspace) as client:
        uri = await began(client, workspace)
        await eventually(lambda: {"ruff/S307", "model/bug"} <= rules(client, uri).keys())
        finding = rules(client, uri)["model/bug"]
        shown = await run(client, "showEvidence", uri=uri, findingId=finding)
        await run(client, "dismiss", uri=uri, findingId=finding, reason="never empty")
        await eventually(lambda: "model/bug" not in rules(client, uri))

    assert {_of(each, "model") for each in _of(shown, "evidence")} == {"qwen2.5-coder-0.5b"}

    async with over_stdio(workspace) as client:
        uri = await began(client, workspace)
        answer = await run(client, "reviewFile", uri=uri)
        assert (_of(answer, "dismissed"), set(rules(client, uri))) == (1, {"ruff/S307"})
        said = await _review(workspace)
        assert "1 dismissed" in said
        assert "(dismissed: never empty)" in said
        await run(client, "restore", uri=uri, findingId=finding)
        await eventually(lambda: "model/bug" in rules(client, uri))

    assert "dismissed" not in await _review(workspace)


async def _review(workspace: Workspace) -> str:
    command = ["-m", "mirador_lsp", "review", "--show-withheld", "--fail-on", "never", "cart.py"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *command),
        env=os.environ | workspace.env,
        cwd=workspace.folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return said.decode()


def _of(value: Any, name: str) -> Any:
    """A member of an answer, however the client's library read it."""
    return value[name] if isinstance(value, dict) else getattr(value, name)
