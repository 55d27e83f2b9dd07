"""The dashboard in a terminal: one screen that is drawn anew, or once into a pipe."""

import asyncio
import os
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

from rich.console import Group, RenderableType
from rich.text import Text

from mirador_lsp.cli.dashboard_source import Source, View
from mirador_lsp.cli.metrics_views import (
    days_table,
    decisions_table,
    findings_line,
    fixes_table,
    money_table,
    number,
    seconds,
    table_of,
    times_table,
    titled,
    tokens_table,
)
from mirador_lsp.cli.terminal import Screen
from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.metrics import RequestFigures

if TYPE_CHECKING:
    from rich.console import Console

EVERY_SECONDS = 1.0
_MOST_LATEST = 8


def picture(view: View, *, unicode: bool) -> RenderableType:
    """Everything on one screen, what changes fastest at the top."""
    summary = view.measured.summary
    parts: list[RenderableType] = [titled("What runs now", _now(view))]
    if not summary.requests and not summary.days:
        text = "Nothing was measured yet. The first figures come with: mirador review FILE"
        return Group(*parts, titled("Figures", Text(text)))
    if summary.latest:
        parts.append(titled("Latest requests", _latest(summary.latest)))
    if summary.stages:
        parts.append(titled("Times", times_table(summary.stages)))
    if any(row.model for row in summary.stages):
        parts.append(titled("Tokens", tokens_table(summary.stages)))
    parts.append(titled("Findings", findings_line(summary)))
    if summary.fixes:
        parts.append(titled("Changes, by how far they got", fixes_table(summary)))
    parts.append(titled("Decisions", decisions_table(summary)))
    if summary.days:
        parts.append(titled("By day", days_table(summary.days, unicode=unicode)))
    parts.append(titled("Energy and money", money_table(summary)))
    return Group(*parts)


async def show(
    source: Source, console: "Console", stop: asyncio.Event, *, unicode: bool, keys: TextIO
) -> None:
    """Draw again and again until `stop` is set or `q` is pressed. Raises `ServiceError` where the
    store cannot be read at the beginning; later it is said on the screen.
    """
    shown: list[RenderableType] = [picture(await source.look(), unicode=unicode)]

    def region() -> RenderableType:
        return Group(_headline(), *shown)

    screen = Screen(console, region=region, on_closed=lambda _: stop.set())
    with _pressed(keys, stop.set), console.screen(hide_cursor=True):
        screen.start()
        try:
            while not stop.is_set():
                screen.refresh()
                await _pause(stop)
                shown[:] = [await _next(source, unicode=unicode)]
        finally:
            screen.stop()


async def _next(source: Source, *, unicode: bool) -> RenderableType:
    try:
        return picture(await source.look(), unicode=unicode)
    except ServiceError as error:
        return Text(plain(error.sentence(), 400), "yellow")


async def _pause(stop: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(EVERY_SECONDS):
            await stop.wait()
    except TimeoutError:
        return


@contextmanager
def _pressed(keys: TextIO, quit_: Callable[[], None]) -> Iterator[None]:
    """Hear single keys while it is entered, where there is a keyboard."""
    if not keys.isatty():
        yield
        return
    descriptor = keys.fileno()
    former = termios.tcgetattr(descriptor)
    loop = asyncio.get_running_loop()

    def read() -> None:
        pressed = os.read(descriptor, 16)
        if not pressed or pressed.lower() in (b"q", b"\x1b"):
            quit_()

    # Ctrl-C has to stay a signal: only echo and waiting for whole lines are turned off.
    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, read)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, former)


def _headline() -> Text:
    now = datetime.now(UTC).astimezone().strftime("%H:%M:%S")
    return Text.assemble(("Mirador", "bold"), f"  {now}  ", ("q or Ctrl-C ends it", "bright_black"))


def _now(view: View) -> RenderableType:
    queues = view.workings.queues
    if not queues:
        text = "No engine runs. It starts with the first question to a model."
        return Text(text, "bright_black")
    table = table_of("engine", ">running", ">waiting", "models in memory")
    for queue in queues:
        names = ", ".join(plain(name, 60) for name in queue.residents)
        counts = (number(queue.running), number(queue.waiting))
        table.add_row(plain(queue.name, 40), *counts, names)
    return table


def _latest(latest: tuple[RequestFigures, ...]) -> RenderableType:
    table = table_of(
        "ended", "asked for", "language", "model", ">first token", ">whole", ">shown", "ending"
    )
    for each in latest[:_MOST_LATEST]:
        firsts = [r.first_token_seconds for r in each.stages if r.first_token_seconds is not None]
        models = dict.fromkeys(plain(run.model, 60) for run in each.stages if run.model)
        table.add_row(
            datetime.fromtimestamp(each.time, UTC).astimezone().strftime("%H:%M:%S"),
            plain(each.kind, 20),
            plain(each.language, 20),
            ", ".join(models),
            seconds(min(firsts, default=None)),
            seconds(each.seconds),
            number(each.findings.shown),
            each.ending.value,
        )
    return table
