"""The table at the end of a review in a terminal."""

from typing import assert_never

from rich import box
from rich.table import Table
from rich.text import Text

from mirador_lsp.cli import wording
from mirador_lsp.cli.report import FileReport, Outcome, Report, StageReport
from mirador_lsp.core import clean
from mirador_lsp.core.findings import Severity
from mirador_lsp.core.policy import STAGES

_MOST_ROWS = 30


def summary_table(report: Report, width: int) -> Table:
    """A row for each file: what was found, and the time of each stage. Of many, clean ones go."""
    stages = [s for s in STAGES if any(x.stage == s for f in report.files for x in f.stages)]
    files = report.files
    if len(files) > _MOST_ROWS:
        files = [file for file in files if wording.verdict(file) not in wording.CALM]
    rows = [_summary_row(file, stages) for file in files]
    columns = ["error", "warn", "note", "held", *stages]
    widths = [
        max([len(title), *(row[place].cell_len for row in rows)])
        for place, title in enumerate(columns, start=1)
    ]
    room = max(width - sum(widths) - 2 * len(widths), 12)
    table = Table(
        box=box.SIMPLE_HEAD,
        header_style="bright_black",
        pad_edge=False,
        padding=(0, 1),
        collapse_padding=True,
        show_edge=False,
    )
    table.add_column("  file", no_wrap=True, max_width=room)
    for title, needed in zip(columns, widths, strict=True):
        table.add_column(title, justify="right", no_wrap=True, min_width=needed)
    for row in rows:
        name = row[0]
        if name.cell_len > room:
            # The end of a path says more than its beginning.
            name = name[:2].append("…").append_text(name[-(room - 3) :])
        table.add_row(name, *row[1:])
    return table


_MARKS = {
    "": ("● ", "white"),
    **dict.fromkeys(wording.CALM, ("✓ ", "green")),
    "not reviewed": ("✗ ", "red"),
}


def _summary_row(file: FileReport, stages: list[str]) -> list[Text]:
    severities = [finding.severity for finding in file.findings]
    notes = severities.count(Severity.INFORMATION) + severities.count(Severity.HINT)
    mark, style = _MARKS.get(wording.verdict(file), ("! ", "yellow"))
    ran = {stage.stage: stage for stage in file.stages}
    return [
        Text(mark, style).append(clean.plain(file.snapshot.name, 200), "default"),
        _count(severities.count(Severity.ERROR), "bold red"),
        _count(severities.count(Severity.WARNING), "yellow"),
        _count(notes, "blue"),
        _count(len(file.withheld), "bright_black"),
        *(_stage_cell(ran.get(stage)) for stage in stages),
    ]


def _count(count: int, style: str) -> Text:
    return Text(str(count), style) if count else Text("·", "bright_black")


def _stage_cell(stage: StageReport | None) -> Text:
    if stage is None:
        return Text("·", "bright_black")
    match stage.outcome:
        case Outcome.FAILED:
            return Text("✗", "yellow")
        case Outcome.INTERRUPTED:
            return Text("stopped", "yellow")
        case Outcome.FINISHED:
            style = "yellow" if stage.not_reviewed else ""
            return Text(wording.duration(stage.seconds), style)
        case _:
            assert_never(stage.outcome)
