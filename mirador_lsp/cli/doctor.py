"""`mirador doctor`: what works here, what does not, and how to mend it."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

from mirador_lsp.cli.terminal import console_for, say
from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import MiradorError
from mirador_lsp.core.health import Check, Health

if TYPE_CHECKING:
    from mirador_lsp.settings import Loaded, Settings

_INTERRUPTED = 130
_SECONDS = 120.0
"""Starting an engine on a slow disk takes long; longer than this, something hangs."""
_TRIAL_SECONDS = 900.0
"""Loading every model twice and letting it speak takes about a minute each."""
_SYMBOLS = {Health.OK: "✓", Health.WARNING: "!", Health.FAILURE: "✗"}
_ASCII = {Health.OK: "ok", Health.WARNING: "!", Health.FAILURE: "x"}
_STYLES = {Health.OK: "green", Health.WARNING: "yellow", Health.FAILURE: "red"}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `doctor` to the command line."""
    parser = subparsers.add_parser(
        "doctor",
        help="check everything a review needs",
        description="Check everything a review needs and say how to mend what is missing. "
        "Exit status: 0 when reviews work, 1 when they do not.",
    )
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument(
        "--speculation",
        action="store_true",
        help="first try, a minute for each model, whether guessing ahead in replies pays here",
    )
    parser.set_defaults(run=run)


class Doctored(Protocol):
    """The part of the app that is asked."""

    async def doctor(self) -> tuple[Check, ...]:
        """Everything the app looked at."""
        ...

    async def try_speculation(self) -> None:
        """Try whether guessing ahead pays, and remember it."""
        ...


Opener = Callable[["Settings"], AbstractAsyncContextManager[Doctored]]


def run(args: argparse.Namespace) -> int:
    """0 when the main job works, 1 when it does not, 130 after Ctrl-C."""
    try:
        checks = asyncio.run(examine(speculation=args.speculation))
    except KeyboardInterrupt:
        say("stopped")
        return _INTERRUPTED
    return show(checks, as_json=args.json)


async def examine(opener: Opener | None = None, *, speculation: bool = False) -> tuple[Check, ...]:
    """All checks. What keeps Mirador from starting is a failed check too, never a traceback.

    `opener` opens the app; Mirador's own when left out. With `speculation` it is tried first.
    """
    from mirador_lsp.settings import find_workspace_root, load_settings  # noqa: PLC0415

    try:
        workspace: Path | None = find_workspace_root(Path.cwd())
    except OSError:  # the current folder is gone
        workspace = None
    loaded = load_settings(workspace=workspace, env=os.environ)
    seconds = _TRIAL_SECONDS if speculation else _SECONDS
    try:
        async with asyncio.timeout(seconds):
            checks = await _ask(opener, loaded.settings, speculation=speculation)
    except TimeoutError:
        detail = f"the checks did not end within {seconds:.0f} s"
        checks = (Check("mirador", Health.FAILURE, detail, "Look for a process that hangs."),)
    except MiradorError as error:
        checks = (Check("mirador", Health.FAILURE, str(error), error.remedy),)
    except ImportError as error:
        remedy = "Install Mirador anew: a part of it is missing."
        checks = (Check("mirador", Health.FAILURE, plain(str(error), 200), remedy),)
    except OSError as error:
        remedy = "Run `mirador --verbose doctor` for the log."
        checks = (Check("mirador", Health.FAILURE, plain(str(error), 200), remedy),)
    return (*checks, *_settings_checks(loaded))


async def _ask(
    opener: Opener | None, settings: "Settings", *, speculation: bool
) -> tuple[Check, ...]:
    if opener is None:
        from mirador_lsp.app import open_app  # noqa: PLC0415 — a missing part is what we look for

        opener = open_app
    async with opener(settings) as app:
        if speculation:
            await app.try_speculation()
        return await app.doctor()


def show(checks: Sequence[Check], *, as_json: bool) -> int:
    """Write the checks to stdout; the exit code they mean."""
    works = all(check.health is not Health.FAILURE for check in checks)
    if as_json:
        shown = [
            {
                "name": check.name,
                "health": check.health.value,
                "detail": check.detail,
                "remedy": check.remedy,
            }
            for check in checks
        ]
        print(json.dumps({"works": works, "checks": shown}))
    else:
        _print(checks, works=works)
    return 0 if works else 1


def _settings_checks(loaded: "Loaded") -> tuple[Check, ...]:
    if not loaded.problems:
        return (
            Check("settings", Health.OK, f"no problems; your file: {loaded.paths.config_file}"),
        )
    return tuple(
        Check("settings", Health.WARNING, f"{p.source}: {p.key} {p.message}", p.remedy)
        for p in loaded.problems
    )


def _print(checks: Sequence[Check], *, works: bool) -> None:
    from rich.table import Table  # noqa: PLC0415 — not needed for JSON
    from rich.text import Text  # noqa: PLC0415

    console = console_for(sys.stdout, "auto", interactive=False)
    unicode = _speaks_unicode(sys.stdout)
    symbols, arrow = (_SYMBOLS, "→") if unicode else (_ASCII, "->")
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in checks:
        said = Text(plain(check.detail))
        if check.remedy and check.health is not Health.OK:
            said.append(f"\n{arrow} {plain(check.remedy)}", style="bold")
        mark = Text(symbols[check.health], style=_STYLES[check.health])
        table.add_row(mark, Text(plain(check.name, 60)), said)
    console.print(table)
    failures = sum(check.health is Health.FAILURE for check in checks)
    warnings = sum(check.health is Health.WARNING for check in checks)
    verdict = "Reviews work." if works else "Reviews with a model do not work here yet."
    console.print(f"\n{verdict} {failures} failed, {warnings} to look at, {len(checks)} checked.")


def _speaks_unicode(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "").startswith("utf")
