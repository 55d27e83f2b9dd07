"""What is remembered, end to end: servers that are killed, a scripted model, the real store."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pytest_lsp import client_capabilities

from fakes.session import PATIENCE, SERVE, RecordingClient, Workspace, _client, over_stdio

CART = "def mean(prices):\n    return sum(prices) / len(prices)\n"
SAYS = """
[[reply]]
question = "(?s)Why a mean.*It is what the shop shows.*And the median"
text = "The median was not asked for."

[[reply]]
question = "Why a mean"
text = "It is what the shop shows."

[[reply]]
question = "And the median"
text = "Which median do you mean, I know of none."
"""


@pytest.fixture
def workspace(workspace: Workspace) -> Workspace:
    """Nothing is reviewed and nothing explained ahead: the model is asked by the test alone."""
    workspace.env["MIRADOR_SERVER_REVIEW_ON_OPEN"] = "false"
    workspace.env["MIRADOR_SERVER_EXPLAIN_AHEAD"] = "false"
    workspace.env["MIRADOR_INDEX_ENABLED"] = "false"
    workspace.script(SAYS)
    return workspace


async def begin(client: RecordingClient, workspace: Workspace, editor: str = "neovim") -> str:
    """Introduce the client and open a document; its URI."""
    capabilities: Any = client_capabilities(editor)
    await client.initialize_session(
        types.InitializeParams(
            capabilities=capabilities,
            client_info=types.ClientInfo(editor),
            workspace_folders=[types.WorkspaceFolder(workspace.folder.as_uri(), "work")],
        )
    )
    uri = workspace.write("cart.py", CART)
    item = types.TextDocumentItem(uri, "python", 1, CART)
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    return uri


async def ask(client: RecordingClient, uri: str, question: str, conversation: str = "") -> Any:
    """The answer to a question about the function."""
    params = {
        "textDocument": {"uri": uri},
        "position": {"line": 0, "character": 5},
        "question": question,
        "conversation": conversation,
    }
    async with asyncio.timeout(PATIENCE):
        return await client.protocol.send_request_async("mirador/ask", params)


@asynccontextmanager
async def doomed(workspace: Workspace) -> AsyncIterator[RecordingClient]:
    """A client whose server is killed in the end, without a word."""
    client = _client()
    await client.start_io(*SERVE, "--stdio", env=os.environ | workspace.env)
    try:
        yield client
    finally:
        assert client._server is not None
        client._server.send_signal(signal.SIGKILL)
        await client._server.wait()
        await client.stop()


def store_of(workspace: Workspace) -> Path:
    """The one file of the store."""
    return Path(workspace.env["MIRADOR_STATE_DIR"]) / "store" / "mirador.db"


def kept(workspace: Workspace) -> list[tuple[str, str]]:
    """The questions that are on disk, with their answers."""
    with closing(sqlite3.connect(store_of(workspace))) as store:
        return store.execute(
            "SELECT question, response FROM history_exchanges ORDER BY number"
        ).fetchall()


async def test_a_conversation_goes_on_after_the_server_was_killed(workspace: Workspace) -> None:
    """The acknowledged answer is on disk, and the model is shown it with the next question."""
    async with doomed(workspace) as client:
        uri = await begin(client, workspace)
        first = await ask(client, uri, "Why a mean?")
    assert first.text == "It is what the shop shows."
    assert kept(workspace) == [("Why a mean?", "It is what the shop shows.")]

    async with over_stdio(workspace) as client:
        uri = await begin(client, workspace)
        second = await ask(client, uri, "And the median?", first.conversation)

    assert second.text == "The median was not asked for."
    assert second.conversation == first.conversation
    with closing(sqlite3.connect(store_of(workspace))) as store:
        sessions = store.execute("SELECT surface, client FROM history_sessions").fetchall()
    assert sessions == [("editor", "neovim")]


async def test_another_editor_does_not_go_on_with_it(workspace: Workspace) -> None:
    """A conversation belongs to the session of its client."""
    async with over_stdio(workspace) as client:
        uri = await begin(client, workspace)
        first = await ask(client, uri, "Why a mean?")
    async with over_stdio(workspace) as client:
        uri = await begin(client, workspace, "visual_studio_code")
        second = await ask(client, uri, "And the median?", first.conversation)

    assert second.text.startswith("Which median")
    assert second.conversation != first.conversation


async def test_nothing_is_kept_where_the_user_wants_nothing_kept(workspace: Workspace) -> None:
    """Neither question nor answer; the conversation lives as long as the server."""
    workspace.env["MIRADOR_HISTORY_ENABLED"] = "false"
    async with over_stdio(workspace) as client:
        uri = await begin(client, workspace)
        first = await ask(client, uri, "Why a mean?")
        second = await ask(client, uri, "And the median?", first.conversation)

    assert second.text == "The median was not asked for."
    store = store_of(workspace)
    assert not store.exists() or kept(workspace) == []
    for file in store.parent.glob("*") if store.parent.exists() else ():
        assert b"Why a mean" not in file.read_bytes()


async def test_reviews_of_one_text_do_not_pile_up(workspace: Workspace) -> None:
    """From the command line: one row for all reviews with the same outcome, one life a finding."""
    (workspace.folder / "bad.py").write_text("def f():\n    return eval('1')\n")
    for _ in range(2):
        await review(workspace)
    with closing(sqlite3.connect(store_of(workspace))) as store:
        reviews = store.execute("SELECT kind, repeats FROM history_exchanges").fetchall()
        steps = store.execute("SELECT step FROM history_moments ORDER BY time, rowid").fetchall()
        sessions = store.execute("SELECT surface FROM history_sessions").fetchall()
    assert reviews == [("review", 1)]
    assert [step for (step,) in steps] == ["reported", "shown"]
    assert sessions == [("cli",)]

    (workspace.folder / "bad.py").write_text("def f(x):\n    return int(x)\n")
    await review(workspace)
    with closing(sqlite3.connect(store_of(workspace))) as store:
        (last,) = store.execute(
            "SELECT step, reason FROM history_moments ORDER BY time"
        ).fetchall()[-1:]
    assert last == ("fixed", "its lines were edited")


async def review(workspace: Workspace) -> None:
    """Run the command on the file."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mirador_lsp", "review", "--stages", "instant", "bad.py"),
        cwd=workspace.folder,
        env=os.environ | workspace.env,
        stdout=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(PATIENCE):
        assert await process.wait() in (0, 1)
