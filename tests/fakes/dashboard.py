"""A dashboard over a store of the test's own, and a browser to look at it with."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fakes.folders import own_folders
from fakes.metrics import DAY, NOON
from fakes.stores import store_at
from mirador_lsp.cli.dashboard_source import Source
from mirador_lsp.core.dialogue import Queue
from mirador_lsp.core.metrics import Price, RequestFigures
from mirador_lsp.core.routing import Workings
from mirador_lsp.measuring import Wanted, open_figures
from mirador_lsp.settings import load_settings
from mirador_lsp.store import SqliteMetricsBook

PRICE = Price("cloud", 2.0, 0.5, 8.0, "https://example.org/prices", "2025-07-15")
BROWSER = next(
    (
        found
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (found := shutil.which(name))
    ),
    None,
)
"""Chromium, where it is installed."""


async def record(folder: Path, requests: Sequence[RequestFigures]) -> None:
    """Count these requests in the store below `folder`."""
    store = store_at(load_settings(env=own_folders(folder)).paths.store)
    await SqliteMetricsBook(store).record(requests)
    await store.close()


@asynccontextmanager
async def source_over(folder: Path, *, since: float = 0.0) -> AsyncIterator[Source]:
    """What the dashboard looks at, a day after noon; one engine has something to do."""

    async def workings() -> Workings:
        return Workings(queues=(Queue("embedded", 1, 1, 2, ("small", "<b>large</b>")),))

    async with open_figures(load_settings(env=own_folders(folder)).paths) as reader:
        yield Source(reader, lambda: Wanted(since, "", NOON + DAY), (PRICE,), workings)


async def browse(address: str, folder: Path, *, shot: Path | None = None) -> tuple[str, list[str]]:
    """The page as a browser shows it after its scripts have run, and what its console said."""
    assert BROWSER is not None
    command = [
        BROWSER,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        f"--user-data-dir={folder}",
        "--enable-logging=stderr",
        "--window-size=1280,1900",
        "--virtual-time-budget=3000",
        *([f"--screenshot={shot}"] if shot is not None else []),
        "--dump-dom",
        address,
    ]
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=100, check=True
    )
    said = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    return done.stdout, said
