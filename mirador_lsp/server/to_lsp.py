"""From the core's values to what clients read. Together with `from_lsp.py` the only converter."""

from pathlib import Path
from urllib.parse import urlsplit

from lsprotocol import types

from mirador_lsp.core.clean import plain
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Finding, Severity, Station, percent
from mirador_lsp.core.stations import Stop, path_of, stops
from mirador_lsp.core.text import Encoding, LineIndex, Span
from mirador_lsp.server.client import Client

SOURCE = "mirador"
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFORMATION: types.DiagnosticSeverity.Information,
    Severity.HINT: types.DiagnosticSeverity.Hint,
}
_TAGS = {
    "ruff/F401": types.DiagnosticTag.Unnecessary,
    "ruff/F811": types.DiagnosticTag.Unnecessary,
    "ruff/F841": types.DiagnosticTag.Unnecessary,
}
"""Rules whose place is code that nothing uses; editors show it faded."""


def diagnostic(finding: Finding, snapshot: Snapshot, client: Client) -> types.Diagnostic:
    """`finding` about `snapshot` as the client shows it."""
    tag = _TAGS.get(finding.rule)
    return types.Diagnostic(
        range=lsp_range(finding.span, snapshot.lines, client.encoding),
        message=f"{plain(finding.message)} {_tail(finding)}",
        severity=_SEVERITIES[finding.severity],
        code=finding.rule,
        code_description=_description(finding.help_uri),
        related_information=_related(finding, snapshot, client),
        source=SOURCE,
        tags=(tag,) if tag is not None and tag in client.diagnostic_tags else None,
        data={
            "finding": finding.id,
            "hash": snapshot.content_hash,
            "stage": finding.origin.stage,
            "confidence": round(finding.confidence, 4),
            "lens": finding.lens.value,
            "tool": finding.origin.tool,
            "symbol": plain(finding.symbol, 200),
        },
    )


def lsp_range(span: Span, lines: LineIndex, encoding: Encoding) -> types.Range:
    """`span` in the units of the wire."""
    return types.Range(
        start=types.Position(*lines.position(span.start, encoding)),
        end=types.Position(*lines.position(span.end, encoding)),
    )


def whole_lines(first: int, last: int) -> types.Range:
    """Lines from 0, both held: the same in every client's units."""
    return types.Range(start=types.Position(first, 0), end=types.Position(last + 1, 0))


def _related(
    finding: Finding, snapshot: Snapshot, client: Client
) -> list[types.DiagnosticRelatedInformation] | None:
    """How data gets to the finding's place, the source first; None where that is not the matter, or
    the client does not show it.
    """
    if not finding.stations or not client.related_information:
        return None
    shown = zip(finding.stations, stops(finding, snapshot), strict=True)
    return [_place(station, stop, finding, snapshot, client) for station, stop in shown]


def _place(
    station: Station, stop: Stop, finding: Finding, snapshot: Snapshot, client: Client
) -> types.DiagnosticRelatedInformation:
    message = f"{stop.role}: {stop.says}"
    uri, span = snapshot.uri, station.span
    where = None
    if station.name:
        path = path_of(station.name, snapshot)
        if path is None:
            # Nobody can tell where that file is: it is named in words, at the finding itself.
            message, span = f"{stop.place}: {message}", finding.span
        else:
            uri, where = Path(path).as_uri(), whole_lines(station.line, station.line)
    where = where or lsp_range(span, snapshot.lines, client.encoding)
    return types.DiagnosticRelatedInformation(
        location=types.Location(uri=uri, range=where), message=message
    )


def _tail(finding: Finding) -> str:
    """Who says so and how sure: "(deep, qwen2.5-coder-1.5b, 72 %; also ruff)"."""
    origin = finding.origin
    also = [tool for tool in finding.confirmed_by if tool != origin.tool]
    tail = f"{origin.stage}, {origin.tool}, {percent(finding.confidence)} %"
    if also:
        tail += f"; also {', '.join(also)}"
    return f"({plain(tail, 200)})"


def _description(uri: str | None) -> types.CodeDescription | None:
    # Web pages of analyzers and the pages Mirador ships; a help page is never named by a model.
    if uri is None or urlsplit(uri).scheme not in {"https", "http", "file"}:
        return None
    return types.CodeDescription(href=uri)
