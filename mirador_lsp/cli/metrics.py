"""`mirador metrics`: what requests cost and what came of them, as it was counted here."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, TextIO

from mirador_lsp.cli.spans import moment_of
from mirador_lsp.cli.terminal import console_for, console_for_rows, is_terminal
from mirador_lsp.core.clean import plain
from mirador_lsp.core.metrics import Price

if TYPE_CHECKING:
    from mirador_lsp.measuring import Measured, Wanted
    from mirador_lsp.settings import Loaded, Paths

SINCE = "30d"
"""What is shown when nobody says otherwise."""
NOTHING = (
    "Nothing was counted yet. Figures come with every review, answer and fix: "
    "mirador review FILE makes the first."
)


@dataclass(frozen=True)
class Around:
    """Everything outside the command, so that a test can bring its own."""

    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    env: Mapping[str, str] = field(default_factory=lambda: os.environ)
    now: float | None = None
    """Seconds since the epoch; None for the clock of the machine."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "metrics",
        help="what requests cost and what came of them",
        description="What was counted on this machine of reviews, answers and fixes: times, "
        "tokens, caches, the lives of findings, what you accepted. It holds no code, no words and "
        "no names of files, and nothing of it leaves this machine.",
    )
    parser.add_argument(
        "--since", default=SINCE, help=f"7d, 12h, 2w, today, all or a day (default: {SINCE})"
    )
    parser.add_argument("--model", default="", help="only models with this in their name")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON")
    form.add_argument(
        "--prometheus", action="store_true", help="all of it, in the text format of Prometheus"
    )
    parser.set_defaults(run=run)
    actions = parser.add_subparsers(metavar="prices", dest="action")
    prices = actions.add_parser(
        "prices",
        help="show the prices that savings are told by",
        description="The prices of models in the cloud, in US dollars for a million tokens, that "
        "savings are told by. The table is yours to change.",
    )
    prices.add_argument("--json", action="store_true", help="as JSON")
    prices.add_argument(
        "--write", action="store_true", help="write the table where you can change it"
    )
    prices.set_defaults(run=run_prices)


def run(arguments: argparse.Namespace, around: Around | None = None) -> int:
    """Show what was counted. Raises `UserError`, and `ServiceError` where it cannot be read."""
    # Not from `app`: what runs models is not needed here, and takes long to import.
    from mirador_lsp.measuring import SystemClock, Wanted  # noqa: PLC0415
    from mirador_lsp.settings.prices import read_prices  # noqa: PLC0415

    here = around or Around()
    loaded = _settings(here)
    now = SystemClock().wall() if here.now is None else here.now
    since = 0.0 if arguments.prometheus else moment_of(arguments.since, now)
    wanted = Wanted(since, "" if arguments.prometheus else arguments.model, now)
    prices = read_prices(loaded.paths.config_file.parent)
    measured = asyncio.run(_read(loaded.paths, wanted, prices.table))
    out = here.stdout
    if arguments.json:
        from mirador_lsp.engine.figures.facts import summary_facts  # noqa: PLC0415

        print(json.dumps(summary_facts(measured.summary)), file=out)
        return 0
    if arguments.prometheus:
        from mirador_lsp.cli.prometheus import render  # noqa: PLC0415

        out.write(render(measured.summary, measured.sums))
        return 0
    if not measured.summary.requests and not measured.summary.days:
        ever = asyncio.run(_read(loaded.paths, Wanted(now=now), ())) if since else measured
        some = ever.summary.requests > 0
        print(_nothing_since(arguments.since) if some else NOTHING, file=out)
        return 0
    if arguments.model and not any(row.model for row in measured.summary.stages):
        print(_NO_MODEL.format(plain(arguments.model, 60)), file=out)
        return 0
    from mirador_lsp.cli.metrics_views import page  # noqa: PLC0415

    console = console_for(out, "auto", interactive=is_terminal(out, here.env))
    for part in page(measured.summary, unicode=speaks_unicode(out)):
        console.print(part)
    return 0


async def _read(paths: "Paths", wanted: "Wanted", prices: Sequence[Price]) -> "Measured":
    from mirador_lsp.measuring import open_figures  # noqa: PLC0415

    async with open_figures(paths) as reader:
        return await reader.read(wanted, prices)


def run_prices(arguments: argparse.Namespace, around: Around | None = None) -> int:
    """Show or write the table of prices. Raises `UserError` and `ServiceError`."""
    from mirador_lsp.settings.prices import read_prices, write_prices  # noqa: PLC0415

    here = around or Around()
    folder = _settings(here).paths.config_file.parent
    if arguments.write:
        print(f"Written: {write_prices(folder)}", file=here.stdout)
        return 0
    prices = read_prices(folder)
    if arguments.json:
        models = [asdict(price) for price in prices.table]
        facts = {"file": str(prices.file), "own": prices.own, "models": models}
        print(json.dumps(facts), file=here.stdout)
        return 0
    from mirador_lsp.cli.metrics_views import price_table  # noqa: PLC0415

    console = console_for_rows(here.stdout, here.env)
    console.print(price_table(prices.table))
    where = f"From {plain(str(prices.file), 300)}." if prices.own else _SHIPPED
    print(where, file=here.stdout)
    return 0


_SHIPPED = (
    "This is the table that Mirador brings; prices change. "
    "mirador metrics prices --write puts it where you can change it."
)


_NO_MODEL = 'No model with "{}" in its name was asked in that time; without --model all are shown.'


def speaks_unicode(stream: TextIO) -> bool:
    """Whether the stream can show more than ASCII."""
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "").startswith("utf")


def _nothing_since(since: str) -> str:
    return f"Nothing was counted since {plain(since, 40)}; --since all shows what there is."


def _settings(around: Around) -> "Loaded":
    from mirador_lsp.settings import load_settings  # noqa: PLC0415

    return load_settings(env=around.env)
