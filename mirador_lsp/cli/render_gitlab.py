"""The report as GitLab's Code Quality report: a list of problems, for its merge request widget."""

import json
from pathlib import Path

from mirador_lsp.cli import places
from mirador_lsp.cli.report import FileReport, Report
from mirador_lsp.core import clean
from mirador_lsp.core.findings import Finding, Lens, Severity

_SEVERITIES = {
    Severity.ERROR: "critical",
    Severity.WARNING: "major",
    Severity.INFORMATION: "minor",
    Severity.HINT: "info",
}
_CATEGORIES = {
    Lens.BUG: "Bug Risk",
    Lens.SECURITY: "Security",
    Lens.PERFORMANCE: "Performance",
    Lens.STYLE: "Style",
}


def render(report: Report, *, root: Path) -> str:
    """The list with a final line end. Paths are relative to `root`, the repository's."""
    problems = {
        (path, finding.id): _problem(path, file, finding)
        for file in report.files
        for path in (places.path_from(root, file.snapshot),)
        for finding in file.findings
    }
    return json.dumps([*problems.values()], indent=2) + "\n"


def _problem(path: str, file: FileReport, finding: Finding) -> dict[str, object]:
    line, _, end_line, _ = places.code_points(file.snapshot, finding.span)
    return {
        "type": "issue",
        "check_name": clean.plain(finding.rule, 200),
        "description": clean.plain(finding.message),
        "categories": [_CATEGORIES[finding.lens]],
        "severity": _SEVERITIES[finding.severity],
        # The same in every pipeline and another for each file: GitLab compares by nothing else.
        "fingerprint": places.unique(path, finding.id),
        "location": {"path": path, "lines": {"begin": line, "end": end_line}},
    }
