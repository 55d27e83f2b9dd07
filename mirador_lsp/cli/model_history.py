"""What `mirador models` tells of the past: which model was chosen for what, why, and how it did."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mirador_lsp.cli.terminal import say
from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.routing import COMPARED, Measurement, Standing

if TYPE_CHECKING:
    from rich.table import Table

    from mirador_lsp.settings import Paths

_MOST = 500
"""Replies that are looked at, the latest ones."""

Facts = dict[str, object]


def of(paths: "Paths") -> tuple[list[Facts], list[Facts]]:
    """The choices and the standings. Empty, with a line on stderr, where they cannot be read."""
    from mirador_lsp.app import read_history  # noqa: PLC0415 — only when it runs

    try:
        recent, standings = asyncio.run(read_history(paths, _MOST))
    except ServiceError as error:
        say(error.sentence())
        return [], []
    return choices(recent), used(standings)


def choices(recent: Sequence[Measurement]) -> list[Facts]:
    """For each task the model that was chosen last, and why; of replies oldest first."""
    latest = {each.task: each for each in recent if each.circumstances.reason != COMPARED}
    return [_choice(latest[task]) for task in sorted(latest)]


def used(standings: Sequence[Standing]) -> list[Facts]:
    """How every model did at the tasks that it was asked."""
    return [
        {
            "task": each.task,
            "model": each.model,
            "digest": each.digest,
            "replies": each.replies,
            "held": round(each.held / each.replies, 3) if each.replies else 0.0,
            "seconds": round(each.seconds, 3),
        }
        for each in standings
    ]


def table_of_choices(rows: Sequence[Facts]) -> "Table":
    """What was chosen last, for a terminal."""
    return _table(rows, ("task", "model", "reason", "language"), "chosen last, for")


def table_of_use(rows: Sequence[Facts]) -> "Table":
    """How models did, for a terminal."""
    shown = [
        row | {"held": f"{100 * float(str(row['held'])):.0f} %", "seconds": f"{row['seconds']} s"}
        for row in rows
    ]
    return _table(shown, ("task", "model", "replies", "held", "seconds"), "in use, for")


def _table(rows: Sequence[Facts], names: Sequence[str], first: str) -> "Table":
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for name in names:
        table.add_column(first if name == names[0] else name, overflow="fold")
    for row in rows:
        table.add_row(*(plain(str(row[name]), 120) for name in names))
    return table


def _choice(each: Measurement) -> Facts:
    within = each.circumstances
    return {
        "task": each.task,
        "model": each.model,
        "reason": within.reason,
        "stages": list(within.stages),
        "language": within.language,
        "time": datetime.fromtimestamp(each.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
