"""`mirador models compare`: how models did on the same questions."""

import asyncio
import json
import os
import statistics
import sys
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mirador_lsp.cli import model_history
from mirador_lsp.cli.terminal import console_for
from mirador_lsp.core.clean import plain
from mirador_lsp.core.routing import Comparison, Outcome

if TYPE_CHECKING:
    from rich.console import Console


def run(*, as_json: bool) -> int:
    """Show what was compared so far. Raises `ServiceError` for a file that cannot be read."""
    from mirador_lsp.app import read_comparisons  # noqa: PLC0415 — only when it runs
    from mirador_lsp.settings import load_settings  # noqa: PLC0415

    loaded = load_settings(env=os.environ)
    rows = summary(asyncio.run(read_comparisons(loaded.paths)))
    _, used = model_history.of(loaded.paths)
    if as_json:
        print(json.dumps({"models": rows, "used": used}))
        return 0
    console = console_for(sys.stdout, "auto", interactive=False)
    if used:
        console.print(model_history.table_of_use(used))
        console.print()
    if not rows:
        every = loaded.settings.engine.compare_every
        when = f"after every {every} reviews with a model" if every else "engine.compare_every is 0"
        print(f"nothing was compared yet ({when})")
        return 0
    _print(rows, console)
    return 0


def summary(rows: Sequence[Comparison]) -> list[dict[str, object]]:
    """One entry for each model at each task, the best share of usable replies first."""
    groups: dict[tuple[str, str], list[Comparison]] = defaultdict(list)
    for row in rows:
        groups[(row.task, row.model)].append(row)
    found = [_facts(*key, group) for key, group in groups.items()]
    return sorted(found, key=lambda f: (str(f["task"]), -float(str(f["held"])), str(f["model"])))


def _facts(task: str, model: str, rows: Sequence[Comparison]) -> dict[str, object]:
    held = [row for row in rows if row.outcome is Outcome.HELD]
    claims = sum(row.claims for row in rows)
    firsts = [row.first_token_seconds for row in held if row.first_token_seconds is not None]
    return {
        "task": task,
        "model": model,
        "questions": len(rows),
        "held": round(len(held) / len(rows), 3),
        "seconds": round(statistics.median(row.seconds for row in held), 3) if held else None,
        "first_token_seconds": round(statistics.median(firsts), 3) if firsts else None,
        "claims": round(claims / len(rows), 2),
        "shared": round(sum(row.shared for row in rows) / claims, 3) if claims else None,
    }


def _print(rows: Sequence[dict[str, object]], console: "Console") -> None:
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("task", overflow="fold")
    table.add_column("model", overflow="fold", min_width=18)
    for heading in ("asked", "held", "time", "first", "claims", "shared"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            plain(str(row["task"]), 40),
            plain(str(row["model"]), 80),
            str(row["questions"]),
            _share(row["held"]),
            _seconds(row["seconds"]),
            _seconds(row["first_token_seconds"]),
            str(row["claims"]),
            _share(row["shared"]),
        )
    console.print(table)


def _share(value: object) -> str:
    return f"{100 * value:.0f} %" if isinstance(value, float | int) else ""


def _seconds(value: object) -> str:
    return f"{value:.2f} s" if isinstance(value, float | int) else ""
