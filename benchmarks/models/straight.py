"""The engine without Mirador: a child process that is handed its questions and times itself."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from benchmarks.bench import BenchmarkError
from benchmarks.models.straight_main import Answer, Burst, Load
from benchmarks.processes import end
from mirador_lsp.models.wire import ModelSpec, Question

_LOAD_SECONDS = 120.0
_ANSWER_SECONDS = 900.0
"""Far above what a long question takes on a machine that others keep busy."""
_BURST_SECONDS = 900.0
_SPIN = {"GOMP_SPINCOUNT": "1000"}
"""As in `mirador_lsp.models.child`: without it OpenMP collapses beside other programs."""


class Straight:
    """A running engine of the benchmark's own."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def ask(self, question: Question) -> Answer:
        """Put a question; its times are those seen inside the engine's process.

        Raises BenchmarkError when the engine is lost or silent.
        """
        (answer,) = await self._exchange(question, _ANSWER_SECONDS)
        return answer

    async def burst(self, questions: Sequence[Question], late: float = 0.0) -> list[Answer]:
        """Put questions all at once, the last one `late` seconds after the others: the engine has a
        queue of its own. Each time counts from when its question was put. Raises BenchmarkError.
        """
        return await self._exchange(Burst(tuple(questions), late), _BURST_SECONDS)

    async def load(self, spec: ModelSpec, folder: Path) -> None:
        """Load the model and wait until it is there. Raises BenchmarkError."""
        await self._exchange(Load(spec, str(folder)), _LOAD_SECONDS)

    async def _exchange(self, said: Load | Burst | Question, seconds: float) -> list[Answer]:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            message = "the engine has no pipes"
            raise BenchmarkError(message)
        stdin.write(msgspec.json.encode(said) + b"\n")
        try:
            async with asyncio.timeout(seconds):
                line = await stdout.readline()
        except TimeoutError as error:
            message = f"the engine alone said nothing for {seconds:.0f} seconds"
            raise BenchmarkError(message) from error
        if not line:
            message = "the engine of the benchmark ended"
            raise BenchmarkError(message)
        return msgspec.json.decode(line, type=list[Answer])


@asynccontextmanager
async def straight_engine(spec: ModelSpec, folder: Path) -> AsyncIterator[Straight]:
    """An engine with the model of `spec` loaded; `folder`, which exists, is for its socket."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.models.straight_main"),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        env=os.environ | _SPIN,
        limit=1 << 24,
    )
    try:
        engine = Straight(process)
        await engine.load(spec, folder)
        yield engine
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await end(process)
