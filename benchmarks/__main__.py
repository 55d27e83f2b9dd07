"""`python -m benchmarks`: run, print, and if asked write the page of results."""

import argparse
import asyncio
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks import (
    counting,
    editing,
    embedding,
    fixes,
    instant,
    lag,
    learning,
    recording,
    server,
    server_lag,
    stopping,
)
from benchmarks.bench import Benchmark, BenchmarkError, Context
from benchmarks.home import private_home
from benchmarks.index import rows as index
from benchmarks.machine import load, this_machine
from benchmarks.models import rows as models
from benchmarks.plot import bars, dots
from benchmarks.report import (
    Results,
    Section,
    as_json,
    page,
    part,
    plot_name,
    show,
    with_part,
    with_parts_of,
)
from mirador_lsp.core.errors import MiradorError

BENCHMARKS = (
    instant.BENCHMARK,
    server.SAVE,
    editing.BENCHMARK,
    stopping.BENCHMARK,
    recording.BENCHMARK,
    learning.BENCHMARK,
    server.START,
    server.IDLE,
    lag.BENCHMARK,
    server_lag.BENCHMARK,
    *models.BENCHMARKS,
    fixes.BENCHMARK,
    fixes.LARGER,
    embedding.BENCHMARK,
    counting.BENCHMARK,
    *index.BENCHMARKS,
)
GROUPS = {
    name: tuple(benchmark.name for benchmark in group)
    for name, group in (*models.GROUPS.items(), *index.GROUPS.items())
} | {"embedding": (embedding.BENCHMARK.name,)}
PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
_USUAL_RUNS = 9
_LONGEST_SECONDS, _SLOW_SECONDS = 300.0, 3600.0
"""A benchmark that takes longer than this is given up: something hangs."""


def main(words: Sequence[str] | None = None) -> int:
    """Run what `words` ask for. Returns 1 when a benchmark could not be run; a target that is
    missed is a result like any other.
    """
    arguments = _parser().parse_args(words)
    chosen = _chosen(arguments.only, slow=arguments.slow)
    console, progress = Console(), Console(stderr=True)
    results = asyncio.run(_measure(chosen, arguments.runs, progress))
    show(results, console)
    if arguments.json is not None:
        arguments.json.write_text(as_json(results), encoding="utf-8")
    if arguments.write and results.rows:
        _write(results, arguments)
        console.print(f"written: docs/{PAGE.name}")
    return int(any(section.failure for section in results.sections))


def _write(results: Results, arguments: argparse.Namespace) -> None:
    """Write the page, or the part of it that belongs to the one group that was asked for."""
    old, command = PAGE.read_text(encoding="utf-8"), _command(arguments)
    group = arguments.only[0] if arguments.only else ""
    if group in GROUPS and len(arguments.only) == 1:
        text = with_part(old, group, part(results, command, group))
        PAGE.with_name(f"benchmarks-{group}.svg").write_text(dots(results.rows), encoding="utf-8")
    else:
        text = with_parts_of(page(results, command), old)
    PAGE.write_text(text, encoding="utf-8")
    for section in results.sections:
        if section.benchmark.plot and section.rows:
            PAGE.with_name(plot_name(section)).write_text(bars(section.rows), encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    names = ", ".join([*(benchmark.name for benchmark in BENCHMARKS), *GROUPS])
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--runs", type=_count, default=_USUAL_RUNS, metavar="N", help="rounds a row; default 9")
    add("--only", action="append", metavar="NAME", help=f"of {names}; may be repeated")
    add("--slow", action="store_true", help="also those that take minutes")
    add("--json", type=Path, metavar="FILE", help="write every value there")
    add("--write", action="store_true", help=f"write docs/{PAGE.name}")
    return parser


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        message = f"{text} is not a number of rounds"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _chosen(only: Sequence[str] | None, *, slow: bool) -> list[Benchmark]:
    if only is None:
        return [benchmark for benchmark in BENCHMARKS if slow or not benchmark.slow]
    only = [name for given in only for name in GROUPS.get(given, (given,))]
    known = {benchmark.name: benchmark for benchmark in BENCHMARKS}
    unknown = [name for name in only if name not in known]
    if unknown:
        _parser().error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(known)}")
    return [benchmark for benchmark in BENCHMARKS if benchmark.name in only]


def _command(arguments: argparse.Namespace) -> str:
    """What makes the same page again; where values went besides is nobody's business."""
    words = ["python", "-m", "benchmarks", "--write"]
    if arguments.slow:
        words.append("--slow")
    for name in arguments.only or ():
        words += ["--only", name]
    if arguments.runs != _USUAL_RUNS:
        words += ["--runs", str(arguments.runs)]
    return shlex.join(words)


async def _measure(chosen: Sequence[Benchmark], runs: int, progress: Console) -> Results:
    machine = this_machine()
    begin = time.perf_counter()
    sections = []
    for benchmark in chosen:
        # A home for each: none finds what another has read or started.
        with progress.status(benchmark.name) as status, private_home() as home:
            context = Context(home, runs, status.update)
            sections.append(await _section(benchmark, context))
    return Results(
        machine=machine,
        load_after=load(),
        runs=runs,
        seconds=time.perf_counter() - begin,
        sections=sections,
        left_out=[b.name for b in BENCHMARKS if b not in chosen],
    )


async def _section(benchmark: Benchmark, context: Context) -> Section:
    """Run a benchmark; that it cannot be run must not cost the others."""
    try:
        async with asyncio.timeout(_SLOW_SECONDS if benchmark.slow else _LONGEST_SECONDS):
            return Section(benchmark, await benchmark.run(context))
    except TimeoutError:
        return Section(benchmark, failure="it took too long")
    except MiradorError as error:
        return Section(benchmark, failure=error.sentence())
    except (BenchmarkError, ImportError, LookupError, OSError) as error:
        return Section(benchmark, failure=str(error) or type(error).__name__)
    finally:
        await context.home.stop_engine()


if __name__ == "__main__":
    sys.exit(main())
