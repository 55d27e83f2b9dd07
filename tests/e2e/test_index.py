"""The index in a real session: two editors and a terminal on one workspace."""

import asyncio
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
from pytest_lsp import client_capabilities

from fakes.session import RecordingClient, Workspace, over_stdio
from mirador_lsp.index.client import home_of

_HEAVY = ("chromadb", "onnxruntime", "tokenizers", "numpy")


@pytest.fixture
async def indexed(workspace: Workspace) -> AsyncIterator[Workspace]:
    """A workspace whose index is kept in short-lived folders, and ended afterwards."""
    runtime = Path(tempfile.mkdtemp(prefix="mir-"))  # sockets need a short path
    workspace.env |= {
        "MIRADOR_INDEX_ENABLED": "true",
        "MIRADOR_INDEX_EMBEDDER": "none",
        "MIRADOR_RUNTIME_DIR": str(runtime / "run"),
        "MIRADOR_CACHE_DIR": str(runtime / "cache"),
        "HOME": str(runtime),  # the home folder itself would not be indexed
    }
    for number in range(30):
        text = f"def handle_{number}(wares):\n    return weigh(wares, {number})\n"
        workspace.write(f"part_{number}.py", text)
    yield workspace
    await asyncio.to_thread(_mirador, workspace, "index", "stop")
    shutil.rmtree(runtime)


def _mirador(workspace: Workspace, *words: str) -> str:
    command = [sys.executable, "-P", "-m", "mirador_lsp", *words]
    ended = subprocess.run(
        command,
        env=os.environ | workspace.env,
        cwd=workspace.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    return ended.stdout + ended.stderr


async def _open(client: RecordingClient, workspace: Workspace) -> None:
    capabilities: Any = client_capabilities("visual_studio_code")
    folder = types.WorkspaceFolder(workspace.folder.as_uri(), "work")
    await client.initialize_session(
        types.InitializeParams(capabilities=capabilities, workspace_folders=[folder])
    )


async def _found(client: RecordingClient, text: str) -> list[str]:
    answer = await client.protocol.send_request_async("mirador/search", {"query": text})
    return [Path(hit.uri).name for hit in answer.hits]


async def _until_found(client: RecordingClient, text: str, name: str) -> None:
    async with asyncio.timeout(60):
        while (await _found(client, text))[:1] != [name]:  # noqa: ASYNC110 — another process reads
            await asyncio.sleep(0.05)


def _libraries(pid: int) -> set[str]:
    """Which of the heavy libraries a process has loaded."""
    maps = Path(f"/proc/{pid}/maps").read_text()
    return {name for name in _HEAVY if f"/{name}" in maps}


async def test_two_editors_and_a_terminal_share_one_index(indexed: Workspace) -> None:
    """What one editor saves the other one finds; both ask one process, and neither has loaded what
    that one needs.
    """
    async with over_stdio(indexed) as first, over_stdio(indexed) as second:
        await _open(first, indexed)
        await _open(second, indexed)
        await _until_found(first, "handle_17", "part_17.py")
        uri = indexed.write("part_3.py", "def renamed_in_the_editor():\n    pass\n")
        document = types.TextDocumentItem(uri, "python", 1, "def renamed_in_the_editor(): pass\n")
        first.text_document_did_open(types.DidOpenTextDocumentParams(document))
        saved = types.TextDocumentIdentifier(uri)
        first.text_document_did_save(types.DidSaveTextDocumentParams(saved))
        await _until_found(second, "renamed_in_the_editor", "part_3.py")
        for client in (first, second):
            assert client._server is not None
            assert _libraries(client._server.pid) == set()
        said = await asyncio.to_thread(_mirador, indexed, "search", "renamed_in_the_editor")
        assert "part_3.py" in said
        home = home_of(
            indexed.folder,
            Path(indexed.env["MIRADOR_RUNTIME_DIR"]),
            Path(indexed.env["MIRADOR_CACHE_DIR"]) / "index",
        )
        pid = home.places.holder()
        assert pid is not None
    status = await asyncio.to_thread(_mirador, indexed, "index", "status")
    assert "up to date" in status
    assert home.places.holder() == pid


async def test_a_workspace_cannot_steer_its_index(indexed: Workspace) -> None:
    """The settings file of a workspace that nobody vouches for neither turns the index off nor
    sends code anywhere.
    """
    indexed.write(".mirador.toml", '[index]\nenabled = false\nembedder = "evil/model"\n')
    async with over_stdio(indexed) as client:
        await _open(client, indexed)
        await _until_found(client, "handle_9", "part_9.py")
