"""The language server as an editor meets it: its start, its size, and a save."""

import asyncio
import sys
import time
from asyncio.subprocess import DEVNULL
from collections.abc import Sequence

from benchmarks import samples
from benchmarks.bench import Benchmark, Context, take_turns
from benchmarks.figures import Row, Series, Target
from benchmarks.lsp_client import Editor, serving
from benchmarks.processes import family, memory, until_idle
from mirador_lsp.core.document import Snapshot

_START = (Target("value", 300),)
_SIZE = (Target("value", 120),)


async def _start(context: Context) -> Sequence[Row]:
    context.tell("start of the language server")

    async def from_nothing(_: int) -> float:
        begin = time.perf_counter()
        async with serving(context.home) as editor:
            return (await editor.initialize() - begin) * 1000

    async def libraries(_: int) -> float:
        begin = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "import pygls.lsp.server"), stdin=DEVNULL
        )
        await process.wait()
        return (time.perf_counter() - begin) * 1000

    async def answer(_: int) -> float:
        async with serving(context.home) as editor:
            await until_idle(editor.pid)
            begin = time.perf_counter()
            return (await editor.initialize() - begin) * 1000

    whole, bare, alone = await take_turns(context.runs, from_nothing, libraries, answer)
    return (
        Row(
            name="initialize",
            what="`initialize` answered, from process start",
            unit="ms",
            ours=whole,
            theirs=bare,
            against="Python that imports pygls and ends",
            targets=_START,
        ),
        Row("initialize, alone", "`initialize` answered, server up", "ms", alone, targets=_START),
    )


async def _idle(context: Context) -> Sequence[Row]:
    context.tell("idle memory of the language server")
    server, both, shared = [], [], []
    for _ in range(context.few):
        async with serving(context.home) as editor:
            await editor.initialize()
            editor.notify("initialized", {})
            await until_idle(editor.pid)
            pids = family(editor.pid)
            server.append(memory(pids[:1]).resident)
            both.append(memory(pids).resident)
            shared.append(memory(pids).proportional)
    what = "idle memory, server"
    together = f"{what} and parse worker"
    return (
        Row("memory", f"{what}, resident", "MB", Series(tuple(server)), targets=_SIZE),
        Row("memory, worker too", f"{together}, resident", "MB", Series(tuple(both))),
        Row(
            name="memory, shared once",
            what=f"{together}, shared pages once",
            unit="MB",
            ours=Series(tuple(shared)),
            targets=_SIZE,
        ),
    )


async def _save(context: Context) -> Sequence[Row]:
    context.tell("save in the editor")
    snapshot = samples.snapshot_of(samples.USUAL)
    async with serving(context.home, MIRADOR_REVIEW_STAGES="instant") as editor:
        await editor.initialize()
        editor.notify("initialized", {})
        await _open(editor, snapshot)
        await editor.diagnostics(1)

        async def save(number: int) -> float:
            return await _edit_and_save(editor, snapshot, number + 10)

        (times,) = await take_turns(context.many, save, warm_up=2)
    note = f"{snapshot.name}, {len(snapshot.lines)} lines"
    what = "save to first diagnostics, in the editor"
    return [Row("save", what, "ms", times, targets=(Target("value", 100),), note=note)]


async def _open(editor: Editor, snapshot: Snapshot) -> None:
    document = {"uri": snapshot.uri, "languageId": "python", "version": 1, "text": snapshot.text}
    editor.notify("textDocument/didOpen", {"textDocument": document})


async def _edit_and_save(editor: Editor, snapshot: Snapshot, version: int) -> float:
    """Milliseconds from `didSave` to the diagnostics of the text that was saved."""
    changes = [{"text": f"{snapshot.text}# edit {version}\n"}]
    identity = {"uri": snapshot.uri, "version": version}
    editor.notify("textDocument/didChange", {"textDocument": identity, "contentChanges": changes})
    begin = time.perf_counter()
    editor.notify("textDocument/didSave", {"textDocument": {"uri": snapshot.uri}})
    await editor.diagnostics(version)
    return (time.perf_counter() - begin) * 1000


START = Benchmark(
    name="initialize",
    meaning=(
        "A fresh `mirador serve` each time, caches of the system warm. The first figure runs from "
        "the start of the process to the answer to `initialize`, seen by the client. What stands "
        "against it, the interpreter importing pygls and nothing else, is what any server pays "
        "that imports it before it answers. The second figure is the answer alone, asked of a "
        "server that is up."
    ),
    run=_start,
)
IDLE = Benchmark(
    name="memory",
    meaning=(
        "After `initialize` and `initialized`, once no process uses the processor any more: the "
        "server with the application open, and its parse worker. Megabytes of 10^6 bytes. No "
        "model is loaded; the engine is a process of its own, shared by all editors."
    ),
    run=_idle,
)
SAVE = Benchmark(
    name="save",
    meaning=(
        "What a user waits for: the editor sends the changed text and `didSave`, and the clock "
        "runs from there until the diagnostics of exactly that text arrive. The instant stage is "
        "the only one that runs."
    ),
    run=_save,
)
