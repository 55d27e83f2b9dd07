"""What counting costs a request, and what it takes to look at a lot that was counted."""

import asyncio
import sys
import time
from asyncio.subprocess import DEVNULL
from collections.abc import Iterator, Sequence
from dataclasses import replace

from benchmarks import samples
from benchmarks.bench import Benchmark, BenchmarkError, Context, take_turns
from benchmarks.figures import Row, Target
from mirador_lsp.books import open_database
from mirador_lsp.core.events import Event
from mirador_lsp.core.metrics import (
    Ending,
    FindingCounts,
    RequestFigures,
    StageCosts,
    StageRun,
    Surface,
)
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.measuring import Wanted, open_figures
from mirador_lsp.settings import review_policy
from mirador_lsp.store import SqliteMetricsBook

_REQUESTS = 25_000
_STAGES = ("instant", "quick", "deep")
_DAY = 86_400.0


async def _run(context: Context) -> Sequence[Row]:
    return [await _cost(context), *await _look(context)]


async def _cost(context: Context) -> Row:
    """The shortest review there is, so that what is added to it weighs most."""
    snapshot = samples.snapshot_of(samples.USUAL)
    context.tell(f"a review with counting and without: {snapshot.name}")
    async with context.home.app() as app:
        await app.warm_up()
        policy = review_policy(app.settings, stages=["instant"])

        def request(number: int) -> ReviewRequest:
            text = f"{snapshot.text}# edit {number}\n"
            return ReviewRequest(replace(snapshot, text=text), policy, Trigger.SAVE)

        async def counted(number: int) -> float:
            begin = time.perf_counter()
            async with app.figures.of_review(request(number), _hear) as tell:
                await app.engine.review(request(number), tell)
            return (time.perf_counter() - begin) * 1000

        async def bare(number: int) -> float:
            begin = time.perf_counter()
            await app.engine.review(request(number), _hear)
            return (time.perf_counter() - begin) * 1000

        ours, theirs = await take_turns(4 * context.many, counted, bare, warm_up=3)
    targets = (Target("ratio", 1.05),)
    return Row("counted", "review, counted", "ms", ours, theirs, "not counted", targets)


async def _look(context: Context) -> Sequence[Row]:
    paths, rows = context.home.paths, _REQUESTS * (1 + len(_STAGES))
    context.tell(f"figures over {rows:,} rows")
    database = open_database(paths)
    book = SqliteMetricsBook(database)
    batch: list[RequestFigures] = []
    for each in _requests(time.time()):  # noqa: TID251 — what is looked at ends now
        batch.append(each)
        if len(batch) == 1000:
            await book.record(batch)
            batch = []
    await database.close()

    async def read(_: int) -> float:
        async with open_figures(paths) as reader:
            begin = time.perf_counter()
            measured = await reader.read(Wanted(), ())
            if measured.summary.requests < _REQUESTS:
                message = f"only {measured.summary.requests} requests are there"
                raise BenchmarkError(message)
            return (time.perf_counter() - begin) * 1000

    async def command(_: int) -> float:
        begin = time.perf_counter()
        words = (sys.executable, "-m", "mirador_lsp", "metrics", "--since", "all")
        process = await asyncio.create_subprocess_exec(
            *words, stdout=DEVNULL, env=context.home.environment
        )
        if await process.wait():
            message = f"`mirador metrics` ended with status {process.returncode}"
            raise BenchmarkError(message)
        return (time.perf_counter() - begin) * 1000

    reading, running = await take_turns(context.few, read, command)
    note = f"{rows:,} rows were counted"
    return [
        Row("figures, read", "figures, read and grouped", "ms", reading, note=note),
        Row("figures, command", "`mirador metrics`, from process start", "ms", running, note=note),
    ]


def _requests(now: float) -> Iterator[RequestFigures]:
    for number in range(_REQUESTS):
        first = 0.2 + (number * 7919 % 1000) / 500
        costs = StageCosts(seconds=2 * first, prompt_tokens=900, completion_tokens=40, asked=2)
        runs = tuple(
            StageRun(name, name, first_token_seconds=first, costs=costs) for name in _STAGES
        )
        yield RequestFigures(
            kind="review" if number % 4 else "ask",
            surface=Surface.EDITOR,
            language="python",
            ending=Ending.DONE,
            seconds=6 * first,
            time=now - _DAY * 60 * (1 - number / _REQUESTS),
            stages=runs,
            findings=FindingCounts(reported=3, shown=2, withdrawn=1),
        )


def _hear(_event: Event) -> None:
    """Nobody listens."""


BENCHMARK = Benchmark(
    name="counting",
    meaning=(
        "Counting: the same review, which only the analyzers make, with its request counted and "
        "without; what is counted is written behind the requests, so the writing of one falls into "
        "the next. Figures: reading and grouping all that is left of 100,000 rows (the oldest of "
        "them have become sums of days), and the whole command with it."
    ),
    run=_run,
)
