"""First token and tokens per second, through Mirador and straight from the engine."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import psutil  # type: ignore[import-untyped]

from benchmarks import samples
from benchmarks.bench import Benchmark, BenchmarkError, Context, take_turns
from benchmarks.figures import Row, Series, Target
from benchmarks.home import MODEL
from benchmarks.models.straight import Straight, straight_engine
from benchmarks.models.straight_main import Answer, speed
from benchmarks.processes import processor_seconds
from mirador_lsp.core.dialogue import Chunk, Constraint, Limits, Prompt
from mirador_lsp.models.embedded import EmbeddedBackend, InstalledModel

ALONE = "the engine in its own process"
UNIT = "JsonRPCProtocol._handle_request"
_ALTERNATIVES = 20
"""As many as the engine room asks for with every token of a review."""
_SPOKEN = 64
_TALKATIVE = Constraint('root ::= [A-Z] [ -~]{400,500} "\\n"\n')
"""Keeps the model speaking until the token limit, through a grammar as in every review."""


@dataclass(frozen=True)
class Pair:
    """The same engine twice: behind Mirador and straight."""

    backend: EmbeddedBackend
    model: InstalledModel
    engine: Straight
    processes: tuple[int, ...]
    """What works besides this process: Mirador's host and its worker, and the other engine."""

    def spent(self) -> float:
        """Processor seconds of both sides and of this process so far. While one side rests, what
        comes to it is the other's: a figure that other programs hardly change.

        Raises BenchmarkError when a process is gone: then what is measured is another one's start.
        """
        if not all(psutil.pid_exists(pid) for pid in self.processes):
            message = "an engine ended while it was measured"
            raise BenchmarkError(message)
        return time.process_time() + sum(processor_seconds(pid) for pid in self.processes)

    async def through_mirador(self, prompt: Prompt, limits: Limits) -> Answer:
        """Ask as the engine room asks."""
        return await ask(self.backend, prompt, limits)

    async def straight(self, prompt: Prompt, limits: Limits) -> Answer:
        """Ask the other engine the very question that Mirador's worker is asked."""
        message = self.backend._ask(self.model, prompt, limits)  # noqa: SLF001 — see above
        return await self.engine.ask(message.question)

    async def straight_burst(
        self, prompts: Sequence[Prompt], limits: Limits, late: float
    ) -> list[Answer]:
        """Ask the other engine several at once, the last one `late` seconds after the others."""
        asked = [self.backend._ask(self.model, prompt, limits) for prompt in prompts]  # noqa: SLF001
        return await self.engine.burst([message.question for message in asked], late)


async def ask(
    backend: EmbeddedBackend, prompt: Prompt, limits: Limits, model: str = MODEL
) -> Answer:
    """One reply of a model through Mirador, with its times as a caller sees them."""
    moments: list[float] = []
    pieces: list[str] = []
    begin = time.perf_counter()
    async with backend.open(model, prompt, limits) as reply:
        async for piece in reply:
            if isinstance(piece, Chunk):
                moments.append(time.perf_counter())
                pieces.append(piece.text)
    if not moments:
        message = "the model said nothing"
        raise BenchmarkError(message)
    usage = reply.usage
    return Answer(
        seconds=time.perf_counter() - begin,
        first_seconds=moments[0] - begin,
        tokens_per_second=speed(moments),
        prompt_tokens=usage.prompt_tokens,
        cached_tokens=usage.cached_tokens,
        text="".join(pieces),
    )


def limits_of(max_tokens: int) -> Limits:
    """Limits of a benchmark's reply: no time that a slow machine could run into."""
    return Limits(max_tokens, seconds=300, top_logprobs=_ALTERNATIVES)


@asynccontextmanager
async def side_by_side(context: Context, prompts: Sequence[Prompt]) -> AsyncIterator[Pair]:
    """Both engines with the model loaded and the prompts' common beginning read."""
    home = context.home
    backend, model = home.backend(), home.model()
    spec = backend._ask(model, prompts[0], limits_of(1)).model  # noqa: SLF001 — the same by design
    context.tell("loading the model twice")
    try:
        async with straight_engine(spec, home.straight_folder()) as engine:
            for prompt in prompts[:2]:
                await ask(backend, prompt, limits_of(1))
            pair = Pair(backend, model, engine, (*await _processes(backend), engine.pid))
            for prompt in prompts[:2]:
                await pair.straight(prompt, limits_of(1))
            yield pair
    finally:
        await backend.stop()
        await backend.close()


async def _processes(backend: EmbeddedBackend) -> tuple[int, ...]:
    status = await backend.status()
    if status is None:
        message = "the engine has left"
        raise BenchmarkError(message)
    return (status.pid, *(resident.pid for resident in status.residents))


async def _run(context: Context) -> Sequence[Row]:
    prompts = await samples.questions(samples.USUAL, UNIT, context.home.settings)
    async with side_by_side(context, prompts) as pair:
        return [
            await _first_token(context, pair, prompts),
            await _cold(context, pair, prompts[0]),
            *await _speed(context, pair, prompts),
        ]


async def _cold(context: Context, pair: Pair, prompt: Prompt) -> Row:
    """Each round begins its instructions with another word, so that nothing is known."""
    context.tell("first token, nothing read")
    seen: list[Answer] = []

    def fresh(number: int, side: str) -> Prompt:
        return replace(prompt, system=f"{side}{number}. {prompt.system}")

    async def ours(number: int) -> float:
        answer = await pair.through_mirador(fresh(number, "A"), limits_of(1))
        seen.append(answer)
        return answer.first_seconds * 1000

    async def theirs(number: int) -> float:
        answer = await pair.straight(fresh(number, "B"), limits_of(1))
        return answer.first_seconds * 1000

    through, bare = await take_turns(max(2, context.runs // 2), ours, theirs, warm_up=0)
    return Row(
        name="first token, cold",
        what="first model token, nothing read",
        unit="ms",
        ours=through,
        theirs=bare,
        against=ALONE,
        targets=(Target("ratio", 1.05),),
        note=f"{seen[0].prompt_tokens} prompt tokens to read",
    )


async def _first_token(context: Context, pair: Pair, prompts: Sequence[Prompt]) -> Row:
    """Each round asks the question of another lens about the same code, on both sides."""
    context.tell("first token")
    seen: list[Answer] = []

    async def ours(number: int) -> float:
        answer = await pair.through_mirador(prompts[number % len(prompts)], limits_of(1))
        seen.append(answer)
        return answer.first_seconds * 1000

    async def theirs(number: int) -> float:
        answer = await pair.straight(prompts[number % len(prompts)], limits_of(1))
        return answer.first_seconds * 1000

    through, bare = await take_turns(2 * context.runs, ours, theirs)
    read = sum(a.prompt_tokens - a.cached_tokens for a in seen) / len(seen)
    return Row(
        name="first token",
        what="first model token, code already read",
        unit="ms",
        ours=through,
        theirs=bare,
        against=ALONE,
        targets=(Target("value", 200), Target("ratio", 1.05)),
        note=f"{seen[0].cached_tokens} prompt tokens warm, {read:.0f} to read",
    )


async def _speed(context: Context, pair: Pair, prompts: Sequence[Prompt]) -> list[Row]:
    context.tell("tokens per second")
    prompt = replace(prompts[0], constraint=_TALKATIVE)
    texts: set[str] = set()
    costs: tuple[list[float], list[float]] = ([], [])

    async def ours(_: int) -> float:
        before = pair.spent()
        answer = await pair.through_mirador(prompt, limits_of(_SPOKEN))
        costs[0].append((pair.spent() - before) * 1000)
        texts.add(answer.text)
        return answer.tokens_per_second

    async def theirs(_: int) -> float:
        before = pair.spent()
        answer = await pair.straight(prompt, limits_of(_SPOKEN))
        costs[1].append((pair.spent() - before) * 1000)
        texts.add(answer.text)
        return answer.tokens_per_second

    through, bare = await take_turns(context.runs, ours, theirs)
    same = "same" if len(texts) == 1 else "NOT same"
    return [
        Row(
            name="speed",
            what="tokens per second",
            unit="tokens/s",
            ours=through,
            theirs=bare,
            against=ALONE,
            targets=(Target("ratio", 0.98, at_most=False),),
            note=f"{_SPOKEN} tokens, the {same} text each time",
        ),
        Row(
            name="speed, processor",
            what=f"processor time of a reply of {_SPOKEN} tokens",
            unit="ms",
            ours=Series(tuple(costs[0][1:])),  # the first round warms up
            theirs=Series(tuple(costs[1][1:])),
            against=ALONE,
        ),
    ]


BENCHMARK = Benchmark(
    name="engine",
    meaning=(
        "The small model twice in memory, once behind Mirador and once in a process that does "
        "nothing else, with the same parameters, threads, niceness, prompt tokens and grammar. "
        "*First token*: a question of the deep stage about a function whose code the engine has "
        "read already, each round under another lens, so that each time the question itself has "
        "to be read; then, *nothing read*, one whose every token is new to both. Mirador's "
        "clock runs from `EmbeddedBackend.open` to the first token in the caller's hands: "
        "finding the host, its socket, the making of tokens and the way back are all in it. The "
        "other clock runs inside the engine's own process and starts when the tokens are made. "
        "*Tokens per second* counts from the first token to the last. *Processor time* is that "
        "of every process of a side and of the one that asks: what Mirador adds is work, and "
        "other programs on the machine change that far less than they change how long it takes."
    ),
    run=_run,
)
