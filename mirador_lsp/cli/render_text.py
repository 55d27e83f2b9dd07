"""Text for a terminal: findings as they come and, below them, what the model is doing now.

Every text from outside goes through `core.clean` and into a `Text`, never into markup.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.text import Text

from mirador_lsp.cli import render_context, wording
from mirador_lsp.cli.report import FileReport, Report
from mirador_lsp.cli.rows import finding_row, revision_row, stage_line
from mirador_lsp.cli.summary import summary_table
from mirador_lsp.cli.terminal import Screen
from mirador_lsp.core import clean, events
from mirador_lsp.core.findings import Finding, Severity

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_TOKENS_KEPT = 2000
"""Code points of a reply that are kept for the region; it shows the last line or two."""
_BAR = 20


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
        show_context: bool = False,
        most: int = sys.maxsize,
        only_progress: bool = False,
        on_closed: Callable[[OSError], None] = lambda _: None,
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
        self._show_context = show_context
        self._room = most
        self._seen = render_context.Seen()
        self._only_progress = only_progress
        self._file: FileReport | None = None
        self._now: events.StageProgressed | None = None
        self._said = ""
        self._plan = ""
        self._failures: set[tuple[str, str]] = set()
        self._introduced: list[str] = []
        self._shown: dict[str, Finding] = {}

    def start(self) -> None:
        """Show the region."""
        self._screen.start()

    def stop(self) -> None:
        """Take the region away."""
        self._screen.stop()

    def refresh(self) -> None:
        """Draw the region anew; called several times a second."""
        self._screen.refresh()

    def introduce(self, report: Report) -> None:
        """What the change does and how risky it is."""
        if not self._only_progress and not self._quiet:
            self._introduced = wording.overview_lines(report)
            for at, line in enumerate(self._introduced):
                self._screen.line(Text(clean.plain(line, 1000), "" if at else "bold"))

    def begin(self, file: FileReport) -> None:
        """The next events are about this file."""
        self._file = file
        self._now = None
        self._shown = {}
        self._said = ""
        if self._only_progress or self._quiet:
            return
        title = Text().append(clean.plain(file.snapshot.name, 200), "bold")
        lines = len(file.snapshot.lines)
        title.append(f"  {file.snapshot.language or 'text'}, {lines} lines", "bright_black")
        if file.ahead:
            title.append(f"  {file.ahead}", "cyan")
        self._screen.line()
        self._screen.line(Rule(title, align="left", style="bright_black"))

    def __call__(self, event: events.Event) -> None:  # noqa: C901, PLR0912 — one arm for each event
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
                self._finding(finding)
            case events.FindingRevised(finding=finding, reason=reason):
                self._revised(finding, reason)
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
            case events.ModelAsked():
                self._asked(event)
            case events.EvidenceHeard():
                pass
            case _:
                assert_never(event)

    def end(self, report: Report) -> None:
        """The table over all files, and what was left out."""
        self._now = None
        self._screen.stop()
        if self._only_progress:
            return
        self._screen.line()
        for line in wording.overview_lines(report):
            if line in self._introduced:
                continue
            self._screen.line(Text(clean.plain(line, 1000), "bold"))
        for line in (*wording.run_lines(report), *wording.skipped_lines(report.skipped)):
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

    def _asked(self, event: events.ModelAsked) -> None:
        if self._show_context and not self._only_progress:
            self._screen.line(render_context.drawn(event, self._seen))

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
        if event.kind in wording.TOLD_ONCE:
            if (event.message, "") in self._failures:
                return
            self._failures.add((event.message, ""))
        loud = event.kind in {events.NoticeKind.BROKEN, events.NoticeKind.UNAVAILABLE}
        style = "yellow" if loud else "bright_black"
        text = Text(clean.plain(wording.notice_text(self._current(), event)), style)
        self._progress(stage_line("!" if loud else "·", style, "", text))

    def _finding(self, finding: Finding, note: str = "") -> None:
        file = self._current()
        if finding.confidence < file.gate:
            return
        if finding.id not in self._shown:
            # Past the cap of the run errors alone are shown as they come; the others are counted.
            self._room -= 1
            if self._room < 0 and finding.severity is not Severity.ERROR:
                return
        self._shown[finding.id] = finding
        if not self._only_progress:
            self._screen.line(finding_row(file, finding, note=note))

    def _revised(self, finding: Finding, reason: str) -> None:
        """A line for what changed; nothing when nobody could see a difference."""
        file = self._current()
        before = self._shown.get(finding.id)
        if before is None:
            self._finding(finding, f"revised: {reason}")
            return
        self._shown[finding.id] = finding
        if self._only_progress or wording.same_to_the_eye(before, finding):
            return
        if (before.message, before.severity) == (finding.message, finding.severity):
            self._screen.line(revision_row(file, before, finding, reason))
        else:
            note = f"revised: {reason}"
            self._screen.line(finding_row(file, finding, note=note, quote=False))

    def _withdrawn(self, event: events.FindingWithdrawn) -> None:
        file = self._current()
        finding = self._shown.pop(event.finding_id, None)
        if finding is None or self._only_progress:
            return
        note = f"withdrawn: {event.reason}"
        self._screen.line(finding_row(file, finding, note=note, quote=False, struck=True))

    def _finished(self, event: events.ReviewFinished) -> None:
        file = self._current()
        if self._only_progress:
            return
        if self._show_withheld and event.withheld:
            self._screen.line(Text("   below the gate:", "bright_black"))
            for finding in event.withheld:
                self._screen.line(finding_row(file, finding, note="withheld"))
        if self._show_withheld:
            for hushed in event.hushed:
                note = wording.why_hushed(hushed)
                self._screen.line(finding_row(file, hushed.finding, note=note))
        if event.summary:
            self._progress(Text(f"   {clean.plain(event.summary)}", "italic"))
        state = wording.verdict(file)
        if state:
            style = "green" if state in wording.CALM else "yellow"
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
    if now.before:
        head.append(f"  waiting: {now.before} before you", "blue")
    words = [line.rstrip() for line in said.split("\n") if line.strip()][-2:]
    tail = [
        Text("   │ " + line[-max(width - 8, 10) :], "dim", no_wrap=True, overflow="crop")
        for line in words
    ]
    return Group(head, *tail)
