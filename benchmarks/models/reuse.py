"""What has been read once is not read again: for another lens, after a restart, after an edit."""

import time
from collections.abc import Sequence
from dataclasses import replace

from benchmarks import samples
from benchmarks.bench import Benchmark, BenchmarkError, Context, take_turns
from benchmarks.engine import UNIT, ask, limits_of
from benchmarks.figures import Row, Series, Target
from mirador_lsp.app import App
from mirador_lsp.core.dialogue import Prompt, Usage
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Event, StageFailed, StageFinished
from mirador_lsp.core.findings import Lens
from mirador_lsp.core.policy import ReviewPolicy
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.models.embedded import EmbeddedBackend
from mirador_lsp.settings import review_policy

_LONG_UNIT = ("websockets.http11", "parse_headers")
_SHORT_REPLY = 8
_PLENTY = 1800.0
"""Seconds that no stage of a benchmark runs into."""
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


async def _lenses(context: Context) -> Sequence[Row]:
    context.tell("four lenses against one")
    module, symbol = _LONG_UNIT
    snapshot = await _only(samples.snapshot_of(module), symbol)
    settings = context.home.settings
    short = [_cold(review_policy(settings, stages=["deep"], lenses=["bug"]), 0)]
    async with context.home.app() as app:
        await review(app, snapshot, short[0])  # loads the model

        async def look(number: int, lenses: Sequence[Lens], side: int) -> float:
            policy = review_policy(settings, stages=["deep"], lenses=lenses)
            seconds, _ = await review(app, snapshot, _cold(policy, 2 * number + side + 10))
            return seconds * 1000

        ours, theirs = await take_turns(
            context.few,
            lambda number: look(number, samples.LENSES, 0),
            lambda number: look(number, (Lens.BUG,), 1),
            warm_up=0,
        )
    return [
        Row(
            name="lenses",
            what="four lenses on one function",
            unit="ms",
            ours=ours,
            theirs=theirs,
            against="one lens on it",
            targets=(Target("ratio", 1.25),),
            note=f"replies cut at {_SHORT_REPLY} tokens",
        )
    ]


async def _only(snapshot: Snapshot, symbol: str) -> Snapshot:
    """A document that holds nothing but one function of another."""
    outline = await samples.outline_of(snapshot)
    for known in outline.symbols:
        if known.path == symbol:
            text = snapshot.text[known.span.start : known.span.end]
            return replace(snapshot, text=f"{text}\n")
    message = f"{snapshot.name} has no {symbol}"
    raise BenchmarkError(message)


def _cold(policy: ReviewPolicy, number: int) -> ReviewPolicy:
    """The policy with standing instructions that were never read before: nothing after them is
    warm, neither in memory nor on disk.
    """
    models = tuple(
        replace(stage, instructions=f"{number}. Be brief.", max_tokens=_SHORT_REPLY)
        for stage in policy.models
    )
    return replace(policy, models=models)


async def _reopened(context: Context) -> Sequence[Row]:
    context.tell("a file opened again after a restart")
    settings = context.home.settings
    prompt = (await samples.questions(samples.USUAL, UNIT, settings))[0]
    backend = context.home.backend()
    after: list[float] = []
    whole: list[float] = []
    cold = 0.0
    try:
        for number in range(-1, max(2, context.few)):
            first, from_nothing = await _restarted(backend, prompt)
            if number < 0:
                cold = first
            else:
                after.append(first)
                whole.append(from_nothing)
    finally:
        await backend.stop()
        await backend.close()
    note = f"without the stored prefix it took {cold:.0f} ms"
    what = "first token, file opened again after a restart"
    return (
        Row(
            name="reopened",
            what=f"{what}, model loaded",
            unit="ms",
            ours=Series(tuple(after)),
            targets=(Target("value", 200),),
            note=note,
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
    async with context.home.app() as app:
        await review(app, await _only(snapshot, "connect_http_proxy"), policy)  # loads the model
        first, _ = await review(app, snapshot, policy)
        for number, unit in enumerate(_EDITED):
            context.tell(f"review after edit {number + 1} of {len(_EDITED)}, in {unit}")
            snapshot = await _edited(snapshot, unit)
            seconds, _ = await review(app, snapshot, policy)
            times.append(seconds)
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
        )
    ]


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
        "The deep stage on one function that the engine has not seen, under all four lenses and "
        f"under one. Replies are cut at {_SHORT_REPLY} tokens, because the question is what the "
        "reading costs: with the lens asked last, the code is read once. Whole replies take their "
        "own time for each lens, whatever the layout of the prompt."
    ),
    run=_lenses,
)
REOPENED = Benchmark(
    name="reopened",
    meaning=(
        "The engine is stopped and started; then comes the first question about a function that "
        "the engine before it had read. The state was kept on disk, so it is loaded instead of "
        "read. The second row adds what comes before: the start of the engine and the loading of "
        "the model."
    ),
    run=_reopened,
)
AGAIN = Benchmark(
    name="again",
    meaning=(
        "The instant and the quick stage on a long file, then, three times, a new line in the "
        "body of another function and the same review again: replies about the functions that "
        "did not change are known. The first review stands against each of the three. The deep "
        "stage would make both sides longer in the same measure."
    ),
    run=_again,
    slow=True,
)
