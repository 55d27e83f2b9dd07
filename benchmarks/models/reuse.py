"""What has been read once is not read again: for another lens, after a restart, after an edit."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from benchmarks import samples
from benchmarks.bench import Benchmark, BenchmarkError, Context, take_turns
from benchmarks.figures import Row, Series, Target
from benchmarks.models.engine import ALONE, UNIT, ask, limits_of, side_by_side
from benchmarks.models.straight import straight_engine
from mirador_lsp.app import App, open_app
from mirador_lsp.core.dialogue import Limits, ModelCard, Prompt, Usage
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Event, StageFailed, StageFinished
from mirador_lsp.core.policy import ReviewPolicy
from mirador_lsp.core.ports import Reply
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.models.embedded import EmbeddedBackend
from mirador_lsp.settings import review_policy

_SHORT_REPLY = 8
_SHORT = limits_of(_SHORT_REPLY)
_PLENTY = 1800.0
"""Seconds that no stage of a benchmark runs into."""
_REPLAYED = 8
"""Questions of a review that the engine alone is asked as well. Each begins with what is common to
all, so that they must be the first ones, in their order.
"""
_EDITED = ("ClientConnection.handshake", "connect.connect", "unix_connect")


async def review(app: App, snapshot: Snapshot, policy: ReviewPolicy) -> tuple[float, Usage]:
    """Seconds of a whole review, and what its last model stage cost. Raises BenchmarkError when a
    stage fails or leaves something out.
    """
    usage = Usage()

    def listen(event: Event) -> None:
        nonlocal usage
        if isinstance(event, StageFailed):
            failed.append(event.message)
        if isinstance(event, StageFinished):
            usage = event.usage
            if event.not_reviewed:
                failed.append(f"{event.stage} left {event.not_reviewed} parts out")

    failed: list[str] = []
    begin = time.perf_counter()
    await app.review(ReviewRequest(snapshot, policy, Trigger.CLI), listen)
    seconds = time.perf_counter() - begin
    if failed:
        raise BenchmarkError(failed[0])
    return seconds, usage


class Overheard:
    """A backend that remembers what it was asked, and when that was answered."""

    def __init__(self, backend: EmbeddedBackend) -> None:
        self._backend = backend
        self.asked: list[tuple[Prompt, Limits]] = []
        self._begin = 0.0
        self._ends: list[float] = []

    def forget(self) -> None:
        """Begin anew."""
        self.asked.clear()
        self._ends.clear()

    def seconds(self, count: int) -> float:
        """From the first question to the end of the `count`-th answer. They come in turn."""
        return self._ends[count - 1] - self._begin

    async def cards(self) -> Sequence[ModelCard]:
        """Those of the backend."""
        return await self._backend.cards()

    @asynccontextmanager
    async def open(self, model: str, prompt: Prompt, limits: Limits) -> AsyncIterator[Reply]:
        """Remember and pass on."""
        if not self.asked:
            self._begin = time.perf_counter()
        self.asked.append((prompt, limits))
        try:
            async with self._backend.open(model, prompt, limits) as reply:
                yield reply
        finally:
            self._ends.append(time.perf_counter())

    async def close(self) -> None:
        """Close the backend."""
        await self._backend.close()


async def _lenses(context: Context) -> Sequence[Row]:
    prompts = await samples.questions(samples.USUAL, UNIT, context.home.settings)
    read = 0
    costs: dict[str, list[float]] = {side: [] for side in "ABCD"}
    async with side_by_side(context, [Prompt("Answer in one word.", "", "Hello?")]) as pair:
        context.tell("four lenses against one")

        async def ours(asked: Sequence[Prompt], mark: str) -> float:
            nonlocal read
            before = pair.spent()
            answers = [await pair.through_mirador(p, _SHORT) for p in _cold(asked, mark)]
            costs[mark[0]].append((pair.spent() - before) * 1000)
            read = answers[0].prompt_tokens - answers[0].cached_tokens
            return sum(answer.seconds for answer in answers) * 1000

        async def alone(asked: Sequence[Prompt], mark: str) -> float:
            before = pair.spent()
            answers = [await pair.straight(p, _SHORT) for p in _cold(asked, mark)]
            costs[mark[0]].append((pair.spent() - before) * 1000)
            return sum(answer.seconds for answer in answers) * 1000

        four, one, straight_four, straight_one = await take_turns(
            max(2, context.few),
            lambda number: ours(prompts, f"A{number}"),
            lambda number: ours(prompts[:1], f"B{number}"),
            lambda number: alone(prompts, f"C{number}"),
            lambda number: alone(prompts[:1], f"D{number}"),
            warm_up=0,
        )
    note = f"{read} prompt tokens to read for the first lens, replies cut at {_SHORT_REPLY} tokens"
    spent = [Series(tuple(costs[side])) for side in "ABCD"]
    return [
        *_lens_rows(
            "lenses", "four lenses on one function", note, four, one, straight_four, straight_one
        ),
        *_lens_rows(
            "lenses, processor", "processor time of four lenses on one function", "", *spent
        ),
    ]


def _lens_rows(
    name: str,
    what: str,
    note: str,
    four: Series,
    one: Series,
    straight_four: Series,
    straight_one: Series,
) -> list[Row]:
    """Four lenses beside one, and beside the engine alone."""
    times = straight_four.over(straight_one).median
    alone = f"in the engine alone four take {times:.2f} times the time of one"
    return [
        Row(
            name=name,
            what=what,
            unit="ms",
            ours=four,
            theirs=one,
            against="one lens on it",
            targets=(Target("ratio", 1.25),),
            note=f"{note}; {alone}" if note else alone,
        ),
        Row(
            name=f"{name}, straight",
            what=f"{what}, beside the engine alone",
            unit="ms",
            ours=four,
            theirs=straight_four,
            against=ALONE,
        ),
    ]


def _cold(prompts: Sequence[Prompt], mark: str) -> list[Prompt]:
    """The prompts with instructions that were never read before: nothing after them is known,
    neither in memory nor on disk.
    """
    return [replace(prompt, system=f"{mark}. {prompt.system}") for prompt in prompts]


async def _only(snapshot: Snapshot, symbol: str) -> Snapshot:
    """A document that holds nothing but one function of another."""
    outline = await samples.outline_of(snapshot)
    for known in outline.symbols:
        if known.path == symbol:
            text = snapshot.text[known.span.start : known.span.end]
            return replace(snapshot, text=f"{text}\n")
    message = f"{snapshot.name} has no {symbol}"
    raise BenchmarkError(message)


async def _reopened(context: Context) -> Sequence[Row]:
    context.tell("a file opened again after a restart")
    settings = context.home.settings
    prompt = (await samples.questions(samples.USUAL, UNIT, settings))[0]
    backend = context.home.backend()
    after: list[float] = []
    whole: list[float] = []
    alone: list[float] = []
    message = backend._ask(context.home.model(), prompt, limits_of(1))  # noqa: SLF001 — the same
    try:
        for number in range(-1, max(2, context.few)):
            first, from_nothing = await _restarted(backend, prompt)
            if number < 0:
                continue  # nothing was stored before it
            after.append(first)
            whole.append(from_nothing)
            async with straight_engine(message.model, context.home.straight_folder()) as engine:
                alone.append((await engine.ask(message.question)).first_seconds * 1000)
    finally:
        await backend.stop()
        await backend.close()
    what = "first token, file opened again after a restart"
    return (
        Row(
            name="reopened",
            what=f"{what}, model loaded",
            unit="ms",
            ours=Series(tuple(after)),
            theirs=Series(tuple(alone)),
            against="the engine alone, started again",
            targets=(Target("value", 200),),
        ),
        Row("reopened, from nothing", f"{what}, engine not running", "ms", Series(tuple(whole))),
    )


async def _restarted(backend: EmbeddedBackend, prompt: Prompt) -> tuple[float, float]:
    """First token of `prompt` in a fresh engine: with the model loaded, and all from nothing."""
    other = Prompt("Answer in one word.", "", "Hello?")
    await backend.stop()
    begin = time.perf_counter()
    await ask(backend, other, limits_of(1))
    loading = (time.perf_counter() - begin) * 1000
    first = (await ask(backend, prompt, limits_of(1))).first_seconds * 1000
    # The prefix is stored after the reply; the next answer comes only when that is done.
    await ask(backend, other, limits_of(1))
    return first, loading + first


async def _again(context: Context) -> Sequence[Row]:
    context.tell("a first review of a long file; this takes minutes")
    snapshot = samples.snapshot_of(samples.LONG)
    policy = review_policy(context.home.settings, stages=["instant", "quick"])
    patient = tuple(replace(stage, seconds=_PLENTY) for stage in policy.models)
    policy = replace(policy, models=patient)
    times: list[float] = []
    heard = Overheard(context.home.backend())
    async with open_app(context.home.settings, paths=context.home.paths, backend=heard) as app:
        await review(app, await _only(snapshot, "connect_http_proxy"), policy)  # loads the model
        heard.forget()
        first, _ = await review(app, snapshot, policy)
        asked = heard.asked[:_REPLAYED]
        through = heard.seconds(len(asked))
        for number, unit in enumerate(_EDITED):
            context.tell(f"review after edit {number + 1} of {len(_EDITED)}, in {unit}")
            snapshot = await _edited(snapshot, unit)
            seconds, _ = await review(app, snapshot, policy)
            times.append(seconds)
    await context.home.stop_engine()
    context.tell("its first questions, straight")
    alone = await _replayed(context, asked)
    units = len((await samples.outline_of(snapshot)).units)
    return [
        Row(
            name="again",
            what="review after an edit in one function",
            unit="s",
            ours=Series(tuple(times)),
            theirs=Series((first,) * len(times)),
            against="first review of the file",
            targets=(Target("ratio", 1 / 20),),
            note=f"{snapshot.name}, {len(snapshot.lines)} lines, {units} parts",
        ),
        Row(
            name="first review, straight",
            what=f"first {len(asked)} questions of that review",
            unit="s",
            ours=Series((through,)),
            theirs=Series((alone,)),
            against=ALONE,
            note="put to the engine alone one after the other, after the reviews",
        ),
    ]


async def _replayed(context: Context, asked: Sequence[tuple[Prompt, Limits]]) -> float:
    """Seconds in which the engine alone, freshly started, answers the questions of a review."""
    home = context.home
    backend = home.backend()
    made = [backend._ask(home.model(), *each) for each in asked]  # noqa: SLF001 — the very same
    async with straight_engine(made[0].model, home.straight_folder()) as engine:
        begin = time.perf_counter()
        for message in made:
            await engine.ask(message.question)
        return time.perf_counter() - begin


async def _edited(snapshot: Snapshot, path: str) -> Snapshot:
    """The document with one more line at the end of a function's body."""
    outline = await samples.outline_of(snapshot)
    unit = next((unit for unit in outline.units if unit.path == path), None)
    if unit is None:
        message = f"{snapshot.name} has no {path}"
        raise BenchmarkError(message)
    lines = snapshot.lines
    last = lines.line_of(unit.pieces[-1].end - 1)
    text = lines.line_text(last)
    indent = text[: len(text) - len(text.lstrip())]
    place = lines.full_line_span(last).end
    line = f"{indent}edited = True\n"
    return replace(snapshot, text=snapshot.text[:place] + line + snapshot.text[place:])


LENSES = Benchmark(
    name="lenses",
    meaning=(
        "What the deep stage asks about one function that the engine has not seen: under all four "
        "lenses, one after the other, and under one. Replies are cut at "
        f"{_SHORT_REPLY} tokens, because the question is what the reading costs: with the lens "
        "asked last, the code is read once. Whole replies take their own time for each lens, "
        "whatever the layout of the prompt. The engine alone is asked the same questions in the "
        "same order in the same rounds. Processor time is that of every process of a side and of "
        "the one that asks; other programs on the machine hardly change it."
    ),
    run=_lenses,
    slow=True,
)
REOPENED = Benchmark(
    name="reopened",
    meaning=(
        "The engine is stopped and started; then comes the first question about a function that "
        "the engine before it had read. The state was kept on disk, so it is loaded instead of "
        "read. The engine alone is started again, too, and reads everything. The second row adds "
        "what comes before: the start of the engine and the loading of the model."
    ),
    run=_reopened,
)
AGAIN = Benchmark(
    name="again",
    meaning=(
        "The instant and the quick stage on a long file, then, three times, a new line in the "
        "body of another function and the same review again: replies about the functions that "
        "did not change are known. The first review stands against each of the three. Then the "
        f"engine alone, freshly started, answers the first {_REPLAYED} questions of the first "
        "review; minutes lie between the two sides, in which others may come to use the machine "
        "or leave it. The deep stage would make all sides longer in the same measure."
    ),
    run=_again,
    slow=True,
)
