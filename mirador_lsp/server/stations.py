"""The way of data in Markdown: a list with a line for each place."""

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.stations import stops
from mirador_lsp.server.markdown import code, words


def way_of(finding: Finding, snapshot: Snapshot) -> list[str]:
    """The lines of the list, the source first; [] where the way of data is not the matter."""
    return [
        f"- {stop.role} {words(stop.place)}: {words(stop.says)} {code(stop.quote)}".rstrip()
        for stop in stops(finding, snapshot)
    ]
