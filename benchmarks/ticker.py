"""How late an event loop is: a coroutine that wants to wake every few milliseconds.

As a program it is the baseline: a process with nothing to do but to tick, on the same machine at
the same time. It prints its lags as JSON when its standard input ends.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

TICK_SECONDS = 0.005


async def tick(stop: asyncio.Event) -> list[float]:
    """Until `stop`, how many milliseconds after its time each tick came."""
    loop = asyncio.get_running_loop()
    lags = []
    while not stop.is_set():
        due = loop.time() + TICK_SECONDS
        await asyncio.sleep(TICK_SECONDS)
        lags.append(max(0.0, loop.time() - due) * 1000)
    return lags


@asynccontextmanager
async def idle_loop() -> AsyncIterator[list[float]]:
    """An idle loop in a process of its own; the list holds its lags once the block is left."""
    lags: list[float] = []
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.ticker"), stdin=PIPE, stdout=PIPE, limit=1 << 24
    )
    try:
        if process.stdout is not None:
            await process.stdout.readline()  # it ticks
        yield lags
        said, _ = await process.communicate(b"")  # b"", not None: its input ends
        lags.extend(json.loads(said))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), stop.set)
    print(flush=True)
    print(json.dumps(await tick(stop)))


if __name__ == "__main__":
    asyncio.run(_main())
