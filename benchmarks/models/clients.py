"""Many who ask at once, and one who waits while the engine works for nobody in a hurry."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.bench import Benchmark, BenchmarkError, Context
from benchmarks.figures import Row, Series, Target, percentile
from benchmarks.models.engine import ALONE, Pair, limits_of, side_by_side
from mirador_lsp.core.dialogue import Limits, Priority, Prompt
from mirador_lsp.core.errors import MiradorError

_SPOKEN = 4
_BACKGROUND = 20
_HEAD_START = 1.0
"""Seconds that the background has the engine to itself."""
_PATIENCE = 900.0
_LIMITS = replace(limits_of(_SPOKEN), seconds=_PATIENCE)


def _prompts(count: int, mark: str) -> list[Prompt]:
    """Short questions about code of their own, under the same standing instructions."""
    return [
        Prompt(
            "You review code.",
            f"def {mark}{number}(values):\n    return sum(values) / len(values) + {number}\n",
            "Name one mistake.",
        )
        for number in range(count)
    ]


async def ask_at_once(pair: Pair, prompts: Sequence[Prompt], limits: Limits) -> list[float | None]:
    """Milliseconds to each one's first token, each on a line of its own; None for a lost one."""

    async def one(prompt: Prompt) -> float | None:
        try:
            return (await pair.through_mirador(prompt, limits)).first_seconds * 1000
        except (MiradorError, BenchmarkError):
            return None

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(one(prompt)) for prompt in prompts]
    return [task.result() for task in asked]


async def _theirs(
    pair: Pair, prompts: Sequence[Prompt], late: float = 0.0, spent: list[float] | None = None
) -> list[float]:
    before = pair.spent()
    answers = await pair.straight_burst(prompts, _LIMITS, late)
    if spent is not None:
        spent.append(pair.spent() - before)
    return [answer.first_seconds * 1000 for answer in answers]


async def _crowd(context: Context, pair: Pair, count: int) -> list[Row]:
    """Rows of `count` clients at once: the middle one, the last one, those that were lost."""
    shares = (0.5, 0.99)
    through: dict[float, list[float]] = {share: [] for share in shares}
    bare: dict[float, list[float]] = {share: [] for share in shares}
    costs: tuple[list[float], list[float]] = ([], [])
    lost = 0
    rounds = context.few if count > _BACKGROUND else max(2, context.few)
    for number in range(rounds):
        context.tell(f"{count} clients at once, round {number + 1} of {rounds}")
        prompts = _prompts(count, f"mean_{count}_{number}_")
        theirs: list[float] = []
        if number % 2:
            theirs = await _theirs(pair, prompts, spent=costs[1])
        before = pair.spent()
        ours = await ask_at_once(pair, prompts, _LIMITS)
        costs[0].append(pair.spent() - before)
        if not number % 2:
            theirs = await _theirs(pair, prompts, spent=costs[1])
        arrived = [first for first in ours if first is not None]
        lost += len(ours) - len(arrived)
        for share in shares:
            through[share].append(percentile(arrived, share))
            bare[share].append(percentile(theirs, share))
    rows = [
        Row(
            name=f"clients {count} p{100 * share:.0f}",
            what=f"first token, {count} clients at once, p{100 * share:.0f}",
            unit="ms",
            ours=Series(tuple(through[share])),
            theirs=Series(tuple(bare[share])),
            against=f"{ALONE}, its own queue",
        )
        for share in shares
    ]
    return [
        *rows,
        Row(
            name=f"clients {count} processor",
            what=f"processor time of {count} questions at once",
            unit="s",
            ours=Series(tuple(costs[0])),
            theirs=Series(tuple(costs[1])),
            against=ALONE,
        ),
        Row(
            name=f"clients {count} lost",
            what=f"requests lost, {count} clients at once",
            unit="requests",
            ours=Series((float(lost),)),
            targets=(Target("value", 0),),
            note=f"of {count * rounds}",
        ),
    ]


async def _crowds(context: Context) -> Sequence[Row]:
    async with side_by_side(context, _prompts(1, "warm")) as pair:
        return [row for count in (8, 50) for row in await _crowd(context, pair, count)]


async def _flood(context: Context) -> Sequence[Row]:
    """A question that a user waits for, behind twenty that nobody waits for."""
    through: list[float] = []
    bare: list[float] = []
    background = replace(_LIMITS, priority=Priority.BACKGROUND)
    async with side_by_side(context, _prompts(1, "warm")) as pair:
        for number in range(max(2, context.few)):
            context.tell(f"a question behind {_BACKGROUND} others, round {number + 1}")
            *others, urgent = _prompts(_BACKGROUND + 1, f"mean_{number}_")
            through.append(await _in_a_hurry(pair, others, urgent, background))
            bare.append((await _theirs(pair, [*others, urgent], _HEAD_START))[-1])
    return [
        Row(
            name="flood",
            what=f"first token of a question behind {_BACKGROUND} background ones",
            unit="ms",
            ours=Series(tuple(through)),
            theirs=Series(tuple(bare)),
            against=f"{ALONE}, its own queue",
        )
    ]


async def _in_a_hurry(
    pair: Pair, others: Sequence[Prompt], urgent: Prompt, background: Limits
) -> float:
    async with asyncio.TaskGroup() as group:
        flood = group.create_task(ask_at_once(pair, others, background))
        await asyncio.sleep(_HEAD_START)
        answer = await pair.through_mirador(urgent, _LIMITS)
        flood.cancel()
    return answer.first_seconds * 1000


CROWDS = Benchmark(
    name="crowd",
    meaning=(
        f"So many lines to the engine at once, each with a short question of its own and {_SPOKEN} "
        "tokens to answer. Times count from the moment when all ask; so the last one waits for "
        "all others, and the p99 of eight or of fifty is the last one's. The engine alone is "
        "handed the same questions in as many threads and has them wait in its own queue. All "
        "lines come from one process. Processor time is that of every process of a side and of "
        "the one that asks; where it is alike and the times are not, the difference is how long "
        "the system let each wait for a core."
    ),
    run=_crowds,
    slow=True,
)
FLOOD = Benchmark(
    name="flood",
    meaning=(
        f"{_BACKGROUND} questions of the background's priority, and {_HEAD_START:.0f} second later "
        "one that a user waits for; its first token. The engine alone has no priorities: there "
        "the question waits for its turn."
    ),
    run=_flood,
    slow=True,
)
