"""How late the language server's event loop is while it reviews, explains and fixes at once."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import samples
from benchmarks.bench import Benchmark, BenchmarkError, Context
from benchmarks.editing import CLIENT
from benchmarks.figures import Row, Series, Target, percentile
from benchmarks.home import Home
from benchmarks.ticker import idle_loop, tick
from mirador_lsp.app import open_app
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.server.run import talk
from mirador_lsp.server.wiring import create_server
from mirador_lsp.settings import Loaded, Settings

_SECONDS = 10.0
_ROUNDS_AT_LEAST = 2
_PATIENCE = 120.0
_FLAWED = "\n\ndef run(text):\n    return eval(text)\n"
"""A finding of an analyzer that only a model can mend."""


class Link:
    """A client in this process: it counts what the server says and can wait for some of it."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self._incoming: asyncio.Queue[list[bytes]] = asyncio.Queue()
        self._news = asyncio.Event()
        self._last_id = 0

    def ask(self, method: str, params: Any) -> int:
        """Send a request; the id of its answer."""
        self._last_id += 1
        self._put({"id": self._last_id, "method": method, "params": params})
        return self._last_id

    def notify(self, method: str, params: Any) -> None:
        """Tell the server something."""
        self._put({"method": method, "params": params})

    async def until(self, key: str, value: Any) -> dict[str, Any]:
        """The first message in which `key` is `value`. Raises TimeoutError when none comes."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                for message in self.heard:
                    if message.get(key) == value:
                        return message
                self._news.clear()
                await self._news.wait()

    async def read(self) -> list[bytes]:
        """See `Link` of the server."""
        return await self._incoming.get()

    def write(self, body: bytes) -> None:
        """See `Link` of the server."""
        message = json.loads(body)
        if "method" in message and "id" in message:
            edit = message["method"] == "workspace/applyEdit"
            self._put({"id": message["id"], "result": {"applied": False} if edit else None})
            return
        self.heard.append(message)
        self._news.set()

    def backlog(self) -> int:
        """See `Link` of the server."""
        return 0

    async def close(self, _grace: float) -> None:
        """See `Link` of the server."""

    def _put(self, message: dict[str, Any]) -> None:
        self._incoming.put_nowait([json.dumps({"jsonrpc": "2.0", **message}).encode()])


async def _run(context: Context) -> Sequence[Row]:
    ours: list[list[float]] = []
    theirs: list[list[float]] = []
    for number in range(max(_ROUNDS_AT_LEAST, context.few)):
        context.tell(f"lag of the server's loop, round {number + 1}")
        mine, idle = await _round(context.home, number)
        ours.append(mine)
        theirs.append(idle)
    rows = []
    for share, word in ((0.99, "p99"), (0.5, "p50")):
        row = Row(
            name=f"server lag {word}",
            what=f"lag of the server's loop during review, explanation and fix, {word}",
            unit="ms",
            ours=Series(tuple(percentile(lags, share) for lags in ours)),
            theirs=Series(tuple(percentile(lags, share) for lags in theirs)),
            against="an idle loop beside it",
        )
        rows.append(replace(row, targets=(Target("value", 10),)) if share > 0.5 else row)
    return rows


async def _round(home: Home, number: int) -> tuple[list[float], list[float]]:
    snapshot = samples.snapshot_of(samples.LONG)
    # Another text each round: what was answered before is not asked again.
    text = snapshot.text.replace("self", f"self{number}") + _FLAWED
    snapshot = replace(snapshot, text=text)
    supervisor = Supervisor()
    review = replace(home.settings.review, stages=("instant", "quick"))
    settings = replace(home.settings, review=review)
    async with session(home, settings, supervisor) as link:
        await _begin(link, snapshot)
        stop = asyncio.Event()
        async with idle_loop() as idle:
            ticking = supervisor.start(tick(stop), "ticking")
            await asyncio.sleep(_SECONDS)
            stop.set()
            mine = await ticking
        await _check(link, snapshot)
    return mine, idle


async def _begin(link: Link, snapshot: Snapshot) -> None:
    """Start a review, an explanation and a fix, and wait until the model is at work."""
    document = {"uri": snapshot.uri, "languageId": "python", "version": 1, "text": snapshot.text}
    link.notify("textDocument/didOpen", {"textDocument": document})
    published = await link.until("method", "textDocument/publishDiagnostics")
    last = len(snapshot.lines) - 4
    diagnostics = published["params"]["diagnostics"]
    found = [d["data"]["finding"] for d in diagnostics if d["range"]["start"]["line"] >= last]
    if not found:
        message = "the analyzers found nothing in the last lines"
        raise BenchmarkError(message)
    await link.until("method", "mirador/stream")
    line = snapshot.text[: snapshot.text.index("def connection_lost")].count("\n")
    link.ask(
        "mirador/explain",
        {
            "textDocument": {"uri": snapshot.uri},
            "position": {"line": line, "character": 10},
            "partialResultToken": "part",
        },
    )
    argument = {"uri": snapshot.uri, "findingId": found[-1]}
    link.ask("workspace/executeCommand", {"command": "mirador.fix", "arguments": [argument]})


async def _check(link: Link, snapshot: Snapshot) -> None:
    """There must have been work all the time; then end it."""
    argument = {"uri": snapshot.uri}
    command = {"command": "mirador.cancel", "arguments": [argument]}
    number = link.ask("workspace/executeCommand", command)
    answer = await link.until("id", number)
    if not answer["result"]["cancelled"]:
        message = "the work ended before the measurement"
        raise BenchmarkError(message)


@asynccontextmanager
async def session(
    home: Home, settings: Settings, supervisor: Supervisor, workspace: Path | None = None
) -> AsyncIterator[Link]:
    """A server in this process, and its client, which has `workspace` open."""

    def load(**_said: Any) -> Loaded:
        return Loaded(settings, (), home.paths)

    link = Link()
    server = create_server(lambda _: open_app(settings, paths=home.paths), load)
    talking = supervisor.start(talk(server, link), "server")
    try:
        root = workspace.as_uri() if workspace is not None else None
        params = {"processId": None, "rootUri": root, "capabilities": CLIENT}
        await link.until("id", link.ask("initialize", params))
        link.notify("initialized", {})
        yield link
    finally:
        server.leave(0)
        await talking
        await supervisor.close()


BENCHMARK = Benchmark(
    name="server-lag",
    meaning=(
        "The language server runs in this process, between the real application and a client that "
        "takes everything it says, streamed text included. For ten seconds it reviews a long file, "
        "explains one of its functions and fixes a finding, all asked for at once; a coroutine on "
        "the same loop wants to wake every 5 ms, and the lag is how much later it wakes. The other "
        "side is a process that does nothing but tick, at the same time on the same machine."
    ),
    run=_run,
)
