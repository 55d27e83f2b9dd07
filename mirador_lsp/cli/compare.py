"""`mirador models compare`: how models did with the same requests, side by side."""

import argparse
import asyncio
import json
import os
import statistics
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mirador_lsp.cli import compare_views, model_history, plot
from mirador_lsp.cli.measured import MeasuringDisplay
from mirador_lsp.cli.terminal import console_for, say
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.routing import Comparison, Outcome
from mirador_lsp.engine.dna.standing import Record, accompanied

if TYPE_CHECKING:
    from mirador_lsp.settings import Loaded

_USUAL = 12
"""Requests that are put to the models where no number is given."""
_MOST = 500
_INTERRUPTED = 130
_HELP = (
    "What is known of models: what you decided about their findings, how their replies to the same "
    "requests did, the fixed set of `probe`, speed and memory."
)
_FORMS = (".svg", ".html")


def add_action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> argparse.ArgumentParser:
    """Declare the action; the caller says what runs it."""
    parser = actions.add_parser(
        "compare", help="how models did with the same requests", description=_HELP
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a model (default: all)")
    parser.add_argument(
        "--run",
        nargs="?",
        type=int,
        const=_USUAL,
        metavar="N",
        dest="replays",
        help=f"first put the latest N requests to them again (default: {_USUAL})",
    )
    parser.add_argument("--plot", metavar="FILE", help="a picture: FILE.svg or FILE.html")
    parser.add_argument("--json", action="store_true", help="as JSON")
    return parser


def run(args: argparse.Namespace) -> int:
    """0 when done, 130 after Ctrl-C. Raises `UserError` for what cannot be meant, `ServiceError`
    for a store that cannot be used.
    """
    from mirador_lsp.settings import load_settings  # noqa: PLC0415 — only when it runs

    picture = _picture(args.plot)
    loaded = load_settings(env=os.environ)
    code = 0
    if args.replays is not None:
        code = _replay(args.names, args.replays, loaded)
    return _show(args, loaded, picture) or code


def _show(args: argparse.Namespace, loaded: "Loaded", picture: Path | None) -> int:
    from mirador_lsp.app import read_comparisons, read_records  # noqa: PLC0415

    names = _meant(args.names)
    records = [r for r in asyncio.run(read_records(loaded.paths)) if not names or r.model in names]
    compared = asyncio.run(read_comparisons(loaded.paths))
    rows = summary(compared, names)
    _, used = model_history.of(loaded.paths)
    points = points_of(records)
    if picture is not None:
        _draw(picture, records, points)
    if args.json:
        facts = [compare_views.facts(record) for record in records]
        print(json.dumps({"records": facts, "models": rows, "used": used}))
        return 0
    console = console_for(sys.stdout, "auto", interactive=False)
    if used and not names:
        console.print(model_history.table_of_use(used))
        console.print()
    if rows:
        console.print(compare_views.table_of_tasks(rows))
        console.print()
    if records:
        console.print(compare_views.table_of(records))
        console.print(compare_views.LEGEND, style="bright_black")
    if points:
        console.print()
        for line in plot.characters(points):
            console.print(line, no_wrap=True, overflow="crop")
    if not rows:
        every = loaded.settings.engine.compare_every
        when = f"after every {every} reviews with a model" if every else "engine.compare_every is 0"
        print(f"nothing was compared yet ({when}); do it now: mirador models compare --run")
    return 0


def summary(
    compared: Sequence[Comparison], names: frozenset[str] = frozenset()
) -> list[dict[str, object]]:
    """One entry for each model at each task, the best share of usable replies first. `names` are of
    the models that are wanted, none for all.
    """
    groups: dict[tuple[str, str], list[Comparison]] = defaultdict(list)
    for row in compared:
        if not names or row.model in names:
            groups[(row.task, row.model)].append(row)
    together = accompanied(compared)
    found = [_facts(*key, group, together) for key, group in groups.items()]
    return sorted(found, key=lambda f: (str(f["task"]), -float(str(f["held"])), str(f["model"])))


def points_of(records: Sequence[Record]) -> list[plot.Point]:
    """The models whose quality and speed are known, for a picture."""
    return [
        plot.Point(each.model, each.quality, each.tokens_per_second, each.memory_bytes)
        for each in records
        if each.quality is not None and each.tokens_per_second
    ]


def _replay(names: Sequence[str], count: int, loaded: "Loaded") -> int:
    if not 1 <= count <= _MOST:
        message = f"--run takes a number from 1 to {_MOST}."
        raise UserError(message, remedy=f"Leave the number out for {_USUAL}.")
    try:
        asyncio.run(_ask_again(names, count, loaded))
    except KeyboardInterrupt:
        say("stopped; what all models have answered is kept")
        return _INTERRUPTED
    return 0


async def _ask_again(names: Sequence[str], count: int, loaded: "Loaded") -> None:
    from mirador_lsp.app import models_to_measure, open_app, replay_requests  # noqa: PLC0415

    async with open_app(loaded.settings, paths=loaded.paths) as app:
        cards = await models_to_measure(app, names)
        for card in cards:
            if card.leaves:
                say(f"{card.name}: {card.leaves}")
        with MeasuringDisplay(os.environ) as display:
            done = await replay_requests(app, cards, count, display.update)
    own = f"{done.recorded} of them your own" if done.recorded else "none of them your own"
    models = f"{len(cards)} model{'s' * (len(cards) > 1)}"
    say(f"{done.requests} requests put to {models}, {own}")
    if done.gone:
        say(f"{done.gone} of your requests are left out: what they were about is gone")


def _meant(names: Sequence[str]) -> frozenset[str]:
    from mirador_lsp.app import find_model  # noqa: PLC0415

    full: set[str] = set()
    for name in names:
        full.add(name)
        try:
            full.add(find_model(name).name)
        except UserError:
            continue  # a model of a server, or one that is gone: its figures may be there
    return frozenset(full)


def _picture(name: str | None) -> Path | None:
    file = Path(name) if name is not None else None
    if file is not None and file.suffix.lower() not in _FORMS:
        message = f"A picture cannot be written as {file.name}."
        raise UserError(message, remedy="Name a file that ends in .svg or .html.")
    return file


def _draw(file: Path, records: Sequence[Record], points: Sequence[plot.Point]) -> None:
    if not points:
        message = "There is nothing to draw: of no model both quality and speed are known."
        raise UserError(message, remedy="Measure them: mirador models probe")
    headings, rows = compare_views.cells(records)
    text = plot.svg(points)
    if file.suffix.lower() == ".html":
        text = plot.page(points, headings, rows)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror}."
        raise UserError(message, remedy="Name a file in a folder of yours.") from error
    say(f"drawn: {file}")


def _facts(
    task: str, model: str, rows: Sequence[Comparison], together: frozenset[str]
) -> dict[str, object]:
    held = [row for row in rows if row.outcome is Outcome.HELD]
    beside = [row for row in rows if row.run in together]
    claims = sum(row.claims for row in rows)
    known = sum(row.claims for row in beside)
    firsts = [row.first_token_seconds for row in held if row.first_token_seconds is not None]
    return {
        "task": task,
        "model": model,
        "questions": len(rows),
        "held": round(len(held) / len(rows), 3),
        "seconds": round(statistics.median(row.seconds for row in held), 3) if held else None,
        "first_token_seconds": round(statistics.median(firsts), 3) if firsts else None,
        "claims": round(claims / len(rows), 2),
        "shared": round(sum(row.shared for row in beside) / known, 3) if known else None,
    }
