"""The engine without Mirador: a child process that is handed its questions and times itself."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from benchmarks.bench import BenchmarkError
from benchmarks.processes import end
from benchmarks.straight_main import Answer, Load
from mirador_lsp.models.wire import ModelSpec, Question

_LOAD_SECONDS = 120.0
_ANSWER_SECONDS = 120.0
_SPIN = {"GOMP_SPINCOUNT": "1000"}
"""As in `mirador_lsp.models.child`: without it OpenMP collapses beside other programs."""


class Straight:
    """A running engine of the benchmark's own."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def ask(self, question: Question) -> Answer:
        """Put a question; its times are those seen inside the engine's process.

        Raises BenchmarkError when the engine is lost.
        """
        return await self._exchange(msgspec.json.encode(question), _ANSWER_SECONDS)

    async def load(self, spec: ModelSpec, folder: Path) -> None:
        """Load the model and wait until it is there. Raises BenchmarkError."""
        await self._exchange(msgspec.json.encode(Load(spec, str(folder))), _LOAD_SECONDS)

    async def _exchange(self, line: bytes, seconds: float) -> Answer:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            message = "the engine has no pipes"
            raise BenchmarkError(message)
        stdin.write(line + b"\n")
        async with asyncio.timeout(seconds):
            said = await stdout.readline()
        if not said:
            message = "the engine of the benchmark ended"
            raise BenchmarkError(message)
        return msgspec.json.decode(said, type=Answer)


@asynccontextmanager
async def straight_engine(spec: ModelSpec, folder: Path) -> AsyncIterator[Straight]:
    """An engine with the model of `spec` loaded; `folder`, which exists, is for its socket."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.straight_main"),
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
