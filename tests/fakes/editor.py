"""An editor at the other end of an in-memory wire."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fakes.app import FakeApp
from mirador_lsp.server.run import talk
from mirador_lsp.server.server import Features, MiradorServer
from mirador_lsp.server.wiring import FEATURES, create_server
from mirador_lsp.settings import Loaded, Settings, paths
from mirador_lsp.settings.settings import EngineSettings, ServerSettings

URI = "file:///work/cart.py"
PATIENCE = 30.0


async def eventually(condition: Callable[[], object]) -> None:
    """Wait until `condition` holds; an event of the server's that no test can await."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 — see the docstring
            await asyncio.sleep(0.002)


class MemoryLink:
    """A wire without a process: bodies go in by `put` and come out in `sent`."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[list[bytes]] = asyncio.Queue()
        self.sent: list[dict[str, Any]] = []
        self.unsent = 0

    async def read(self) -> list[bytes]:
        return await self.incoming.get()

    def write(self, body: bytes) -> None:
        self.sent.append(json.loads(body))

    def backlog(self) -> int:
        return self.unsent

    async def close(self, grace: float) -> None:
        pass


class Editor:
    """Speaks LSP as an editor does, and remembers everything it was sent."""

    def __init__(self, link: MemoryLink, server: MiradorServer) -> None:
        self.link = link
        self.server = server
        self._next = 0

    @property
    def sent(self) -> list[dict[str, Any]]:
        return self.link.sent

    def put(self, *messages: Any) -> None:
        """Send messages in one piece, as one TCP segment would hold them."""
        self.link.incoming.put_nowait(
            [json.dumps({"jsonrpc": "2.0"} | m).encode() for m in messages]
        )

    def put_raw(self, *bodies: bytes) -> None:
        self.link.incoming.put_nowait(list(bodies))

    def notify(self, method: str, params: Any = None) -> None:
        self.put({"method": method, "params": params})

    def request(self, method: str, params: Any = None) -> int:
        self._next += 1
        self.put({"id": self._next, "method": method, "params": params})
        return self._next

    async def ask(self, method: str, params: Any = None) -> Any:
        return await self.answer(self.request(method, params))

    async def answer(self, msg_id: int) -> Any:
        return await self.until(lambda m: "method" not in m and m.get("id") == msg_id)

    async def until(self, wanted: Callable[[dict[str, Any]], bool], skip: int = 0) -> Any:
        """The first message, after `skip` that fit, that `wanted` accepts."""
        async with asyncio.timeout(PATIENCE):
            while True:
                fitting = [m for m in self.link.sent if wanted(m)]
                if len(fitting) > skip:
                    return fitting[skip]
                await asyncio.sleep(0.002)

    async def settle(self) -> None:
        """Wait until everything sent so far was handled: a request is answered in order."""
        await self.ask("test/unknown")

    async def initialize(self, capabilities: Any = None, **params: Any) -> Any:
        answer = await self.ask(
            "initialize",
            {"processId": None, "rootUri": None, "capabilities": capabilities or {}} | params,
        )
        self.notify("initialized", {})
        return answer

    async def settled(self) -> None:
        """Wait until the settings are read; reviews begin then."""
        await eventually(self.server.settled.is_set)

    def open(self, text: str, uri: str = URI, version: int = 1, language: str = "python") -> None:
        item = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, *changes: Any, version: int, uri: str = URI) -> None:
        self.notify(
            "textDocument/didChange",
            {"textDocument": {"uri": uri, "version": version}, "contentChanges": list(changes)},
        )

    def save(self, text: str | None = None, uri: str = URI) -> None:
        params = {"textDocument": {"uri": uri}}
        self.notify("textDocument/didSave", params if text is None else params | {"text": text})

    def close(self, uri: str = URI) -> None:
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def published(self, uri: str = URI) -> list[dict[str, Any]]:
        return [
            m["params"]
            for m in self.link.sent
            if m.get("method") == "textDocument/publishDiagnostics" and m["params"]["uri"] == uri
        ]

    async def diagnostics(self, wanted: Callable[[dict[str, Any]], bool], uri: str = URI) -> Any:
        """The first set of diagnostics that `wanted` accepts."""
        found = await self.until(
            lambda m: (
                m.get("method") == "textDocument/publishDiagnostics"
                and m["params"]["uri"] == uri
                and wanted(m["params"])
            )
        )
        return found["params"]

    def of(self, method: str) -> list[dict[str, Any]]:
        return [m for m in self.link.sent if m.get("method") == method]


def insert(line: int, character: int, text: str) -> dict[str, Any]:
    """A content change that inserts."""
    place = {"line": line, "character": character}
    return {"range": {"start": place, "end": place}, "text": text}


def load_defaults(**_said: Any) -> Loaded:
    """Settings as they are when nobody said anything, but nothing is read or explained ahead: that
    begins by itself after a while, and only tests about it expect it.
    """
    server, engine = ServerSettings(explain_ahead=False), EngineSettings(prewarm=False)
    return Loaded(Settings(server=server, engine=engine), (), paths({}))


@asynccontextmanager
async def connected(
    app: FakeApp, load: Callable[..., Loaded] = load_defaults, features: Features = FEATURES
) -> AsyncIterator[Editor]:
    """An editor connected to a server around `app`; nothing is said yet."""
    link = MemoryLink()
    server = create_server(app.open, load, features=features)
    async with asyncio.TaskGroup() as group:
        talking = group.create_task(talk(server, link))
        try:
            yield Editor(link, server)
        finally:
            server.leave(1)
            await talking


@asynccontextmanager
async def ready(
    app: FakeApp,
    capabilities: Any = None,
    load: Callable[..., Loaded] = load_defaults,
    features: Features = FEATURES,
    folders: Sequence[dict[str, str]] = (),
) -> AsyncIterator[Editor]:
    """An editor whose session is initialized and whose settings are read."""
    async with connected(app, load, features) as editor:
        await editor.initialize(capabilities, workspaceFolders=list(folders))
        await editor.settled()
        yield editor
