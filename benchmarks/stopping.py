"""How long the engine goes on after the user said stop."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from benchmarks import samples
from benchmarks.bench import Benchmark, BenchmarkError, Context
from benchmarks.editing import CLIENT, SMALL
from benchmarks.figures import Row, Series, Target
from benchmarks.lsp_client import Editor, serving
from benchmarks.processes import family, running_seconds
from mirador_lsp.core.document import Snapshot
from mirador_lsp.ipc.places import Places

_SLICE_SECONDS = 0.004
_WATCHED_SECONDS = 1.5
_WORKING = 0.25
"""A slice in which the engine took more than this share of one processor counts as work."""
_LIMIT = (Target("value", 200),)
_EXECUTE = "workspace/executeCommand"
_SHORT, _LONG = "async def handshake", "def process_redirect"
_ROUNDS_AT_LEAST = 3


async def _run(context: Context) -> Sequence[Row]:
    ways: dict[str, Callable[[Editor, Snapshot, Places], Awaitable[float]]] = {
        "`$/cancelRequest` of an explanation": _explanation,
        "`mirador.cancel` of a review": _review,
        "`$/cancelRequest` while the prompt is read": _reading,
    }
    measured: dict[str, list[float]] = {name: [] for name in ways}
    places = Places(context.home.paths.runtime)
    async with serving(context.home, **SMALL, MIRADOR_SERVER_EXPLAIN_AHEAD="false") as editor:
        await editor.initialize(CLIENT)
        editor.notify("initialized", {})
        for number in range(max(_ROUNDS_AT_LEAST, context.few)):
            for index, (name, way) in enumerate(ways.items()):
                context.tell(f"cancel to stop, round {number + 1}: {name}")
                # Another text each time: what was answered before is not asked again.
                snapshot = _another(f"{number}_{index}")
                _open(editor, snapshot)
                measured[name].append(await way(editor, snapshot, places))
                _close(editor, snapshot)
    return [
        Row(
            name=f"stop {index}",
            what=f"{name}, to the engine at rest",
            unit="ms",
            ours=Series(tuple(values)),
            targets=_LIMIT,
        )
        for index, (name, values) in enumerate(measured.items())
    ]


def _another(mark: str) -> Snapshot:
    snapshot = samples.snapshot_of(samples.LONG)
    text = snapshot.text.replace("self", f"self_{mark}")
    return replace(snapshot, uri=f"{snapshot.uri}.{mark}.py", text=text)


def _open(editor: Editor, snapshot: Snapshot) -> None:
    document = {"uri": snapshot.uri, "languageId": "python", "version": 1, "text": snapshot.text}
    editor.notify("textDocument/didOpen", {"textDocument": document})


def _close(editor: Editor, snapshot: Snapshot) -> None:
    editor.notify("textDocument/didClose", {"textDocument": {"uri": snapshot.uri}})


async def _review(editor: Editor, snapshot: Snapshot, places: Places) -> float:
    """The review that opening began."""
    await editor.until(_speaks)
    params = {"command": "mirador.cancel", "arguments": [{"uri": snapshot.uri}]}
    return await _watched(places, lambda: editor.ask(_EXECUTE, params), editor)


async def _explanation(editor: Editor, snapshot: Snapshot, places: Places) -> float:
    number = await _explain(editor, snapshot, _SHORT)
    await editor.until(lambda m: _part(m) == "text")
    return await _watched(places, lambda: _cancel(editor, number), editor)


async def _reading(editor: Editor, snapshot: Snapshot, places: Places) -> float:
    number = await _explain(editor, snapshot, _LONG)
    await editor.until(lambda m: _part(m) == "stage")
    await asyncio.sleep(0.5)  # the prompt takes seconds to read
    return await _watched(places, lambda: _cancel(editor, number), editor)


async def _explain(editor: Editor, snapshot: Snapshot, symbol: str) -> int:
    """Ask for an explanation while nothing else runs; the request's id."""
    params = {"command": "mirador.cancel", "arguments": [{"uri": snapshot.uri}]}
    await editor.request(_EXECUTE, params)
    line = snapshot.text[: snapshot.text.index(symbol)].count("\n")
    return editor.ask(
        "mirador/explain",
        {
            "textDocument": {"uri": snapshot.uri},
            "position": {"line": line, "character": 10},
            "partialResultToken": snapshot.uri,
        },
    )


def _cancel(editor: Editor, number: int) -> int:
    editor.notify("$/cancelRequest", {"id": number})
    return number


def _speaks(message: dict[str, Any]) -> bool:
    return message.get("method") == "mirador/stream"


def _part(message: dict[str, Any]) -> str:
    """The kind of a part of an answer by a model; "" for every other message."""
    value = (message.get("params") or {}).get("value")
    if message.get("method") != "$/progress" or not isinstance(value, dict):
        return ""
    return str(value.get("kind", "")) if value.get("model") else ""


async def _watched(places: Places, say: Callable[[], int], editor: Editor) -> float:
    """Say stop; the milliseconds until the last slice in which the engine computed had ended."""
    host = await asyncio.to_thread(places.holder)
    if host is None:
        message = "no engine runs"
        raise BenchmarkError(message)
    pids = family(host)
    before, last = _taken(pids), 0.0
    await asyncio.sleep(_SLICE_SECONDS * 5)
    if _taken(pids) - before < _SLICE_SECONDS:
        message = "the engine was at rest before it was told to stop"
        raise BenchmarkError(message)
    async with asyncio.TaskGroup() as group:
        begin = moment = time.perf_counter()
        group.create_task(editor.answer(say()))
        taken = _taken(pids)
        while moment - begin < _WATCHED_SECONDS:
            await asyncio.sleep(_SLICE_SECONDS)
            now, total = time.perf_counter(), _taken(pids)
            if total - taken > _WORKING * (now - moment):
                last = now - begin
            moment, taken = now, total
    if last > 0.9 * _WATCHED_SECONDS:
        message = "the engine did not stop"
        raise BenchmarkError(message)
    return last * 1000


def _taken(pids: list[int]) -> float:
    return sum(map(running_seconds, pids))


BENCHMARK = Benchmark(
    name="stopping",
    meaning=(
        "A client of a server process says stop: by cancelling its request for an explanation of "
        "which text arrives already, by `mirador.cancel` in the middle of a review, and by "
        "cancelling a request half a second after its model began to read. From the moment of the "
        "message the processor time of the engine's processes is looked at every few "
        "milliseconds; the figure ends with the last look at which the engine had computed. So "
        "the way through the server, its socket and the engine host is in it."
    ),
    run=_run,
)
