"""The embedded engine as a `ModelBackend`: llama.cpp in processes that all of Mirador shares.

This is the client's side. It holds no model and starts none: it asks the engine host, which is
started when nobody answers and leaves when nobody asks.
"""

import asyncio
import importlib.util
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

from mirador_lsp.core.dialogue import Chunk, Limits, ModelCard, Prefill, Prompt, Usage
from mirador_lsp.core.errors import (
    BadReply,
    ContextOverflow,
    ModelError,
    ModelTimeout,
    ModelUnavailable,
    ServiceError,
)
from mirador_lsp.core.health import Check
from mirador_lsp.core.ports import Reply
from mirador_lsp.ipc import frames
from mirador_lsp.ipc.hosting import Hello
from mirador_lsp.ipc.places import Places
from mirador_lsp.ipc.reaching import START_SECONDS
from mirador_lsp.models import client, wire
from mirador_lsp.models.engine_health import examine
from mirador_lsp.models.guard import ReplyGuard
from mirador_lsp.models.speculation import Verdicts, decide, speculation_checks
from mirador_lsp.models.trial import try_model
from mirador_lsp.models.wire import MOST_RESIDENTS as MOST

BACKEND = "embedded"
_SMALL = 1.0
"""Billions of parameters up to which 64 prompt tokens are read in about half a second."""


@dataclass(frozen=True)
class InstalledModel:
    """A model file on this machine that was verified; what `ModelCard` has, it has alike."""

    name: str
    path: Path
    digest: str
    """SHA-256 of the file, hex."""
    size_bytes: int
    context_tokens: int
    """What the model was trained for."""
    parameters: float
    """Billions."""
    can_judge: bool = False
    infill: bool = False
    claims_right: float | None = None
    speculation: bool = False
    """A trial on this machine showed that guessing ahead pays."""


@dataclass(frozen=True)
class EngineOptions:
    """How the engine runs."""

    threads: int = 0
    """0: as many as there are physical cores."""
    context_tokens: int = 4096
    idle_seconds: float = 300.0
    """Without a request for this long the engine leaves."""
    cache_ram_mib: int = 512
    cache_disk_mib: int = 512
    resident_models: int = MOST
    """Models in memory at once; the host obeys whoever asked last."""


class EmbeddedBackend:
    """Models of the embedded engine.

    `installed` tells what is there; it may read the disk and is called in a thread. `runtime` is
    the user's runtime folder, `cache` a folder for nothing but prefixes that stay on disk.
    `worker` replaces the worker program; tests bring their own. `verdicts` know for which models
    guessing ahead pays; left out, for none.
    """

    def __init__(
        self,
        installed: Callable[[], Sequence[InstalledModel]],
        options: EngineOptions,
        *,
        runtime: Path,
        cache: Path,
        worker: Sequence[str] = (),
        verdicts: Verdicts | None = None,
    ) -> None:
        self._installed = installed
        self._options = options
        self._places = Places(runtime)
        self._cache = cache
        self._worker = tuple(worker)
        self._verdicts = verdicts
        self._lines: set[client.Connection] = set()
        self._closed = False

    async def cards(self) -> Sequence[ModelCard]:
        """The installed models; none where the engine itself is missing."""
        return tuple(self._card(model) for model in await asyncio.to_thread(self._usable))

    @asynccontextmanager
    async def open(self, model: str, prompt: Prompt, limits: Limits) -> AsyncIterator[Reply]:
        """Ask a model. Entering waits until the model begins to read: for its turn, and for the
        model to be loaded. Leaving hangs up, at which the host stops the model.
        """
        begin = asyncio.get_running_loop().time()
        deadline = begin + limits.seconds
        ask = self._ask(await self._find(model), prompt, limits)
        try:
            async with asyncio.timeout_at(deadline):
                line = await self._reach()
        except TimeoutError as error:
            raise _late(model, limits) from error
        try:
            line.expire_at(deadline)
            started = await _until_started(line, ask, limits.on_wait)
            yield EmbeddedReply(line, started, begin, _late(model, limits))
        finally:
            self._lines.discard(line)
            line.abort()

    async def close(self) -> None:
        """Hang up. The engine stays for others and leaves when it is idle."""
        self._closed = True
        for line in self._lines:
            line.abort()

    async def status(self) -> wire.Status | None:
        """What the engine does; None when it does not run. Starts nothing.

        Raises ModelUnavailable when it runs but does not answer.
        """
        try:
            line = await client.find(self._places)
        except ServiceError as error:
            raise ModelUnavailable(str(error), remedy=error.remedy) from error
        if line is None:
            return None
        try:
            line.send(wire.GetStatus())
            async with asyncio.timeout(START_SECONDS):
                message = await line.next()
        except TimeoutError as error:
            silence = "The engine runs but does not answer."
            raise ModelUnavailable(silence, remedy="End it: mirador engine stop.") from error
        finally:
            line.abort()
        return message if isinstance(message, wire.Status) else None

    async def count(self, model: str, texts: Sequence[str]) -> Sequence[int] | None:
        """See `core.ports.TokenCounter`. Starts nothing and loads nothing."""
        installed = await asyncio.to_thread(self._usable)
        path = next((str(each.path) for each in installed if each.name == model), "")
        if not path or self._closed:
            return None
        return await client.count(self._places, path, [_encodable(text) for text in texts])

    async def stop(self) -> bool:
        """End the engine for every Mirador process of the user. False when it did not run."""
        return await client.stop(self._places)

    async def health(self) -> tuple[Check, ...]:
        """Whether the engine can work here; starts it to see."""
        engine = await examine(self._places, self._options.idle_seconds, self._worker)
        if self._verdicts is None:
            return engine
        specs = await self.specs()
        return (*engine, *await asyncio.to_thread(speculation_checks, specs, self._verdicts))

    async def try_speculation(self, now: float) -> None:
        """Try for every installed model whether guessing ahead pays, and keep to it from then on.

        Takes up to a minute a model. `now` in seconds since the epoch. Raises ModelUnavailable,
        ServiceError, OSError where the outcome cannot be kept.
        """
        if self._verdicts is None:
            return
        await asyncio.to_thread(self._places.ensure)
        for spec in await self.specs():
            verdict = decide(await try_model(spec, self._places.runtime), now)
            await asyncio.to_thread(self._verdicts.keep, spec.digest, verdict)

    def _card(self, model: InstalledModel) -> ModelCard:
        return ModelCard(
            name=model.name,
            backend=BACKEND,
            digest=model.digest,
            context_tokens=self._context(model),
            size_bytes=model.size_bytes,
            parameters=model.parameters,
            supports_grammar=True,
            supports_logprobs=True,
            supports_infill=model.infill,
            claims_right=model.claims_right,
            can_judge=model.can_judge,
        )

    def _usable(self) -> Sequence[InstalledModel]:
        """What is installed, where the engine itself is. Reads the disk."""
        if not self._worker and importlib.util.find_spec("xllamacpp") is None:
            return ()
        verdicts = self._verdicts
        if verdicts is None:
            return self._installed()
        return [
            replace(model, speculation=verdicts.on(model.digest)) for model in self._installed()
        ]

    def _context(self, model: InstalledModel) -> int:
        return min(self._options.context_tokens, model.context_tokens)

    async def _find(self, name: str) -> InstalledModel:
        if self._closed:
            message = "The model backend is closed."
            raise ModelUnavailable(message)
        for model in await asyncio.to_thread(self._usable):
            if model.name == name:
                return model
        message = f"The model {name} is not installed."
        raise ModelUnavailable(message, remedy=f"Fetch it: mirador models pull {name}")

    async def _reach(self) -> client.Connection:
        options = self._options
        try:
            line = await client.reach(self._places, options.idle_seconds, self._worker)
        except ServiceError as error:
            raise ModelUnavailable(str(error), remedy=error.remedy) from error
        if self._closed:
            line.abort()
            message = "The model backend is closed."
            raise ModelUnavailable(message)
        self._lines.add(line)
        return line

    async def specs(self) -> tuple[wire.ModelSpec, ...]:
        """The installed models as the engine would load them."""
        return tuple(self._spec(model) for model in await asyncio.to_thread(self._usable))

    def _spec(self, model: InstalledModel) -> wire.ModelSpec:
        options = self._options
        return wire.ModelSpec(
            name=model.name,
            path=str(model.path),
            digest=model.digest,
            size_bytes=model.size_bytes,
            context_tokens=self._context(model),
            threads=options.threads,
            batch=64 if model.parameters <= _SMALL else 32,
            cache_ram_mib=options.cache_ram_mib,
            cache_disk_mib=options.cache_disk_mib,
            cache=str(self._cache),
            speculation=model.speculation,
        )

    def _ask(self, model: InstalledModel, prompt: Prompt, limits: Limits) -> wire.Ask:
        options = self._options
        question = wire.Question(
            system=_encodable(prompt.system),
            material=_encodable(prompt.material),
            question=_encodable(prompt.question),
            version=prompt.version,
            gbnf=prompt.constraint.gbnf if prompt.constraint else "",
            max_tokens=limits.max_tokens,
            temperature=limits.temperature,
            top_logprobs=limits.top_logprobs,
            infill=prompt.infill,
        )
        return wire.Ask(
            self._spec(model),
            question,
            limits.priority,
            limits.seconds,
            options.idle_seconds,
            options.resident_models,
        )


class EmbeddedReply:
    """A reply that comes in over a line to the host."""

    def __init__(
        self,
        line: client.Connection,
        started: wire.Started,
        begin: float,
        late: ModelTimeout,
    ) -> None:
        self._line = line
        self._begin = begin
        self._late = late
        self._guard = ReplyGuard()
        self._usage = Usage(
            prompt_tokens=started.prompt_tokens, wait_seconds=_since(begin), seconds=_since(begin)
        )

    @property
    def usage(self) -> Usage:
        """What it cost so far."""
        return self._usage

    async def __aiter__(self) -> AsyncIterator[Chunk | Prefill]:
        """The pieces as they come."""
        while True:
            try:
                message = await self._line.next()
            except TimeoutError as error:
                raise self._late from error
            match message:
                case wire.Reading(done, total):
                    yield Prefill(done, total)
                case wire.Piece():
                    yield self._chunk(message)
                case wire.Done():
                    self._finish(message)
                    return
                case wire.Failed():
                    raise _error(message)
                case wire.Started() | wire.Queued():
                    continue
                case Hello() | wire.Status() | wire.Counted():
                    text = "The engine answered out of turn."
                    raise BadReply(text)
                case _:
                    assert_never(message)

    def _chunk(self, piece: wire.Piece) -> Chunk:
        usage = self._usage
        first = usage.first_token_seconds
        self._usage = replace(
            usage,
            completion_tokens=usage.completion_tokens + 1,
            first_token_seconds=_since(self._begin) if first is None else first,
            seconds=_since(self._begin),
        )
        self._guard.watch(piece.text)
        return Chunk(piece.text, piece.logprob, piece.alternatives)

    def _finish(self, done: wire.Done) -> None:
        self._usage = replace(
            self._usage,
            prompt_tokens=done.prompt_tokens,
            cached_tokens=done.cached_tokens,
            completion_tokens=done.completion_tokens,
            seconds=_since(self._begin),
            truncated=done.truncated,
        )


async def _until_started(
    line: client.Connection, ask: wire.Ask, on_wait: Callable[[int], None] | None
) -> wire.Started:
    try:
        line.send(ask)
    except frames.WireError as error:
        text = "The prompt is far longer than any model's context."
        raise ContextOverflow(text) from error
    try:
        while isinstance(message := await line.next(), wire.Queued):
            if on_wait is not None:
                on_wait(message.before)
    except TimeoutError as error:
        late = f"{ask.model.name} did not begin within {ask.seconds:.0f} seconds."
        raise ModelTimeout(late) from error
    if isinstance(message, wire.Failed):
        raise _error(message)
    if not isinstance(message, wire.Started):
        text = "The engine answered out of turn."
        raise BadReply(text)
    return message


def _error(failed: wire.Failed) -> ModelError:
    kinds: dict[wire.FailureKind, type[ModelError]] = {
        "unavailable": ModelUnavailable,
        "timeout": ModelTimeout,
        "overflow": ContextOverflow,
        "bad": BadReply,
    }
    return kinds[failed.kind](failed.message, remedy=failed.remedy)


def _late(model: str, limits: Limits) -> ModelTimeout:
    return ModelTimeout(f"{model} did not finish within {limits.seconds:.0f} seconds.")


def _since(begin: float) -> float:
    return asyncio.get_running_loop().time() - begin


def _encodable(text: str) -> str:
    """Text without lone surrogates, which have no UTF-8 form."""
    return text.encode("utf-8", "replace").decode("utf-8")
