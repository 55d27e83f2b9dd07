"""How the terminal shows history. All of its text comes from outside and is made plain here."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mirador_lsp.cli.wording import plural
from mirador_lsp.core.clean import plain, stream_safe
from mirador_lsp.core.history import (
    Ending,
    Exchange,
    Extent,
    Kept,
    Kind,
    Life,
    Moment,
    Retention,
    Session,
    Step,
)

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from mirador_lsp.cli.oblivion import Oblivion
    from mirador_lsp.core.retrieval import Hit

_DAY = 86_400
_LONGEST = 40_000
"""Characters of an answer that are shown; `--json` and `export` have all of it."""
_TRIGGERS = {
    "open": "the file was opened",
    "save": "the file was saved",
    "command": "it was asked for in the editor",
    "cli": "it was asked for on the command line",
}
_STYLES = {
    Step.WITHDRAWN: "bright_black",
    Step.WITHHELD: "bright_black",
    Step.GONE: "bright_black",
    Step.DISMISSED: "yellow",
    Step.UNDONE: "yellow",
    Step.FIXED: "green",
    Step.RESTORED: "cyan",
}


def exchanges(rows: Sequence[Exchange], now: float) -> "Table":
    """Requests, one a line."""
    table = _table("when", "what", "file", "asked", "model", "took", "id")
    for each in rows:
        table.add_row(
            _when(each.time, now),
            each.kind.value,
            plain(each.name, 60),
            _asked(each),
            plain(each.model, 40),
            f"{each.seconds:.1f} s",
            each.id,
        )
    return table


def sessions(rows: Sequence[Session], now: float) -> "Table":
    """Sessions, one a line."""
    table = _table("last", "began", "workspace", "client", "requests", "id")
    for each in rows:
        visit = each.visit
        who = plain(visit.client, 40) or visit.surface.value
        where = plain(visit.workspace, 80) or "none"
        times = (_when(each.last, now), _when(each.began, now))
        table.add_row(*times, where, who, f"{each.exchanges:,}", each.id)
    return table


def extent(kept: Extent, retention: Retention) -> str:
    """How much is kept, and what goes when."""
    much = (
        f"{plural(kept.exchanges, 'request')} in {plural(kept.sessions, 'session')}, "
        f"{plural(kept.findings, 'finding')}, {kept.bytes / 1048576:.1f} MiB of words"
    )
    limits = f"kept for {retention.days} days and up to {retention.most_bytes // 1048576} MiB"
    line = f"{much}; {limits}"
    if kept.tended and kept.removed:
        day = datetime.fromtimestamp(kept.tended, UTC).astimezone().date().isoformat()
        line += f"; {kept.removed:,} were too old or too much on {day}"
    return line


def exchange(each: Exchange) -> "RenderableType":
    """A request with its answer."""
    from rich.console import Group  # noqa: PLC0415 — starting must not pay for it
    from rich.text import Text  # noqa: PLC0415

    parts: list[RenderableType] = [_facts(each)]
    asked = each.question if each.kind is not Kind.REVIEW else ""
    for title, words in (("asked", asked), ("answered", each.response)):
        if words.strip():
            shown = stream_safe(words[:_LONGEST]).strip("\n")
            more = "" if len(words) <= _LONGEST else "\n… `--json` shows all of it"
            parts += [Text(f"\n{title}", "bold"), Text(shown + more)]
    return Group(*parts)


def life(each: Life) -> "RenderableType":
    """A finding and what happened to it, in the order of time."""
    from rich.console import Group  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    head = Text(f"\n{plain(each.rule, 80)}", "bold")
    head.append(f"  {plain(each.message)}", "default not bold")
    place = f"{plain(each.name, 120)} {plain(each.symbol, 80)}".strip()
    where = Text(
        f"{place} · {each.severity} · {plain(each.tool, 60)} · {each.finding}", "bright_black"
    )
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1, 0, 0))
    for _ in range(4):
        table.add_column(overflow="fold")
    for moment in each.moments:
        when = _clock(moment.time)
        style = _STYLES.get(moment.step, "default")
        table.add_row(when, Text(moment.step.value, style), moment.stage, _why(moment))
    return Group(head, where, table)


def found(
    asked: Sequence[Exchange], lives: Sequence[Life], near: Sequence["Hit"], now: float
) -> "Iterator[RenderableType]":
    """What a search has found."""
    from rich.text import Text  # noqa: PLC0415

    if asked:
        yield exchanges(asked, now)
    if lives:
        yield Text("\nfindings", "bold")
        table = _table("last", "file", "rule", "message", "id")
        for each in lives:
            words = (plain(each.name, 60), plain(each.rule, 60), plain(each.message, 160))
            table.add_row(_when(each.last, now), *words, each.finding)
        yield table
    if near:
        yield Text("\nby meaning", "bold")
        for hit in near:
            title = Text(f"{hit.kind}  ", "bright_black").append(plain(hit.symbol, 200), "default")
            yield title.append(f"\n      {plain(hit.text, 200)}", "bright_black")


def oblivion(gone: "Oblivion") -> str:
    """What was removed, or would be, in words; "" for nothing."""
    history = gone.history
    counts = (
        (history.exchanges, "request"),
        (history.sessions, "session"),
        (history.findings, "finding"),
        (history.moments, "step of their lives"),
        (len(history.memories) - len(gone.left), "memory of the index"),
        (gone.decisions, "decision"),
        (gone.figures, "row of figures"),
        (gone.replies, "finished reply in the cache"),
    )
    parts = [_count(count, one) for count, one in counts if count > 0]
    return ", ".join(parts)


def left(memories: Sequence[Kept]) -> str:
    """What an index would not let go."""
    folders = ", ".join(sorted({plain(each.folder, 200) for each in memories}))
    many = _count(len(memories), "memory of the index")
    return f"{many} could not be removed ({folders}). Run it again, or: mirador index drop"


def _count(count: int, one: str) -> str:
    many = {
        "step of their lives": "steps of their lives",
        "memory of the index": "memories of the index",
        "row of figures": "rows of figures",
        "finished reply in the cache": "finished replies in the cache",
    }
    return f"{count:,} {one if count == 1 else many.get(one, f'{one}s')}"


def _facts(each: Exchange) -> "Table":
    table = _table("", "")
    table.show_header = False
    took = f"{each.seconds:.2f} s"
    if each.first_token_seconds is not None:
        took += f", first token after {each.first_token_seconds:.2f} s"
    tokens = f"{each.prompt_tokens:,} read ({each.cached_tokens:,} known), "
    tokens += f"{each.completion_tokens:,} written"
    rows = (
        ("request", f"{each.kind.value}, {each.outcome.value}  {each.id}"),
        ("file", plain(each.name, 200)),
        ("when", _clock(each.time) + (f", {each.repeats + 1} times" if each.repeats else "")),
        ("because", _TRIGGERS.get(each.question, "") if each.kind is Kind.REVIEW else ""),
        ("stages", " ".join(each.stages)),
        ("model", " ".join(filter(None, (plain(each.model, 80), plain(each.digest, 12))))),
        ("took", took),
        ("tokens", tokens if each.prompt_tokens or each.completion_tokens else ""),
        ("kept", "the answer was given before" if each.kept else ""),
        ("talk", plain(each.conversation, 64)),
        ("session", each.session),
        ("cut", f"{each.cut:,} characters were too many to be kept" if each.cut else ""),
    )
    for name, value in rows:
        if value:
            table.add_row(name, value)
    return table


def _asked(each: Exchange) -> str:
    words = plain(each.question, 80)
    if each.kind is Kind.REVIEW:
        count = plural(len(each.findings), "finding")
        words = f"{count}, {' '.join(each.stages)}" if each.stages else count
        if each.repeats:
            words += f", {each.repeats + 1} times"
    return words if each.outcome is Ending.FINISHED else f"{each.outcome.value}: {words}"


def _why(moment: Moment) -> str:
    parts = [plain(moment.reason, 300)]
    if moment.message:
        parts.append(f"now: {plain(moment.message)}")
    if moment.confidence is not None:
        parts.append(f"{moment.confidence:.2f}")
    return "; ".join(part for part in parts if part)


def _table(*columns: str) -> "Table":
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in columns:
        fixed = name in {"when", "last", "began", "what", "took", "id"}
        table.add_column(name, overflow="fold", no_wrap=fixed)
    return table


def _when(seconds: float, now: float) -> str:
    """The time of today, else the day."""
    here = datetime.fromtimestamp(seconds, UTC).astimezone()
    return here.strftime("%H:%M:%S" if now - seconds < _DAY / 2 else "%Y-%m-%d")


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
