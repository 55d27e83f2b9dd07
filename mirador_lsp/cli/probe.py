"""`mirador models probe`: how models behave with a fixed set of questions."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from mirador_lsp.cli.measured import MeasuringDisplay
from mirador_lsp.cli.terminal import console_for, say
from mirador_lsp.core.behaviour import Behaviour
from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import ModelError

if TYPE_CHECKING:
    from rich.table import Table

_INTERRUPTED = 130
_MIB = 1 << 20


def run(names: Sequence[str], *, as_json: bool) -> int:
    """0 when every model was measured, 1 when one could not be used, 130 after Ctrl-C.

    Raises `UserError` for a name there is no usable model of, `ServiceError` for a store that
    cannot be used.
    """
    measured: list[Behaviour] = []
    try:
        failed = asyncio.run(_measure(names, measured))
    except KeyboardInterrupt:
        say(f"stopped; {_several(len(measured), 'model')} measured and kept")
        failed = _INTERRUPTED
    if as_json:
        print(json.dumps({"models": [facts(each) for each in measured]}))
    elif measured:
        console = console_for(sys.stdout, "auto", interactive=False)
        console.print(table_of(measured))
    if len(measured) > 1 and not as_json:
        first, second = (each.model for each in measured[:2])
        print(f"\nhow alike two are: mirador dna compare {plain(first)} {plain(second)}")
    return failed


async def _measure(names: Sequence[str], measured: list[Behaviour]) -> int:
    from mirador_lsp.app import measure_model, models_to_measure, open_app  # noqa: PLC0415
    from mirador_lsp.settings import load_settings  # noqa: PLC0415

    loaded = load_settings(env=os.environ)
    failed = 0
    async with open_app(loaded.settings, paths=loaded.paths) as app:
        for card in await models_to_measure(app, names):
            if card.leaves:
                say(f"{card.name}: {card.leaves}")
            try:
                with MeasuringDisplay(os.environ) as display:
                    measured.append(await measure_model(app, card, display.update))
            except ModelError as error:
                say(f"{card.name}: {error.sentence()}")
                failed = 1
    return failed


def table_of(measured: Sequence[Behaviour]) -> "Table":
    """How models behaved, side by side."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("")
    for each in measured:
        table.add_column(plain(each.model, 40), justify="right", overflow="fold")
    for name, values in _rows(measured):
        table.add_row(Text(name, "bold"), *(Text(value) for value in values))
    return table


def facts(each: Behaviour) -> dict[str, object]:
    """The same for machines."""
    shares = {
        "mean_words": round(each.mean_words, 1),
        "structure_errors": round(each.structure_errors, 4),
        "agreement": None if each.agreement is None else round(each.agreement, 4),
        "quality": round(each.quality, 4),
    }
    return asdict(each) | shares


def _rows(measured: Sequence[Behaviour]) -> list[tuple[str, list[str]]]:
    def row(name: str, *values: str) -> tuple[str, list[str]]:
        return name, list(values)

    return [
        row("faults found", *(f"{e.found} of {e.defects}" for e in measured)),
        row("false alarms", *(f"{e.alarms} of {e.sound}" for e in measured)),
        row("claims judged right", *(f"{e.judged_right} of {e.judged}" for e in measured)),
        row("fixes that pass", *(f"{e.fixed} of {e.fixes}" for e in measured)),
        row("structure errors", *(_percent(e.structure_errors) for e in measured)),
        row("words of an answer", *(f"{e.mean_words:.0f}" for e in measured)),
        row("agrees with you", *(_agreement(e) for e in measured)),
        row("first token", *(_seconds(e.first_token_seconds) for e in measured)),
        row("tokens a second", *(f"{e.tokens_per_second:.1f}" for e in measured)),
        row("memory", *(_memory(e.memory_bytes) for e in measured)),
        row("not answered", *(f"{e.failed} of {e.asked}" for e in measured)),
    ]


def _agreement(each: Behaviour) -> str:
    if not each.decisions:
        return "no decisions"
    return f"{each.agreed} of {each.decisions}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds else "unknown"


def _memory(size: int) -> str:
    return f"{size / _MIB:,.0f} MiB" if size else "unknown"


def _several(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
