"""What `mirador models compare` shows: tables of tasks and of models."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mirador_lsp.core.clean import plain
from mirador_lsp.engine.dna.standing import Record, Share

if TYPE_CHECKING:
    from rich.table import Table

_MIB = 1 << 20
_PARTS = ("decisions", "replies", "confirmed", "fixes", "probes", "agreement")
_HEADINGS = (
    *("model", "quality", "decided", "usable", "shared", "fixes", "probes", "agrees"),
    *("first", "tok/s", "MiB"),
)
LEGEND = (
    "decided: of its findings, those you took; usable: of its replies; shared: of its claims, "
    "those another model made; probes: of the fixed set; agrees: with your decisions"
)
_GOOD, _FAIR = 0.75, 0.5


def table_of(records: Sequence[Record]) -> "Table":
    """One row for each model, the best first."""
    from rich.text import Text  # noqa: PLC0415

    headings, rows = cells(records)
    # What is known of no model would only take room.
    known = [place for place in range(len(headings)) if any(row[place] for row in rows)]
    table = _table([headings[place] for place in known], 1)
    for record, row in zip(records, rows, strict=True):
        styles = {"model": "bold", "quality": _style(record.quality)}
        table.add_row(*(Text(row[p], styles.get(headings[p], "")) for p in known))
    return table


def table_of_tasks(rows: Sequence[dict[str, object]]) -> "Table":
    """One row for each model at each task."""
    table = _table(("task", "model", "asked", "held", "time", "first", "claims", "shared"), 2)
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
    return table


def cells(records: Sequence[Record]) -> tuple[tuple[str, ...], list[list[str]]]:
    """The headings and the rows of models, as text."""
    return _HEADINGS, [_row(record) for record in records]


def facts(record: Record) -> dict[str, object]:
    """The same for machines."""
    parts = {name: {"some": part.some, "of": part.of} for name, part in record.parts.items()}
    return {
        "model": record.model,
        "quality": None if record.quality is None else round(record.quality, 4),
        "parts": parts,
        "seconds": record.seconds,
        "first_token_seconds": record.first_token_seconds,
        "tokens_per_second": record.tokens_per_second,
        "memory_bytes": record.memory_bytes or None,
    }


def _row(record: Record) -> list[str]:
    pace, size = record.tokens_per_second, record.memory_bytes
    return [
        plain(record.model, 80),
        _share(record.quality),
        *(_part(record.parts[name]) for name in _PARTS),
        _seconds(record.first_token_seconds),
        f"{pace:.1f}" if pace else "",
        f"{size / _MIB:,.0f}" if size else "",
    ]


def _part(share: Share) -> str:
    return f"{share.some}/{share.of}" if share.of else ""


def _style(quality: float | None) -> str:
    if quality is None:
        return ""
    return "green" if quality >= _GOOD else "yellow" if quality >= _FAIR else "red"


def _table(headings: Sequence[str], words: int) -> "Table":
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for number, heading in enumerate(headings):
        if number < words:
            wide = 18 if heading == "model" else None
            table.add_column(heading, overflow="fold", min_width=wide)
        else:
            table.add_column(heading, justify="right", overflow="fold")
    return table


def _share(value: object) -> str:
    return f"{100 * value:.0f} %" if isinstance(value, float | int) else ""


def _seconds(value: object) -> str:
    return f"{value:.2f} s" if isinstance(value, float | int) else ""
