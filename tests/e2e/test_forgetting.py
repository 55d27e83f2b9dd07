"""`mirador history forget`, end to end: every room that holds the words is made to forget them."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from fakes.session import PATIENCE, RecordingClient, Workspace, eventually, over_stdio

BAD = "def run():\n    return eval('1')\n"
SAYS = """
[[reply]]
question = "Why xylophone"
text = "It is the quixotic one."
"""
WORDS = (b"xylophone", b"quixotic")


@pytest.fixture
async def indexed(workspace: Workspace) -> AsyncIterator[Workspace]:
    """A workspace with an index, whose folders are short-lived."""
    above = Path(tempfile.mkdtemp(prefix="mir-"))  # sockets need a short path
    workspace.env |= {
        "MIRADOR_INDEX_ENABLED": "true",
        "MIRADOR_INDEX_EMBEDDER": "none",
        "MIRADOR_RUNTIME_DIR": str(above / "run"),
        "MIRADOR_CACHE_DIR": str(above / "cache"),
        "MIRADOR_STATE_DIR": str(above / "state"),
        "MIRADOR_SERVER_EXPLAIN_AHEAD": "false",
        "HOME": str(above),  # the home folder itself would not be indexed
    }
    workspace.script(SAYS)
    yield workspace
    await mirador(workspace, "index", "stop")
    await asyncio.to_thread(shutil.rmtree, above)


async def mirador(workspace: Workspace, *words: str) -> str:
    """What the command prints."""

    def run() -> str:
        command = [sys.executable, "-P", "-m", "mirador_lsp", *words]
        env = os.environ | workspace.env
        ended = subprocess.run(
            command, env=env, cwd=workspace.folder, capture_output=True, text=True, check=False
        )
        assert ended.returncode in (0, 1), ended.stderr
        return ended.stdout

    async with asyncio.timeout(PATIENCE):
        return await asyncio.to_thread(run)


async def talk(client: RecordingClient, workspace: Workspace) -> str:
    """Open a file with a finding, dismiss that, and ask a question; the file's URI."""
    folder = types.WorkspaceFolder(workspace.folder.as_uri(), "work")
    await client.initialize_session(
        types.InitializeParams(capabilities=types.ClientCapabilities(), workspace_folders=[folder])
    )
    uri = workspace.write("bad.py", BAD)
    item = types.TextDocumentItem(uri, "python", 1, BAD)
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    await eventually(lambda: any(each.diagnostics for each in client.of(uri)))
    found = next(d for each in client.of(uri) for d in each.diagnostics)
    data: Any = found.data
    finding = data["finding"] if isinstance(data, dict) else data.finding
    about = {"uri": uri, "findingId": finding, "reason": "xylophone"}
    await client.workspace_execute_command_async(
        types.ExecuteCommandParams("mirador.dismiss", [about])
    )
    asked = {"textDocument": {"uri": uri}, "question": "Why xylophone?"}
    await client.protocol.send_request_async("mirador/ask", asked)
    return uri


def holders(workspace: Workspace) -> list[str]:
    """The files of Mirador's own that hold one of the words."""
    folders = (workspace.env["MIRADOR_STATE_DIR"], workspace.env["MIRADOR_CACHE_DIR"])
    return [
        str(each)
        for folder in folders
        for each in Path(folder).rglob("*")
        if each.is_file() and any(word in each.read_bytes() for word in WORDS)
    ]


async def remembered(workspace: Workspace) -> bool:
    """Whether the index knows what was asked."""
    return "quixotic" in await mirador(workspace, "search", "--in", "talk", "xylophone")


async def forget(workspace: Workspace) -> None:
    """Have it forgotten, and see that it is; the index's own process is ended to look at it."""
    listed = json.loads(await mirador(workspace, "history", "--kind", "ask", "--json"))
    (row,) = listed["rows"]
    shown = json.loads(await mirador(workspace, "history", "show", row["id"], "--json"))
    assert shown["request"]["response"] == "It is the quixotic one."
    assert any("state" in name for name in holders(workspace))

    gone = json.loads(
        await mirador(workspace, "history", "forget", "--file", "bad.py", "--yes", "--json")
    )

    assert gone["requests"] >= 2
    assert (gone["decisions"], gone["memories"], gone["memories_left"]) == (1, 1, 0)
    assert not await remembered(workspace)


async def test_what_is_forgotten_is_nowhere(indexed: Workspace) -> None:
    """Question, answer, decision and finding: in no table, no index, no cache, no log."""
    async with over_stdio(indexed) as client:
        await talk(client, indexed)
        async with asyncio.timeout(PATIENCE):
            while not await remembered(indexed):
                pass
    await forget(indexed)
    await mirador(indexed, "index", "stop")
    assert await asyncio.to_thread(holders, indexed) == []


async def test_an_editor_that_is_open_does_not_bring_it_back(indexed: Workspace) -> None:
    """Its server keeps other things afterwards, and not those again."""
    async with over_stdio(indexed) as client:
        uri = await talk(client, indexed)
        async with asyncio.timeout(PATIENCE):
            while not await remembered(indexed):
                pass
        await forget(indexed)
        other = {"textDocument": {"uri": uri}, "question": "Anything else?"}
        await client.protocol.send_request_async("mirador/ask", other)
    listed = json.loads(await mirador(indexed, "history", "--kind", "ask", "--json"))
    assert [row["question"] for row in listed["rows"]] == ["Anything else?"]
    await mirador(indexed, "index", "stop")
    assert await asyncio.to_thread(holders, indexed) == []
