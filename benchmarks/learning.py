"""What learning from decisions costs a review, with thousands of them in the store."""

import time
from collections.abc import Sequence
from dataclasses import replace

from benchmarks import samples
from benchmarks.bench import Benchmark, Context, Side, take_turns
from benchmarks.figures import Row, Target
from mirador_lsp.app import App, open_app
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Event, ReviewFinished
from mirador_lsp.core.feedback import Opinion, Verdict, opinion_on
from mirador_lsp.core.findings import Finding, Lens, Origin, Severity
from mirador_lsp.core.ports import FeedbackBook
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.text import Span
from mirador_lsp.settings import review_policy
from mirador_lsp.settings.settings import LearningSettings

_DECISIONS = 5000
_RULES = 200
_TARGETS = (Target("ratio", 1.25),)
_MANY = "".join(f"def f{n}(x):\n    return eval(x) + {n}\n\n\n" for n in range(50))
"""A finding in each of fifty functions."""


async def _run(context: Context) -> Sequence[Row]:
    without = replace(context.home.settings, learning=LearningSettings(enabled=False))
    usual = samples.snapshot_of(samples.USUAL)
    many = Snapshot("file:///work/many.py", "many.py", "python", _MANY)
    rows = []
    async with context.home.app() as learning, open_app(without, paths=context.home.paths) as off:
        await learning.warm_up()
        await off.warm_up()
        context.tell(f"{_DECISIONS:,} decisions are recorded")
        found = await _findings(off, many)
        for number in range(_DECISIONS):
            await learning.feedback.record(_decision(number, found))
        for name, what, snapshot, fresh in (
            ("learning, usual", "review of a file", usual, False),
            ("learning, many", "review with 50 findings", many, False),
            ("learning, decided", "the same, after one more decision", many, True),
        ):
            context.tell(what)
            taught, plain = await take_turns(
                context.many,
                _side(learning, snapshot, fresh=fresh),
                _side(off, snapshot),
                warm_up=3,
            )
            note = f"{snapshot.name}, {len(snapshot.lines)} lines, {_DECISIONS:,} decisions"
            targets = () if fresh else _TARGETS
            rows.append(Row(name, what, "ms", taught, plain, "learning off", targets, note))
    return rows


def _side(app: App, snapshot: Snapshot, *, fresh: bool = False) -> Side:
    """Milliseconds of a review by the analyzers; `fresh` after the user decided once more."""

    async def measure(number: int) -> float:
        if fresh:
            await _decide_again(app.feedback, number)
        begin = time.perf_counter()
        await _reviewed(app, snapshot)
        return (time.perf_counter() - begin) * 1000

    return measure


async def _findings(app: App, snapshot: Snapshot) -> Sequence[Finding]:
    return (await _reviewed(app, snapshot)).findings


async def _reviewed(app: App, snapshot: Snapshot) -> ReviewFinished:
    policy = review_policy(app.settings, stages=["instant"])
    events: list[Event] = []
    await app.review(ReviewRequest(snapshot, policy, Trigger.SAVE), events.append)
    end = events[-1]
    assert isinstance(end, ReviewFinished)
    return end


def _decision(number: int, found: Sequence[Finding]) -> Opinion:
    """Every tenth is about what the reviews find, every fourth about what models say."""
    verdict = (Verdict.DISMISSED, Verdict.ACCEPTED, Verdict.UNHELPFUL)[number % 3]
    if number % 10 == 0:
        finding = found[number % len(found)]
    else:
        rule = "model/security" if number % 4 == 0 else f"tool/R{number % _RULES}"
        finding = Finding(
            id=f"{number:016x}",
            rule=rule,
            lens=Lens.SECURITY,
            severity=Severity.WARNING,
            message=f"The input number {number} is used in `f{number}` and was not checked before.",
            span=Span(0, 1),
            confidence=0.8,
            origin=Origin("deep", "model"),
            quote=f"return f{number}(x)",
        )
    return opinion_on(finding, verdict, "", uri=f"file:///{number}.py", time=1e9 + number)


async def _decide_again(book: FeedbackBook, number: int) -> None:
    (latest,) = await book.latest(1, 1)
    await book.record(replace(latest, time=latest.time + 1 + number))


BENCHMARK = Benchmark(
    name="learning",
    meaning=(
        "A whole review by the analyzers with 5,000 decisions in the store, and with learning "
        "switched off, in one process. The decisions are read again only where one was added, as "
        "in the last row."
    ),
    run=_run,
)
