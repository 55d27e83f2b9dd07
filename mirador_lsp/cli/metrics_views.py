"""Figures as tables and sparklines, for a terminal and for a pipe."""

from collections.abc import Callable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mirador_lsp.cli.wording import plural
from mirador_lsp.core.clean import plain
from mirador_lsp.core.figures import Acceptance, DayRow, Spread, StageRow, Summary
from mirador_lsp.core.metrics import Price

_BARS = " ▁▂▃▄▅▆▇█"
_ASCII_BARS = " .:-=+*#@"
_MOST_DAYS = 60
NOT_MEASURABLE = "not measurable here"


def page(summary: Summary, *, unicode: bool) -> Iterator[RenderableType]:
    """Everything there is to say, part by part."""
    yield _headline(summary)
    if summary.kinds:
        yield titled("Requests", kinds_table(summary))
    if summary.stages:
        yield titled("Times", times_table(summary.stages))
    if any(row.model for row in summary.stages):
        yield titled("Tokens", tokens_table(summary.stages))
    if summary.days:
        yield titled("By day", days_table(summary.days, unicode=unicode))
    yield titled("Findings", findings_line(summary))
    if summary.fixes:
        yield titled("Changes, by how far they got", fixes_table(summary))
    yield titled("Decisions", decisions_table(summary))
    yield titled("Energy and money", money_table(summary))


def sparkline(values: Sequence[float | None], *, unicode: bool) -> str:
    """One character for each value, the highest at the top; a blank where there is none."""
    bars = _BARS if unicode else _ASCII_BARS
    highest = max((value for value in values if value is not None), default=0.0)
    return "".join(_bar(value, highest, bars) for value in values)


def _bar(value: float | None, highest: float, bars: str) -> str:
    if not value or not highest:
        return bars[0]
    return bars[max(1, round(value / highest * (len(bars) - 1)))]


def kinds_table(summary: Summary) -> Table:
    """Requests by what was asked."""
    table = table_of("asked for", ">count", ">stopped", ">failed", ">ahead", ">median", ">95 %")
    for row in summary.kinds:
        times = (seconds(row.took.median), seconds(row.took.p95))
        counts = (row.count, row.stopped, row.failed, row.ahead)
        table.add_row(plain(row.kind, 20), *(number(count) for count in counts), *times)
    return table


def times_table(stages: Sequence[StageRow]) -> Table:
    """First tokens and whole stages, by stage and model."""
    table = table_of("stage", "model", ">runs", ">first token", ">95 %", ">whole", ">95 %")
    for row in stages:
        name = plain(row.model, 60) or Text("analyzers", "bright_black")
        times = (*_spread(row.first_token), *_spread(row.took))
        table.add_row(plain(row.stage, 20), name, number(row.costs.runs), *times)
    return table


def tokens_table(stages: Sequence[StageRow]) -> Table:
    """Tokens, caches and replies that were of no use, by stage and model."""
    table = table_of("stage", "model", ">read", ">reused", ">written", ">known", ">dropped")
    for row in stages:
        costs = row.costs
        if row.model:
            table.add_row(
                plain(row.stage, 20),
                plain(row.model, 60),
                number(costs.prompt_tokens),
                percent(row.reuse),
                number(costs.completion_tokens),
                percent(row.hits),
                number(costs.rejected),
            )
    return table


def days_table(days: Sequence[DayRow], *, unicode: bool) -> Table:
    """One line for each figure, one character for each day, the latest at the right."""
    shown = days[-_MOST_DAYS:]
    table = table_of("", f"{shown[0].day} … {shown[-1].day}", ">latest", ">highest")
    rows: tuple[tuple[str, Callable[[DayRow], float | None], Callable[[float | None], str]], ...]
    rows = (
        ("requests", lambda d: d.requests, number),
        ("tokens", lambda d: d.costs.prompt_tokens + d.costs.completion_tokens, number),
        ("first token", lambda d: d.first_token.median, seconds),
        ("findings shown", lambda d: d.findings.shown, number),
        ("withdrawn", lambda d: d.findings.withdrawn, number),
        ("accepted", lambda d: d.accepted, number),
    )
    for name, of, wording in rows:
        values = [of(day) for day in shown]
        known = [value for value in values if value is not None]
        line = Text(sparkline(values, unicode=unicode), "cyan", no_wrap=True)
        table.add_row(name, line, wording(values[-1]), wording(max(known, default=None)))
    return table


def findings_line(summary: Summary) -> Text:
    """The life of findings in one line."""
    found = summary.findings
    parts = (
        f"{number(found.reported)} reported",
        f"{number(found.revised)} revised",
        f"{number(found.withdrawn)} withdrawn",
        f"{number(found.shown)} shown",
        f"{number(found.withheld)} withheld",
        f"{number(found.hushed)} silenced",
        f"{number(found.over_cap)} over the cap",
    )
    return Text(" · ".join(parts))


def fixes_table(summary: Summary) -> Table:
    """Changes by the step of the ladder that they reached."""
    table = table_of("asked for", "outcome", "passed", "failed at", ">count")
    for row in summary.fixes:
        outcome = Text("offered", "green") if row.offered else Text("not offered", "yellow")
        cells = (plain(row.rung, 20) or "nothing", plain(row.failed, 20), number(row.count))
        table.add_row(plain(row.kind, 20), outcome, *cells)
    return table


def decisions_table(summary: Summary) -> RenderableType:
    """What the user made of what was shown."""
    if summary.acceptance.rate is None:
        return Text("You have not decided on any finding yet.", "bright_black")
    table = table_of(
        "found by",
        ">accepted",
        ">edited",
        ">undone",
        ">dismissed",
        ">acceptance",
        ">lines kept",
    )
    for row in (summary.acceptance, *summary.by_tool):
        table.add_row(plain(row.tool, 60) or Text("all", "bold"), *_decisions(row))
    return table


def _decisions(row: Acceptance) -> Iterator[str]:
    yield from (number(n) for n in (row.accepted, row.edited, row.undone, row.dismissed))
    yield percent(row.rate)
    yield percent(row.line_rate)


def money_table(summary: Summary) -> Table:
    """What requests took, and what their tokens would have cost elsewhere."""
    table = table_of("", "")
    table.show_header = False
    energy = summary.energy
    if energy.measured:
        told = (
            f"{joules(energy.joules)} in {plural(energy.measured, 'request')} "
            f"({', '.join(plain(each, 40) for each in energy.sources)})"
        )
    else:
        told = NOT_MEASURABLE
    table.add_row("energy", told)
    here = summary.here
    tokens = here.prompt_tokens + here.completion_tokens
    for each in summary.savings if tokens else ():
        price = each.price
        dated = f", as of {price.seen}" if price.seen else ""
        text = f"{dollars(each.dollars)} for the same tokens at {plain(price.name, 60)}{dated}"
        table.add_row("elsewhere", text)
    table.add_row("", f"{number(tokens)} tokens on this machine; answers known before cost none")
    away = summary.away.prompt_tokens + summary.away.completion_tokens
    if away:
        table.add_row("", Text(f"{number(away)} tokens left this machine", "yellow"))
    return table


def price_table(prices: Sequence[Price]) -> Table:
    """The table of prices."""
    table = table_of("model", ">prompt", ">cached", ">completion", "source", "seen")
    for each in prices:
        costs = (f"${cost:g}" for cost in (each.prompt, each.cached, each.completion))
        table.add_row(plain(each.name, 60), *costs, plain(each.source, 200), each.seen)
    return table


def number(value: float | None) -> str:
    """A count as it is read; "" for none."""
    return "" if value is None else f"{value:,.0f}"


def seconds(value: float | None) -> str:
    """A time to two figures; "" for none. More would pretend to more than buckets know."""
    if value is None:
        return ""
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f} s" if value < 100 else f"{value / 60:.1f} min"


def percent(value: float | None) -> str:
    """A share of one; "" for none."""
    return "" if value is None else f"{100 * value:.0f} %"


def joules(value: float) -> str:
    """Energy as it is read."""
    return f"{value:,.0f} J" if value < 36_000 else f"{value / 3_600:,.1f} Wh"


def dollars(value: float) -> str:
    """US dollars; small ones are not rounded away."""
    return f"${value:,.2f}" if value >= 1 or not value else f"${value:.4f}"


def _spread(spread: Spread) -> tuple[str, str]:
    return seconds(spread.median), seconds(spread.p95)


def _headline(summary: Summary) -> Text:
    since = f"since {summary.since}" if summary.since else "in all"
    name = plain(summary.model, 60)
    model = f"; times, tokens and days of models with {name} in their name" if name else ""
    return Text(f"{plural(summary.requests, 'request')} {since}{model}", "bold")


def titled(title: str, content: RenderableType) -> RenderableType:
    """Content below a heading."""
    return Group(Text(f"\n{title}", "bold cyan"), content)


def table_of(*headings: str) -> Table:
    """A table without borders; a column whose heading begins with ">" is one of numbers."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bright_black")
    for heading in headings:
        if heading.startswith(">"):
            table.add_column(heading.removeprefix(">"), justify="right", no_wrap=True)
        else:
            table.add_column(heading, overflow="fold")
    return table
