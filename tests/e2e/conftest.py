"""The real `mirador serve` in its own process, over each transport."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pytest_lsp import client_capabilities

from fakes.session import RecordingClient, Workspace, over_stdio, over_tcp
from fakes.wire import private

_WAYS = {"stdio": over_stdio, "tcp": over_tcp}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace with a model that finds nothing."""
    made = Workspace(tmp_path)
    made.env = private(tmp_path) | {
        "MIRADOR_ENGINE_BACKEND": "scripted",
        "MIRADOR_ENGINE_SCRIPT": str(tmp_path / "script.toml"),
    }
    made.script("")
    return made


@pytest.fixture(params=[("stdio", "visual_studio_code"), ("tcp", "neovim")], ids="-".join)
async def client(
    request: pytest.FixtureRequest, workspace: Workspace
) -> AsyncIterator[RecordingClient]:
    """A connected client that declares what a real editor declares, over each transport."""
    way, editor = request.param
    async with _WAYS[way](workspace) as connected:
        capabilities: Any = client_capabilities(editor)
        await connected.initialize_session(
            types.InitializeParams(
                capabilities=capabilities,
                workspace_folders=[types.WorkspaceFolder(workspace.folder.as_uri(), "work")],
            )
        )
        yield connected
