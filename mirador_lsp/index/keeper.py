"""The one thread that the catalogue belongs to.

Whatever is done there is done in small steps, one after the other, so that a question waits for one
step at most. Building is an iterator that does a little with each `next`.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

SLICE_SECONDS = 0.015
"""How long building goes on before a question gets its turn, unless one step takes longer."""
_P = ParamSpec("_P")
_T = TypeVar("_T")


class Keeper:
    """Runs functions on its thread, in the order of asking."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="catalogue")

    async def do(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """What `work` returns. Work that has begun is done even when its asker is cancelled."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: work(*args, **kwargs))

    async def advance(self, work: Iterator[Any]) -> bool:
        """Do a slice of building. Whether there is more of it."""
        return await self.do(_slice, work)

    def close(self) -> None:
        """End the thread once it has done what it was asked. Blocks."""
        self._pool.shutdown()


def _slice(work: Iterator[Any]) -> bool:
    end = time.monotonic() + SLICE_SECONDS
    return any(time.monotonic() >= end for _ in work)
