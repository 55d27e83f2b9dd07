"""The models in memory: who is loaded, who must go, who may not be tried again."""

import asyncio
import itertools
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.models import wire
from mirador_lsp.models.child import Child, Emit, WorkerDied, start_child
from mirador_lsp.models.memory import available_bytes
from mirador_lsp.models.strikes import Strikes

_SMALLEST_BATCH = 16
_log = logging.getLogger(__name__)


@dataclass
class _Seat:
    """A place in memory and the model that has it, or is about to."""

    spec: wire.ModelSpec
    loading: "asyncio.Task[Child | wire.Failed]"
    used: float
    child: Child | None = field(default=None)
    prompt_tokens: int = 0
    cached_tokens: int = 0


class Residents:
    """Loads models on request and lets go of those that were not used for longest."""

    def __init__(
        self,
        runtime: Path,
        command: Sequence[str],
        supervisor: Supervisor,
        clock: Callable[[], float],
        memory: Callable[[], int] = available_bytes,
    ) -> None:
        """`memory` tells how many bytes are free."""
        self._runtime = runtime
        self._command = command
        self._supervisor = supervisor
        self._clock = clock
        self._memory = memory
        self._strikes = Strikes(clock)
        self._seats: dict[str, _Seat] = {}
        self._batches: dict[str, int] = {}
        self._numbers = itertools.count()
        self._busy = ""
        self.most = wire.MOST_RESIDENTS
        """Models kept in memory at once; more than that go when the next one comes."""

    async def child(self, spec: wire.ModelSpec) -> Child:
        """The worker that has the model loaded. Raises ModelUnavailable.

        Cancelling leaves a load that has begun alone: the next request will want it.
        """
        seat = self._seats.get(spec.path)
        if seat is not None and (seat.spec != spec or _leaving(seat)):
            await self._vacate(seat)
            seat = None
        if seat is None:
            self._strikes.check(spec)
            await self._make_room(spec)
            seat = self._take_seat(spec)
        seat.used = self._clock()
        child = await asyncio.shield(seat.loading)
        if isinstance(child, wire.Failed):
            raise ModelUnavailable(child.message, remedy=child.remedy)
        return child

    async def run(
        self,
        spec: wire.ModelSpec,
        question: wire.Question,
        emit: Emit,
    ) -> wire.Done | wire.Failed:
        """Answer a question with a model. Raises ModelUnavailable."""
        child = await self.child(spec)
        self._busy = spec.path
        try:
            end = await child.run(question, emit)
        except WorkerDied as death:
            reason = f"The engine {death} while it answered."
            self._strikes.crashed(spec, reason)
            _log.warning("%s: %s", spec.name, reason)
            message = f"{spec.name}: {reason}"
            remedy = "It is started again with the next request."
            raise ModelUnavailable(message, remedy=remedy) from death
        finally:
            self._busy = ""
            self._learn(spec, child)
        if isinstance(end, wire.Done):
            self._strikes.worked(spec)
            self._count(spec, end)
        return end

    async def count(self, path: str, texts: tuple[str, ...]) -> tuple[int, ...] | None:
        """The tokens of texts for the model of that file; None where it is not in memory."""
        seat = self._seats.get(path)
        if seat is None or seat.child is None or not seat.child.alive:
            return None
        return await seat.child.count(texts)

    def report(self) -> tuple[wire.Resident, ...]:
        """Who is loaded."""
        return tuple(
            wire.Resident(
                seat.spec.name,
                child.pid,
                rss(child.pid),
                path == self._busy,
                seat.prompt_tokens,
                seat.cached_tokens,
            )
            for path, seat in self._seats.items()
            if (child := seat.child) is not None and child.alive
        )

    def _count(self, spec: wire.ModelSpec, done: wire.Done) -> None:
        if (seat := self._seats.get(spec.path)) is not None:
            seat.prompt_tokens += done.prompt_tokens
            seat.cached_tokens += done.cached_tokens

    async def close(self) -> None:
        """Let go of every model."""
        for seat in list(self._seats.values()):
            await self._vacate(seat)

    def _take_seat(self, spec: wire.ModelSpec) -> _Seat:
        loading = self._supervisor.start(self._load(spec), f"load {spec.name}")
        seat = _Seat(spec, loading, self._clock())
        self._seats[spec.path] = seat
        return seat

    async def _load(self, spec: wire.ModelSpec) -> Child | wire.Failed:
        """Start a worker and load the model. Gives a Failed instead of raising: several may ask."""
        batch = self._batches.get(spec.path, spec.batch)
        engine_socket = self._runtime / f"w{os.getpid()}-{next(self._numbers)}.sock"
        try:
            child = await start_child(self._command, engine_socket)
        except ModelUnavailable as error:
            self._seats.pop(spec.path, None)
            return wire.Failed("unavailable", str(error), error.remedy)
        loaded = False
        try:
            outcome = await child.load(msgspec.structs.replace(spec, batch=batch))
            loaded = isinstance(outcome, wire.Loaded)
        except WorkerDied as death:
            outcome = wire.Failed("unavailable", f"The engine {death} while loading {spec.name}.")
        finally:
            if not loaded:
                await asyncio.shield(child.end())
        if isinstance(outcome, wire.Failed):
            self._strikes.load_failed(spec, outcome.message)
            self._seats.pop(spec.path, None)
            return outcome
        _log.info("%s loaded in %.1f s", spec.name, outcome.seconds)
        if (seat := self._seats.get(spec.path)) is not None:
            seat.child = child
        return child

    def _learn(self, spec: wire.ModelSpec, child: Child) -> None:
        """A worker that could not stop in time will read in smaller steps from now on.

        How long a step takes depends on the machine and on what else runs on it.
        """
        if child.was_stuck:
            batch = self._batches.get(spec.path, spec.batch)
            self._batches[spec.path] = max(_SMALLEST_BATCH, batch // 2)
            _log.warning("%s did not stop in time and was killed", spec.name)

    async def _vacate(self, seat: _Seat) -> None:
        """End a model's process, then free its seat.

        The process is killed before anything is waited for, and the seat stays until it is gone:
        whoever is cancelled in between leaves a seat that the next one, or `close`, vacates.
        """
        seat.loading.cancel()
        if seat.child is not None:
            seat.child.kill()
        await asyncio.wait([seat.loading])
        if seat.child is not None:
            await seat.child.end()
        if self._seats.get(seat.spec.path) is seat:
            del self._seats[seat.spec.path]

    async def _make_room(self, spec: wire.ModelSpec) -> None:
        """Let go of others until the model fits. Raises ModelUnavailable when it never will."""
        while self._seats:
            if len(self._seats) < self.most and self._memory() > spec.size_bytes:
                return
            await self._vacate(min(self._seats.values(), key=lambda seat: seat.used))
        if (available := self._memory()) < spec.size_bytes:
            message = (
                f"{spec.name} needs {spec.size_bytes >> 20} MiB of memory; "
                f"{available >> 20} MiB are free."
            )
            raise ModelUnavailable(message, remedy="Close other programs or use a smaller model.")


def _leaving(seat: _Seat) -> bool:
    """Whether its process is dead, or was told to go before it had loaded."""
    if seat.child is not None:
        return not seat.child.alive
    return seat.loading.cancelling() > 0


def rss(pid: int) -> int:
    """Bytes of memory a process has in use; 0 where the system does not tell."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
