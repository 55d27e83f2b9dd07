"""`mirador dashboard`: figures and what runs now, in the terminal, on a page, or as files."""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

from mirador_lsp.cli.metrics import SINCE, speaks_unicode
from mirador_lsp.cli.opening import open_untrusting
from mirador_lsp.cli.spans import moment_of
from mirador_lsp.cli.terminal import console_for, is_terminal, show_cursor
from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.metrics import Price
from mirador_lsp.core.routing import Workings

if TYPE_CHECKING:
    from mirador_lsp.cli.dashboard_source import Source
    from mirador_lsp.measuring import Wanted
    from mirador_lsp.settings import Loaded

_ALL = 1_000_000
"""More requests than are kept one by one."""


class App(Protocol):
    """What the dashboard needs of the application."""

    async def workings(self) -> Workings:
        """Which model each stage would run on, and who waits for what. Starts nothing."""
        ...


@dataclass(frozen=True)
class Around:
    """Everything outside the command, so that a test can bring its own."""

    stdin: TextIO = field(default_factory=lambda: sys.stdin)
    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    env: Mapping[str, str] = field(default_factory=lambda: os.environ)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "dashboard",
        help="figures and what runs now, live",
        description="What `mirador metrics` tells, live, with what runs now. In a terminal it is "
        "drawn anew every second; into a pipe it is written once. With --web it is a page on this "
        "machine alone. Nothing is sent anywhere.",
    )
    parser.add_argument(
        "--since", default=SINCE, help=f"7d, 12h, 2w, today, all or a day (default: {SINCE})"
    )
    parser.add_argument("--model", default="", help="only models with this in their name")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--web", action="store_true", help="serve a page, and print its address")
    form.add_argument(
        "--export",
        metavar="PATH",
        help="write FILE.html with FILE.jsonl beside it, FILE.jsonl alone, or both into a folder",
    )
    parser.add_argument(
        "--port", type=int, default=0, help="port of the page (default: one that is free)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, around: Around | None = None) -> int:
    """Run the command. Raises `UserError`, and `ServiceError` for what cannot be read or had."""
    here = around or Around()
    if arguments.port and not arguments.web:
        message = "--port is the port of the page."
        raise UserError(message, remedy="Add --web.")
    if not 0 <= arguments.port <= 65_535:
        message = f"There is no port {arguments.port}."
        raise UserError(message, remedy="Name one from 1024 to 65535, or none.")
    if arguments.export is not None:
        return asyncio.run(_export(arguments, here))
    return asyncio.run(_live(arguments, here))


async def _export(arguments: argparse.Namespace, here: Around) -> int:
    from mirador_lsp.cli.dashboard_export import export  # noqa: PLC0415
    from mirador_lsp.measuring import open_figures  # noqa: PLC0415

    loaded, wanted, prices = _asked(arguments, here)
    now = wanted()
    async with open_figures(loaded.paths) as reader:
        measured = await reader.read(now, prices, latest=_ALL)
    summary = measured.summary
    requests = [each for each in reversed(summary.latest) if each.time >= now.since]
    target = Path(arguments.export)
    for file in await asyncio.to_thread(export, target, summary, requests, now.now):
        print(f"Written: {plain(str(file), 500)}", file=here.stdout)
    return 0


async def _live(arguments: argparse.Namespace, here: Around) -> int:
    from mirador_lsp.cli.signals import Interrupts  # noqa: PLC0415

    stop = asyncio.Event()
    # Ctrl-C is how it ends, so it is a good end.
    with Interrupts(stop.set, lambda: show_cursor(here.stdout)):
        async with _source(arguments, here) as source:
            if arguments.web:
                from mirador_lsp.cli.dashboard_web import serve  # noqa: PLC0415

                await serve(source, arguments.port, stop, lambda url: _say(url, here))
                return 0
            from mirador_lsp.cli.dashboard_screen import picture, show  # noqa: PLC0415

            unicode = speaks_unicode(here.stdout)
            if is_terminal(here.stdout, here.env):
                console = console_for(here.stdout, "auto", interactive=True)
                await show(source, console, stop, unicode=unicode, keys=here.stdin)
                return 0
            console = console_for(here.stdout, "auto", interactive=False)
            console.print(picture(await source.look(), unicode=unicode))
            return 0


def _say(address: str, here: Around) -> None:
    text = f"The dashboard: {address}\nIt is for this machine alone. Ctrl-C ends it."
    print(text, file=here.stdout, flush=True)


@asynccontextmanager
async def _source(arguments: argparse.Namespace, here: Around) -> "AsyncIterator[Source]":
    from mirador_lsp.cli.dashboard_source import Source  # noqa: PLC0415
    from mirador_lsp.measuring import open_figures  # noqa: PLC0415

    loaded, wanted, prices = _asked(arguments, here)
    async with open_untrusting(loaded) as app, open_figures(loaded.paths) as reader:
        yield Source(reader, wanted, prices, app.workings)


def _asked(
    arguments: argparse.Namespace, here: Around
) -> "tuple[Loaded, Callable[[], Wanted], Sequence[Price]]":
    """The settings, what is asked of the figures at any moment, and the prices."""
    from mirador_lsp.measuring import SystemClock, Wanted  # noqa: PLC0415
    from mirador_lsp.settings import load_settings  # noqa: PLC0415
    from mirador_lsp.settings.prices import read_prices  # noqa: PLC0415

    loaded = load_settings(env=here.env)
    clock = SystemClock()

    def wanted() -> Wanted:
        now = clock.wall()
        return Wanted(moment_of(arguments.since, now), arguments.model, now)

    wanted()  # a span that cannot be read is told before anything is opened
    return loaded, wanted, read_prices(loaded.paths.config_file.parent).table
