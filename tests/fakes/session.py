"""Sessions with the real `mirador serve`, whose model says what a script says."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Union

from cattrs import Converter
from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp import LanguageClient
from pytest_lsp.client import register_lsp_features

SERVE = [sys.executable, "-m", "mirador_lsp", "serve"]
PATIENCE = 60.0
FIXED = "- bug: This divides by the number of items, which may be zero. Code: `{quote}`"


class RecordingClient(LanguageClient):
    """pytest-lsp's client, which also checks us against the specification, with a memory."""

    def __init__(self) -> None:
        super().__init__(converter_factory=_converter)
        self.published: list[types.PublishDiagnosticsParams] = []
        self.registered: list[str] = []
        register_lsp_features(self)

    def of(self, uri: str) -> list[types.PublishDiagnosticsParams]:
        """All sets of diagnostics for a document, in the order in which they came."""
        return [p for p in self.published if p.uri == uri]


@dataclass
class Workspace:
    """A folder to work in, a script for the model, and an environment that ends at the folder."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, text: str) -> str:
        """Write a file; returns its URI."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path.as_uri()

    def script(self, text: str, *, models: tuple[str, ...] = ("qwen2.5-coder-0.5b",)) -> None:
        """Say what the model says. It keeps a journal of what was asked and how it ended."""
        tables = "".join(f'[[model]]\nname = "{name}"\n' for name in models)
        self.write("script.toml", f'journal = "journal"\n{tables}{text}')

    def journal(self) -> list[str]:
        """What happened to each question so far: "started", "finished", "cancelled", "failed"."""
        path = self.folder / "journal"
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line)["event"] for line in lines]


async def eventually(condition: Callable[[], object]) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 — the other side is another process
            await asyncio.sleep(0.01)


@asynccontextmanager
async def over_stdio(workspace: Workspace) -> AsyncIterator[RecordingClient]:
    """A client whose server is its child, ended by the protocol with code 0."""
    client = _client()
    await client.start_io(*SERVE, "--stdio", env=os.environ | workspace.env)
    try:
        yield client
        await client.shutdown_session()
        assert client._server is not None
        assert client._server.returncode == 0
    finally:
        await client.stop()


@asynccontextmanager
async def over_tcp(workspace: Workspace) -> AsyncIterator[RecordingClient]:
    """A client connected to a server that listens, ended by the protocol with code 0."""
    server = await asyncio.create_subprocess_exec(
        *SERVE,
        "--tcp",
        "0",
        env=os.environ | workspace.env,
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    client = _client()
    try:
        host, port = await _announced(server)
        await client.start_tcp(host, port)
        yield client
        await client.shutdown_session()
        assert await asyncio.wait_for(server.wait(), PATIENCE) == 0
    finally:
        if server.returncode is None:
            server.kill()
        await server.wait()
        writer = client.protocol.writer
        if isinstance(writer, asyncio.StreamWriter):
            writer.close()
        await client.stop()


def _converter() -> Converter:
    """Like pygls' converter, but a code action with a command in it is an action, not a command."""
    made: Converter = default_converter()

    def either(value: Any, _: Any) -> types.Command | types.CodeAction:
        is_command = isinstance(value.get("command"), str)
        kind: Any = types.Command if is_command else types.CodeAction
        read: types.Command | types.CodeAction = made.structure(value, kind)
        return read

    made.register_structure_hook(Union[types.Command, types.CodeAction], either)  # noqa: UP007 — the form under which lsprotocol registers it
    return made


def _client() -> RecordingClient:
    client = RecordingClient()

    def remember(params: types.PublishDiagnosticsParams) -> None:
        client.published.append(params)
        client.diagnostics[params.uri] = params.diagnostics

    def register(params: types.RegistrationParams) -> None:
        client.registered += [r.method for r in params.registrations]

    client.feature(types.CLIENT_REGISTER_CAPABILITY)(register)
    client.protocol.fm.features.pop(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(remember)
    return client


async def _announced(server: asyncio.subprocess.Process) -> tuple[str, int]:
    assert server.stderr is not None
    async with asyncio.timeout(PATIENCE):
        while line := await server.stderr.readline():
            if match := re.search(rb"listening on tcp://([\d.]+):(\d+)", line):
                return match[1].decode(), int(match[2])
    message = "the server ended without listening"
    raise AssertionError(message)


MEAN = "return sum(prices) / len(prices)"
CART = f"""\
def mean(prices):
    {MEAN}


def run():
    return eval('12')
"""
"""A file with one fact for an analyzer and one opinion for a model."""
ENDLESS = """
[[reply]]
text = "well "
endless = true
delay_ms = 5
"""
"""A script whose model speaks until it is stopped."""
SAYS = f"""
[[reply]]
model = "qwen2.5-coder-0.5b"
text = '''{FIXED.format(quote=MEAN)}'''
hold = "go"
"""
"""A script whose model has one opinion, and holds it back until the file "go" exists."""
