"""What the index found as clients read it; see `to_lsp.py`."""

from pathlib import Path

from lsprotocol import types

from mirador_lsp.core.clean import plain
from mirador_lsp.core.retrieval import Hit
from mirador_lsp.server.extensions import SearchHit
from mirador_lsp.server.to_lsp import whole_lines

_KINDS = {
    "function": types.SymbolKind.Function,
    "method": types.SymbolKind.Method,
    "class": types.SymbolKind.Class,
    "module": types.SymbolKind.Module,
    "prose": types.SymbolKind.String,
    "data": types.SymbolKind.Object,
}
_LONGEST_NAME = 200


def workspace_symbol(hit: Hit, folder: Path) -> types.WorkspaceSymbol:
    """A hit in a file of `folder`, at its lines when it was read."""
    own = hit.symbol.rpartition(".")
    return types.WorkspaceSymbol(
        name=plain(own[2] or hit.symbol or Path(hit.name).name, _LONGEST_NAME),
        kind=_KINDS.get(hit.kind, types.SymbolKind.File),
        container_name=plain(" ".join((hit.name, own[0])).strip(), _LONGEST_NAME),
        location=types.Location(
            uri=(folder / hit.name).as_uri(), range=whole_lines(hit.first, hit.last)
        ),
    )


def search_hit(hit: Hit, folder: Path | None) -> SearchHit:
    """A hit for our own clients; `folder` is None for what is no file."""
    return SearchHit(
        collection=hit.collection.value,
        uri=(folder / hit.name).as_uri() if folder is not None else "",
        name=plain(hit.name, _LONGEST_NAME),
        symbol=plain(hit.symbol, _LONGEST_NAME),
        kind=hit.kind,
        language=hit.language,
        range=whole_lines(hit.first, hit.last),
        text=hit.text,
        score=round(hit.score, 4),
        why=hit.why,
    )
