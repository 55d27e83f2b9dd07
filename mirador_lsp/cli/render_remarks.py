"""What is said on a pull request, as Markdown: a remark at a line, and the summary.

Everything from code and models is escaped as in the report; code stands in fences that it cannot
close. Nothing in it depends on when or how fast it was found, so that an equal review says the
same.
"""

import re

from mirador_lsp.app import pulls
from mirador_lsp.cli import wording
from mirador_lsp.cli.render_markdown import code, escape
from mirador_lsp.cli.report import Report
from mirador_lsp.core.change_sets import ChangeKind
from mirador_lsp.core.findings import Finding, Lens
from mirador_lsp.core.pulls import ForgeKind, Marks

_ICONS = {"error": "🔴", "warning": "🟠", "info": "🔵", "hint": "⚪"}
_MOST_ROWS = 100
_FOOT = (
    "<sub>Said by Mirador. A thumbs down, a resolved thread or the answer “won't fix” keeps it "
    "from being said again.</sub>"
)


def remark(finding: Finding, suggestion: str, marks: Marks) -> str:
    """The comment about a finding; `suggestion` is Markdown or ""."""
    severity = wording.SHORT[finding.severity]
    facts = [f"{_ICONS[severity]} **{severity}**", str(finding.lens), code(wording.tool(finding))]
    if finding.cwe:
        facts.append(escape(finding.cwe))
    sure = f"confidence {wording.sureness(finding.confidence)}"
    said = escape(finding.message)
    # Hosts and their bots take a line that begins with a slash for an order.
    said = f"\\{said}" if said.startswith("/") else said
    parts = [f"{' · '.join(facts)} · {sure}", said, suggestion, _FOOT]
    return "\n\n".join([*filter(None, parts), pulls.remark_mark(marks)])


def suggestion(kind: ForgeKind, old: list[str], new: list[str], checked: str) -> str:
    """A change of the lines `old`, which the comment stands on, into `new`.

    GitHub and GitLab offer it as a button; Gitea has none and shows it.
    """
    text = "".join(f"{line}\n" for line in new)
    runs = (len(run) for run in re.findall(r"`+", text))
    fence = "`" * max(3, max(runs, default=0) + 1)
    match kind:
        case ForgeKind.GITHUB:
            head = f"{fence}suggestion"
        case ForgeKind.GITLAB:
            head = f"{fence}suggestion:-0+{len(old) - 1}"
        case ForgeKind.GITEA:
            if not new:
                what = "this line" if len(old) == 1 else f"these {len(old)} lines"
                return f"Take out {what}. {checked}"
            return f"Write instead:\n\n{fence}\n{text}{fence}\n\n{checked}"
    return f"{head}\n{text}{fence}\n\n{checked}"


def summary(report: Report, plan: pulls.Plan, rows: list[tuple[str, Finding, str]]) -> str:
    """The comment about the whole: the overview first, then every finding with its place.

    `rows` are place, finding and place mark, the most important first.
    """
    lines = [f"## Mirador: {_headline(rows)}", ""]
    lines += _overview(report)
    if rows:
        lines += ["| | Where | What |", "|---|---|---|"]
        lines += [_row(plan, *row) for row in rows[:_MOST_ROWS]]
        if len(rows) > _MOST_ROWS:
            lines.append(f"| | | and {len(rows) - _MOST_ROWS:,} more |")
        lines.append("")
    told = _counts(plan, rows)
    if told:
        lines += [*told, ""]
    left_out = _left_out(report)
    if left_out:
        lines += ["<details><summary>What was left out</summary>", ""]
        lines += [f"- {escape(line, 1000)}" for line in left_out[:_MOST_ROWS]]
        if len(left_out) > _MOST_ROWS:
            lines.append(f"- and {len(left_out) - _MOST_ROWS:,} more")
        lines += ["", "</details>", ""]
    if report.change is not None:
        lines.append(f"<sub>Reviewed: {code(report.change.head[:10])}</sub>")
    return "\n".join(lines).rstrip()


def _headline(rows: list[tuple[str, Finding, str]]) -> str:
    if not rows:
        return "nothing found"
    counts: dict[str, int] = {}
    for _, finding, _ in rows:
        word = wording.SHORT[finding.severity]
        counts[word] = counts.get(word, 0) + 1
    return ", ".join(wording.plural(counts[word], word) for word in _ICONS if word in counts)


def _overview(report: Report) -> list[str]:
    overview = report.overview
    if overview is None:
        return []
    reasons = f": {'; '.join(overview.reasons)}" if overview.reasons else ""
    return [
        f"**Risk: {overview.risk}**{escape(reasons)}",
        "",
        *(f"- {escape(sentence)}" for sentence in overview.sentences),
        "",
    ]


def _row(plan: pulls.Plan, where: str, finding: Finding, place: str) -> str:
    icon = _ICONS[wording.SHORT[finding.severity]]
    note = ""
    if place in plan.declined:
        note = " _(not wanted)_"
    elif place in plan.over_cap:
        note = " _(only here: there are too many)_"
    what = escape(finding.message).replace("\n", " ")
    cells = (icon, _cell(code(where)), f"{what} ({_cell(code(wording.tool(finding)))}){note}")
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """A code span in a table, where a bar ends the cell even in code."""
    return text.replace("|", "\\|")


def _counts(plan: pulls.Plan, rows: list[tuple[str, Finding, str]]) -> list[str]:
    told = []
    if plan.mended:
        told.append(f"{wording.plural(plan.mended, 'earlier remark')} mended.")
    if plan.over_cap:
        what = wording.plural(len(plan.over_cap), "finding")
        told.append(f"{what} above the limit of comments: in this table only.")
    if plan.declined:
        what = wording.plural(len(plan.declined), "finding")
        told.append(f"{what} that people do not want commented: in this table only.")
    worst = [f for _, f, place in rows if place in plan.declined and f.lens is Lens.SECURITY]
    if worst:
        told.append(f"**Of these, {len(worst)} about security.**")
    return told


def _left_out(report: Report) -> list[str]:
    """What was not looked at, once each. What a review says of time and speed is none of it."""
    change = report.change
    lines = [notice.message for notice in change.notices] if change is not None else []
    lines += [*wording.run_lines(report), *wording.failure_lines(report)]
    files = change.files if change is not None else ()
    lines += [
        f"{each.name}: {each.why_not}"
        for each in files
        if each.why_not and each.kind is not ChangeKind.DELETED
    ]
    return list(dict.fromkeys(lines))
