"""A report of many findings, for caps and for time."""

from dataclasses import replace

from fakes import events as told
from mirador_lsp.cli.report import FileReport, Report
from mirador_lsp.core.events import ReviewFinished
from mirador_lsp.core.findings import Severity

_SEVERITIES = tuple(Severity)


def many_findings(number: int, files: int = 3) -> Report:
    """`number` findings of each severity in each of `files` files, of growing confidence."""
    report = Report(started_utc="2026-01-02T03:04:05Z", seconds=1.0)
    for name in (f"src/part{index}.py" for index in range(files)):
        shop = told.shop(name)
        file = FileReport(shop, gate=0.35)
        one = told.sql(shop)
        found = tuple(
            replace(
                one,
                id=f"{severity.rank}{index:015x}",
                severity=severity,
                confidence=0.4 + index / number / 2,
            )
            for severity in _SEVERITIES
            for index in range(number)
        )
        file.end = ReviewFinished(1.0, found, (), 0, 0, reviewed=True)
        report.files.append(file)
    return report
