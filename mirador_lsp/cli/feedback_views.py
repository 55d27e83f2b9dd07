"""What `mirador feedback` shows: tables in a terminal, plain lines in a pipe."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING

from mirador_lsp.core.clean import plain
from mirador_lsp.core.feedback import Opinion, Verdict
from mirador_lsp.engine.learning.judging import Effect
from mirador_lsp.engine.learning.summary import OfRule, Taught

if TYPE_CHECKING:
    from rich.table import Table

_EFFECTS = MappingProxyType(
    {
        Effect.NONE: ("nothing", ""),
        Effect.WITHHELD: ("withheld", "red"),
        Effect.LOWERED: ("believed less", "yellow"),
        Effect.FIRST: ("ranked first", "green"),
        Effect.RAISED: ("raised", "bold green"),
    }
)
_GUARDED = ("shown: it is about security", "bright_black")
_COUNTED = (Verdict.ACCEPTED, Verdict.EDITED, Verdict.UNDONE, Verdict.DISMISSED, Verdict.SUPPRESSED)
_SHOWN_IDS = 4


def table_of_lessons(lessons: Sequence[Taught]) -> "Table":
    """What becomes of findings like which, because of which decisions."""
    from rich.text import Text  # noqa: PLC0415

    table = _table("findings like this", "rule", "are", "because", "decisions")
    for each in lessons:
        words, style = _GUARDED if each.guarded else _EFFECTS[each.lesson.effect]
        ids = [opinion.id for opinion in each.lesson.because]
        more = f" +{len(ids) - _SHOWN_IDS}" if len(ids) > _SHOWN_IDS else ""
        table.add_row(
            Text(plain(each.latest.message, 120)),
            Text(plain(each.latest.rule, 60), "cyan"),
            Text(words, style),
            Text(each.lesson.reason.removesuffix(" like this")),
            Text(" ".join(ids[:_SHOWN_IDS]) + more, "bright_black"),
        )
    return table


def table_of_rules(rows: Sequence[OfRule]) -> "Table":
    """How often findings of each rule were accepted, dismissed and so on."""
    from rich.text import Text  # noqa: PLC0415

    table = _table("rule", *(verdict.value for verdict in _COUNTED), "other")
    for row in rows:
        shown = [row.counts[verdict] for verdict in _COUNTED]
        other = row.counts.total() - sum(shown)
        cells = [str(count) if count else "" for count in (*shown, other)]
        table.add_row(Text(plain(row.rule, 60), "cyan"), *cells)
    return table


def table_of_decisions(opinions: Sequence[Opinion]) -> "Table":
    """Decisions, one a row."""
    from rich.text import Text  # noqa: PLC0415

    table = _table("id", "when (UTC)", "decision", "rule", "file", "finding")
    for each in opinions:
        table.add_row(
            Text(each.id, "bold"),
            Text(_moment(each.time)),
            Text(_verdict(each)),
            Text(plain(each.rule, 60), "cyan"),
            Text(plain(PurePosixPath(each.uri).name, 60)),
            Text(plain(each.message, 120) or "(kept by an earlier version)", "bright_black"),
        )
    return table


def facts_of_lesson(each: Taught) -> dict[str, object]:
    """A lesson for machines."""
    return {
        "effect": each.lesson.effect.value,
        "guarded": each.guarded,
        "reason": each.lesson.reason,
        "factor": round(each.lesson.factor, 4),
        "rule": each.latest.rule,
        "lens": each.latest.lens.value if each.latest.lens else "",
        "message": each.latest.message,
        "decisions": [opinion.id for opinion in each.lesson.because],
    }


def facts_of_rule(row: OfRule) -> dict[str, object]:
    """The counts of a rule for machines."""
    return {
        "rule": row.rule,
        "decisions": {verdict.value: count for verdict, count in sorted(row.counts.items())},
        "lessons_against": row.withheld,
        "lessons_for": row.favoured,
    }


def facts_of_decision(each: Opinion) -> dict[str, object]:
    """A decision for machines."""
    return {
        "id": each.id,
        "time": _moment(each.time),
        "verdict": each.verdict.value,
        "rating": each.rating,
        "rule": each.rule,
        "tool": each.tool,
        "uri": each.uri,
        "finding": each.finding_id,
        "lens": each.lens.value if each.lens else "",
        "severity": each.severity.value if each.severity else "",
        "message": each.message,
        "quote": each.quote,
        "reason": each.reason,
        "lines": each.lines,
    }


def _verdict(each: Opinion) -> str:
    stars = f" {each.rating}/5" if each.rating else ""
    return f"{each.verdict.value}{stars}"


def _moment(time: float) -> str:
    try:
        return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError, OSError):
        return "unknown"


def _table(*columns: str) -> "Table":
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
