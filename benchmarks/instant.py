"""The instant stage against ruff as a bare process."""

import asyncio
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from dataclasses import replace

from benchmarks import samples
from benchmarks.bench import Benchmark, BenchmarkError, Context, take_turns
from benchmarks.figures import Row, Target
from mirador_lsp.analysis.ruff import find_ruff
from mirador_lsp.analysis.ruff_map import load_ruff_map
from mirador_lsp.app import App
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Event, StageFailed, StageFinished
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.settings import review_policy

_TARGETS = (Target("value", 100), Target("ratio", 3))


async def _run(context: Context) -> Sequence[Row]:
    rows = []
    async with context.home.app() as app:
        await app.warm_up()
        for name, module, what in (
            ("instant", samples.USUAL, "instant stage"),
            ("instant, twice ruff", samples.SILENCED, "instant stage, file that silences ruff"),
        ):
            rows.append(await _row(context, app, name, what, samples.snapshot_of(module)))
    return rows


async def _row(context: Context, app: App, name: str, what: str, snapshot: Snapshot) -> Row:
    context.tell(f"{what}: {snapshot.name}")
    command = _bare_ruff()

    async def through_mirador(number: int) -> float:
        return await _instant_stage(app, _saved(snapshot, number))

    async def bare(number: int) -> float:
        payload = _saved(snapshot, number).text.encode()
        begin = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
        )
        await process.communicate(payload)
        milliseconds = (time.perf_counter() - begin) * 1000
        if process.returncode not in (0, 1):
            message = f"ruff ended with status {process.returncode}"
            raise BenchmarkError(message)
        return milliseconds

    ours, theirs = await take_turns(context.many, through_mirador, bare, warm_up=2)
    note = f"{snapshot.name}, {len(snapshot.lines)} lines"
    return Row(name, what, "ms", ours, theirs, "`ruff check`", _TARGETS, note)


def _saved(snapshot: Snapshot, number: int) -> Snapshot:
    """The document after one more edit: a text that was looked at before would be known."""
    return replace(snapshot, text=f"{snapshot.text}# edit {number}\n")


async def _instant_stage(app: App, snapshot: Snapshot) -> float:
    """Milliseconds from the request to the end of the stage, when its findings have been told."""
    policy = review_policy(app.settings, stages=["instant"])
    ended: list[float] = []

    def listen(event: Event) -> None:
        if isinstance(event, StageFailed):
            raise BenchmarkError(event.message)
        if isinstance(event, StageFinished):
            ended.append(time.perf_counter())

    begin = time.perf_counter()
    await app.review(ReviewRequest(snapshot, policy, Trigger.SAVE), listen)
    return (ended[0] - begin) * 1000


def _bare_ruff() -> list[str]:
    """The command that Mirador's analyzer runs, the rules it selects included."""
    table = load_ruff_map()
    command = [find_ruff(), "check", "--isolated", "--no-cache", "--no-fix"]
    command += ["--output-format", "json-lines", "--target-version", table.target_version]
    command += ["--select", ",".join(table.selected())]
    command += ["--ignore", ",".join(table.ignored())] if table.ignored() else []
    return [*command, "--stdin-filename", "module.py", "-"]


BENCHMARK = Benchmark(
    name="instant",
    meaning=(
        "From the request to the end of the stage, after which every finding has been told: the "
        "outline and the rules in the warm parse worker, ruff and the rules side by side. The "
        "other side is ruff alone, as a process with the same rules, the same isolation and the "
        "same text on its standard input. The text is another one in each round, as after an edit. "
        "The second file holds `noqa` comments; there Mirador "
        "runs ruff a second time to see whether one of them hides a security finding."
    ),
    run=_run,
)
