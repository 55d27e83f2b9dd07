"""What an editor asks at every move of the mouse, while a model reviews."""

import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from benchmarks import samples
from benchmarks.bench import Benchmark, BenchmarkError, Context
from benchmarks.figures import Row, Series, Target, percentile
from benchmarks.home import MODEL
from benchmarks.lsp_client import Editor, serving
from mirador_lsp.core.document import Snapshot

_ASKED = 200
"""Requests of each kind in a round."""
_LIMIT = (Target("value", 50),)
SMALL = {
    "MIRADOR_STAGES_QUICK_MODELS": MODEL,
    "MIRADOR_STAGES_DEEP_MODELS": MODEL,
    "MIRADOR_STAGES_SYNTHESIS_MODELS": MODEL,
    "MIRADOR_REVIEW_STAGES": "instant,quick",
}
"""The small model alone, for a server process; `Home.settings` says the same to an application."""
CLIENT = {
    "experimental": {"mirador": {"stream": True, "answers": True, "status": True}},
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
}
"""What Mirador's own clients declare."""

Ask = Callable[[Editor, Snapshot, int], Awaitable[float]]
"""Asks about a line of an open document; the milliseconds until the answer."""


async def _run(context: Context) -> Sequence[Row]:
    kinds: dict[str, Ask] = {"hover": hover, "code actions": actions}
    busy: dict[str, list[list[float]]] = {name: [] for name in kinds}
    idle: dict[str, list[list[float]]] = {name: [] for name in kinds}
    for number in range(max(2, context.few)):
        context.tell(f"hover and code actions during a review, round {number + 1}")
        async with _reviewing(context, number) as (editor, snapshot):
            for name, ask in kinds.items():
                busy[name].append(await _many(editor, snapshot, ask, number))
            await _check_busy(editor, snapshot)
            for name, ask in kinds.items():
                idle[name].append(await _many(editor, snapshot, ask, number))
    rows = []
    for name in kinds:
        for share, word in ((0.5, "p50"), (0.99, "p99")):
            row = Row(
                name=f"{name} {word}",
                what=f"{name} while a model reviews, {word}",
                unit="ms",
                ours=_series(busy[name], share),
                theirs=_series(idle[name], share),
                against="the same with nothing running",
            )
            note = f"{_ASKED} requests a round, on random lines"
            rows.append(replace(row, targets=_LIMIT, note=note) if share > 0.5 else row)
    return rows


def _series(rounds: list[list[float]], share: float) -> Series:
    return Series(tuple(percentile(times, share) for times in rounds))


@asynccontextmanager
async def _reviewing(context: Context, number: int) -> AsyncIterator[tuple[Editor, Snapshot]]:
    """A server whose model reviews a long file and has begun to speak."""
    snapshot = samples.snapshot_of(samples.LONG)
    # Another text each round: replies that are known would not be asked for again.
    snapshot = replace(snapshot, text=snapshot.text.replace("self", f"self{number}"))
    async with serving(context.home, **SMALL) as editor:
        await editor.initialize(CLIENT)
        editor.notify("initialized", {})
        document = {"uri": snapshot.uri, "languageId": "python", "version": 1}
        editor.notify("textDocument/didOpen", {"textDocument": {**document, "text": snapshot.text}})
        await editor.until(lambda message: message.get("method") == "mirador/stream")
        yield editor, snapshot


async def _many(editor: Editor, snapshot: Snapshot, ask: Ask, seed: int) -> list[float]:
    rng = random.Random(seed)  # noqa: S311 — lines, not secrets
    lines = len(snapshot.lines)
    return [await ask(editor, snapshot, rng.randrange(lines)) for _ in range(_ASKED)]


async def _check_busy(editor: Editor, snapshot: Snapshot) -> None:
    """The review must have run all the time; then end it."""
    answer = await editor.request(
        "workspace/executeCommand",
        {"command": "mirador.cancel", "arguments": [{"uri": snapshot.uri}]},
    )
    if not answer["cancelled"]:
        message = "the review ended before the measurement"
        raise BenchmarkError(message)


async def hover(editor: Editor, snapshot: Snapshot, line: int) -> float:
    """Milliseconds until a hover is answered."""
    place = {"line": line, "character": 9}
    params = {"textDocument": {"uri": snapshot.uri}, "position": place}
    return await _timed(editor, "textDocument/hover", params)


async def actions(editor: Editor, snapshot: Snapshot, line: int) -> float:
    """Milliseconds until the code actions of a line are answered."""
    span = {"start": {"line": line, "character": 0}, "end": {"line": line, "character": 30}}
    params = {
        "textDocument": {"uri": snapshot.uri},
        "range": span,
        "context": {"diagnostics": []},
    }
    return await _timed(editor, "textDocument/codeAction", params)


async def _timed(editor: Editor, method: str, params: object) -> float:
    begin = time.perf_counter()
    await editor.request(method, params)
    return (time.perf_counter() - begin) * 1000


BENCHMARK = Benchmark(
    name="editing",
    meaning=(
        "A server process reviews a long file with the quick stage; once the model speaks, the "
        "client asks for hovers and then for code actions on random lines, one after the other, "
        "and the clock runs from the request to its answer as the client has read it. Then the "
        "review is stopped and the same is asked again: the difference is what the review costs, "
        "most of it the processor that the model takes. Each value is a percentile over one round."
    ),
    run=_run,
)
