"""The way of data as SARIF tells it: `codeFlows`, with one thread of locations."""

from collections.abc import Callable
from urllib.parse import quote

from mirador_lsp.cli import places
from mirador_lsp.cli.report import FileReport
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Finding, Station
from mirador_lsp.core.stations import path_of, stops

Json = dict[str, object]
_ROOT = "SRCROOT"
_KINDS = {"source": "acquire", "sink": "usage", "step": "value"}
"""What SARIF suggests to say of locations, by role."""


def code_flows(
    file: FileReport,
    finding: Finding,
    locate: Callable[[Snapshot], Json],
    safe_text: Callable[[str], str],
) -> Json:
    """The property `codeFlows` of a result; none where the way of data is not the matter."""
    if not finding.stations:
        return {}
    last = len(finding.stations) - 1
    shown = stops(finding, file.snapshot)
    locations: list[Json] = []
    for number, (station, stop) in enumerate(zip(finding.stations, shown, strict=True)):
        region: Json = {"startLine": stop.line}
        if not station.name:
            region = _region(file.snapshot, station)
        if stop.quote:
            region["snippet"] = {"text": stop.quote}
        artifact = _artifact(file.snapshot, station, locate)
        locations.append(
            {
                "location": {
                    "physicalLocation": {"artifactLocation": artifact, "region": region},
                    "message": {"text": safe_text(stop.says)},
                },
                "kinds": [_KINDS[stop.role]],
                "executionOrder": number + 1,
                "importance": "essential" if number in {0, last} else "important",
            }
        )
    return {"codeFlows": [{"threadFlows": [{"locations": locations}]}]}


def _region(snapshot: Snapshot, station: Station) -> Json:
    line, column, end_line, end_column = places.code_points(snapshot, station.span)
    return {
        "startLine": line,
        "startColumn": column,
        "endLine": end_line,
        "endColumn": end_column,
    }


def _artifact(snapshot: Snapshot, station: Station, locate: Callable[[Snapshot], Json]) -> Json:
    if not station.name:
        return locate(snapshot)
    path = path_of(station.name, snapshot)
    if path is None:
        return {"uri": quote(station.name, errors="surrogateescape"), "uriBaseId": _ROOT}
    return locate(Snapshot(uri="", name=station.name, language="", text="", path=str(path)))
