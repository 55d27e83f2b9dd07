"""Pages about findings and about Mirador itself: Markdown in which nothing from outside can act."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import EvidenceHeard, Hush, Hushed
from mirador_lsp.core.findings import Finding, percent
from mirador_lsp.core.health import Check, Health
from mirador_lsp.core.retrieval import Compiled
from mirador_lsp.server.board import Aside
from mirador_lsp.server.jobs import Ending
from mirador_lsp.server.markdown import block, code, words
from mirador_lsp.server.stations import way_of
from mirador_lsp.server.workspace_review import Tour

_HUSHED = (
    (Hush.COMMENT, "Suppressed by comments"),
    (Hush.RULE, "Ignored by rules for the path"),
    (Hush.BASELINE, "Known to the baseline"),
    (Hush.DISMISSED, "Dismissed"),
    (Hush.LEARNED, "Like others that you dismissed"),
)
_MARKS = {Health.OK: "ok", Health.WARNING: "warning", Health.FAILURE: "**failure**"}


def line_of(finding: Finding, snapshot: Snapshot) -> dict[str, Any]:
    """A finding in a list, for programs. Lines count from 1."""
    return {
        "findingId": finding.id,
        "line": snapshot.lines.line_of(finding.span.start) + 1,
        "rule": finding.rule,
        "message": finding.message,
        "confidence": round(finding.confidence, 4),
        "lesson": finding.lesson,
    }


def evidence(finding: Finding, heard: Sequence[EvidenceHeard], snapshot: Snapshot) -> str:
    """Everything that was asked and said about a finding."""
    origin = finding.origin
    line = snapshot.lines.line_of(finding.span.start) + 1
    sure = percent(finding.confidence)
    parts = [
        f"# Evidence: {words(finding.message)}",
        f"{code(finding.rule)} on line {line} of {words(snapshot.name)}, {sure} % sure.",
        f"- found by: {words(origin.tool)}, in the {words(origin.stage)} stage",
    ]
    if finding.confirmed_by:
        parts[-1] += f"\n- confirmed by: {words(', '.join(finding.confirmed_by))}"
    if origin.digest:
        parts[-1] += f"\n- model file: SHA-256 {code(origin.digest)}"
    if finding.lesson:
        parts[-1] += f"\n- learned: {words(finding.lesson)}"
    if finding.quote:
        parts += ["The code it points at:", block(finding.quote, snapshot.language)]
    if finding.stations:
        parts += ["How data gets there:", "\n".join(way_of(finding, snapshot))]
    if not heard:
        parts.append(
            "No model was asked about it: it is a fact of an analyzer."
            if not finding.rule.startswith("model/")
            else "What the model was asked is not kept any more. Save the document to ask again."
        )
    for number, each in enumerate(heard, 1):
        parts += _piece(number, each, snapshot)
    return "\n\n".join(parts) + "\n"


def _piece(number: int, each: EvidenceHeard, snapshot: Snapshot) -> list[str]:
    under = f", {words(each.lens)}" if each.lens else ""
    prompt = each.prompt
    version = [f"Version of the model: {code(each.digest)}"] if each.digest else []
    return [
        f"## {number}. {words(each.stage)}: {words(each.model)} about {words(each.unit)}{under}",
        *version,
        f"Said, {round(each.sureness * 100)} % sure by its own probabilities:",
        block(each.said, ""),
        f"Asked (prompt version {words(prompt.version)}):",
        block(prompt.question, ""),
        "About:",
        block(prompt.material, snapshot.language),
        *_context(each.context),
        "Under the standing instructions:",
        block(prompt.system, ""),
    ]


def _context(context: Compiled | None) -> list[str]:
    """What was chosen to go with the code, and what was not."""
    if context is None or not (context.kept or context.dropped):
        return []
    how = "counted" if context.counted else "estimated"
    rows = [f"Its context took {context.tokens} of {context.budget} tokens ({how}):", ""]
    rows += [f"- {words(p.source)}: {words(p.title)}, {p.tokens} tokens" for p in context.kept]
    rows += [
        f"- left out ({words(why)}): {words(p.source)}, {words(p.title)}"
        for p, why in context.dropped
    ]
    return ["\n".join(rows)]


def withheld(aside: Aside, gate: float, snapshot: Snapshot) -> str:
    """What is known of a document and not shown, and why."""
    parts = [f"# Not shown in {words(snapshot.name)}"]
    if not (aside.withheld or aside.hushed or aside.over_cap):
        parts.append("Nothing: every finding is shown.")
    if aside.withheld:
        parts.append(f"## Too unsure: below {round(gate * 100)} %")
        parts.append("\n".join(_row(finding, snapshot) for finding in aside.withheld))
    for by, title in _HUSHED:
        rows = [_hushed_row(each, snapshot) for each in aside.hushed if each.by is by]
        if rows:
            parts += [f"## {title}", "\n".join(rows)]
    if aside.over_cap:
        parts.append(f"{aside.over_cap} more are above the limit for one file.")
    return "\n\n".join(parts) + "\n"


def _row(finding: Finding, snapshot: Snapshot) -> str:
    line = snapshot.lines.line_of(finding.span.start) + 1
    sure = percent(finding.confidence)
    why = f" — {words(finding.lesson)}" if finding.lesson else ""
    return f"- line {line}, {code(finding.rule)}, {sure} %: {words(finding.message)}{why}"


def _hushed_row(hushed: Hushed, snapshot: Snapshot) -> str:
    reason = f" — {words(hushed.reason)}" if hushed.reason else ""
    return f"{_row(hushed.finding, snapshot)}{reason}"


def tour(done: Tour, ending: Ending) -> str:
    """What a review of the workspace found, the worst files first."""
    parts = ["# Review of the workspace"]
    files = len(done.reviewed)
    counts = [f"{done.findings} findings in {files} files"]
    if ending is not Ending.FINISHED:
        counts.append("stopped before its end")
    if done.skipped:
        counts.append(f"{done.skipped} paths held nothing to review")
    if done.over_limit:
        counts.append(f"{done.over_limit} files left out, the most is {done.limit}")
    parts.append(f"{'; '.join(counts)}.")
    if done.not_reviewed:
        listed = "\n".join(f"- {words(name)}" for name in done.not_reviewed)
        parts += ["## Not reviewed", listed]
    parts += findings_by_file(done.reviewed)
    return "\n\n".join(parts) + "\n"


def findings_by_file(reviewed: Sequence[tuple[Snapshot, tuple[Finding, ...]]]) -> list[str]:
    """The findings of several files, the worst files first."""
    parts = []
    for snapshot, findings in sorted(reviewed, key=_worst):
        if findings:
            rows = "\n".join(_row(finding, snapshot) for finding in findings)
            parts += [f"## {words(snapshot.name)}", rows]
    return parts


def _worst(reviewed: tuple[Snapshot, tuple[Finding, ...]]) -> int:
    return min((finding.severity.rank for finding in reviewed[1]), default=9)


def checks(found: Sequence[Check]) -> str:
    """What works here, what does not, and what mends it."""
    parts = ["# How Mirador is"]
    for check in found:
        # Paths and commands are to be copied, also where the page is shown as it is.
        text = f"- {_MARKS[check.health]}: {words(check.name)}: {code(check.detail, 1000)}"
        if check.remedy:
            text += f"\n  - {code(check.remedy, 1000)}"
        parts.append(text)
    return "\n".join([parts[0], "", *parts[1:]]) + "\n"


def debug(facts: Mapping[str, Any]) -> str:
    """Everything a bug report needs, for programs and people alike."""
    return f"# Mirador, inside\n\n{block(json.dumps(facts, indent=2, default=str), 'json')}\n"
