"""Whether what the parse worker says can be of the text that it was asked about."""

from pathlib import PurePosixPath

from mirador_lsp.analysis.frames import Reply
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Station
from mirador_lsp.core.ports import Analysis
from mirador_lsp.core.text import LineIndex


def fits(reply: Reply, snapshot: Snapshot) -> bool:
    """Whether every place lies in the text. The child reads hostile text and may be under its
    spell: a place outside the text must not get further than here.
    """
    end = len(snapshot.text)
    if reply.outline is not None:
        symbols = all(each.span.end <= end for each in reply.outline.symbols)
        units = all(piece.end <= end for unit in reply.outline.units for piece in unit.pieces)
        hushed = all(
            each.comment.end <= end and each.covers.end <= end
            for each in reply.outline.suppressions
        )
        broken = all(span.end <= end for span in (*reply.outline.broken, *reply.outline.prose))
        return symbols and units and broken and hushed
    if reply.surroundings is not None:
        near = reply.surroundings
        spans = (near.statement, near.doc, near.doc_place)
        return all(span is None or span.end <= end for span in spans)
    if reply.slice is not None:
        most = len(LineIndex(snapshot.text))
        return all(0 <= line < most for line in reply.slice.lines)
    if reply.references is not None:
        defined = (each.span.end <= end for each in reply.references.defined)
        return all(defined) and all(each.span.end <= end for each in reply.references.named)
    if reply.analysis is not None:
        return _analysis_fits(reply.analysis, end)
    return True


def _analysis_fits(analysis: Analysis, end: int) -> bool:
    stations = [each for finding in analysis.findings for each in finding.stations]
    here = (each for each in stations if not each.name)
    inside = all(each.span.end <= end for each in analysis.findings)
    inside = inside and all(span.end <= end for span, _ in analysis.cleared)
    inside = inside and all(each.span.end <= end for each in here)
    return inside and all(_stays_inside(each) for each in stations)


def _stays_inside(station: Station) -> bool:
    """Whether a station is in a file that a workspace can have."""
    path = PurePosixPath(station.name)
    return station.line >= 0 and not path.is_absolute() and ".." not in path.parts
