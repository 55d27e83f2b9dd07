"""How a chain is shown: a line for each step while it runs, then what it mended, then the diff."""

import difflib
import json
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from mirador_lsp.cli.wording import SHORT, duration, plural, tool
from mirador_lsp.core.chains import (
    Chain,
    ChainEvent,
    Outcome,
    StepFinished,
    StepStarted,
    Within,
)
from mirador_lsp.core.clean import plain
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import NoticeKind, StageProgressed, StageStarted
from mirador_lsp.core.findings import Finding

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID
    from rich.table import Table

_MOST_SHOWN = 30
"""Findings of one file that get a line each."""
_COLORS = {"+": "green", "-": "red", "@": "cyan"}


class ChainView:
    """Shows a run. Enter it for the bar, where there is a terminal."""

    def __init__(self, *, diff: "Console", told: "Console", quiet: bool, writes: bool) -> None:
        """Diffs go to one console and everything else to the other; `quiet` prints neither."""
        self._diff = diff
        self._told = told
        self._quiet = quiet
        self._writes = writes
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._models: dict[str, str] = {}
        """By step, the model that a stage of it runs on."""

    def __enter__(self) -> Self:
        from rich.progress import (  # noqa: PLC0415 — only when it runs
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
        )

        if self._told.is_terminal and not self._quiet:
            columns = (
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
            )
            self._bar = Progress(*columns, console=self._told, transient=True)
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def begin(self, name: str, number: int, total: int) -> None:
        """The next events are about this file."""
        if self._bar is not None:
            if self._task is None:
                self._task = self._bar.add_task("", total=total)
            self._bar.update(self._task, completed=number - 1, description=plain(name, 60))
        self._line(f"{name}", style="bold")

    def hear(self, event: ChainEvent) -> None:
        """One event."""
        match event:
            case StepStarted():
                self._now(f"{event.name}: {event.step}")
            case StepFinished():
                took = duration(event.seconds)
                self._line(f"{event.summary} ({took})", lead=f"  {event.step:<9} ", style="dim")
            case Within(event=StageStarted(stage=stage, model=model)) if model:
                self._now(f"{event.name}: {event.step}, {stage} on {model}")
            case Within(event=StageProgressed(stage=stage, unit=unit)):
                self._now(f"{event.name}: {event.step}, {stage} at {unit}")
            case Within():
                pass

    def end(self, outcome: Outcome, *, written: bool) -> None:
        """The file is done."""
        for line, style in _lines(outcome, written=written, writes=self._writes):
            self._line(line, style=style)
        if self._quiet or not outcome.changed or written:
            return
        for line in diff_of(outcome):
            self._diff.print(
                line, style=_COLORS.get(line[:1]), soft_wrap=True, end="", highlight=False
            )

    def total(self, outcomes: Sequence[tuple[Outcome, bool]], seconds: float) -> None:
        """The last line."""
        mended = sum(len(m.findings) for o, _ in outcomes if o.changed for m in o.mended)
        stay = sum(len(o.unmended) for o, _ in outcomes)
        changed = sum(o.changed for o, _ in outcomes)
        back = sum(bool(o.taken_back) for o, _ in outcomes)
        unseen = sum(not o.reviewed for o, _ in outcomes)
        parts = [f"{plural(mended, 'finding')} mended in {plural(changed, 'file')}"]
        parts += [f"{stay} could not be"] if stay else []
        parts += [f"{plural(back, 'file')} taken back"] if back else []
        parts += [f"{plural(unseen, 'file')} not reviewed"] if unseen else []
        if changed and not self._writes:
            parts.append("nothing was written (--write does)")
        self._line(" · ".join([*parts, duration(seconds)]), style="bold")

    def _now(self, text: str) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=plain(text, 90))

    def _line(self, text: str, *, lead: str = "", style: str = "") -> None:
        if not self._quiet:
            lead = lead or " " * (len(text) - len(text.lstrip(" ")))
            self._told.print(lead + plain(text, 1000), style=style or None, soft_wrap=True)


def diff_of(outcome: Outcome) -> Iterator[str]:
    """The change of one file as lines of a unified diff that `git apply` understands."""
    name = outcome.before.name
    old, new = _split(outcome.before), _split(outcome.after)
    for line in difflib.unified_diff(old, new, f"a/{name}", f"b/{name}"):
        if line.endswith("\n"):
            yield line
        else:
            yield f"{line}\n"
            yield "\\ No newline at end of file\n"


def table_of_chains(chains: Sequence[tuple[Chain, str]]) -> "Table":
    """The chains there are, for a terminal."""
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("chain", "steps", "for", "from"):
        table.add_column(name, overflow="fold")
    for chain, who in chains:
        steps = " → ".join(chain.steps)
        table.add_row(chain.name, steps, plain(chain.title, 120), plain(who, 60))
    return table


def as_json(chain: Chain, outcomes: Sequence[tuple[Outcome, bool]], seconds: float) -> str:
    """Everything that came of a run, as one document."""
    files = [_file(outcome, written) for outcome, written in outcomes]
    said = {"chain": chain.name, "steps": list(chain.steps), "seconds": round(seconds, 3)}
    return json.dumps({**said, "files": files}, ensure_ascii=False)


def _file(outcome: Outcome, written: bool) -> dict[str, Any]:  # noqa: FBT001
    before, after = outcome.before, outcome.after
    left = outcome.left
    return {
        "name": before.name,
        "reviewed": outcome.reviewed,
        "found": [_finding(f, before) for f in outcome.found],
        "mended": [
            {
                "title": each.patch.title,
                "model": each.patch.model,
                "checks": [rung.value for rung in each.patch.rungs],
                "findings": [{"id": f.id, "rule": f.rule} for f in each.findings],
            }
            for each in outcome.mended
        ],
        "unmended": [
            {"id": each.finding.id, "rule": each.finding.rule, "why": each.why}
            for each in outcome.unmended
        ],
        "left": None if left is None else [_finding(f, after) for f in left],
        "new": [finding.id for finding in outcome.fresh],
        "taken_back": outcome.taken_back,
        "tests": None if outcome.tests is None else outcome.tests.ok,
        "notices": [notice.message for notice in outcome.notices],
        "diff": "".join(diff_of(outcome)),
        "written": written,
        "seconds": round(outcome.seconds, 3),
    }


def _finding(finding: Finding, snapshot: Snapshot) -> dict[str, Any]:
    return {
        "id": finding.id,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "line": snapshot.lines.line_of(min(finding.span.start, len(snapshot.text))) + 1,
        "message": finding.message,
        "confidence": finding.confidence,
    }


def _lines(outcome: Outcome, *, written: bool, writes: bool) -> Iterator[tuple[str, str]]:
    if not outcome.reviewed:
        yield "  not reviewed: not one stage could look at it", "red"
    if outcome.taken_back:
        yield f"  nothing is changed: {outcome.taken_back}", "yellow"
    for each in outcome.mended[:_MOST_SHOWN]:
        mark, style = ("✗ taken back", "yellow") if outcome.taken_back else ("✓", "green")
        who = f", {each.patch.model}" if each.patch.model else ""
        yield f"  {mark} {each.patch.title}{who}", style
    for stays in outcome.unmended[:_MOST_SHOWN]:
        finding = stays.finding
        said = f"{SHORT[finding.severity]} {tool(finding)}"
        yield f"  · stays: {said}: {finding.message} — {stays.why}", ""
    over = max(0, len(outcome.mended) - _MOST_SHOWN) + max(0, len(outcome.unmended) - _MOST_SHOWN)
    if over:
        yield f"  … and {over} more (--json has all)", "dim"
    for notice in outcome.notices:
        style = "yellow" if notice.kind is NoticeKind.FALLBACK else "dim"
        yield f"  {notice.message.removeprefix(f'{outcome.before.name}: ')}", style
    if written:
        yield "  written", "green"
    elif outcome.changed and writes:
        yield "  not written", "red"


def _split(snapshot: Snapshot) -> list[str]:
    lines = snapshot.lines
    spans = (lines.full_line_span(number) for number in range(len(lines)))
    return [snapshot.text[span.start : span.end] for span in spans if span.end > span.start]
