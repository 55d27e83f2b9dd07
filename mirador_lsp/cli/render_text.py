"""Text for a terminal: findings as they come and, below them, what the model is doing now.

Everything from code, file names and models goes into `Text` objects, never into markup strings, and
through `core.clean` first.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from rich import box
from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from mirador_lsp.cli import wording
from mirador_lsp.cli.report import FileReport, Outcome, Report, StageReport
from mirador_lsp.cli.terminal import Screen
from mirador_lsp.core import clean, events
from mirador_lsp.core.findings import ConfidenceBand, Finding, Severity
from mirador_lsp.core.policy import STAGES
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
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_TOKENS_KEPT = 2000
"""Code points of a reply that are kept for the region; it shows the last line or two."""
_BAR = 20
_MOST_ROWS = 30


class TextRenderer:
    """Draws events on a screen. `only_progress` leaves the findings to another format."""

    def __init__(
        self,
        console: Console,
        *,
        live: bool = True,
        tokens: bool = True,
        quiet: bool = False,
        show_withheld: bool = False,
        only_progress: bool = False,
        on_closed: Callable[[], None] = lambda: None,
        recorder: Console | None = None,
    ) -> None:
        self._screen = Screen(
            console,
            region=self._region if live and not quiet else None,
            on_closed=on_closed,
            recorder=recorder,
        )
        self._tokens = tokens
        self._quiet = quiet
        self._show_withheld = show_withheld
        self._only_progress = only_progress
        self._file: FileReport | None = None
        self._now: events.StageProgressed | None = None
        self._said = ""
        self._plan = ""
        self._failures: set[tuple[str, str]] = set()
        self._hidden: set[str] = set()

    def start(self) -> None:
        """Show the region."""
        self._screen.start()

    def stop(self) -> None:
        """Take the region away."""
        self._screen.stop()

    def refresh(self) -> None:
        """Draw the region anew; called several times a second."""
        self._screen.refresh()

    def begin(self, file: FileReport) -> None:
        """The next events are about this file."""
        self._file = file
        self._now = None
        self._hidden = set()
        self._said = ""
        if self._only_progress or self._quiet:
            return
        title = Text(clean.plain(file.snapshot.name, 200), "bold")
        lines = len(file.snapshot.lines)
        title.append(f"  {file.snapshot.language or 'text'}, {lines} lines", "bright_black")
        self._screen.line()
        self._screen.line(Rule(title, align="left", style="bright_black"))

    def __call__(self, event: events.Event) -> None:  # noqa: C901 — one arm for each event
        """Draw an event. The file's report has taken note of it already."""
        match event:
            case events.ReviewStarted():
                self._started(event)
            case events.StageStarted():
                self._stage_started(event)
            case events.StageProgressed():
                self._progressed(event)
            case events.StreamToken(content=content):
                self._heard(content)
            case events.FindingReported(finding=finding):
                self._finding(finding, None)
            case events.FindingRevised(finding=finding, reason=reason):
                self._finding(finding, reason)
            case events.FindingWithdrawn():
                self._withdrawn(event)
            case events.Notice():
                self._notice(event)
            case events.StageFinished(stage=name):
                self._stage_finished(name)
            case events.StageFailed():
                self._stage_failed(event)
            case events.ReviewFinished():
                self._finished(event)
            case _:
                assert_never(event)

    def end(self, report: Report) -> None:
        """The table over all files, and what was left out."""
        self._now = None
        self._screen.stop()
        if self._only_progress:
            return
        self._screen.line()
        for line in wording.skipped_lines(report.skipped):
            self._screen.line(Text(clean.plain(line, 1000), "bright_black"))
        if self._quiet:
            return
        if report.files:
            self._screen.line(summary_table(report, self._screen.console.width))
        for line in wording.failure_lines(report):
            self._screen.line(Text(clean.plain(line, 1000), "yellow"))
        self._screen.line(Text(wording.totals(report, withheld_shown=self._show_withheld), "bold"))

    def _started(self, event: events.ReviewStarted) -> None:
        plan = " → ".join(event.stages) + (f" · {event.reason}" if event.reason else "")
        if plan != self._plan:
            self._plan = plan
            self._progress(Text(f"  {clean.plain(plan)}", "bright_black"))

    def _stage_started(self, event: events.StageStarted) -> None:
        self._now = events.StageProgressed(event.stage, 0, event.units, "")
        self._said = ""
        text = Text(clean.plain(event.model, 80), "magenta")
        if event.reason:
            separator = " · " if event.model else ""
            text.append(separator + clean.plain(event.reason, 200), "bright_black")
        self._progress(stage_line("▸", "cyan", event.stage, text))

    def _progressed(self, event: events.StageProgressed) -> None:
        before = self._now
        if before is None or (before.unit, before.lens) != (event.unit, event.lens):
            self._said = ""
        self._now = event

    def _heard(self, content: str) -> None:
        self._said = (self._said + clean.stream_safe(content))[-_TOKENS_KEPT:]
        if self._now is not None and self._now.prefill is not None:
            # Whoever speaks has read the prompt.
            self._now = replace(self._now, prefill=None)

    def _stage_finished(self, name: str) -> None:
        self._now = None
        stage = next((s for s in reversed(self._current().stages) if s.stage == name), None)
        if stage is not None:
            figures = Text(" · ".join(wording.stage_figures(stage)), "bright_black")
            self._progress(stage_line("✓", "green", name, figures))

    def _stage_failed(self, event: events.StageFailed) -> None:
        self._now = None
        why = (event.message, event.remedy)
        if why in self._failures:
            text = Text("did not run, for the same reason", "bright_black")
        else:
            self._failures.add(why)
            text = Text(clean.plain(f"{event.message} {event.remedy}"), "yellow")
        self._progress(stage_line("✗", "red", event.stage, text))

    def _notice(self, event: events.Notice) -> None:
        if event.kind is events.NoticeKind.UNAVAILABLE:
            if (event.message, "") in self._failures:
                return
            self._failures.add((event.message, ""))
        loud = event.kind in {events.NoticeKind.BROKEN, events.NoticeKind.UNAVAILABLE}
        style = "yellow" if loud else "bright_black"
        text = Text(clean.plain(event.message), style)
        self._progress(stage_line("!" if loud else "·", style, "", text))

    def _finding(self, finding: Finding, revised: str | None) -> None:
        file = self._current()
        if finding.confidence < file.gate:
            self._hidden.add(finding.id)
            return
        fresh = revised is None or finding.id in self._hidden
        self._hidden.discard(finding.id)
        if self._only_progress:
            return
        note = "" if revised is None else f"revised: {revised}"
        self._screen.line(finding_row(file, finding, note=note, quote=fresh))

    def _withdrawn(self, event: events.FindingWithdrawn) -> None:
        file = self._current()
        if event.finding_id in self._hidden or not file.withdrawals or self._only_progress:
            return
        note = f"withdrawn: {event.reason}"
        finding = file.withdrawals[-1].finding
        self._screen.line(finding_row(file, finding, note=note, quote=False, struck=True))

    def _finished(self, event: events.ReviewFinished) -> None:
        file = self._current()
        if self._only_progress:
            return
        if self._show_withheld and event.withheld:
            self._screen.line(Text("   below the gate:", "bright_black"))
            for finding in event.withheld:
                self._screen.line(finding_row(file, finding, note="withheld"))
        if event.summary:
            self._progress(Text(f"   {clean.plain(event.summary)}", "italic"))
        state = wording.verdict(file)
        if state:
            style = "green" if state == "clean" else "yellow"
            self._progress(Text(f"   {state}", style))

    def _progress(self, content: RenderableType) -> None:
        if not self._quiet:
            self._screen.line(content)

    def _region(self) -> RenderableType:
        return region(self._now, self._said if self._tokens else "", self._screen.console.width)

    def _current(self) -> FileReport:
        if self._file is None:
            message = "an event before begin()"
            raise RuntimeError(message)
        return self._file


def region(now: events.StageProgressed | None, said: str, width: int) -> RenderableType:
    """What the running stage does: spinner, bar, unit, and the last words of the model."""
    if now is None:
        return Text("")
    frame = _SPINNER[int(time.monotonic() * 10) % len(_SPINNER)]
    filled = round(_BAR * now.done / now.total) if now.total else 0
    head = Text(no_wrap=True, overflow="ellipsis")
    head.append(f" {frame} ", "cyan").append(f"{now.stage:<9} ", "bold")
    head.append("━" * filled, "cyan").append("━" * (_BAR - filled), "bright_black")
    head.append(f" {now.done}/{now.total}  ")
    doing = " · ".join(part for part in (now.unit or "module", now.lens) if part)
    head.append(clean.plain(doing, 80), "bright_black")
    if now.prefill is not None and now.prefill < 1:
        head.append(f"  reading {now.prefill:.0%}", "blue")
    words = [line.rstrip() for line in said.split("\n") if line.strip()][-2:]
    tail = [
        Text("   │ " + line[-max(width - 8, 10) :], "dim", no_wrap=True, overflow="crop")
        for line in words
    ]
    return Group(head, *tail)


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
    if note:
        message.append(f"  {clean.plain(note, 300)}", "italic bright_black not strike")
    grid.add_row(
        Text(f"{line}:{column}", "bright_black" if struck else "bold"),
        Text(wording.SHORT[finding.severity], _SEVERITY_STYLES[finding.severity]),
        Text(finding.lens.value),
        Text(f"{finding.confidence:.2f}", band),
        message,
    )
    return Group(grid, quoted(file, finding)) if quote else grid


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
    shown = Text(" " * 9 + "│ ", "bright_black", no_wrap=True, overflow="ellipsis")
    shown.append("…" if start > whole.start else "")
    shown.append(before, "bright_black")
    shown.append(clean.stream_safe(text[place : min(stop, last)]))
    shown.append(clean.stream_safe(text[min(stop, last) : last]), "bright_black")
    return shown


def summary_table(report: Report, width: int) -> Table:
    """A row for each file: what was found, and the time of each stage. Of many, clean ones go."""
    stages = [s for s in STAGES if any(x.stage == s for f in report.files for x in f.stages)]
    files = report.files
    if len(files) > _MOST_ROWS:
        files = [file for file in files if wording.verdict(file) != "clean"]
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
    "clean": ("✓ ", "green"),
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
