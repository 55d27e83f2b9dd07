"""What keeping the history costs a review."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmarks import samples
from benchmarks.bench import Benchmark, Context, take_turns
from benchmarks.bench import Side as Measure
from benchmarks.figures import Row, Target
from mirador_lsp.app import App, open_app
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Event
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.settings import review_policy
from mirador_lsp.settings.settings import HistorySettings

_TARGETS = (Target("ratio", 1.1),)
_MANY = "".join(f"def f{n}(x):\n    return eval(x) + {n}\n\n\n" for n in range(50))
"""A finding in each of fifty functions."""


async def _run(context: Context) -> Sequence[Row]:
    without = replace(context.home.settings, history=HistorySettings(enabled=False))
    usual = samples.snapshot_of(samples.USUAL)
    many = Snapshot("file:///work/many.py", "many.py", "python", _MANY)
    rows = []
    paths = context.home.paths
    async with context.home.app() as keeping, open_app(without, paths=paths) as bare:
        await keeping.warm_up()
        await bare.warm_up()
        for name, what, side in (
            ("history, saved", "review of a text edited since", Side(usual, edited=True)),
            ("history, same", "review of a text as it was", Side(usual)),
            ("history, many", "review with 50 findings, edited", Side(many, edited=True)),
            (
                "history, written",
                "the same until it is on disk",
                Side(many, edited=True, written=True),
            ),
        ):
            context.tell(f"{what}: {side.snapshot.name}")
            kept, off = await take_turns(context.many, side.of(keeping), side.of(bare), warm_up=3)
            note = f"{side.snapshot.name}, {len(side.snapshot.lines)} lines, instant stage"
            target = () if side.written else _TARGETS
            rows.append(Row(name, what, "ms", kept, off, "history switched off", target, note))
    return rows


@dataclass(frozen=True)
class Side:
    """What is reviewed, and until when it is measured."""

    snapshot: Snapshot
    edited: bool = False
    """The text is another one in each round."""
    written: bool = False
    """What it says is written within the time that counts; else after it, as for users."""

    def of(self, app: App) -> Measure:
        """Milliseconds of a review by an application."""
        policy = review_policy(app.settings, stages=["instant"])

        def listen(_event: Event) -> None:
            """Nobody looks."""

        async def measure(number: int) -> float:
            text = f"{self.snapshot.text}# edit {number}\n" if self.edited else self.snapshot.text
            request = ReviewRequest(replace(self.snapshot, text=text), policy, Trigger.SAVE)
            begin = time.perf_counter()
            await app.review(request, listen)
            end = time.perf_counter()
            await app.recorder.write()
            return ((time.perf_counter() if self.written else end) - begin) * 1000

        return measure


BENCHMARK = Benchmark(
    name="recording",
    meaning=(
        "A whole review by the analyzers, with the history kept and without, in one process. What "
        "a review says is written after it, when nobody waits; the last row counts that as well: "
        "an upper bound, for reading and parsing go on meanwhile. Models are not part of it; "
        "beside what they take, all of this is small."
    ),
    run=_run,
)
