"""Text for pipes, files and logs: one line for one thing, no control sequences.

A finding's line begins `path:line:column:`, which editors and `grep` understand.
"""

import sys
from collections.abc import Callable
from typing import TextIO, assert_never

from mirador_lsp.cli import render_context, wording
from mirador_lsp.cli.report import FileReport, Report
from mirador_lsp.core import clean, events
from mirador_lsp.core.findings import Finding, Severity

_LINE = 2000
_SAID = "  > "
"""Code points one line may have."""


class PlainRenderer:
    """Writes events as lines, as they come."""

    def __init__(
        self,
        stream: TextIO,
        *,
        quiet: bool = False,
        tokens: bool = False,
        show_withheld: bool = False,
        show_context: bool = False,
        most: int = sys.maxsize,
        on_closed: Callable[[OSError], None] = lambda _: None,
    ) -> None:
        self._stream = stream
        self._quiet = quiet
        self._tokens = tokens
        self._show_withheld = show_withheld
        self._show_context = show_context
        self._room = most
        self._seen = render_context.Seen()
        self._on_closed = on_closed
        self._closed = False
        self._streaming = False
        self._file: FileReport | None = None
        self._shown: dict[str, Finding] = {}
        self._failures: set[str] = set()
        self._introduced: list[str] = []

    def start(self) -> None:
        """Nothing to prepare."""

    def stop(self) -> None:
        """End a line of tokens that was left open."""
        self._end_tokens()

    def refresh(self) -> None:
        """Nothing changes in place."""

    def begin(self, file: FileReport) -> None:
        """The next events are about this file."""
        self._file = file
        self._shown = {}

    def __call__(self, event: events.Event) -> None:  # noqa: C901, PLR0912 — one arm for each event
        """Write an event. The file's report has taken note of it already."""
        match event:
            case events.FindingReported(finding=finding):
                self._finding(finding, "")
            case events.FindingRevised(finding=finding, reason=reason):
                before = self._shown.get(finding.id)
                if before is None or not wording.same_to_the_eye(before, finding):
                    self._finding(finding, f"revised: {reason}")
            case events.FindingWithdrawn():
                self._withdrawn(event)
            case events.StreamToken(content=content):
                self._token(content)
            case events.Notice():
                self._notice(event)
            case events.ReviewStarted(stages=stages, reason=reason):
                ahead = f"; {self._current().ahead}" if self._current().ahead else ""
                self._progress(f"{', '.join(stages)} ({reason}{ahead})")
            case events.StageStarted(stage=stage, model=model, reason=reason):
                by = f" by {model}" if model else ""
                self._progress(f"{stage} begins{by}" + (f" ({reason})" if reason else ""))
            case events.StageFinished(stage=stage):
                self._stage_end(stage)
            case events.StageFailed():
                self._stage_failed(event)
            case events.ReviewFinished():
                self._file_end(event)
            case events.ModelAsked():
                self._asked(event)
            case events.StageProgressed() | events.EvidenceHeard():
                pass
            case _:
                assert_never(event)

    def introduce(self, report: Report) -> None:
        """What the change does and how risky it is."""
        if not self._quiet:
            self._introduced = wording.overview_lines(report)
            for line in self._introduced:
                self._write(line)

    def end(self, report: Report) -> None:
        """What was left out and what was found, in all."""
        for line in wording.overview_lines(report):
            if line not in self._introduced and not self._quiet:
                self._write(line)
        for line in wording.run_lines(report):
            self._write(line)
        for line in wording.skipped_lines(report.skipped):
            self._write(line)
        for line in wording.failure_lines(report):
            self._write(line)
        if not self._quiet:
            self._write(wording.totals(report, withheld_shown=self._show_withheld))

    def _finding(self, finding: Finding, change: str) -> None:
        file = self._current()
        if finding.confidence < file.gate and finding.id not in self._shown:
            return
        fresh = finding.id not in self._shown
        if fresh and not self._has_room(finding):
            return
        self._shown[finding.id] = finding
        self._write(self._line_of(finding, change))
        if finding.quote and fresh:
            self._write(f"    | {finding.quote}")
        if fresh:
            for line in wording.station_lines(file, finding):
                self._write(f"    {line}")

    def _has_room(self, finding: Finding) -> bool:
        """Past the cap of the run errors alone are shown as they come; the others are counted."""
        self._room -= 1
        return self._room >= 0 or finding.severity is Severity.ERROR

    def _withdrawn(self, event: events.FindingWithdrawn) -> None:
        finding = self._shown.pop(event.finding_id, None)
        if finding is not None:
            self._write(self._line_of(finding, f"withdrawn: {event.reason}"))

    def _line_of(self, finding: Finding, change: str) -> str:
        file = self._current()
        line, column = file.place(finding)
        head = f"{file.snapshot.name}:{line}:{column}: {wording.SHORT[finding.severity]}"
        notes = "; ".join(filter(None, (change, finding.lesson)))
        tail = f" ({notes})" if notes else ""
        return (
            f"{head} {finding.lens} {wording.sureness(finding.confidence)} "
            f"{finding.message} [{wording.tool(finding)}]{tail}"
        )

    def _stage_end(self, name: str) -> None:
        stages = [stage for stage in self._current().stages if stage.stage == name]
        for stage in stages[-1:]:  # those before it are tries of models that failed
            self._progress(f"{name} took {', '.join(wording.stage_figures(stage))}")

    def _notice(self, event: events.Notice) -> None:
        if event.kind in wording.TOLD_ONCE:
            if event.message in self._failures:
                return
            self._failures.add(event.message)
        text = wording.notice_text(self._current(), event)
        self._progress(f"{event.stage}: {text}" if event.stage else text)

    def _stage_failed(self, event: events.StageFailed) -> None:
        why = f"{event.message} {event.remedy}".rstrip()
        if why in self._failures:
            why = "for the same reason as before"
        self._failures.add(why)
        self._progress(f"{event.stage} did not run: {why}")

    def _file_end(self, event: events.ReviewFinished) -> None:
        file = self._current()
        if self._show_withheld:
            for finding in event.withheld:
                self._write(self._line_of(finding, "below the gate"))
            for hushed in event.hushed:
                self._write(self._line_of(hushed.finding, wording.why_hushed(hushed)))
        if event.summary:
            self._progress(event.summary)
        if state := wording.verdict(file):
            self._progress(state)

    def _asked(self, event: events.ModelAsked) -> None:
        if self._show_context:
            self._end_tokens()
            name = clean.plain(self._current().snapshot.name, 200)
            for number, line in enumerate(render_context.lines(event, self._seen)):
                # What a model saw is shown to the letter, blanks at the ends of lines included.
                self._raw(f"{line}\n" if number else f"{name}: {line}\n")

    def _token(self, content: str) -> None:
        if self._tokens and not self._quiet:
            # At the margin a log reader would take the model's words for findings of ours.
            said = clean.stream_safe(content).replace("\n", f"\n{_SAID}")
            self._raw(said if self._streaming else f"{_SAID}{said}")
            self._streaming = True

    def _progress(self, text: str) -> None:
        if not self._quiet:
            self._write(f"{self._current().snapshot.name}: {text}")

    def _write(self, text: str) -> None:
        self._end_tokens()
        kept = len(text) - len(text.lstrip(" "))
        self._raw(" " * kept + clean.plain(text, _LINE) + "\n")

    def _end_tokens(self) -> None:
        if self._streaming:
            self._streaming = False
            self._raw("\n")

    def _raw(self, text: str) -> None:
        if self._closed:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError as error:
            self._closed = True
            self._on_closed(error)

    def _current(self) -> FileReport:
        if self._file is None:
            message = "an event before begin()"
            raise RuntimeError(message)
        return self._file
