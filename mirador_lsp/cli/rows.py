"""The lines a terminal shows about stages and findings, as values that rich can draw.

Everything from code, file names and models goes into `Text` objects, never into markup strings, and
through `core.clean` first.
"""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mirador_lsp.cli import wording
from mirador_lsp.cli.report import FileReport
from mirador_lsp.core import clean
from mirador_lsp.core.findings import ConfidenceBand, Finding, Severity
from mirador_lsp.core.text import Encoding

_SEVERITY_STYLES = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "yellow",
    Severity.INFORMATION: "blue",
    Severity.HINT: "green",
}
_BAND_STYLES = {
    ConfidenceBand.LOW: "bright_black",
    ConfidenceBand.MEDIUM: "white",
    ConfidenceBand.HIGH: "cyan",
}


def stage_line(mark: str, style: str, stage: str, text: Text) -> RenderableType:
    """A line about a stage; where it is too long it goes on below its own beginning."""
    grid = Table.grid(padding=(0, 1), pad_edge=False)
    grid.add_column(width=2, justify="right")
    grid.add_column(width=9, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(mark, style), Text(stage, "bold"), text)
    return grid


def finding_row(
    file: FileReport,
    finding: Finding,
    *,
    note: str = "",
    quote: bool = True,
    struck: bool = False,
) -> RenderableType:
    """One finding: place, severity, lens, confidence, message; below it the line of code."""
    line, column = file.place(finding)
    band = _BAND_STYLES[finding.band]
    grid = Table.grid(padding=(0, 1), pad_edge=False, expand=False)
    grid.add_column(width=8, justify="right", no_wrap=True)
    grid.add_column(width=7, no_wrap=True)
    grid.add_column(width=11, no_wrap=True)
    grid.add_column(width=4, no_wrap=True)
    grid.add_column(overflow="fold")
    message = Text(clean.plain(finding.message), "strike bright_black" if struck else band)
    if not finding.rule.startswith("model/"):
        message.append(f"  {clean.plain(finding.rule, 60)}", "bright_black not strike")
    for said in filter(None, (note, finding.lesson)):
        message.append(f"  {clean.plain(said, 300)}", "italic bright_black not strike")
    grid.add_row(
        Text(f"{line}:{column}", "bright_black" if struck else "bold"),
        Text(wording.SHORT[finding.severity], _SEVERITY_STYLES[finding.severity]),
        Text(finding.lens.value),
        Text(wording.sureness(finding.confidence), band),
        message,
    )
    return Group(grid, quoted(file, finding), *way(file, finding)) if quote else grid


def way(file: FileReport, finding: Finding) -> list[Text]:
    """The way of data, one line for each place, below the line of code."""
    drawn: list[Text] = []
    for line in wording.station_lines(file, finding):
        shown = Text(no_wrap=True, overflow="ellipsis").append(" " * 9 + "│ ", "bright_black")
        role, _, rest = line.partition(" ")
        drawn.append(shown.append(role, "cyan").append(f" {rest}", "bright_black"))
    return drawn


def revision_row(
    file: FileReport, before: Finding, finding: Finding, reason: str
) -> RenderableType:
    """A known finding of which only the confidence changed."""
    line, column = file.place(finding)
    text = Text(f"{wording.sureness(before.confidence)} → ", "bright_black")
    text.append(wording.sureness(finding.confidence), _BAND_STYLES[finding.band])
    text.append(f"  {finding.lens}: {clean.plain(reason, 200)}", "bright_black")
    grid = Table.grid(padding=(0, 1), pad_edge=False)
    grid.add_column(width=8, justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(f"{line}:{column}", "bright_black"), text)
    return grid


def quoted(file: FileReport, finding: Finding, width: int = 160) -> Text:
    """The line of code a finding points at, the place itself brighter than the rest."""
    lines = file.snapshot.lines
    number = lines.line_of(finding.span.start)
    whole = lines.line_span(number)
    text = file.snapshot.text
    _, column = lines.position(finding.span.start, Encoding.UTF32)
    start = whole.start + (column - 40 if column > width - 40 else 0)
    place = max(finding.span.start, start)
    stop = max(place, min(finding.span.end, whole.end))
    last = min(start + width, whole.end)
    before = clean.stream_safe(text[start:place]).lstrip()
    shown = Text(no_wrap=True, overflow="ellipsis").append(" " * 9 + "│ ", "bright_black")
    shown.append("…" if start > whole.start else "")
    shown.append(before, "bright_black")
    shown.append(clean.stream_safe(text[place : min(stop, last)]))
    shown.append(clean.stream_safe(text[min(stop, last) : last]), "bright_black")
    return shown
