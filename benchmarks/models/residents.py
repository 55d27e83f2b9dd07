"""From one model to another: both in memory, and when the other one must be loaded."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

from benchmarks import samples
from benchmarks.bench import Benchmark, BenchmarkError, Context, take_turns
from benchmarks.figures import Row, Series, Target
from benchmarks.models.engine import UNIT, ask, limits_of
from benchmarks.models.straight import Straight, straight_engine
from mirador_lsp.core.dialogue import Prompt
from mirador_lsp.models.embedded import EmbeddedBackend, InstalledModel
from mirador_lsp.models.wire import MOST_RESIDENTS

_TOKENS = 200
"""About so many tokens of code are warm in each model: what is switched to is at work."""


async def _run(context: Context) -> Sequence[Row]:
    models = sorted(context.home.models(), key=lambda model: model.size_bytes)[:MOST_RESIDENTS]
    if len(models) < 2:
        message = "it needs two installed models (models.toml may name others than the built-in)"
        raise BenchmarkError(message)
    asked = (await samples.questions(samples.USUAL, UNIT, context.home.settings))[0]
    asked = Prompt("You review code.", asked.material[: 4 * _TOKENS], "Name one mistake.")
    return [await _resident(context, models, asked), await _loaded(context, models[:2], asked)]


async def _resident(context: Context, models: Sequence[InstalledModel], asked: Prompt) -> Row:
    """Each turn asks the next model; each has read the prompt before."""
    context.tell(f"switching between {len(models)} models")
    home = context.home
    backend = home.backend(*models)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(backend.close)
        stack.push_async_callback(backend.stop)
        engines: list[Straight] = []
        questions = []
        for number, model in enumerate(models):
            message = backend._ask(model, asked, limits_of(1))  # noqa: SLF001 — the same by design
            folder = home.straight_folder(f"straight{number}")
            engines.append(await stack.enter_async_context(straight_engine(message.model, folder)))
            questions.append(message.question)
            await ask(backend, asked, limits_of(1), model.name)

        async def ours(number: int) -> float:
            name = models[number % len(models)].name
            return (await ask(backend, asked, limits_of(1), name)).first_seconds * 1000

        async def theirs(number: int) -> float:
            turn = number % len(models)
            return (await engines[turn].ask(questions[turn])).first_seconds * 1000

        through, bare = await take_turns(
            len(models) * context.runs, ours, theirs, warm_up=len(models)
        )
    return Row(
        name="switch",
        what=f"first token after a switch, {len(models)} models in memory",
        unit="ms",
        ours=through,
        theirs=bare,
        against="each model in a process of its own",
        targets=(Target("value", 1000),),
        note=", ".join(model.name for model in models),
    )


async def _loaded(context: Context, models: Sequence[InstalledModel], asked: Prompt) -> Row:
    context.tell("switching to a model that is not in memory")
    backend: EmbeddedBackend = context.home.backend(*models, residents=1)
    taken: list[float] = []
    try:
        for number in range(2 * max(2, context.few)):
            prompt = replace(asked, question=f"Name mistake number {number}.")
            answer = await ask(backend, prompt, limits_of(1), models[number % 2].name)
            if number:
                taken.append(answer.first_seconds * 1000)
    finally:
        await backend.stop()
        await backend.close()
    return Row(
        name="switch, loading",
        what="first token after a switch, one model in memory",
        unit="ms",
        ours=Series(tuple(taken)),
        note="the other one goes, this one is loaded and reads its prompt from disk: "
        + ", ".join(model.name for model in models),
    )


BENCHMARK = Benchmark(
    name="switch",
    meaning=(
        "The installed models, three at most, take turns: each question goes to another model "
        "than the one before, about code that each has read. The other side is the same engine "
        "once for each model, asked in the same order. The second row is what a switch costs "
        "where only one model may stay in memory (`engine.resident_models = 1`)."
    ),
    run=_run,
)
