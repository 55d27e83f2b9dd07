"""An index of ten thousand files: started again, told of an edit, taken to a branch and back."""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from benchmarks.bench import Benchmark, Context
from benchmarks.figures import Row, Series, Target, percentile
from benchmarks.index.hosted import Hosted, Moment, hosted
from benchmarks.index.program import SYNTHETIC
from benchmarks.index.trees import Tree, copies, grow_old, questions
from benchmarks.processes import running_seconds
from mirador_lsp.core.retrieval import Query

_FILES = 10_000
_OLD_SECONDS = 100.0
_QUESTIONS = 200
_EDITS = 9
_BRANCH = 200
"""Files that differ between the two branches."""
_POLL_SECONDS = 0.005
_PATIENCE = 60.0
_DEF = re.compile(r"\bdef (\w+)")


async def _run(context: Context) -> Sequence[Row]:
    tree = copies(context.home.folder / "tree", _FILES)
    grow_old(tree, _OLD_SECONDS)
    above = context.home.folder / "index"
    models = context.home.paths.models
    async with hosted(tree, above, models, SYNTHETIC) as index:
        context.tell("the first build of 10,000 files")
        built = await index.until_ready()
        peak, _ = index.memory()
    starts = []
    for number in range(context.runs):
        context.tell(f"start {number + 1}")
        async with hosted(tree, above, models, SYNTHETIC) as index:
            starts.append(await _start(index))
            disk = index.disk()
    async with hosted(tree, above, models, SYNTHETIC) as index:
        await index.until_ready()
        context.tell("edits")
        edits = [await _edit(index, tree, number) for number in range(_EDITS + 1)][1:]
        await index.until_ready()
        context.tell("to a branch and back")
        back, embedded = await _branch(index, tree)
        context.tell("questions")
        took = [await _ask(index, question) for question in questions(tree, _QUESTIONS)]
    return [
        _first_row(tree, built, peak, disk),
        *_start_rows(starts, built),
        *_edit_rows(edits),
        *_branch_rows(back, embedded),
        *_query_rows(took, built.report.chunks),
    ]


async def _start(index: Hosted) -> tuple[float, Moment, Moment]:
    """Seconds until the first answer, the moment when all files are known, and that when all is
    done.
    """
    await index.client.search(Query("read the header"))
    answered = time.monotonic() - index.began
    looked = await index.until(lambda report: report.phase not in {"starting", "looking"})
    return answered, looked, await index.until_ready()


async def _edit(index: Hosted, tree: Tree, number: int) -> tuple[float, float]:
    """Rename a function; milliseconds until its new name is found, and of processor time."""
    path = _files(tree)[number * 37]
    text = path.read_text(encoding="utf-8")
    name = f"renamed_by_edit_{number}"
    edited = _DEF.sub(f"def {name}", text, count=1)
    processes = [index.pid, *(each.pid for each in psutil.Process(index.pid).children())]
    spent, began = sum(map(running_seconds, processes)), time.perf_counter()
    path.write_text(edited, encoding="utf-8")
    told = path.relative_to(tree.folder).as_posix()
    await index.client.changed([told])
    await _until_found(index, name, told)
    took = time.perf_counter() - began
    children = [each.pid for each in psutil.Process(index.pid).children()]
    processes += [each for each in children if each not in processes]
    return took * 1000, (sum(map(running_seconds, processes)) - spent) * 1000


async def _until_found(index: Hosted, name: str, file: str) -> None:
    async with asyncio.timeout(_PATIENCE):
        while True:
            hits = (await index.client.search(Query(name, most=1))).hits
            if hits and hits[0].name == file and name in hits[0].text:
                return
            await asyncio.sleep(_POLL_SECONDS)


async def _branch(index: Hosted, tree: Tree) -> tuple[Moment, int]:
    """Other contents for some files, then their old ones: when all is done again, and how many
    texts were embedded on the way back.
    """
    here = {path: path.read_bytes() for path in _files(tree)[50 : 50 + _BRANCH]}
    there = {path: data + b"\n\ndef there():\n    return 1\n" for path, data in here.items()}
    await _switch(index, tree, there)
    await index.until_ready()
    asked, began, spent = len(index.asked()), time.monotonic(), index.spent()
    await _switch(index, tree, here)
    ready = await index.until_ready()
    embedded = sum(each.texts for each in index.asked()[asked:])
    seconds, processor = time.monotonic() - began, ready.processor_seconds - spent
    return Moment(seconds, processor, ready.report), embedded


async def _switch(index: Hosted, tree: Tree, contents: Mapping[Path, bytes]) -> None:
    """Write these and tell the index, which from then on is not ready until it has read them."""
    for path, data in contents.items():
        path.write_bytes(data)
    await index.client.changed([path.relative_to(tree.folder).as_posix() for path in contents])
    await index.client.build(asked=False)


async def _ask(index: Hosted, question: str) -> float:
    """Milliseconds of a question, seen by its asker."""
    began = time.perf_counter()
    await index.client.search(Query(question))
    return (time.perf_counter() - began) * 1000


def _files(tree: Tree) -> list[Path]:
    """Files with a function, always in the same order."""
    found = sorted(tree.folder.rglob("*.py"))[::7]
    return [path for path in found if _DEF.search(path.read_text(encoding="utf-8"))]


def _first_row(tree: Tree, built: Moment, peak: float, disk: int) -> Row:
    chunks = built.report.chunks
    note = (
        f"{tree.files:,} files, {tree.bytes / 1e6:.1f} MB, {chunks:,} chunks in "
        f"{built.seconds:.0f} s, {built.processor_seconds:.0f} CPU-s with synthetic vectors of 384 "
        f"numbers; {peak:.0f} MB of memory at most"
    )
    kilobytes = Series((disk / chunks / 1000,))
    target = (Target("value", 2.5),)
    what = "disk for a chunk, 10,000 files"
    return Row("disk", what, "KB", kilobytes, targets=target, note=note)


def _start_rows(starts: Sequence[tuple[float, Moment, Moment]], built: Moment) -> list[Row]:
    limit = (Target("value", 0.5),)
    processor = Series(tuple(ready.processor_seconds for _, _, ready in starts)).median
    files = f"{built.report.files:,} files unchanged"
    return [
        Row(
            "start answer",
            f"started again, first answer, {files}",
            "s",
            Series(tuple(answered for answered, _, _ in starts)),
        ),
        Row(
            "start looked",
            f"started again, known to be true, {files}",
            "s",
            Series(tuple(looked.seconds for _, looked, _ in starts)),
            targets=limit,
        ),
        Row(
            "start ready",
            f"started again, vectors in Chroma checked, {files}",
            "s",
            Series(tuple(ready.seconds for _, _, ready in starts)),
            targets=limit,
            note=f"{processor:.2f} CPU-s",
        ),
    ]


def _edit_rows(edits: Sequence[tuple[float, float]]) -> list[Row]:
    return [
        Row(
            "edit",
            "edited file found by its new name, 10,000 files",
            "ms",
            Series(tuple(wall for wall, _ in edits)),
            targets=(Target("value", 200),),
        ),
        Row(
            "edit processor",
            "processor time for that, questions included",
            "CPU-ms",
            Series(tuple(processor for _, processor in edits)),
        ),
    ]


def _branch_rows(back: Moment, embedded: int) -> list[Row]:
    what = f"back to a branch with {_BRANCH} other files"
    return [
        Row(
            "branch",
            what,
            "s",
            Series((back.seconds,)),
            targets=(Target("value", 2),),
            note=f"{back.processor_seconds:.2f} CPU-s",
        ),
        Row(
            "branch embeds",
            f"{what}, texts embedded",
            "texts",
            Series((float(embedded),)),
            targets=(Target("value", 0),),
        ),
    ]


def _query_rows(took: Sequence[float], chunks: int) -> list[Row]:
    return [
        Row(
            f"query large {word}",
            f"answer at rest, {chunks:,} chunks, {word}",
            "ms",
            Series((percentile(took, share),)),
            targets=(Target("value", 50),) if word == "p95" else (),
            note="synthetic vectors: making that of a question costs nothing here"
            if word == "p50"
            else "",
        )
        for share, word in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))
    ]


BENCHMARK = Benchmark(
    name="index-upkeep",
    meaning=(
        "Ten thousand files: copies of library modules of up to 4 kB, in each another first "
        "definition, so that no two are equal and no chunk is shared. Vectors are synthetic, 384 "
        "numbers from the words of a chunk, because the model would take half an hour. The index "
        "is built once; then its process is ended and started again by a question, with nothing "
        "changed. An edit renames a function on disk and tells the index, as an editor does; the "
        "clock runs until a search finds the new name in that file. The branch has other contents "
        "in 200 files; on the way back all of these are known."
    ),
    run=_run,
    slow=True,
)
