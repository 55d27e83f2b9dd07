"""The report as Markdown, for a pull request or a CI summary.

Nothing from code or models is trusted to be text: every character that could be markup is escaped,
and what hosts link by themselves (addresses, mentions, issue numbers) is broken apart.
"""

import re

from mirador_lsp.cli import wording
from mirador_lsp.cli.report import FileReport, Report
from mirador_lsp.core import clean
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.stations import stops

_MARKUP = re.compile(r"[\\`*_\[\]<>|~&$]|^[-+=#]")
_LIST_ITEM = re.compile(r"^(\d{1,9})([.)])")
_BREAK = "<!-- -->"
_SELF_LINKING = re.compile(r"(?<=\w)(:)(?=//)|(www)(?=\.)|(@)(?=\w)|(\\?#)(?=\d)", re.IGNORECASE)
_ICONS = {"error": "🔴", "warning": "🟠", "info": "🔵", "hint": "⚪"}


def render(report: Report, *, show_withheld: bool) -> str:
    """The whole report with a final line end."""
    lines = [
        "# Mirador review",
        "",
        escape(wording.totals(report, withheld_shown=show_withheld)),
    ]
    lines += _overview(report)
    for file in report.files:
        lines += ["", f"## {code(file.snapshot.name)}", ""]
        lines += _file(file, show_withheld=show_withheld)
    left_out = [
        *wording.run_lines(report),
        *wording.skipped_lines(report.skipped),
        *wording.failure_lines(report),
    ]
    if left_out:
        lines += ["", "## Left out", ""]
        lines += [f"- {escape(line, 1000)}" for line in left_out]
    return "\n".join(lines) + "\n"


def escape(text: str, limit: int = 600) -> str:
    """Outside text as Markdown that shows it and does nothing else."""
    escaped = _MARKUP.sub(r"\\\g<0>", clean.plain(text, limit))
    escaped = _LIST_ITEM.sub(r"\1\\\2", escaped)
    return _SELF_LINKING.sub(lambda match: match.group(0) + _BREAK, escaped)


def code(text: str, limit: int = 300) -> str:
    """Outside text as a code span, its fence longer than any run of backticks within."""
    inner = clean.plain(text, limit)
    fence = "`" * (max((len(run) for run in re.findall(r"`+", inner)), default=0) + 1)
    pad = " " if inner.startswith("`") or inner.endswith("`") or not inner else ""
    return f"{fence}{pad}{inner}{pad}{fence}"


def _overview(report: Report) -> list[str]:
    overview = report.overview
    if overview is None:
        return []
    reasons = f": {'; '.join(overview.reasons)}" if overview.reasons else ""
    return [
        "",
        f"## {escape(overview.title)}",
        "",
        f"**Risk: {overview.risk}**{escape(reasons)}",
        *(["", *(f"- {escape(sentence)}" for sentence in overview.sentences)]),
    ]


def _file(file: FileReport, *, show_withheld: bool) -> list[str]:
    lines = []
    if state := wording.verdict(file):
        lines.append(f"_{state.capitalize()}._")
    if file.summary:
        lines.append(escape(file.summary))
    findings = file.findings + (file.withheld if show_withheld else [])
    if lines and findings:
        lines.append("")
    for finding in findings:
        lines += _finding(file, finding)
    if file.withheld and not show_withheld:
        count = wording.plural(len(file.withheld), "finding")
        lines += ["", f"{count} below the confidence gate, not shown."]
    if file.end is not None and file.end.hushed:
        parts = wording.hushed_parts(file.end.hushed_by)
        lines += ["", f"Not shown: {', '.join(parts)}."]
    notes = [f"- {escape(notice.message)}" for notice in file.notices]
    if notes:
        lines += ["", *notes]
    return [*lines, "", *_stages(file)] if file.stages else lines


def _finding(file: FileReport, finding: Finding) -> list[str]:
    line, column = file.place(finding)
    severity = wording.SHORT[finding.severity]
    head = (
        f"- {_ICONS[severity]} **{severity}** {finding.lens} at {line}:{column}, "
        f"confidence {wording.sureness(finding.confidence)} ({finding.band}), "
        f"{code(wording.tool(finding))}"
    )
    if finding.lesson:
        head += f", {escape(finding.lesson)}"
    lines = [head + "  ", f"  {escape(finding.message)}"]
    if finding.quote:
        lines[-1] += "  "
        lines.append(f"  {code(finding.quote)}")
    for stop in stops(finding, file.snapshot):
        lines.append(f"  - {stop.role} {escape(stop.place)}: {escape(stop.says)}")
        if stop.quote:
            lines[-1] += f" {code(stop.quote)}"
    return lines


def _stages(file: FileReport) -> list[str]:
    rows = ["| stage | model | time | what came of it |", "|---|---|---:|---|"]
    for stage in file.stages:
        told = stage.message or ", ".join(wording.stage_figures(stage)[1:])
        outcome = f"{stage.outcome}: {told}" if stage.message else told
        rows.append(
            f"| {stage.stage} | {escape(stage.model) or 'analyzers'} | "
            f"{wording.duration(stage.seconds)} | {escape(outcome)} |"
        )
    return rows
