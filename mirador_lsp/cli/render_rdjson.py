"""The report in reviewdog's diagnostic format, as one JSON document ("rdjson")."""

import json
from pathlib import Path

from mirador_lsp.cli import places, wording
from mirador_lsp.cli.report import FileReport, Report
from mirador_lsp.core import clean
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import Edit, Fix, apply
from mirador_lsp.core.findings import Finding, Severity
from mirador_lsp.core.text import Span

_SEVERITIES = {
    Severity.ERROR: "ERROR",
    Severity.WARNING: "WARNING",
    Severity.INFORMATION: "INFO",
    Severity.HINT: "INFO",
}
_LONGEST_SUGGESTION = 4000
"""Code points that a suggestion may replace; longer ones are no use in a comment."""

Json = dict[str, object]


def render(report: Report, *, root: Path) -> str:
    """The document with a final line end. Paths are relative to `root`."""
    document = {
        "source": {"name": "mirador"},
        "diagnostics": [
            _diagnostic(file, finding, root) for file in report.files for finding in file.findings
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _diagnostic(file: FileReport, finding: Finding, root: Path) -> Json:
    code: Json = {"value": clean.plain(finding.rule, 200)}
    if finding.help_uri:
        code["url"] = finding.help_uri
    sure = wording.sureness(finding.confidence)
    said: Json = {
        "message": f"{clean.plain(finding.message)} ({finding.lens}, confidence {sure})",
        "location": {
            "path": places.path_from(root, file.snapshot),
            "range": _range(file.snapshot, finding.span),
        },
        "severity": _SEVERITIES[finding.severity],
        "code": code,
    }
    if finding.fix is not None and (whole := _as_one(file.snapshot, finding.fix)) is not None:
        place = _range(file.snapshot, whole.span)
        said["suggestions"] = [{"range": place, "text": whole.text}]
    return said


def _range(snapshot: Snapshot, span: Span) -> Json:
    """Columns count bytes of UTF-8, and the end is the place after the last one."""
    line, column, end_line, end_column = places.utf8(snapshot, span)
    return {
        "start": {"line": line, "column": column},
        "end": {"line": end_line, "column": end_column},
    }


def _as_one(snapshot: Snapshot, fix: Fix) -> Edit | None:
    """All edits of a fix as one: each suggestion is an alternative, not a part. None for none."""
    if not fix.edits:
        return None
    start = min(edit.span.start for edit in fix.edits)
    end = max(edit.span.end for edit in fix.edits)
    if end - start > _LONGEST_SUGGESTION:
        return None
    moved = [
        Edit(Span(edit.span.start - start, edit.span.end - start), edit.text) for edit in fix.edits
    ]
    try:
        return Edit(Span(start, end), apply(snapshot.text[start:end], moved))
    except ValueError:
        return None
