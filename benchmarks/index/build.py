"""The first build of an index over code that nobody here wrote, and answers meanwhile."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.bench import Benchmark, BenchmarkError, Context
from benchmarks.figures import Row, Series, Target, percentile
from benchmarks.index.hosted import Hosted, Moment, hosted
from benchmarks.index.semble import semble
from benchmarks.index.trees import Tree, grow_old, library, questions
from mirador_lsp.core.retrieval import Query
from mirador_lsp.models.embedder_files import MINILM

_SMALL_BYTES, _LARGE_BYTES = 720_000, 4_700_000
"""About 1,500 chunks and 10,000."""
_OLD_SECONDS = 100.0
_FILL_SECONDS = 20.0
_BATCHES = 3
_LOOK_SECONDS = 0.02
_QUESTIONS = 200
_PAUSE_SECONDS = 0.05
"""Between two questions, as of somebody who types quickly."""
_AGAINST = "semble, same vectors"


@dataclass(frozen=True)
class _Built:
    """What one build came to."""

    words: Moment
    """Words and names of all files can be searched."""
    static: Moment
    """So can the static vectors."""
    peak: float
    """Megabytes."""
    rate: float = 0.0
    """Vectors of the model for each processor second."""
    building: tuple[float, ...] = ()
    """Milliseconds of each question while vectors were computed."""
    resting: tuple[float, ...] = ()
    after: float = 0.0


async def _run(context: Context) -> Sequence[Row]:
    rows: list[Row] = []
    for size, rounds, limit in (
        (_SMALL_BYTES, context.runs, 1.0),
        (_LARGE_BYTES, max(1, context.few), 5.0),
    ):
        folder = context.home.folder / f"tree-{size}"
        tree = library(folder, size)
        grow_old(tree, _OLD_SECONDS)
        asked = questions(tree, _QUESTIONS)
        built = []
        for number in range(rounds):
            context.tell(f"{tree.files} files, round {number + 1}")
            last = size == _LARGE_BYTES and number == rounds - 1
            built.append(await _build(context, tree, number, asked if last else ()))
        context.tell(f"{tree.files} files, semble")
        other = await semble(context, tree, asked)
        rows += _rows(tree, built, other, limit)
        if size == _LARGE_BYTES:
            rows += _query_rows(built[-1], other)
    return rows


async def _build(context: Context, tree: Tree, number: int, asked: Sequence[str]) -> _Built:
    above = context.home.folder / f"index-{tree.bytes}-{number}"
    async with hosted(tree, above, context.home.paths.models, "auto") as index:
        words = await index.until(
            lambda report: report.phase not in {"starting", "looking"} and not report.waiting
        )
        static = await _until_static(index)
        if not asked:
            return _Built(words, static, index.memory()[0])
        context.tell("answers while vectors are computed")
        rate = await _rate(index)
        building = await _ask_meanwhile(index, asked)
        await index.client.pause()
        context.tell("answers at rest")
        resting = [await _ask(index, question) for question in asked]
        peak, after = index.memory()
        return _Built(words, static, peak, rate, tuple(building), tuple(resting), after)


async def _until_static(index: Hosted) -> Moment:
    """Until the model is first asked: the static vectors come before its own."""
    while True:
        for asked in index.asked():
            if asked.embedder == MINILM:
                report = await index.client.report()
                return Moment(asked.at - index.began, index.spent(), report)
        await asyncio.sleep(_LOOK_SECONDS)


async def _rate(index: Hosted) -> float:
    """Vectors of the model for each processor second of the host, with nobody asking."""
    first = len([each for each in index.asked() if each.embedder == MINILM]) - 1
    end = time.monotonic() + _FILL_SECONDS
    while True:
        await asyncio.sleep(1)
        done = [each for each in index.asked() if each.embedder == MINILM][first:]
        if time.monotonic() > end and len(done) > _BATCHES:
            break
    vectors = sum(each.texts for each in done[:-1])
    return vectors / (done[-1].processor_seconds - done[0].processor_seconds)


async def _ask_meanwhile(index: Hosted, asked: Sequence[str]) -> list[float]:
    """Questions for some time while the model embeds."""
    took: list[float] = []
    end = time.monotonic() + _FILL_SECONDS
    while time.monotonic() < end:
        took.append(await _ask(index, asked[len(took) % len(asked)]))
        await asyncio.sleep(_PAUSE_SECONDS)
    report = await index.client.report()
    if report.phase != "embedding":
        message = f"the index was {report.phase} before the measurement ended"
        raise BenchmarkError(message)
    return took


async def _ask(index: Hosted, question: str) -> float:
    """Milliseconds of a question, seen by its asker."""
    began = time.perf_counter()
    await index.client.search(Query(question))
    return (time.perf_counter() - began) * 1000


def _rows(
    tree: Tree, built: Sequence[_Built], other: dict[str, Any] | None, limit: float
) -> list[Row]:
    chunks = built[-1].static.report.chunks
    size = f"{chunks:,} chunks"
    megabytes = tree.bytes / 1e6
    words = [each.words.processor_seconds for each in built]
    full = [each.static.processor_seconds for each in built]
    note = (
        f"{tree.files} files, {megabytes:.2f} MB; {_middle(words):.2f} CPU-s for words and names, "
        f"{_middle(full):.2f} with static vectors, starts of processes included"
    )
    target = (Target("value", limit),)
    walls = Series(tuple(each.static.seconds for each in built))
    rows = [
        Row(
            f"words {size}",
            f"first search by words and names, {size}",
            "s",
            Series(tuple(each.words.seconds for each in built)),
            note=note,
        ),
        Row(f"static {size}", f"and by static vectors, {size}", "s", walls, targets=target),
        Row(
            f"rate {size}",
            f"read, cut and made searchable, {size}",
            "chunks/CPU-s",
            Series(tuple(chunks / each for each in full)),
            note=f"{tree.files / _middle(full):.0f} files/CPU-s, {megabytes / _middle(full):.2f} "
            f"MB/CPU-s; {tree.files / walls.median:.0f} files/s, "
            f"{megabytes / walls.median:.2f} MB/s by the clock",
        ),
        Row(
            f"memory {size}",
            f"most memory of the index's process, {size}",
            "MB",
            Series(tuple(each.peak for each in built)),
            targets=(Target("value", 300),),
        ),
    ]
    return _beside(rows, built, other) if other is not None else rows


def _beside(rows: list[Row], built: Sequence[_Built], other: dict[str, Any]) -> list[Row]:
    """The rows that semble has, too. It has fewer rounds: its median stands for each."""
    rounds = len(built)

    def series(value: float) -> Series:
        return Series((value,) * rounds)

    _, static, rate, memory = rows
    wall = other["load"] + _middle(other["walls"])
    processor = other["load_processor"] + _middle(other["processors"])
    note = (
        f"semble {other['chunks']:,} chunks of its own cut, {wall:.2f} s, {processor:.2f} CPU-s, "
        f"of which {other['load_processor']:.2f} to start"
    )
    return [
        rows[0],
        replace(static, theirs=series(wall), against=_AGAINST, note=note),
        replace(rate, theirs=series(other["chunks"] / processor), against=_AGAINST),
        replace(memory, theirs=series(other["memory"]), against=_AGAINST),
    ]


def _query_rows(built: _Built, other: dict[str, Any] | None) -> list[Row]:
    chunks = f"{built.static.report.chunks:,} chunks"
    theirs = [1000 * each for each in other["queries"]] if other is not None else []
    rows = [
        Row(
            "fill",
            "vectors of minilm filled in",
            "vectors/CPU-s",
            Series((built.rate,)),
            targets=(Target("value", 26, at_most=False),),
            note=f"{built.after:.0f} MB in memory afterwards, {built.peak:.0f} at most",
        )
    ]
    for name, took in (("while vectors are computed", built.building), ("at rest", built.resting)):
        for share, word in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99")):
            rows.append(
                Row(
                    f"query {name} {word}",
                    f"answer {name}, {chunks}, {word}",
                    "ms",
                    Series((percentile(took, share),)),
                    Series((percentile(theirs, share),)) if theirs else None,
                    _AGAINST if theirs else "",
                    (Target("value", 25),) if word == "p95" else (),
                    note=f"{len(took)} questions" if word == "p50" else "",
                )
            )
    return rows


def _middle(values: Sequence[float]) -> float:
    return Series(tuple(values)).median


BENCHMARK = Benchmark(
    name="index-build",
    meaning=(
        "Modules of Python's standard library, copied into a folder that no index knows yet. The "
        "clock runs from the first question, which starts the index's process, until all files can "
        "be searched by words and names, and then until they can be by the static vectors, too; "
        "the vectors of minilm come after that. Processor seconds count the index, its parsing "
        "process and the starts of both. Rates and memory count everything up to the static "
        "vectors. Then the model embeds for a while and a client asks 20 times a second at most, "
        "first sentences of docstrings and names; after that the index is paused and asked again. "
        "The other side is semble 0.7.0 on the same files in a process of its own, with Mirador's "
        "static table as its model, because its own can only be had from a server; it keeps its "
        "index in its own memory, cuts another number of chunks, and answers without a process in "
        "between. Its build is counted with its start."
    ),
    run=_run,
    slow=True,
)
