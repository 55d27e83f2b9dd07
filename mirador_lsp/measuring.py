"""Counting requests and telling what was counted: the parts of it, put together.

Only `app` and the commands that show figures use it.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from mirador_lsp.books import Books, open_books
from mirador_lsp.core.figures import Summary
from mirador_lsp.core.metrics import Price, Sums
from mirador_lsp.engine.figures.energy import SharedMeter
from mirador_lsp.engine.figures.recording import Figures
from mirador_lsp.engine.figures.summary import Wanted, summarize
from mirador_lsp.ipc.clock import SystemClock
from mirador_lsp.models.energy import find_meter
from mirador_lsp.settings import Paths, Settings
from mirador_lsp.settings.prices import read_prices

__all__ = [
    "Measured",
    "Reader",
    "SystemClock",
    "Wanted",
    "count_requests",
    "measure",
    "open_figures",
]

_MOST_OPINIONS = 100_000
_DAY = 86_400


def count_requests(settings: Settings, books: Books, stack: AsyncExitStack) -> Figures:
    """What counts the requests of one application, unless the user wants none counted; closed with
    `stack`, before the books are.
    """
    book = books.metrics if settings.metrics.enabled else None
    figures = Figures(book, SystemClock(), SharedMeter(find_meter))
    stack.push_async_callback(figures.close)
    return figures


@dataclass(frozen=True)
class Measured:
    """What was counted, as it is shown and as it is."""

    summary: Summary
    sums: Sums


class Reader:
    """Reads figures, once or again and again, over books that stay open. Makes no file.

    Every method raises `ServiceError` for a store that cannot be read.
    """

    def __init__(self, books: Books) -> None:
        self._books = books

    async def stamp(self) -> str:
        """Another text after anything was counted, decided or forgotten. Cheap."""
        return f"{await self._books.metrics.stamp()} {await self._books.feedback.stamp()}"

    async def read(self, wanted: Wanted, prices: Sequence[Price], *, latest: int = 0) -> Measured:
        """What was counted so far, by all processes of this user, with the `latest` requests."""
        books = self._books
        sums = await books.metrics.sums(wanted.since)
        opinions = await books.feedback.latest(_MOST_OPINIONS, _MOST_OPINIONS)
        requests = await books.metrics.latest(latest) if latest else ()
        return Measured(summarize(sums, opinions, prices, wanted, requests), sums)


async def measure(settings: Settings, books: Books, folder: Path, days: int) -> Summary | None:
    """What was counted in the last `days`; None where the user wants nothing counted. `folder` may
    hold the user's own prices.

    Raises `ServiceError` for a store that cannot be read, `UserError` for prices that cannot be.
    """
    if not settings.metrics.enabled:
        return None
    prices = await asyncio.to_thread(read_prices, folder)
    now = SystemClock().wall()
    wanted = Wanted(since=now - days * _DAY, now=now)
    return (await Reader(books).read(wanted, prices.table)).summary


@asynccontextmanager
async def open_figures(paths: Paths) -> AsyncIterator[Reader]:
    """What was counted, for reading, without the rest of the application."""
    async with AsyncExitStack() as stack:
        yield Reader(open_books(paths, stack))
