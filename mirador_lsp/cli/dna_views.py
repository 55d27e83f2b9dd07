"""What `mirador dna` shows: tables in a terminal, plain lines in a pipe."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mirador_lsp.core.clean import plain
from mirador_lsp.core.preferences import NAMES, Preference, Preferences, Source, SourceKind
from mirador_lsp.engine.dna.applied import effects
from mirador_lsp.engine.dna.inferring import Proposal
from mirador_lsp.engine.dna.likeness import Likeness

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

_STYLES = {
    SourceKind.DEFAULT: "bright_black",
    SourceKind.INFERRED: "cyan",
    SourceKind.HAND: "bold green",
}
_GOOD, _FAIR = 0.8, 0.5
_BAR = 20


def table_of(
    preferences: Preferences, kept: Sequence[Preference], given: frozenset[str]
) -> "Table":
    """Every preference with its value, where it is from and what it does where settings of those
    names are set.
    """
    from rich.text import Text  # noqa: PLC0415

    table = _table("preference", "value", "from", "what it does")
    sources = {each.name: each.source for each in kept}
    for name, effect in zip(NAMES, effects(preferences, given), strict=True):
        source = sources.get(name, Source())
        value = ", ".join(preferences.values(name)) or "none"
        style = _STYLES[source.kind]
        table.add_row(
            Text(name, "bold"),
            Text(plain(value, 200), style),
            Text(origin(source), style),
            Text(effect.does, "bright_black" if source.kind is SourceKind.DEFAULT else ""),
        )
    return table


def origin(source: Source) -> str:
    """Where a value is from, for people."""
    match source.kind:
        case SourceKind.DEFAULT:
            return "default"
        case SourceKind.HAND:
            return f"by hand, {_day(source.time)}"
        case SourceKind.INFERRED:
            sure = f"{100 * source.sureness:.0f} % sure"
            return f"inferred from {source.decisions} decisions, {sure}"


def facts(preferences: Preferences, kept: Sequence[Preference]) -> list[dict[str, object]]:
    """The same for machines."""
    sources = {each.name: each.source for each in kept}
    return [
        {
            "name": name,
            "values": list(preferences.values(name)),
            "from": sources.get(name, Source()).kind.value,
            "decisions": sources.get(name, Source()).decisions,
            "sureness": sources.get(name, Source()).sureness,
        }
        for name in NAMES
    ]


def table_of_proposals(told: Sequence[Proposal]) -> "Table":
    """What would change, and why."""
    from rich.text import Text  # noqa: PLC0415

    table = _table("preference", "now", "would be", "sure", "why")
    for each in told:
        before = ", ".join(each.before) if each.before else "default"
        if each.inference is None:
            why = "what it was inferred from does not say so any more"
            table.add_row(Text(each.name, "bold"), before, "default", "", why)
            continue
        found = each.inference.preference
        why = f"{each.inference.why}{'; stays, as you set it by hand' if each.by_hand else ''}"
        table.add_row(
            Text(each.name, "bold"),
            Text(plain(before, 80)),
            Text(plain(", ".join(found.values), 120), "bright_black" if each.by_hand else "cyan"),
            Text(f"{100 * found.source.sureness:.0f} %"),
            Text(plain(why, 300)),
        )
    return table


def facts_of_proposals(told: Sequence[Proposal]) -> list[dict[str, object]]:
    """The same for machines."""
    return [
        {
            "name": each.name,
            "before": list(each.before) if each.before is not None else None,
            "values": list(each.inference.preference.values) if each.inference else None,
            "decisions": each.inference.preference.source.decisions if each.inference else 0,
            "sureness": each.inference.preference.source.sureness if each.inference else None,
            "why": each.inference.why if each.inference else "",
            "by_hand": each.by_hand,
        }
        for each in told
    ]


def table_of_likeness(likeness: Likeness, ours: str, theirs: str) -> "Table":
    """Two compared, part by part, with a bar for each."""
    from rich.text import Text  # noqa: PLC0415

    table = _table("", plain(ours, 60), plain(theirs, 60), "alike", "")
    for part in likeness.parts:
        table.add_row(
            Text(part.name, "bold"),
            Text(plain(part.ours, 60)),
            Text(plain(part.theirs, 60)),
            Text(f"{part.likeness:.2f}"),
            bar(part.likeness),
        )
    table.add_section()
    whole = likeness.whole
    table.add_row(Text("together", "bold"), "", "", Text(f"{whole:.2f}", "bold"), bar(whole))
    return table


def facts_of_likeness(likeness: Likeness, ours: str, theirs: str) -> dict[str, object]:
    """The same for machines."""
    parts = [
        {
            "name": part.name,
            "ours": part.ours,
            "theirs": part.theirs,
            "likeness": round(part.likeness, 4),
            "weight": part.weight,
        }
        for part in likeness.parts
    ]
    return {"ours": ours, "theirs": theirs, "likeness": round(likeness.whole, 4), "parts": parts}


def bar(share: float) -> "Text":
    """A share 0…1 as a bar, green for much and red for little."""
    from rich.text import Text  # noqa: PLC0415

    filled = round(_BAR * min(max(share, 0.0), 1.0))
    style = "green" if share >= _GOOD else "yellow" if share >= _FAIR else "red"
    return Text("█" * filled, style).append("░" * (_BAR - filled), "bright_black")


def _table(*headings: str) -> "Table":
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _day(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d")
