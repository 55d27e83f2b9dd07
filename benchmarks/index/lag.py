"""How late the language server's event loop is while the index of its workspace is built."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.bench import Benchmark, BenchmarkError, Context
from benchmarks.figures import Row, Series, Target, percentile
from benchmarks.index.trees import library
from benchmarks.server_lag import session
from benchmarks.ticker import idle_loop, tick
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.index.client import IndexClient, home_of
from mirador_lsp.index.wire import Wishes

_BYTES = 4_700_000
_SECONDS = 15.0
_BUILDING = frozenset({"starting", "looking", "reading", "embedding"})


async def _run(context: Context) -> Sequence[Row]:
    ours: list[list[float]] = []
    theirs: list[list[float]] = []
    for number in range(max(2, context.few)):
        context.tell(f"lag of the server's loop, round {number + 1}")
        mine, idle = await _round(context, number)
        ours.append(mine)
        theirs.append(idle)
    rows = []
    for share, word in ((0.99, "p99"), (1.0, "most"), (0.5, "p50")):
        row = Row(
            name=f"index lag {word}",
            what=f"lag of the server's loop while its index is built, {word}",
            unit="ms",
            ours=Series(tuple(percentile(lags, share) for lags in ours)),
            theirs=Series(tuple(percentile(lags, share) for lags in theirs)),
            against="an idle loop beside it",
        )
        limits = {"p99": (Target("value", 20),), "most": (Target("value", 100),)}
        rows.append(replace(row, targets=limits.get(word, ())))
    return rows


async def _round(context: Context, number: int) -> tuple[list[float], list[float]]:
    home = context.home
    folder = home.folder / f"tree-{number}"  # another one each time: it has no index yet
    library(folder, _BYTES)
    supervisor = Supervisor()
    watching = _client(context, number)
    try:
        async with idle_loop() as idle:
            stop = asyncio.Event()
            async with session(home, home.settings, supervisor, folder):
                # From the moment at which the server begins with it.
                ticking = supervisor.start(tick(stop), "ticking")
                await asyncio.sleep(_SECONDS)
                stop.set()
                mine = await ticking
                report = await watching.report()
        if report.phase not in _BUILDING or not report.files:
            message = f"the index was {report.phase} with {report.files} files"
            raise BenchmarkError(message)
        return mine, idle
    finally:
        await watching.stop()
        await watching.close()


def _client(context: Context, number: int) -> IndexClient:
    """Another client of the server's index, which starts none where there is one."""
    paths = context.home.paths
    home = home_of(context.home.folder / f"tree-{number}", paths.runtime, paths.index)
    index = context.home.settings.index
    wishes = Wishes(
        embedder=index.embedder,
        models=str(paths.models),
        max_file_kib=index.max_file_kib,
        max_disk_mib=index.max_disk_mib,
    )
    return IndexClient(lambda: home, wishes)


BENCHMARK = Benchmark(
    name="index-lag",
    meaning=(
        "The language server runs in this process with a workspace that has no index yet, whose "
        "building it starts itself; for fifteen seconds from then on, a coroutine on the same loop "
        "wants to wake every 5 ms, and the lag is how much later it wakes. The other side is a "
        "process that does nothing but tick, on the same machine at the same time."
    ),
    run=_run,
    slow=True,
)
