"""The embedder of this machine beside the exact model, and beside a ready graph of others'."""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import samples
from benchmarks.bench import Benchmark, Context, take_turns
from benchmarks.figures import Row, Series, Target, percentile
from mirador_lsp.models.download import pull
from mirador_lsp.models.embedder_files import STATIC, EmbedderFiles
from mirador_lsp.models.embedders import make_embedder
from mirador_lsp.models.minilm import Runner
from mirador_lsp.models.minilm_graph import minilm_graph
from mirador_lsp.models.tensors import read_tensors

_CHUNK = 640
"""Characters; about 190 word pieces of code."""
_CHUNKS = 40
_MODULES = (samples.USUAL, samples.SILENCED, samples.LONG)
_QUERY = "where is the connection closed when the server does not answer in time?"


async def _run(context: Context) -> Sequence[Row]:
    files = EmbedderFiles(context.home.paths.models)
    graph, _ = await asyncio.to_thread(files.graph)
    fetched = await _fetch(context)
    ours, ready = Runner(graph), Runner(fetched["minilm-ready"].read_bytes())
    weights = await asyncio.to_thread(read_tensors, fetched["minilm"])
    exact = Runner(await asyncio.to_thread(lambda: minilm_graph(weights, quantised=False)))
    chunks = _chunks()
    rows = await _speeds(context, chunks, ours, ready, exact)
    context.tell("cosines")
    known = [exact.vector(chunk) for chunk in chunks]
    rows += [_cosines(known, ours, ready, chunks)]
    return [*rows, await _queries(context, ours, exact), await _static(context, chunks)]


async def _fetch(context: Context) -> dict[str, Path]:
    """The weights and the ready graph, which Mirador does not keep."""
    files = EmbedderFiles(context.home.folder / "made-from")
    found = {}
    for entry in files.store.catalogue:
        context.tell(f"fetching {entry.name}")
        found[entry.name] = (await pull(entry, files.store, lambda _: None)).path
    return found


def _chunks() -> list[str]:
    text = "".join(samples.snapshot_of(module).text for module in _MODULES)
    found = [text[start : start + _CHUNK] for start in range(0, len(text), _CHUNK)]
    return found[:: max(1, len(found) // _CHUNKS)][:_CHUNKS]


async def _speeds(
    context: Context, chunks: Sequence[str], ours: Runner, ready: Runner, exact: Runner
) -> list[Row]:
    context.tell("chunks per processor second")

    def side(runner: Runner) -> Callable[[int], Any]:
        async def embed(_: int) -> float:
            return await asyncio.to_thread(_rate, runner.vector, chunks)

        return embed

    a, b, c = await take_turns(context.runs, side(ours), side(ready), side(exact))
    what, unit = "chunks embedded by minilm", "chunks/CPU-s"
    targets = (Target("ratio", 2, at_most=False),)
    return [
        Row("minilm", what, unit, a, b, "the ready 8-bit graph", targets),
        Row("minilm exact", what, unit, a, c, "the exact weights, same graph"),
    ]


def _rate(vector: Callable[[str], Any], chunks: Sequence[str]) -> float:
    begin = time.process_time()
    for chunk in chunks:
        vector(chunk)
    return len(chunks) / (time.process_time() - begin)


def _cosines(known: Sequence[Any], ours: Runner, ready: Runner, chunks: Sequence[str]) -> Row:
    def against(runner: Runner) -> Series:
        pairs = zip(known, chunks, strict=True)
        return Series(tuple(float(vector @ runner.vector(chunk)) for vector, chunk in pairs))

    mine, other = against(ours), against(ready)
    targets = (Target("value", 0.99, at_most=False),)
    note = f"cosine to the exact weights; the lowest of {len(chunks)} is {mine.low:.4f}"
    what = "cosine of a vector to the exact one"
    return Row("cosine", what, "cosine", mine, other, "the ready 8-bit graph", targets, note)


async def _queries(context: Context, ours: Runner, exact: Runner) -> Row:
    context.tell("queries")

    def side(runner: Runner) -> Callable[[int], Any]:
        async def ask(number: int) -> float:
            begin = time.perf_counter()
            await asyncio.to_thread(runner.vector, f"{_QUERY} {number}")
            return (time.perf_counter() - begin) * 1000

        return ask

    a, b = await take_turns(5 * context.many, side(ours), side(exact))
    targets = (Target("value", 10),)
    note = f"p99 {percentile(a.values, 0.99):.1f} ms"
    what = "vector of a question of 16 words"
    return Row("query", what, "ms", a, b, "the exact weights, same graph", targets, note)


async def _static(context: Context, chunks: Sequence[str]) -> Row:
    context.tell("static table")
    table = await make_embedder(STATIC, models=context.home.paths.models)
    many = list(chunks) * 10

    async def embed(_: int) -> float:
        begin = time.process_time()
        await table.documents(many)
        return len(many) / (time.process_time() - begin)

    (found,) = await take_turns(context.many, embed)
    await table.close()
    targets = (Target("value", 1000, at_most=False),)
    what = "chunks embedded by the static table"
    return Row("static", what, "chunks/CPU-s", found, targets=targets)


BENCHMARK = Benchmark(
    name="embedding",
    meaning=(
        "Pieces of 640 characters of three installed Python modules are turned into vectors, one "
        "thread, 256 word pieces at most, one piece after the other; time is processor time of the "
        "whole process. The other side is the same model as others made it ready (8-bit weights, "
        "arithmetic in 32 bits), and the published weights in Mirador's own graph. Cosines are to "
        "the vectors of the published weights; brackets give the least and the most of all pieces. "
        "The files of the other sides are fetched first, which does not count."
    ),
    run=_run,
    slow=True,
)
