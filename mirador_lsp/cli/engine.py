"""`mirador engine`: the process that keeps models loaded, shared by all editors and terminals."""

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, runtime_checkable

from mirador_lsp.cli.opening import OpenApp, open_untrusting
from mirador_lsp.cli.terminal import say
from mirador_lsp.cli.wording import duration, plural
from mirador_lsp.core import clean
from mirador_lsp.core.ports import ModelBackend
from mirador_lsp.settings import load_settings

_MIB = 1024 * 1024


class Resident(Protocol):
    """A model in memory."""

    @property
    def name(self) -> str: ...  # noqa: D102 — says it
    @property
    def rss_bytes(self) -> int: ...  # noqa: D102
    @property
    def busy(self) -> bool: ...  # noqa: D102
    @property
    def prompt_tokens(self) -> int: ...  # noqa: D102
    @property
    def cached_tokens(self) -> int: ...  # noqa: D102


class Status(Protocol):
    """What the engine does."""

    @property
    def version(self) -> str: ...  # noqa: D102 — says it
    @property
    def pid(self) -> int: ...  # noqa: D102
    @property
    def rss_bytes(self) -> int: ...  # noqa: D102
    @property
    def residents(self) -> Sequence[Resident]: ...  # noqa: D102
    @property
    def running(self) -> int: ...  # noqa: D102
    @property
    def waiting(self) -> int: ...  # noqa: D102
    @property
    def idle_seconds(self) -> float: ...  # noqa: D102
    @property
    def leaves_after(self) -> float: ...  # noqa: D102


@runtime_checkable
class SharedEngine(Protocol):
    """A backend that is a process of its own."""

    async def status(self) -> Status | None:
        """What it does; None when it does not run."""
        ...

    async def stop(self) -> bool:
        """End it. False when it did not run."""
        ...


class App(Protocol):
    """What the command needs of the application."""

    @property
    def backend(self) -> ModelBackend:
        """Where models run."""
        ...


Act = Callable[[SharedEngine], Awaitable[int]]


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "engine",
        help="show or stop the process that keeps models loaded",
        description="The engine is one process for all editors and terminals of a user. It starts "
        "with the first review that needs a model and leaves when nobody has needed it for a "
        "while (engine.idle_seconds).",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    actions.add_parser("status", help="what it has loaded and does").set_defaults(
        run=run, act=status
    )
    actions.add_parser("stop", help="end it and free its memory").set_defaults(run=run, act=stop)


def run(arguments: argparse.Namespace) -> int:
    """Run the command as parsed."""
    return asyncio.run(with_engine(arguments.act, open_untrusting))


async def status(engine: SharedEngine) -> int:
    """Print what the engine does. 0 whether it runs or not."""
    told = await engine.status()
    if told is None:
        print("The engine does not run. It starts with the first review that needs a model.")
        return 0
    memory = told.rss_bytes + sum(resident.rss_bytes for resident in told.residents)
    print(f"The engine runs: process {told.pid}, {memory / _MIB:,.0f} MiB.")
    for resident in told.residents:
        doing = "busy" if resident.busy else "idle"
        name = clean.plain(resident.name, 100)
        print(f"  {name}: {doing}, {resident.rss_bytes / _MIB:,.0f} MiB{_reuse(resident)}")
    if told.running or told.waiting:
        print(f"{plural(told.running, 'request')} running, {told.waiting} waiting.")
    else:
        rest = max(told.leaves_after - told.idle_seconds, 0)
        print(f"Nothing to do for {duration(told.idle_seconds)}; leaves in {duration(rest)}.")
    return 0


def _reuse(resident: Resident) -> str:
    """How much of what it was asked it had read before."""
    total = resident.prompt_tokens
    if not total:
        return ""
    return f", {100 * resident.cached_tokens / total:.0f} % of {total:,} prompt tokens reused"


async def stop(engine: SharedEngine) -> int:
    """End the engine. 0 whether it ran or not."""
    print("The engine has stopped." if await engine.stop() else "The engine does not run.")
    return 0


async def with_engine(act: Act, open_app: OpenApp) -> int:
    """Open the application and let `act` have its engine, if it has one."""
    loaded = load_settings(env=os.environ)
    async with open_app(loaded) as app:
        if not isinstance(app.backend, SharedEngine):
            say("This backend has no engine of its own to show or to stop.")
            return 0
        return await act(app.backend)
