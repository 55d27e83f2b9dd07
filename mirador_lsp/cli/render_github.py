"""The report as commands of GitHub's workflows, which show findings beside the changed lines.

GitHub shows ten annotations of a kind for each step and drops the others without a word. So the ten
that weigh most are commands, and the others are lines of the log, counted.
"""

from pathlib import Path

from mirador_lsp.cli import places, wording
from mirador_lsp.cli.report import FileReport, Report
from mirador_lsp.core import clean
from mirador_lsp.core.findings import Finding, Severity, weight

_MOST = 10
_KINDS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFORMATION: "notice",
    Severity.HINT: "notice",
}
_TITLE = 200


def render(report: Report, *, root: Path) -> str:
    """The lines of the log. Paths are relative to `root`, the repository's."""
    lines = [inert(line) for line in wording.overview_lines(report)]
    found = [(file, finding) for file in report.files for finding in file.findings]
    found.sort(key=lambda each: -weight(each[1]))
    rest: list[str] = []
    for kind in dict.fromkeys(_KINDS.values()):
        same = [each for each in found if _KINDS[each[1].severity] == kind]
        lines += [_command(kind, file, finding, root) for file, finding in same[:_MOST]]
        if left := same[_MOST:]:
            count = wording.plural(len(left), kind)
            rest.append(f"{count} more, not annotated: {_MOST} of a kind are shown for each step.")
            rest += [_line(file, finding, root) for file, finding in left]
    lines += [inert(line) for line in rest]
    said = (
        *wording.run_lines(report),
        *wording.skipped_lines(report.skipped),
        *wording.failure_lines(report),
        wording.totals(report, withheld_shown=False),
    )
    return "".join(f"{line}\n" for line in (*lines, *(inert(line) for line in said)))


def inert(text: str) -> str:
    """Outside text as a line of the log in which the runner sees no command.

    A command begins a line with "::", and an old form of them may stand anywhere in it.
    """
    return "- " + clean.plain(text, 2000).replace("##[", "# #[")


def _command(kind: str, file: FileReport, finding: Finding, root: Path) -> str:
    line, column, end_line, end_column = places.code_points(file.snapshot, finding.span)
    where = {"file": places.path_from(root, file.snapshot), "line": line, "endLine": end_line}
    if line == end_line:
        # Columns of a place that spans lines are refused.
        where |= {"col": column, "endColumn": max(end_column - 1, column)}
    where["title"] = clean.plain(f"{finding.lens}: {finding.rule}", _TITLE)
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in where.items())
    return f"::{kind} {properties}::{_data(_message(finding))}"


def _message(finding: Finding) -> str:
    sure = wording.sureness(finding.confidence)
    text = f"{clean.plain(finding.message)} ({clean.plain(wording.tool(finding), 200)}, {sure})"
    return text.replace("##[", "# #[")


def _line(file: FileReport, finding: Finding, root: Path) -> str:
    line, column = file.place(finding)
    place = f"{places.path_from(root, file.snapshot)}:{line}:{column}"
    return f"{place}: {wording.SHORT[finding.severity]} {finding.lens} {_message(finding)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
