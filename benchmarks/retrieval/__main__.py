"""`python -m benchmarks.retrieval`: how well the right function is found.

Two tasks: the first sentence of a docstring asks for its function, without the docstring, among
8,000 of the installed Python; the subject of a commit of this repository asks for the functions it
changed. Constants of the ranking may be tuned with `--half 0` and are reported with `--half 1`.
Vectors are kept in the cache folder of Mirador, for embedding takes a quarter of an hour.
`--semble` names the Python of an environment with semble, whose ranking then takes part over the
same chunks and vectors.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.bench import BenchmarkError
from benchmarks.figures import percentile
from benchmarks.retrieval.commits import commit_task
from benchmarks.retrieval.docstrings import docstring_task
from benchmarks.retrieval.indexed import Indexed, catalogue_of, index
from benchmarks.retrieval.sides import Answers, Sides
from benchmarks.retrieval.tasks import Quality, Task, quality
from mirador_lsp.core.errors import MiradorError
from mirador_lsp.core.ports import Embedder
from mirador_lsp.models.embedders import make_embedder
from mirador_lsp.settings import paths

TASKS: dict[str, Callable[[], Task]] = {"docstrings": docstring_task, "commits": commit_task}
EMBEDDERS = ("static", "minilm")


@dataclass(frozen=True)
class Line:
    """One way of finding and what it is worth."""

    way: str
    quality: Quality


@dataclass
class Outcome:
    """What was measured of one task."""

    task: str
    questions: int
    functions: int
    chunks: int
    lines: list[Line] = field(default_factory=list)
    p50_ms: float = 0.0
    """Of a search with all vectors there are, the question's own vector being known."""
    p99_ms: float = 0.0
    note: str = ""


def main(words: Sequence[str] | None = None) -> int:
    """Run, print, and if asked write figures as JSON. Returns 1 where nothing can be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval", description=__doc__)
    parser.add_argument("--task", choices=TASKS, action="append")
    parser.add_argument("--half", type=int, choices=(0, 1), default=1)
    parser.add_argument("--semble", type=Path, help="a Python that can import semble")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args(words)
    console = Console()
    try:
        outcomes = asyncio.run(_measure(arguments))
    except (BenchmarkError, MiradorError) as error:
        console.print(f"cannot be measured: {error}")
        return 1
    for outcome in outcomes:
        console.print(_table(outcome))
    if arguments.json is not None:
        data = json.dumps([asdict(outcome) for outcome in outcomes], indent=1)
        arguments.json.write_text(data, encoding="utf-8")
    return 0


async def _measure(arguments: argparse.Namespace) -> list[Outcome]:
    user = paths(os.environ)
    kept = user.cache / "benchmarks"
    kept.mkdir(parents=True, exist_ok=True)
    embedders = [await make_embedder(name, models=user.models) for name in EMBEDDERS]
    outcomes = []
    try:
        for name in arguments.task or TASKS:
            whole = await asyncio.to_thread(TASKS[name])
            task = whole.half(arguments.half)
            with (
                tempfile.TemporaryDirectory() as folder,
                catalogue_of(task, Path(folder)) as catalogue,
            ):
                indexed = await index(task, catalogue, embedders, kept, _tell)
                outcomes.append(await _outcome(indexed, embedders, arguments.semble))
    finally:
        for embedder in embedders:
            await embedder.close()
    return outcomes


async def _outcome(indexed: Indexed, embedders: Sequence[Embedder], semble: Path | None) -> Outcome:
    task, sides = indexed.task, Sides(indexed)
    chunks = indexed.catalogue.counts().chunks
    outcome = Outcome(task.name, len(task.questions), len(task.functions), chunks)
    seconds: list[float] = []

    def add(way: str, answers: Answers) -> None:
        outcome.lines.append(Line(way, quality(task.questions, answers)))

    add("words (BM25)", sides.words())
    add("search without vectors", sides.search(()))
    for embedder in embedders:
        card = embedder.card
        add(f"vectors, {card.name}", sides.vectors(card.digest))
        add(f"words and vectors by rank, {card.name}", sides.fused(card.digest))
        add(f"search, {card.name}", sides.search([card.digest]))
        if semble is not None:
            add(f"semble's ranking, {card.name}", await sides.semble(card.digest, semble))
    add("search, all vectors", sides.search([each.card.digest for each in embedders], seconds))
    outcome.p50_ms = 1000 * percentile(seconds, 0.5)
    outcome.p99_ms = 1000 * percentile(seconds, 0.99)
    return outcome


def _table(outcome: Outcome) -> Table:
    title = (
        f"{outcome.task}: {outcome.questions:,} questions, {outcome.functions:,} functions, "
        f"{outcome.chunks:,} chunks"
    )
    caption = f"a search takes {outcome.p50_ms:.1f} ms (p99 {outcome.p99_ms:.1f})"
    table = Table(title=title, caption=caption)
    for heading in ("way", "MRR@10", "Recall@10", "first is right"):
        table.add_column(heading)
    for line in outcome.lines:
        of = line.quality
        table.add_row(line.way, f"{of.mrr:.3f}", f"{of.recall:.3f}", f"{of.first:.3f}")
    return table


def _tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
