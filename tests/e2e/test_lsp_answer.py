"""Explanations in an editor, end to end: the real server and parser, a scripted model."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from fakes.session import PATIENCE, RecordingClient, Workspace, eventually

CART = "def mean(prices):\n    return sum(prices) / len(prices)\n"
SAYS = """
[[reply]]
question = "What does"
text = "It gives the mean of the prices. It fails without any."
"""
ENDLESS = """
[[reply]]
question = "What does"
text = "well "
endless = true
delay_ms = 5
"""
WORDS = "It gives the mean of the prices. It fails without any."
HERE = types.Position(0, 5)


@pytest.fixture
def workspace(workspace: Workspace) -> Workspace:
    """Nothing is reviewed, so that the model is asked by nobody else."""
    workspace.env["MIRADOR_SERVER_REVIEW_ON_OPEN"] = "false"
    return workspace


class Reader:
    """An editor with one document that shows what it is told."""

    def __init__(self, client: RecordingClient, workspace: Workspace) -> None:
        self.client = client
        self.uri = workspace.write("cart.py", CART)
        self.parts: list[dict[str, Any]] = []
        self.shown: list[str] = []
        client.protocol.fm.features.pop(types.PROGRESS, None)
        client.protocol.fm.features.pop(types.WINDOW_SHOW_DOCUMENT, None)

        def progress(params: types.ProgressParams) -> None:
            if params.token == "parts":
                self.parts.append(params.value)

        def show(params: types.ShowDocumentParams) -> types.ShowDocumentResult:
            self.shown.append(params.uri)
            return types.ShowDocumentResult(success=True)

        client.feature(types.PROGRESS)(progress)
        client.feature(types.WINDOW_SHOW_DOCUMENT)(show)
        item = types.TextDocumentItem(self.uri, "python", 1, CART)
        client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def ask(self, msg_id: str, **more: Any) -> Any:
        """Send `mirador/explain`; the answer is to be awaited."""
        params = {
            "textDocument": {"uri": self.uri},
            "position": {"line": 0, "character": 5},
            "partialResultToken": "parts",
        } | more
        return self.client.protocol.send_request_async("mirador/explain", params, msg_id=msg_id)

    async def hover(self) -> str:
        """What the hover on the function says, once the file is parsed."""
        params = types.HoverParams(types.TextDocumentIdentifier(self.uri), HERE)
        async with asyncio.timeout(PATIENCE):
            while (hover := await self.client.text_document_hover_async(params)) is None:
                pass
        assert isinstance(hover.contents, types.MarkupContent)
        return hover.contents.value


async def test_an_explanation_streams_and_is_in_the_next_hover(
    client: RecordingClient, workspace: Workspace
) -> None:
    """Facts at once, then the model's words in parts; from then on a hover has them."""
    workspace.script(SAYS)
    reader = Reader(client, workspace)

    answer = await reader.ask("one")

    assert answer.state == "finished"
    assert (answer.stage, answer.model, answer.text) == ("quick", "qwen2.5-coder-0.5b", "")
    kinds = [(part["kind"], part["stage"]) for part in reader.parts if part["kind"] != "notice"]
    assert kinds[:2] == [("stage", "instant"), ("answer", "instant")]
    assert kinds[2] == ("stage", "quick")
    assert kinds[-1] == ("answer", "quick")
    said = "".join(p["content"] for p in reader.parts if p["kind"] == "text")
    assert said.strip() == reader.parts[-1]["text"] == WORDS
    hover = await reader.hover()
    assert "def mean(prices)" in hover
    assert "It gives the mean of the prices" in hover


async def test_a_page_is_a_file_with_the_whole_answer(
    client: RecordingClient, workspace: Workspace
) -> None:
    """Neither client has a view of its own here; the file goes with the session."""
    workspace.script(SAYS)
    reader = Reader(client, workspace)
    about = {"uri": reader.uri, "position": {"line": 0, "character": 5}}

    answer = await client.workspace_execute_command_async(
        types.ExecuteCommandParams("mirador.explain", [about])
    )

    assert answer["state"] == "finished"
    assert reader.shown
    page = Path(unquote(urlsplit(reader.shown[-1]).path))
    assert page.is_relative_to(workspace.folder)
    assert "It gives the mean of the prices" in await asyncio.to_thread(page.read_text)


@pytest.mark.parametrize("way", ["request", "command"])
async def test_cancelling_stops_the_model(
    client: RecordingClient, workspace: Workspace, way: str
) -> None:
    """The model is told, whichever way the explanation was asked for."""
    workspace.script(ENDLESS)
    reader = Reader(client, workspace)
    if way == "request":
        asked = reader.ask("it")
    else:
        about = {"uri": reader.uri, "position": {"line": 0, "character": 5}}
        params = types.ExecuteCommandParams("mirador.explain", [about])
        asked = client.protocol.send_request_async(
            types.WORKSPACE_EXECUTE_COMMAND, params, msg_id="it"
        )
    async with asyncio.TaskGroup() as group:
        answer = group.create_task(_refused(asked))
        await eventually(lambda: "started" in workspace.journal())
        client.cancel_request(types.CancelParams(id="it"))
        assert await answer
    await eventually(lambda: "cancelled" in workspace.journal())


async def test_the_symbol_at_the_cursor_is_explained_ahead(
    client: RecordingClient, workspace: Workspace
) -> None:
    """A hover, a quiet while, and the next hover has an explanation that nobody asked for."""
    workspace.script(SAYS)
    reader = Reader(client, workspace)
    assert "Explanation" not in await reader.hover()
    await eventually(lambda: "finished" in workspace.journal())
    async with asyncio.timeout(PATIENCE):
        while "It gives the mean of the prices" not in await reader.hover():
            pass


async def _refused(asked: Any) -> bool:
    """Whether a request is answered with an error."""
    try:
        await asked
    except JsonRpcException:
        return True
    return False
