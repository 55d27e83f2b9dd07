"""How late the event loop of Mirador is while a model reviews."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from benchmarks import samples
from benchmarks.bench import Benchmark, BenchmarkError, Context
from benchmarks.figures import Row, Series, Target, percentile
from benchmarks.ticker import idle_loop, tick
from mirador_lsp.app import App
from mirador_lsp.core.events import Event, StageFailed, StreamToken
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.settings import review_policy

_SECONDS = 10.0
_ROUNDS_AT_LEAST = 2


async def _run(context: Context) -> Sequence[Row]:
    ours: list[list[float]] = []
    theirs: list[list[float]] = []
    for number in range(max(_ROUNDS_AT_LEAST, context.few)):
        context.tell(f"event-loop lag, {_SECONDS:.0f} seconds of a review, round {number + 1}")
        async with context.home.app() as app:
            mine, idle = await _round(app, number)
        ours.append(mine)
        theirs.append(idle)
    against = "an idle loop beside it"
    what = "event-loop lag while the model runs"
    note = f"{len(ours[0])} ticks a round"
    high = _row("lag", f"{what}, p99", ours, theirs, 0.99)
    middle = _row("lag, middle", f"{what}, p50", ours, theirs, 0.5)
    limit = (Target("value", 10),)
    return (
        replace(high, against=against, note=note, targets=limit),
        replace(middle, against=against),
    )


def _row(
    name: str, what: str, ours: list[list[float]], theirs: list[list[float]], share: float
) -> Row:
    mine = Series(tuple(percentile(lags, share) for lags in ours))
    idle = Series(tuple(percentile(lags, share) for lags in theirs))
    return Row(name, what, "ms", mine, idle)


async def _round(app: App, number: int) -> tuple[list[float], list[float]]:
    """The lags of this loop and of an idle one during some seconds of a review."""
    snapshot = samples.snapshot_of(samples.LONG)
    # Another text each round: replies that are known would not be asked for again.
    snapshot = replace(snapshot, text=snapshot.text.replace("self", f"self{number}"))
    policy = review_policy(app.settings, stages=["instant", "quick"])
    speaking = asyncio.Event()
    failures: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, StageFailed):
            failures.append(event.message)
        if isinstance(event, StreamToken | StageFailed):
            speaking.set()

    async with asyncio.TaskGroup() as group:
        review = group.create_task(app.review(ReviewRequest(snapshot, policy, Trigger.CLI), listen))
        await speaking.wait()  # the engine is up: what follows is reading and speaking
        stop = asyncio.Event()
        async with idle_loop() as idle:
            ticking = group.create_task(tick(stop))
            await asyncio.sleep(_SECONDS)
            stop.set()
            mine = await ticking
        if review.done() and not failures:
            failures.append("the review ended before the measurement")
        review.cancel()
    if failures:
        raise BenchmarkError(failures[0])
    return mine, idle


BENCHMARK = Benchmark(
    name="lag",
    meaning=(
        "The application reviews a file in this process with the instant and the quick stage; a "
        "coroutine on the same loop wants to wake every 5 ms, and the lag is how much later it "
        "wakes. At the same time a process that does nothing else ticks on the same machine: what "
        "it shows is the machine's doing (the model takes every core), and the difference is "
        "Mirador's. Sleeping has a grain of about one millisecond, which is in both. Each value "
        "is a percentile over one round."
    ),
    run=_run,
)
